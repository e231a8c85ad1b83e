/** What a month is likely to come to, from the days there have been. */
export interface Forecast {
    /** How many whole days it rests on. */
    days: number;
    expected: number;
    /** Eight times in ten it ends between these, if the days to come are as the days that were. */
    lower: number;
    upper: number;
}

/** Of a normal distribution's middle four fifths. */
const spread = 1.2816;

/** Fewer days say nothing of how days differ. */
export const leastDays = 3;

/**
 * `soFar` is this month's spend, `days` that of whole days before today, oldest first; those before the first call do not count.
 * `remaining` is in days, the rest of today among them. Null where there are too few days.
 */
export function forecast(soFar: number, days: number[], remaining: number): Forecast | null {
    const first = days.findIndex((spend) => spend > 0);
    const sample = first < 0 ? [] : days.slice(first);
    if (sample.length < leastDays) return null;
    const mean = sample.reduce((sum, spend) => sum + spend, 0) / sample.length;
    const variance = sample.reduce((sum, spend) => sum + (spend - mean) ** 2, 0) / (sample.length - 1);
    const expected = soFar + mean * remaining;
    // The days to come differ among themselves, and the mean that was measured may be off as well.
    const deviation = Math.sqrt(variance * (remaining + (remaining * remaining) / sample.length));
    return {
        days: sample.length,
        expected,
        lower: Math.max(soFar, expected - spread * deviation),
        upper: expected + spread * deviation,
    };
}

/** `2026-02-03`: how many days its month has, and which of them it is. */
export function monthOf(date: string): { first: string; day: number; length: number } {
    const [year, month, day] = date.split("-").map(Number) as [number, number, number];
    return { first: `${date.slice(0, 8)}01`, day, length: new Date(Date.UTC(year, month, 0)).getUTCDate() };
}
