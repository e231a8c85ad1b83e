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
    if (Number.isNaN(midnight)) return null;
    const local = midnight + daysOn * 86_400_000;
    const guess = local - offset(local, timeZone);
    // The offset of the instant itself counts: a change of clocks may lie between.
    return new Date(local - offset(guess, timeZone)).toISOString();
}
