import { useSyncExternalStore } from "react";

/** What a person has chosen of how the console looks; kept by the browser, sent to nobody. */
export interface Preferences {
    language: "en" | "zh-CN";
    theme: "system" | "light" | "dark";
    /** An IANA name. */
    timeZone: string;
}

function kept(name: keyof Preferences): string | null {
    try {
        return localStorage.getItem(`tokenaudit.${name}`);
    } catch {
        return null;
    }
}

export function systemTimeZone(): string {
    return Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";
}

function isTimeZone(name: string): boolean {
    try {
        new Intl.DateTimeFormat("en", { timeZone: name });
        return true;
    } catch {
        return false;
    }
}

function read(): Preferences {
    const theme = kept("theme");
    const timeZone = kept("timeZone");
    return {
        // src/theme.ts has asked storage and browser already.
        language: document.documentElement.lang === "zh-CN" ? "zh-CN" : "en",
        theme: theme === "light" || theme === "dark" ? theme : "system",
        timeZone: timeZone !== null && isTimeZone(timeZone) ? timeZone : systemTimeZone(),
    };
}

let current = read();
const listeners = new Set<() => void>();

export function preferences(): Preferences {
    return current;
}

export function prefer(change: Partial<Preferences>) {
    current = { ...current, ...change };
    for (const [name, value] of Object.entries(change)) {
        try {
            if (value === "system") localStorage.removeItem(`tokenaudit.${name}`);
            else localStorage.setItem(`tokenaudit.${name}`, value);
        } catch {
            // It holds until the page is left.
        }
    }
    const root = document.documentElement;
    root.lang = current.language;
    if (current.theme === "system") delete root.dataset.theme;
    else root.dataset.theme = current.theme;
    for (const listener of listeners) listener();
}

function subscribe(listener: () => void) {
    listeners.add(listener);
    return () => void listeners.delete(listener);
}

export function usePreferences(): Preferences {
    return useSyncExternalStore(subscribe, preferences);
}
