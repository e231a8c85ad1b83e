/** What this browser saw of the log the last time, so that nobody can show it another one later. */
export interface KeptLog {
    /** Which log. */
    origin: string;
    verifierKey: string;
    /** Of the checkpoint, in decimals. */
    size: string;
    /** In hexadecimal. */
    root: string;
    /** When this browser saw it. */
    seenAt: string;
}

const name = "tokenaudit.log";

export function keptLog(): KeptLog | null {
    try {
        const kept = JSON.parse(localStorage.getItem(name) ?? "null") as Partial<KeptLog> | null;
        const isWhole = kept !== null && typeof kept.origin === "string" && typeof kept.verifierKey === "string" && typeof kept.root === "string" && /^[0-9]{1,19}$/.test(kept.size ?? "");
        return isWhole ? { seenAt: "", ...kept } as KeptLog : null;
    } catch {
        return null;
    }
}

export function keepLog(log: KeptLog | null) {
    try {
        if (log === null) localStorage.removeItem(name);
        else localStorage.setItem(name, JSON.stringify(log));
    } catch {
        // Nothing is kept: the next visit is a first one.
    }
}
