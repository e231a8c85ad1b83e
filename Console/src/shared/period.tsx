import { Choice } from "./Form";
import { useKitWords } from "./kitWords";
import { preferences } from "./preferences";

/** Over what time a view is: a name for the last so many, or `custom` with two dates. */
export interface Period {
    range: string;
    from: string;
    to: string;
}

export const defaultPeriod = { range: "7d", from: "", to: "" };

const lengths: Record<string, { hours: number; step: string }> = {
    "24h": { hours: 24, step: "hour" },
    "7d": { hours: 168, step: "day" },
    "30d": { hours: 720, step: "day" },
    "12mo": { hours: 8_760, step: "month" },
};

const pad = (value: number) => String(value).padStart(2, "0");

/** A date in the chosen zone, so many days from today. */
export function date(daysAgo: number): string {
    const parts = new Intl.DateTimeFormat("en-CA", { timeZone: preferences().timeZone, year: "numeric", month: "2-digit", day: "2-digit" });
    const [year, month, day] = parts.format(new Date()).split("-").map(Number) as [number, number, number];
    const at = new Date(Date.UTC(year, month - 1, day - daysAgo));
    return `${at.getUTCFullYear()}-${pad(at.getUTCMonth() + 1)}-${pad(at.getUTCDate())}`;
}

/** What statistics are asked with. Whole days in the person's zone, so that "7 days" has seven bars. */
export function parameters(period: Period): Record<string, string> {
    const time_zone = preferences().timeZone;
    if (period.range === "custom" && period.from !== "") {
        const days = (Date.parse(period.to || date(0)) - Date.parse(period.from)) / 86_400_000;
        const step = days <= 2 ? "hour" : days <= 92 ? "day" : "month";
        const to = period.to === "" ? undefined : nextDay(period.to);
        return { time_zone, from: period.from, ...(to === undefined ? {} : { to }), step };
    }
    const chosen = lengths[period.range] ?? { hours: 168, step: "day" };
    if (chosen.step === "hour") {
        const hour = new Date(Math.floor(Date.now() / 3_600_000 + 1) * 3_600_000 - chosen.hours * 3_600_000);
        return { time_zone, from: hour.toISOString(), step: "hour" };
    }
    return { time_zone, from: date(chosen.hours / 24 - 1), step: chosen.step };
}

/** An end that is told as a date includes that day. */
function nextDay(text: string): string {
    return new Date(Date.parse(text) + 86_400_000).toISOString().slice(0, 10);
}

export function PeriodChoice({ period, onChoose }: { period: Period; onChoose: (change: Partial<Period>) => void }) {
    const say = useKitWords();
    return (
        <>
            <Choice
                label={say("range")}
                value={period.range}
                options={[
                    { value: "24h", title: say("hours24") },
                    { value: "7d", title: say("days7") },
                    { value: "30d", title: say("days30") },
                    { value: "12mo", title: say("months12") },
                    { value: "custom", title: say("custom") },
                ]}
                onChoose={(range) => onChoose(range === "custom" ? { range, from: period.from || date(6), to: period.to || date(0) } : { range, from: "", to: "" })}
            />
            {period.range === "custom" && (
                <>
                    <div className="choice">
                        <label htmlFor="period-from">{say("from")}</label>
                        <input id="period-from" type="date" value={period.from} max={period.to} onChange={(event) => onChoose({ from: event.target.value })} />
                    </div>
                    <div className="choice">
                        <label htmlFor="period-to">{say("to")}</label>
                        <input id="period-to" type="date" value={period.to} min={period.from} onChange={(event) => onChoose({ to: event.target.value })} />
                    </div>
                </>
            )}
        </>
    );
}
