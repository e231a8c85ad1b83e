import { path } from "../shared/api";
import { useFormat } from "../shared/format";
import { approximately } from "../shared/money";
import { Card } from "../shared/Parts";
import { Link } from "../shared/router";
import { useSession } from "../shared/session";
import { Figures, milliseconds, Statistics, tokens } from "../shared/statistics";
import { Table } from "../shared/Table";
import { kept } from "./OverTime";
import { calls, Choices, Dimension } from "./question";
import { useUsageWords } from "./words";

interface Row {
    id: number;
    name: string;
    totals: Figures;
}

/** What each came to, with the ways on from there. */
export function Groups({ statistics, dimension, choices }: { statistics: Statistics; dimension: Dimension; choices: Choices }) {
    const say = useUsageWords();
    const format = useFormat();
    const { isStaff } = useSession();
    const whole = approximately(statistics.totals.spend);
    const rows: Row[] = [...(statistics.groups ?? [])];
    if (statistics.others) rows.push({ id: 0, name: say("others", { n: (statistics.group_count ?? 0) - rows.length }), totals: statistics.others });
    const over = { from: statistics.from, to: statistics.to };
    return (
        <Card title={say("groupsLabel")}>
            <Table<Row>
                label={say("groupsLabel")}
                rows={rows}
                id={(row) => row.id}
                columns={[
                    {
                        name: "name",
                        title: say(dimension),
                        show: (row) => (row.id !== 0 && isStaff ? <Link to={path("/usage", { ...kept(choices), [dimension]: row.id })}>{row.name || `#${row.id}`}</Link> : row.name || `#${row.id}`),
                    },
                    { name: "spend", title: say("spend"), isNumber: true, show: (row) => <span title={format.exactMoney(row.totals.spend)}>{format.money(row.totals.spend)}</span> },
                    { name: "share", title: say("share"), isNumber: true, show: (row) => (whole > 0 ? format.percent(approximately(row.totals.spend) / whole) : "–") },
                    { name: "requests", title: say("requests"), isNumber: true, show: (row) => format.count(row.totals.requests) },
                    { name: "tokens", title: say("tokens"), isNumber: true, isMinor: true, show: (row) => <span title={format.count(tokens(row.totals))}>{format.short(tokens(row.totals))}</span> },
                    { name: "errors", title: say("errorRate"), isNumber: true, isMinor: true, show: (row) => (row.totals.requests > 0 ? format.percent(row.totals.errors / row.totals.requests) : "–") },
                    { name: "p95", title: say("p95"), isNumber: true, isMinor: true, show: (row) => format.duration(milliseconds(row.totals.p95)) },
                ]}
                actions={(row) => (row.id === 0 ? null : <Link className="button small" to={calls(over, { dimension, id: row.id })}>{say("calls")}</Link>)}
            />
        </Card>
    );
}
