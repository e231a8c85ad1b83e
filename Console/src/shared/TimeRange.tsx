import { useMemo } from "react";
import { Choice } from "./Form";
import { beginningOf } from "./instants";
import { useKitWords } from "./kitWords";
import { date } from "./period";
import { usePreferences } from "./preferences";

/** From when to when a list is shown: nothing for all, the last so many hours, or two dates. */
export interface Range {
    range: string;
    from: string;
    to: string;
}

const hours: Record<string, number> = { "1h": 1, "24h": 24, "7d": 168, "30d": 720 };

/** What a list is asked with; the same until the choice changes, so that it is not asked again for nothing. */
export function useInstants({ range, from, to }: Range): { from?: string; to?: string } {
    const { timeZone } = usePreferences();
    return useMemo(() => {
        if (range === "custom") {
            return {
                from: beginningOf(from, timeZone) ?? undefined,
                to: beginningOf(to, timeZone, 1) ?? undefined,
            };
        }
        const length = hours[range];
        if (length === undefined) return {};
        const minute = Math.floor(Date.now() / 60_000) * 60_000;
        return { from: new Date(minute - length * 3_600_000).toISOString() };
    }, [range, from, to, timeZone]);
}

export function TimeRange({ chosen, onChoose }: { chosen: Range; onChoose: (change: Range) => void }) {
    const say = useKitWords();
    const choose = (range: string) =>
        onChoose(range === "custom" ? { range, from: chosen.from || date(6), to: chosen.to || date(0) } : { range, from: "", to: "" });
    return (
        <>
            <Choice
                label={say("range")}
                value={chosen.range}
                options={[
                    { value: "", title: say("always") },
                    { value: "1h", title: say("hour1") },
                    { value: "24h", title: say("hours24") },
                    { value: "7d", title: say("days7") },
                    { value: "30d", title: say("days30") },
                    { value: "custom", title: say("custom") },
                ]}
                onChoose={choose}
            />
            {chosen.range === "custom" && (
                <>
                    <div className="choice">
                        <label htmlFor="range-from">{say("from")}</label>
                        <input id="range-from" type="date" value={chosen.from} max={chosen.to} onChange={(event) => onChoose({ ...chosen, from: event.target.value })} />
                    </div>
                    <div className="choice">
                        <label htmlFor="range-to">{say("to")}</label>
                        <input id="range-to" type="date" value={chosen.to} min={chosen.from} onChange={(event) => onChoose({ ...chosen, to: event.target.value })} />
                    </div>
                </>
            )}
        </>
    );
}
