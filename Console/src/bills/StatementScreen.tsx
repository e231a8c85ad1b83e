import { path } from "../shared/api";
import { EntityChoice } from "../shared/EntityChoice";
import { Choice } from "../shared/Form";
import { useFormat } from "../shared/format";
import { approximately } from "../shared/money";
import { Button, Card, Facts, Loaded, Notice, Screen, Tile } from "../shared/Parts";
import { date } from "../shared/period";
import { StackedBars } from "../shared/plots/StackedBars";
import { Link, useChoices } from "../shared/router";
import { Account, useSession } from "../shared/session";
import { Statistics } from "../shared/statistics";
import { useAPI } from "../shared/useAPI";
import { GroupTable } from "./GroupTable";
import { firstDay, monthsOn } from "./months";
import { net } from "./net";
import { useBillsWords } from "./words";

const most = 200;

/** A month's bill, fit to be printed. */
export function StatementScreen({ month }: { month: string }) {
    const say = useBillsWords();
    const format = useFormat();
    const session = useSession();
    const [choices, choose] = useChoices("statement", { by: session.isStaff ? "user" : "key", user: "" });
    const user = session.isStaff ? choices.user : "";
    // Sums of one user are kept by key beside it, and by nothing else.
    const by = user !== "" && choices.by !== "none" ? "key" : choices.by;
    const base = session.isStaff ? "/api/admin/stats/billing/" : "/api/me/stats/billing/";
    const asked = useAPI<Statistics>(
        path(base, { time_zone: format.timeZone, from: firstDay(month), to: firstDay(monthsOn(month, 1)), step: "day", group_by: by, limit: most, user }),
    );
    const person = useAPI<Account>(user === "" ? null : `/api/admin/users/${user}/`);
    const email = user === "" ? null : person.value?.email ?? null;
    const title = say("statement", { month: format.month(`${firstDay(month)}T12:00:00Z`) });
    const titles = { none: say("nothing"), key: say("byKey"), user: say("byUser"), model: say("byModel"), group: say("byGroup"), provider: say("byProvider") };
    const offered = (session.isStaff && user === "" ? ["none", "user", "key", "model", "group", "provider"] : ["none", "key"]) as (keyof typeof titles)[];
    return (
        <Screen
            title={title}
            note={month === date(0).slice(0, 7) ? say("running") : undefined}
            actions={
                <>
                    <Link to="/bills" className="button">{say("back")}</Link>
                    <Button onClick={() => window.print()}>{say("print")}</Button>
                </>
            }
        >
            <div className="filters">
                {session.isStaff && <EntityChoice label={say("user")} from="/api/admin/users/" value={user} known={email} onChoose={(user) => choose({ user })} />}
                <Choice label={say("by")} value={by} options={offered.map((value) => ({ value: value as string, title: titles[value] }))} onChoose={(by) => choose({ by })} />
            </div>
            <Loaded asked={asked}>
                {(statistics) => (
                    <>
                        <Head statistics={statistics} of={user === "" ? say("everyone") : person.value === null ? say("deleted", { id: user }) : `${person.value.name} · ${person.value.email}`} />
                        <Totals statistics={statistics} />
                        {statistics.groups !== undefined && by !== "none" && <GroupTable statistics={statistics} month={month} title={titles[by as keyof typeof titles]} />}
                        <Days statistics={statistics} month={month} />
                    </>
                )}
            </Loaded>
            <Notice tone="info">{say("note")}</Notice>
        </Screen>
    );
}

function Head({ statistics, of }: { statistics: Statistics; of: string }) {
    const say = useBillsWords();
    const format = useFormat();
    const session = useSession();
    return (
        <Card>
            <Facts
                rows={[
                    [say("of"), <bdi key="of">{session.isStaff ? of : `${session.account.name} · ${session.account.email}`}</bdi>],
                    [say("made"), format.instant(new Date().toISOString())],
                    [say("zone"), statistics.time_zone],
                ]}
            />
        </Card>
    );
}

function Totals({ statistics }: { statistics: Statistics }) {
    const say = useBillsWords();
    const format = useFormat();
    const { totals } = statistics;
    const tile = (title: string, amount: string, change?: string) => <Tile title={title} value={format.money(amount)} exact={format.exactMoney(amount)} change={change ?? format.exactMoney(amount)} />;
    return (
        <div className="tiles">
            {tile(say("net"), net(totals))}
            {tile(say("spend"), totals.spend, `${say("charge")} ${format.exactMoney(totals.charge)}; ${say("corrections")} ${format.exactMoney(totals.corrections)}`)}
            {tile(say("refunds"), totals.refunds)}
            <Tile title={say("requests")} value={format.count(totals.requests)} change={`${say("failed")} ${format.count(totals.errors)}`} />
            {totals.provider_cost !== undefined && tile(say("cost"), totals.provider_cost, `${say("margin")} ${format.exactMoney(totals.margin ?? "0")}`)}
        </div>
    );
}

function Days({ statistics, month }: { statistics: Statistics; month: string }) {
    const say = useBillsWords();
    const format = useFormat();
    const { series, step, totals } = statistics;
    const bar = (amounts: string[]) => ({ values: amounts.map(approximately), texts: amounts.map((amount) => format.exactMoney(amount)) });
    return (
        <Card title={say("days")}>
            <StackedBars
                label={say("spendLabel", { total: format.money(totals.spend) })}
                name={`bill-${month}`}
                nameTitle={say("day")}
                names={series.map((piece) => format.tick(piece.start, step))}
                longNames={series.map((piece) => format.day(piece.start))}
                value={(value) => format.money(String(value))}
                series={[
                    { title: say("spend"), className: "series-0", ...bar(series.map((piece) => piece.figures.spend)) },
                    { title: say("refunds"), className: "series-1", ...bar(series.map((piece) => piece.figures.refunds)) },
                ]}
            />
        </Card>
    );
}
