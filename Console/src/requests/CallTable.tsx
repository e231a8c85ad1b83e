import { ReactNode } from "react";
import { useFormat } from "../shared/format";
import { useSession } from "../shared/session";
import { Column, Table } from "../shared/Table";
import { CallStatus, Flags } from "./CallStatus";
import { Call } from "./calls";
import { useRequestsWords } from "./words";

export function CallTable({ rows, fresh, empty }: { rows: Call[]; fresh: Set<string> | null; empty: ReactNode }) {
    const say = useRequestsWords();
    const format = useFormat();
    const session = useSession();
    const address = (call: Call) => `/requests/${call.request_id}`;
    const columns: Column<Call>[] = [
        {
            name: "created_at", title: say("time"),
            show: (call) => <time dateTime={call.created_at} title={format.relative(call.created_at)} className={fresh?.has(call.request_id) ? "call-time fresh" : "call-time"}>{format.instant(call.created_at)}</time>,
        },
        { name: "model", title: say("model"), show: (call) => <Line text={call.model_name ?? `#${call.model}`} note={call.is_streamed ? say("streamed") : undefined} /> },
        session.isStaff
            ? { name: "user", title: `${say("user")} · ${say("key")}`, show: (call) => <Line text={call.user_email ?? `#${call.user}`} note={call.key_name ?? `#${call.key}`} /> }
            : { name: "key", title: say("key"), show: (call) => <Line text={call.key_name ?? `#${call.key}`} /> },
        { name: "state", title: say("state"), show: (call) => <div className="row"><CallStatus call={call} /><Flags call={call} /></div> },
        {
            name: "tokens", title: say("tokens"), isNumber: true, isMinor: true,
            show: (call) => <span title={say("tokensInOut", { input: call.input_tokens, output: call.output_tokens })}>{format.count(call.input_tokens)} → {format.count(call.output_tokens)}</span>,
        },
        { name: "cost", title: say("cost"), isNumber: true, show: (call) => <span title={format.exactMoney(call.total_cost)}>{format.money(call.total_cost)}</span> },
        { name: "duration", title: say("duration"), isNumber: true, isMinor: true, show: (call) => format.duration(call.duration_ms) },
    ];
    return (
        <Table
            label={say("title")}
            columns={columns}
            rows={rows}
            id={(call) => call.request_id}
            to={address}
            empty={empty}
        />
    );
}

/** Names are as long as people make them; all of one is told to whoever points at it. */
function Line({ text, note }: { text: string; note?: string }) {
    return (
        <div className="one-line">
            <bdi title={text}>{text}</bdi>
            {note !== undefined && <bdi className="muted" title={note}>{note}</bdi>}
        </div>
    );
}
