/** How far the zone's clock is from UTC at an instant. */
function offset(at: number, timeZone: string): number {
    const parts = new Intl.DateTimeFormat("en-US", {
        timeZone, hourCycle: "h23", year: "numeric", month: "numeric", day: "numeric", hour: "numeric", minute: "numeric", second: "numeric",
    }).formatToParts(new Date(at));
    const part = (type: string) => Number(parts.find((part) => part.type === type)?.value ?? 0);
    return Date.UTC(part("year"), part("month") - 1, part("day"), part("hour"), part("minute"), part("second")) - Math.floor(at / 1_000) * 1_000;
}

/** When a local date begins, so many days on; where midnight is skipped, the first instant after it. */
export function beginningOf(date: string, timeZone: string, daysOn = 0): string | null {
    const midnight = Date.parse(`${date}T00:00:00Z`);
    return Number.isNaN(midnight) ? null : instant(midnight + daysOn * 86_400_000, timeZone);
}

/** When a clock in that zone shows `2026-03-01T09:30`, as a field of the type datetime-local has it; null for what is none. */
export function instantAt(text: string, timeZone: string): string | null {
    const local = Date.parse(`${text}Z`);
    return Number.isNaN(local) ? null : instant(local, timeZone);
}

function instant(local: number, timeZone: string): string {
    const guess = local - offset(local, timeZone);
    // The offset of the instant itself counts: a change of clocks may lie between.
    return new Date(local - offset(guess, timeZone)).toISOString();
}
