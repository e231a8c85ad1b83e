import { useFormat } from "../shared/format";
import { picos } from "../shared/money";
import { Button, Card, Empty, Notice } from "../shared/Parts";
import { csv, download } from "../shared/plots/Frame";
import { useSession } from "../shared/session";
import { Figures, Statistics } from "../shared/statistics";
import { net } from "./net";
import { useBillsWords } from "./words";

interface Row {
    id: number;
    name: string;
    figures: Figures;
}

/** Who or what it was spent by or on, with a last line that they add up to. */
export function GroupTable({ statistics, month, title }: { statistics: Statistics; month: string; title: string }) {
    const say = useBillsWords();
    const format = useFormat();
    const session = useSession();
    const { totals, others } = statistics;
    const groups = statistics.groups ?? [];
    const rows: Row[] = groups.map((group) => ({ id: group.id, name: group.name || say("deleted", { id: group.id }), figures: group.totals }));
    if (others) rows.push({ id: 0, name: say("others", { n: (statistics.group_count ?? groups.length) - groups.length }), figures: others });
    if (rows.length === 0) return <Card title={title}><Empty title={say("none")} /></Card>;
    const columns: [title: string, value: (figures: Figures) => number | string][] = [
        [say("requests"), (figures) => figures.requests],
        [say("input"), (figures) => figures.input_tokens],
        [say("cached"), (figures) => figures.cache_read_tokens],
        [say("output"), (figures) => figures.output_tokens],
        [say("spend"), (figures) => figures.spend],
        [say("refunds"), (figures) => figures.refunds],
        [say("net"), net],
        ...(session.isStaff ? [[say("margin"), (figures) => figures.margin ?? "0"] as [string, (figures: Figures) => string]] : []),
    ];
    const show = (value: number | string) => (typeof value === "number" ? format.count(value) : format.exactMoney(value));
    const sum = (value: (figures: Figures) => string) => rows.reduce((sum, row) => sum + picos(value(row.figures)), 0n);
    const agrees = sum((figures) => figures.spend) === picos(totals.spend) && sum((figures) => figures.refunds) === picos(totals.refunds);
    const file = () =>
        download(`bill-${month}-${statistics.group_by ?? "all"}.csv`, csv({
            columns: [title, ...columns.map(([title]) => title)],
            rows: [...rows.map((row) => [row.name, ...columns.map(([, value]) => value(row.figures))]), [say("total"), ...columns.map(([, value]) => value(totals))]],
        }));
    return (
        <Card title={title} actions={<Button icon="download" isSmall onClick={file}>{say("csv")}</Button>}>
            <div className="table-frame" tabIndex={0} role="region" aria-label={title}>
                <table>
                    <caption className="unseen">{title}</caption>
                    <thead><tr><th scope="col">{say("name")}</th>{columns.map(([title]) => <th key={title} scope="col" className="number">{title}</th>)}</tr></thead>
                    <tbody>
                        {rows.map((row) => (
                            <tr key={row.id}><th scope="row" className="name"><bdi>{row.name}</bdi></th>{columns.map(([title, value]) => <td key={title} className="number">{show(value(row.figures))}</td>)}</tr>
                        ))}
                    </tbody>
                    <tfoot><tr className="strong"><th scope="row">{say("total")}</th>{columns.map(([title, value]) => <td key={title} className="number">{show(value(totals))}</td>)}</tr></tfoot>
                </table>
            </div>
            {!agrees && <Notice tone="warning">{say("sumsNot")}</Notice>}
            {agrees && <p className="note">{say("sums")}</p>}
        </Card>
    );
}
