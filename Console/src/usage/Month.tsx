import { useFormat } from "../shared/format";
import { approximately, sum } from "../shared/money";
import { Card, Loaded, Tile } from "../shared/Parts";
import { date } from "../shared/period";
import { Lines } from "../shared/plots/Lines";
import { preferences } from "../shared/preferences";
import { useSession } from "../shared/session";
import { Statistics } from "../shared/statistics";
import { useAPI } from "../shared/useAPI";
import { forecast, monthOf } from "./forecast";
import { Narrowed } from "./Narrowed";
import { Choices, question } from "./question";
import { useUsageWords } from "./words";

/** The days that tell how the next ones may be. */
const sampleDays = 28;

/** What this month has come to, and what it may come to. */
export function Month({ choices, widen }: { choices: Choices; widen: () => void }) {
    const { isStaff } = useSession();
    const before = Math.max(sampleDays, monthOf(date(0)).day - 1);
    const asked = useAPI<Statistics>(question(choices, isStaff, { time_zone: preferences().timeZone, from: date(before), step: "day" }));
    return (
        <Loaded asked={asked}>
            {(statistics) => (
                <>
                    <Narrowed choices={choices} statistics={statistics} widen={widen} />
                    <Band statistics={statistics} />
                </>
            )}
        </Loaded>
    );
}

function Band({ statistics }: { statistics: Statistics }) {
    const say = useUsageWords();
    const format = useFormat();
    const today = monthOf(new Intl.DateTimeFormat("en-CA", { timeZone: statistics.time_zone, year: "numeric", month: "2-digit", day: "2-digit" }).format(Date.parse(statistics.to) - 1));
    const spends = statistics.series.map((piece) => piece.figures.spend);
    const ours = spends.slice(-today.day);
    const soFar = sum(ours);
    const start = statistics.series[statistics.series.length - 1]?.start ?? statistics.to;
    const passed = Math.min(1, Math.max(0, (Date.now() - Date.parse(start)) / 86_400_000));
    const remaining = today.length - today.day + 1 - passed;
    const found = forecast(approximately(soFar), spends.slice(0, -1).slice(-sampleDays).map(approximately), remaining);
    const days = Array.from({ length: today.length }, (_, index) => new Date(Date.parse(`${today.first}T12:00:00Z`) + index * 86_400_000));
    const name = (style: Intl.DateTimeFormatOptions) => days.map((day) => new Intl.DateTimeFormat(format.language, { ...style, timeZone: "UTC" }).format(day));
    const longNames = name({ dateStyle: "medium" });
    const end = longNames[longNames.length - 1] ?? "";
    let running = 0;
    const spent = days.map((_, index) => (index < today.day ? (running += approximately(ours[index] ?? "0")) : null));
    /** Straight from today to the end of the month. */
    const towards = (goal: number) => days.map((_, index) => (index < today.day - 1 ? null : running + ((goal - running) * (index - today.day + 1)) / Math.max(today.length - today.day, 1)));
    const money = (value: number) => format.money(value.toFixed(6));
    const lines = [
        { title: say("spent"), values: spent },
        ...(found === null
            ? []
            : [
                { title: say("expected"), values: towards(found.expected), isDashed: true, className: "series-1" },
                { title: say("lower"), values: towards(found.lower), isDashed: true, className: "series-others" },
                { title: say("upper"), values: towards(found.upper), isDashed: true, className: "series-others" },
            ]),
    ];
    return (
        <>
            <div className="tiles">
                <Tile title={say("soFar")} value={format.money(soFar)} exact={format.exactMoney(soFar)} />
                {found !== null && <Tile title={say("byEnd", { end })} value={money(found.expected)} />}
                {found !== null && <Tile title={say("between")} value={`${money(found.lower)} – ${money(found.upper)}`} />}
            </div>
            <Card
                title={say("monthTitle")}
                note={
                    found === null
                        ? say("monthFew", { amount: format.money(soFar) })
                        : say("monthWords", { amount: format.money(soFar), end, expected: money(found.expected), lower: money(found.lower), upper: money(found.upper), days: found.days })
                }
            >
                <Lines
                    label={say("monthLabel")}
                    name="month"
                    nameTitle={say("day")}
                    names={name({ month: "short", day: "numeric" })}
                    longNames={longNames}
                    height={300}
                    value={money}
                    mark={(value, most) => format.moneyMark(value, most)}
                    lines={lines}
                    band={found === null ? undefined : { lower: towards(found.lower), upper: towards(found.upper) }}
                />
            </Card>
        </>
    );
}
