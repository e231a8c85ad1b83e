import { useFormat } from "../shared/format";
import { decimal, picos } from "../shared/money";
import { Card, Empty, Loaded } from "../shared/Parts";
import { date } from "../shared/period";
import { HeatMap } from "../shared/plots/HeatMap";
import { preferences } from "../shared/preferences";
import { useSession } from "../shared/session";
import { Statistics } from "../shared/statistics";
import { useAPI } from "../shared/useAPI";
import { Narrowed } from "./Narrowed";
import { amount, Choices, measures, question, shown } from "./question";
import { useUsageWords } from "./words";

const weekdays = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
const hours = Array.from({ length: 24 }, (_, hour) => String(hour).padStart(2, "0"));

/** When in the week calls come: four of each weekday. */
export function Hours({ choices, widen }: { choices: Choices; widen: () => void }) {
    const { isStaff } = useSession();
    const asked = useAPI<Statistics>(question(choices, isStaff, { time_zone: preferences().timeZone, from: date(27), step: "hour" }));
    return (
        <Loaded asked={asked}>
            {(statistics) => (
                <>
                    <Narrowed choices={choices} statistics={statistics} widen={widen} />
                    <Week statistics={statistics} choices={choices} />
                </>
            )}
        </Loaded>
    );
}

function Week({ statistics, choices }: { statistics: Statistics; choices: Choices }) {
    const say = useUsageWords();
    const format = useFormat();
    const measure = measures.find((name) => name === choices.measure) ?? "spend";
    if (statistics.totals.requests === 0) return <Empty title={say("noCalls")}>{say("noCallsNote")}</Empty>;
    const at = new Intl.DateTimeFormat("en-GB", { timeZone: statistics.time_zone, weekday: "short", hour: "2-digit", hourCycle: "h23" });
    const values = weekdays.map(() => hours.map(() => 0));
    const spends = weekdays.map(() => hours.map(() => BigInt(0)));
    let most = { row: 0, column: 0, value: 0 };
    for (const piece of statistics.series) {
        if (piece.figures.requests === 0 && picos(piece.figures.spend) === BigInt(0)) continue;
        const parts = at.formatToParts(new Date(piece.start));
        const part = (type: string) => parts.find((item) => item.type === type)?.value ?? "";
        const [row, column] = [weekdays.indexOf(part("weekday")), Number(part("hour"))];
        const [line, money] = [values[row], spends[row]];
        if (line === undefined || money === undefined) continue;
        line[column] = (line[column] ?? 0) + amount(piece.figures, measure);
        money[column] = (money[column] ?? BigInt(0)) + picos(piece.figures.spend);
        if ((line[column] ?? 0) > most.value) most = { row, column, value: line[column] ?? 0 };
    }
    // 1 January 2024 was a Monday.
    const rows = weekdays.map((_, day) => new Intl.DateTimeFormat(format.language, { weekday: "short", timeZone: "UTC" }).format(Date.UTC(2024, 0, 1 + day)));
    const busiest = { day: rows[most.row] ?? "", hour: `${hours[most.column]}:00` };
    return (
        <Card title={say("hoursTitle", { measure: say(measure) })} note={`${say("hoursNote", { zone: statistics.time_zone })} ${say("busiest", busiest)}`}>
            <HeatMap
                label={say("hoursLabel", { measure: say(measure), ...busiest })}
                name={`week-${measure}`}
                rowTitle={say("weekday")}
                rows={rows}
                columns={hours}
                values={values}
                // In a cell cents have to do.
                value={(value) => (measure !== "spend" ? shown(value, measure, format) : value < 0.005 ? "" : format.money((value < 1 ? value.toFixed(2) : String(value))))}
                text={(row, column) => (measure === "spend" ? format.exactMoney(decimal(spends[row]?.[column] ?? BigInt(0))) : format.count(values[row]?.[column] ?? 0))}
            />
        </Card>
    );
}
