/** One thing that was looked at while something was proven. */
export interface Step<Name extends string> {
    name: Name;
    /** Skipped: what it needs was not told, or this browser cannot do it. */
    outcome: "checked" | "failed" | "skipped";
    /** Figures for the step's sentence. */
    values?: Record<string, string>;
}

/** Proves nothing unless the browser has what it takes; pages over plain http get no cryptography. */
export function canVerify(): boolean {
    return typeof crypto !== "undefined" && crypto.subtle !== undefined;
}
