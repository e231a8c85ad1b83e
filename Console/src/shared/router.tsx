import { MouseEvent, ReactNode, useCallback, useEffect, useMemo, useSyncExternalStore } from "react";

/** Where the person is: the address is the only state that leads to a view, so that it can be sent to somebody. */

const listeners = new Set<() => void>();

function subscribe(listener: () => void) {
    listeners.add(listener);
    window.addEventListener("popstate", listener);
    return () => {
        listeners.delete(listener);
        window.removeEventListener("popstate", listener);
    };
}

function here(): string {
    return location.pathname + location.search;
}

export function go(to: string, options: { replaces?: boolean } = {}) {
    if (to === here()) return;
    if (options.replaces) history.replaceState(null, "", to);
    else history.pushState(null, "", to);
    for (const listener of listeners) listener();
}

export function useLocation(): { path: string; query: URLSearchParams } {
    const place = useSyncExternalStore(subscribe, here);
    return useMemo(() => {
        const url = new URL(place, location.origin);
        return { path: url.pathname.replace(/(.)\/+$/, "$1"), query: url.searchParams };
    }, [place]);
}

/** A link of the console: opens in place, or in a tab of its own where the person asks for one. */
export function Link(props: {
    to: string;
    children: ReactNode;
    className?: string;
    label?: string;
    isCurrent?: boolean;
    onClick?: () => void;
}) {
    const follow = (event: MouseEvent) => {
        if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
        event.preventDefault();
        props.onClick?.();
        go(props.to);
    };
    return (
        <a href={props.to} className={props.className} onClick={follow} aria-label={props.label} aria-current={props.isCurrent ? "page" : undefined}>
            {props.children}
        </a>
    );
}

/**
 * A view's choices, kept in the address and, so that they stick, for the next visit of the page.
 * What is not said there is as in `defaults`; only what differs from it is written.
 */
export function useChoices<Choices extends Record<string, string>>(
    page: string,
    defaults: Choices,
): [Choices, (change: Partial<Choices>) => void, () => void] {
    const { path, query } = useLocation();
    const names = Object.keys(defaults);
    const name = `tokenaudit.choices.${page}`;
    const isGiven = names.some((name) => query.has(name));
    useEffect(() => {
        if (isGiven) return;
        const kept = sessionStorage.getItem(name);
        if (kept !== null && kept !== "") go(`${path}?${kept}`, { replaces: true });
        // Once, on arrival: afterwards the address says it.
    }, [name]);
    const choices = useMemo(() => {
        const chosen: Record<string, string> = { ...defaults };
        for (const name of names) {
            const value = query.get(name);
            if (value !== null) chosen[name] = value;
        }
        return chosen as Choices;
    }, [query.toString()]);
    const choose = useCallback(
        (change: Partial<Choices>) => {
            const now = new URLSearchParams(location.search);
            for (const [name, value] of Object.entries(change)) {
                if (value === undefined || value === defaults[name]) now.delete(name);
                else now.set(name, value);
            }
            const kept = new URLSearchParams([...now].filter(([name]) => names.includes(name)));
            sessionStorage.setItem(`tokenaudit.choices.${page}`, kept.toString());
            const text = now.toString();
            go(location.pathname + (text === "" ? "" : `?${text}`), { replaces: true });
        },
        [page],
    );
    const reset = useCallback(() => {
        sessionStorage.removeItem(`tokenaudit.choices.${page}`);
        go(location.pathname, { replaces: true });
    }, [page]);
    return [choices, choose, reset];
}
