import { path } from "../shared/api";
import { useFormat } from "../shared/format";
import { picos } from "../shared/money";
import { Card, Empty, Loaded, Tile } from "../shared/Parts";
import { parameters } from "../shared/period";
import { StackedBars } from "../shared/plots/StackedBars";
import { go } from "../shared/router";
import { useSession } from "../shared/session";
import { Figures, Statistics, tokens } from "../shared/statistics";
import { useAPI } from "../shared/useAPI";
import { Groups } from "./Groups";
import { names, Narrowed } from "./Narrowed";
import { amount, calls, Choices, Dimension, Measure, measures, narrowed, others, question, shown, values } from "./question";
import { useUsageWords } from "./words";

/** Bars over time by whatever is chosen, and what each of it came to. */
export function OverTime({ choices, widen }: { choices: Choices; widen: () => void }) {
    const say = useUsageWords();
    const { isStaff } = useSession();
    const one = narrowed(choices, isStaff);
    const by = choices.by === "none" ? "" : ((choices.by || (isStaff ? "model" : "key")) as Dimension);
    const asked = useAPI<Statistics>(question(choices, isStaff, parameters(choices), by));
    return (
        <Loaded asked={asked}>
            {(statistics) => (
                <>
                    <Narrowed choices={choices} statistics={statistics} widen={widen} />
                    <Tiles totals={statistics.totals} />
                    {statistics.totals.requests === 0 ? (
                        <Empty title={say("noCalls")}>{say("noCallsNote")}</Empty>
                    ) : (
                        <>
                            <Bars statistics={statistics} choices={choices} dimension={one?.dimension ?? by} />
                            {one === null && by !== "" && <Groups statistics={statistics} dimension={by} choices={choices} />}
                        </>
                    )}
                </>
            )}
        </Loaded>
    );
}

function Tiles({ totals }: { totals: Figures }) {
    const say = useUsageWords();
    const format = useFormat();
    const money = (title: string, text: string, change?: string) => <Tile title={title} value={format.money(text)} exact={format.exactMoney(text)} change={change} />;
    return (
        <div className="tiles">
            {money(say("spendTile"), totals.spend, picos(totals.corrections) !== BigInt(0) ? say("corrections", { amount: format.money(totals.corrections) }) : undefined)}
            <Tile title={say("requests")} value={format.count(totals.requests)} />
            <Tile title={say("tokens")} value={format.short(tokens(totals))} exact={format.count(tokens(totals))} />
            {picos(totals.cache_savings) > BigInt(0) && money(say("savings"), totals.cache_savings)}
            {picos(totals.refunds) > BigInt(0) && money(say("refunds"), totals.refunds)}
            {totals.provider_cost !== undefined && money(say("providerCost"), totals.provider_cost, `${say("margin")} ${format.money(totals.margin ?? "0")}`)}
        </div>
    );
}

function Bars({ statistics, choices, dimension }: { statistics: Statistics; choices: Choices; dimension: Dimension | "" }) {
    const say = useUsageWords();
    const format = useFormat();
    const { isStaff } = useSession();
    const one = narrowed(choices, isStaff);
    const measure = measures.find((name) => name === choices.measure) ?? "spend";
    const groups = statistics.groups ?? [];
    const rest = others(statistics, measure, format);
    const choose = (index: number) => {
        const piece = statistics.series[index];
        if (piece === undefined) return;
        if (statistics.step === "hour") return go(calls({ from: piece.start, to: piece.end }, one));
        go(path("/usage", { ...kept(choices), ...days(piece.start, piece.end) }));
    };
    const narrow = (id: number) => go(isStaff && dimension !== "" ? path("/usage", { ...kept(choices), [dimension]: id }) : calls({ from: statistics.from, to: statistics.to }, { dimension: "key", id }));
    const plain = {
        title: say(measure),
        values: statistics.series.map((piece) => amount(piece.figures, measure)),
        ...(measure === "spend" ? { texts: statistics.series.map((piece) => format.exactMoney(piece.figures.spend)) } : {}),
    };
    return (
        <Card
            title={one !== null || dimension === "" ? say("timeTitlePlain", { measure: say(measure) }) : say("timeTitle", { measure: say(measure), dimension: say(dimension).toLowerCase() })}
            note={statistics.step === "hour" ? say("hourNote") : say("drillNote")}
        >
            <StackedBars
                label={say("timeLabel", { measure: say(measure), total: total(statistics.totals, measure) })}
                name={`${measure}-${dimension || "all"}`}
                nameTitle={say("day")}
                {...names(statistics, format)}
                height={300}
                value={(value) => shown(value, measure, format)}
                mark={measure === "spend" ? (value, most) => format.moneyMark(value, most) : undefined}
                onChoose={choose}
                series={
                    groups.length === 0
                        ? [plain]
                        : [
                            ...groups.map((group) => ({ title: group.name || `#${group.id}`, ...values(group, measure, format), onChoose: one === null ? (index?: number) => (index === undefined ? narrow(group.id) : choose(index)) : undefined })),
                            ...(rest === null ? [] : [{ title: say("others", { n: (statistics.group_count ?? 0) - groups.length }), ...rest, className: "series-others" }]),
                        ]
                }
            />
        </Card>
    );

    function total(figures: Figures, measure: Measure) {
        return shown(amount(figures, measure), measure, format);
    }
    /** A piece as the dates that are chosen, in the zone that it was asked in. */
    function days(start: string, end: string) {
        const date = (at: number) => new Intl.DateTimeFormat("en-CA", { timeZone: statistics.time_zone, year: "numeric", month: "2-digit", day: "2-digit" }).format(at);
        return { range: "custom", from: date(Date.parse(start)), to: date(Date.parse(end) - 1) };
    }
}

/** Choices that stay when a view is narrowed. */
export function kept(choices: Choices): Record<string, string> {
    const { range, from, to, by, measure, view, model, provider, user, key, group } = choices;
    return { range, from, to, by, measure, view: view === "flow" ? "time" : view, model, provider, user, key, group };
}
