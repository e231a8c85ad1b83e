/** What a clock in `timeZone` shows at an instant, as a `datetime-local` field has it. */
export function localTime(instant: string, timeZone: string): string {
    const format = new Intl.DateTimeFormat("en-CA", {
        timeZone, hourCycle: "h23", year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit",
    });
    const parts = Object.fromEntries(format.formatToParts(new Date(instant)).map((part) => [part.type, part.value]));
    return `${parts.year}-${parts.month}-${parts.day}T${parts.hour}:${parts.minute}`;
}

/** The instant at which a clock in `timeZone` shows `text`; null for what is no time. Of an hour that comes twice, the first. */
export function instantOf(text: string, timeZone: string): string | null {
    const wanted = Date.parse(`${text}Z`);
    if (Number.isNaN(wanted)) return null;
    const shown = (at: number) => Date.parse(`${localTime(new Date(at).toISOString(), timeZone)}Z`);
    // Offsets differ by at most a day; the second look is right also beside a change of them.
    let at = wanted - (shown(wanted) - wanted);
    at -= shown(at) - wanted;
    return new Date(at).toISOString();
}
