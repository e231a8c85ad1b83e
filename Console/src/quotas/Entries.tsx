import { useFormat } from "../shared/format";
import { Link } from "../shared/router";
import { Table } from "../shared/Table";
import { QuotaInFull } from "./quota";
import { useQuotasWords } from "./words";

/** What moved its money apart from calls, newest first. */
export function Entries({ quota }: { quota: QuotaInFull }) {
    const say = useQuotasWords();
    const format = useFormat();
    return (
        <Table
            label={say("entries")}
            rows={quota.entries}
            id={(entry) => entry.id}
            empty={<p className="note">{say("noEntries")}</p>}
            columns={[
                { name: "at", title: say("at"), show: (entry) => <time dateTime={entry.created_at}>{format.minute(entry.created_at)}</time> },
                { name: "kind", title: say("kind"), show: (entry) => say(entry.kind) },
                { name: "amount", title: say("total"), isNumber: true, show: (entry) => <span title={format.exactMoney(entry.amount)}>{format.money(entry.amount)}</span> },
                { name: "reason", title: say("reason"), show: (entry) => entry.reason || "–" },
                { name: "actor", title: say("actor"), isMinor: true, show: (entry) => entry.actor },
                { name: "request", title: say("request"), isMinor: true, show: (entry) => (entry.request_id === null ? "–" : <Link to={`/requests/${entry.request_id}`}>{entry.request_id.slice(0, 8)}…</Link>) },
            ]}
        />
    );
}

export function Periods({ quota }: { quota: QuotaInFull }) {
    const say = useQuotasWords();
    const format = useFormat();
    const money = (amount: string) => <span title={format.exactMoney(amount)}>{format.money(amount)}</span>;
    return (
        <Table
            label={say("periods")}
            rows={quota.periods}
            id={(period) => period.id}
            columns={[
                { name: "from", title: say("from"), show: (period) => format.minute(period.starts_at) },
                { name: "until", title: say("until"), show: (period) => (period.expires_at === null ? "–" : format.minute(period.expires_at)) },
                { name: "total", title: say("total"), isNumber: true, show: (period) => money(period.total_quota) },
                { name: "used", title: say("used"), isNumber: true, show: (period) => money(period.used_quota) },
                { name: "left", title: say("left"), isNumber: true, show: (period) => money(period.remaining_quota) },
                { name: "forfeited", title: say("forfeited"), isNumber: true, isMinor: true, show: (period) => money(period.forfeited_quota) },
            ]}
        />
    );
}
