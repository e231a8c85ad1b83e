import { Preferences, usePreferences } from "./preferences";

const formats = new Map<string, Intl.NumberFormat | Intl.DateTimeFormat | Intl.RelativeTimeFormat>();

function made<Format extends Intl.NumberFormat | Intl.DateTimeFormat | Intl.RelativeTimeFormat>(
    name: string,
    make: () => Format,
): Format {
    const found = formats.get(name);
    if (found !== undefined) return found as Format;
    const format = make();
    formats.set(name, format);
    return format;
}

/** How numbers, money and instants are shown to this person. */
export class Formatter {
    constructor(private readonly chosen: Preferences) {}

    get language() {
        return this.chosen.language;
    }

    get timeZone() {
        return this.chosen.timeZone;
    }

    private number(name: string, options: Intl.NumberFormatOptions) {
        const { language } = this.chosen;
        return made(`${language} ${name}`, () => new Intl.NumberFormat(language, options));
    }

    private date(name: string, options: Intl.DateTimeFormatOptions) {
        const { language, timeZone } = this.chosen;
        return made(`${language} ${timeZone} ${name}`, () => new Intl.DateTimeFormat(language, { ...options, timeZone }));
    }

    count(value: number): string {
        return this.number("count", {}).format(value);
    }

    /** 12,345 as 12.3K. */
    short(value: number): string {
        return this.number("short", { notation: "compact", maximumFractionDigits: 1 }).format(value);
    }

    /** To cents where it is dollars, to what tells something where it is less. */
    money(amount: string): string {
        const value = Number(amount);
        const size = Math.abs(value);
        // Four digits that tell something, and never fewer than cents.
        const places = size === 0 || size >= 1 ? 2 : Math.min(Math.max(2, Math.ceil(-Math.log10(size)) + 3), 12);
        return this.number(`money ${places}`, {
            style: "currency",
            currency: "USD",
            currencyDisplay: "narrowSymbol",
            minimumFractionDigits: 2,
            maximumFractionDigits: places,
        }).format(value);
    }

    /** A mark on an axis that ends at `most`: as many digits as tell the marks apart. */
    moneyMark(value: number, most: number): string {
        const places = most >= 20 || most <= 0 ? 0 : Math.min(Math.ceil(Math.log10(20 / most)) + 1, 9);
        return this.number(`money mark ${places}`, {
            style: "currency", currency: "USD", currencyDisplay: "narrowSymbol", minimumFractionDigits: places, maximumFractionDigits: places,
        }).format(value);
    }

    /** As the books have it. */
    exactMoney(amount: string): string {
        return amount.startsWith("-") ? `−$${amount.slice(1)}` : `$${amount}`;
    }

    percent(part: number): string {
        return this.number("percent", { style: "percent", maximumFractionDigits: 1 }).format(part);
    }

    /** Of milliseconds; null where nothing was measured. */
    duration(milliseconds: number | null): string {
        if (milliseconds === null) return "–";
        if (milliseconds < 1_000) return `${this.count(Math.round(milliseconds))} ms`;
        const seconds = this.number("seconds", { maximumFractionDigits: milliseconds < 10_000 ? 2 : 1 });
        return `${seconds.format(milliseconds / 1_000)} s`;
    }

    bytes(count: number): string {
        const units = ["B", "KiB", "MiB", "GiB", "TiB"];
        let step = 0;
        while (count >= 1_024 && step < units.length - 1) [count, step] = [count / 1_024, step + 1];
        return `${this.number("bytes", { maximumFractionDigits: 1 }).format(count)} ${units[step]}`;
    }

    instant(text: string): string {
        return this.date("instant", { dateStyle: "medium", timeStyle: "medium" }).format(new Date(text));
    }

    minute(text: string): string {
        return this.date("minute", { dateStyle: "medium", timeStyle: "short" }).format(new Date(text));
    }

    day(text: string): string {
        return this.date("day", { dateStyle: "medium" }).format(new Date(text));
    }

    month(text: string): string {
        return this.date("month", { year: "numeric", month: "long" }).format(new Date(text));
    }

    /** A place on an axis of such steps. */
    tick(text: string, step: string): string {
        const at = new Date(text);
        if (step === "month") return this.date("month tick", { year: "numeric", month: "short" }).format(at);
        if (step === "day" || step === "week") return this.date("day tick", { month: "short", day: "numeric" }).format(at);
        return this.date("time tick", { month: "short", day: "numeric", hour: "2-digit", minute: "2-digit" }).format(at);
    }

    /** "3 minutes ago", "in 2 days". */
    relative(text: string, now = Date.now()): string {
        const seconds = (new Date(text).getTime() - now) / 1_000;
        const { language } = this.chosen;
        const format = made(`${language} relative`, () => new Intl.RelativeTimeFormat(language, { numeric: "auto" }));
        const steps: [Intl.RelativeTimeFormatUnit, number][] = [
            ["year", 31_536_000], ["month", 2_592_000], ["day", 86_400], ["hour", 3_600], ["minute", 60],
        ];
        for (const [unit, length] of steps) {
            if (Math.abs(seconds) >= length) return format.format(Math.trunc(seconds / length), unit);
        }
        return format.format(Math.trunc(seconds), "second");
    }
}

export function useFormat(): Formatter {
    return new Formatter(usePreferences());
}
