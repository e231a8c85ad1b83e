import { ReactNode } from "react";
import { path } from "../shared/api";
import { useFormat } from "../shared/format";
import { useKitWords } from "../shared/kitWords";
import { approximately, picos } from "../shared/money";
import { Card, Empty, Loaded, Screen, Tile } from "../shared/Parts";
import { defaultPeriod, parameters, PeriodChoice } from "../shared/period";
import { Lines } from "../shared/plots/Lines";
import { StackedBars } from "../shared/plots/StackedBars";
import { go, Link, useChoices } from "../shared/router";
import { useSession } from "../shared/session";
import { Figures, milliseconds, Statistics, tokenClasses, tokens } from "../shared/statistics";
import { useAPI } from "../shared/useAPI";
import { useOverviewWords } from "./words";

/** What it came to, beside the time before; one request. */
export default function Overview() {
    const say = useOverviewWords();
    const session = useSession();
    const [period, choose] = useChoices("overview", defaultPeriod);
    const base = session.isStaff ? "/api/admin/stats/overview/" : "/api/me/stats/overview/";
    const asked = useAPI<Statistics>(path(base, parameters(period)));
    return (
        <Screen title={say("title")} note={session.isStaff ? say("staffNote") : say("ownNote")} actions={<div className="filters"><PeriodChoice period={period} onChoose={choose} /></div>}>
            <Loaded asked={asked}>
                {(statistics) => (
                    <>
                        {statistics.totals.requests === 0 && <NoCalls isWhole={!statistics.previous || statistics.previous.totals.requests === 0} />}
                        <Tiles totals={statistics.totals} before={statistics.previous?.totals ?? null} />
                        <Plots statistics={statistics} />
                    </>
                )}
            </Loaded>
        </Screen>
    );
}

function NoCalls({ isWhole }: { isWhole: boolean }) {
    const say = useOverviewWords();
    const session = useSession();
    if (!isWhole) return <Empty title={say("noTime")} />;
    return session.isAdministrator ? (
        <Empty title={say("firstSteps")} action={<Link to="/start" className="button primary">{say("begin")}</Link>}>{say("firstStepsNote")}</Empty>
    ) : (
        <Empty title={say("firstSteps")} action={<Link to="/connect" className="button primary">{say("connect")}</Link>}>{say("connectNote")}</Empty>
    );
}

function Tiles({ totals, before }: { totals: Figures; before: Figures | null }) {
    const say = useOverviewWords();
    const format = useFormat();
    const change = (now: number, then: number | undefined): ReactNode => {
        if (then === undefined) return undefined;
        if (then === 0) return say("beforeNothing");
        const part = (now - then) / then;
        if (Math.abs(part) < 0.0005) return say("same");
        return say("before", { percent: `${part > 0 ? "+" : "−"}${format.percent(Math.abs(part))}` });
    };
    const p95 = milliseconds(totals.p95);
    return (
        <div className="tiles">
            <Tile title={say("spend")} value={format.money(totals.spend)} exact={format.exactMoney(totals.spend)} change={change(approximately(totals.spend), before === null ? undefined : approximately(before.spend))} />
            <Tile title={say("requests")} value={format.count(totals.requests)} change={change(totals.requests, before?.requests)} />
            <Tile title={say("tokens")} value={format.short(tokens(totals))} exact={format.count(tokens(totals))} change={picos(totals.cache_savings) > BigInt(0) ? `${say("savings")} ${format.money(totals.cache_savings)}` : change(tokens(totals), before === null ? undefined : tokens(before))} />
            <Tile title={say("errors")} value={totals.requests === 0 ? "–" : format.percent(totals.errors / totals.requests)} change={format.count(totals.errors)} />
            <Tile title={say("p95")} value={format.duration(p95)} />
            {totals.margin !== undefined && <Tile title={say("margin")} value={format.money(totals.margin)} exact={format.exactMoney(totals.margin)} change={`${say("providerCost")} ${format.money(totals.provider_cost ?? "0")}`} />}
        </div>
    );
}

function Plots({ statistics }: { statistics: Statistics }) {
    const say = useOverviewWords();
    const format = useFormat();
    const session = useSession();
    const kit = useKitWords();
    const { series, step, totals } = statistics;
    const names = series.map((piece) => format.tick(piece.start, step));
    const longNames = series.map((piece) => (step === "hour" ? format.minute(piece.start) : format.day(piece.start)));
    const groups = statistics.groups ?? [];
    const shownSum = (index: number) => groups.reduce((sum, group) => sum + picos(group.spend[index] ?? "0"), BigInt(0));
    const others = series.map((piece, index) => Number(picos(piece.figures.spend) - shownSum(index)) / 1e12);
    const money = (value: number) => format.money(String(value));
    const dimension = session.isStaff ? "model" : "key";
    return (
        <div className="columns">
            <Card title={session.isStaff ? say("spendByModel") : say("spendByKey")}>
                <StackedBars
                    label={say("spendLabel", { total: format.money(totals.spend) })}
                    name="spend"
                    nameTitle={say("spend")}
                    names={names}
                    longNames={longNames}
                    value={money}
                    mark={(value, most) => format.moneyMark(value, most)}
                    series={[
                        ...groups.map((group) => ({
                            title: group.name || String(group.id),
                            values: group.spend.map(approximately),
                            texts: group.spend.map((amount) => format.exactMoney(amount)),
                            onChoose: () => go(path("/requests", { [dimension]: group.id })),
                        })),
                        ...(others.some((value) => value > 0) ? [{ title: "…", values: others, className: "series-others" }] : []),
                    ]}
                />
            </Card>
            <Card title={say("requestsAndErrors")}>
                <StackedBars
                    label={say("requestsLabel", { n: totals.requests })}
                    name="requests"
                    nameTitle={say("requests")}
                    names={names}
                    longNames={longNames}
                    value={(value) => format.short(value)}
                    series={[
                        { title: say("answered"), values: series.map((piece) => piece.figures.requests - piece.figures.errors), className: "series-0" },
                        { title: say("failed"), values: series.map((piece) => piece.figures.errors), className: "series-bad" },
                    ]}
                />
            </Card>
            <Card title={say("tokensByClass")}>
                <StackedBars
                    label={say("tokensLabel", { n: tokens(totals) })}
                    name="tokens"
                    nameTitle={say("tokens")}
                    names={names}
                    longNames={longNames}
                    value={(value) => format.short(value)}
                    series={tokenClasses.filter((name) => totals[name] > 0).map((name) => ({ title: kit(name), values: series.map((piece) => piece.figures[name]) }))}
                />
            </Card>
            <Card title={say("latency")}>
                <Lines
                    label={say("latencyLabel")}
                    name="latency"
                    nameTitle={say("latency")}
                    names={names}
                    longNames={longNames}
                    value={(value) => format.duration(value)}
                    lines={[
                        { title: say("p50"), values: series.map((piece) => milliseconds(piece.figures.p50)) },
                        { title: "95 %", values: series.map((piece) => milliseconds(piece.figures.p95)) },
                        { title: say("p99"), values: series.map((piece) => milliseconds(piece.figures.p99)) },
                    ]}
                />
            </Card>
        </div>
    );
}
