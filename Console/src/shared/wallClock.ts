/** What a clock in a zone shows, in minutes since 1970 as if it stood in UTC. */
function wall(at: number, timeZone: string): number {
    const parts = new Intl.DateTimeFormat("en-GB", { timeZone, year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", hourCycle: "h23" }).formatToParts(at);
    const part = (type: string) => Number(parts.find((item) => item.type === type)?.value);
    return Date.UTC(part("year"), part("month") - 1, part("day"), part("hour"), part("minute"));
}

/** The instant at which a clock in that zone shows `2026-03-01T09:30`, as a field of type datetime-local has it; null for what is none. */
export function instantAt(text: string, timeZone: string): string | null {
    const wanted = Date.parse(`${text}Z`);
    if (Number.isNaN(wanted)) return null;
    // Once for the offset about then, once more where a clock is put forward or back between.
    let at = wanted - (wall(wanted, timeZone) - wanted);
    at += wanted - wall(at, timeZone);
    return new Date(at).toISOString();
}
