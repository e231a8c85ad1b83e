/** Months as `2026-12`, by the person's clock. */

const pad = (value: number) => String(value).padStart(2, "0");

/** So many months on; `2026-12` and 1 give `2027-01`. */
export function monthsOn(month: string, count: number): string {
    const [year = 0, number = 1] = month.split("-").map(Number);
    const at = new Date(Date.UTC(year, number - 1 + count, 1));
    return `${at.getUTCFullYear()}-${pad(at.getUTCMonth() + 1)}`;
}

export function isMonth(text: string): boolean {
    return /^20[0-9]{2}-(0[1-9]|1[0-2])$/.test(text);
}

export function firstDay(month: string): string {
    return `${month}-01`;
}

/** The month in which an instant lies. */
export function monthOf(instant: string, timeZone: string): string {
    const parts = new Intl.DateTimeFormat("en-CA", { timeZone, year: "numeric", month: "2-digit" }).formatToParts(new Date(instant));
    const part = (type: string) => parts.find((part) => part.type === type)?.value ?? "";
    return `${part("year")}-${part("month")}`;
}
