import { useFormat } from "../shared/format";
import { Card } from "../shared/Parts";
import { Table } from "../shared/Table";
import { Entry } from "./calls";
import { useCallWords } from "./callWords";

const kinds = ["opening", "top_up", "reduction", "expiry", "deactivation", "correction", "refund", "carry_over"] as const;

export function EntriesCard({ entries }: { entries: Entry[] }) {
    const say = useCallWords();
    const format = useFormat();
    if (entries.length === 0) return <Card title={say("entries")}><p className="note">{say("entriesNone")}</p></Card>;
    const kind = (name: string) => {
        const known = kinds.find((known) => known === name);
        return known === undefined ? name : say(known);
    };
    return (
        <Card title={say("entries")}>
            <Table
                label={say("entries")}
                rows={entries}
                id={(entry) => entry.id}
                columns={[
                    { name: "kind", title: say("kind"), show: (entry) => <>{kind(entry.kind)}<div className="muted">{entry.period !== null ? say("period", { id: entry.period }) : say("keyLimit", { id: "" })}</div></> },
                    { name: "amount", title: say("amount"), isNumber: true, show: (entry) => format.exactMoney(entry.amount) },
                    { name: "reason", title: say("reason"), show: (entry) => <bdi>{entry.reason || "–"}</bdi> },
                    { name: "actor", title: say("actor"), show: (entry) => <>{entry.actor}<div className="muted">{format.instant(entry.created_at)}</div></> },
                ]}
            />
        </Card>
    );
}
