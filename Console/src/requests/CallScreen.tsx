import { useState } from "react";
import { useFormat } from "../shared/format";
import { Button, Card, CopyButton, Facts, Loaded, Notice, Screen, Snippet } from "../shared/Parts";
import { Link } from "../shared/router";
import { useSession } from "../shared/session";
import { useAPI } from "../shared/useAPI";
import { BodyCard } from "./BodyCard";
import { CallDetail } from "./calls";
import { CallStatus, Flags } from "./CallStatus";
import { useCallWords } from "./callWords";
import { worked } from "./charge";
import { CostCard } from "./CostCard";
import { EntriesCard } from "./EntriesCard";
import { ExplainCard } from "./ExplainCard";
import { HoldCard } from "./HoldCard";
import { ProofCard } from "./ProofCard";
import { RefundDialog } from "./RefundDialog";
import { TimingCard } from "./TimingCard";

/** All about one call; one request, and others only when they are asked for. */
export function CallScreen({ id }: { id: string }) {
    const say = useCallWords();
    const session = useSession();
    const base = session.isStaff ? "/api/admin/requests" : "/api/me/requests";
    const asked = useAPI<CallDetail>(`${base}/${encodeURIComponent(id)}/`);
    const [isRefunding, setRefunding] = useState(false);
    const call = asked.value;
    return (
        <Screen
            title={say("title")}
            note={<span className="mono">{id}</span>}
            actions={
                <>
                    <Link to="/requests" className="button">{say("back")}</Link>
                    {call !== null && (
                        <>
                            <CopyButton text={id} label={say("copyID")} />
                            <CopyButton text={curl(call)} label={say("copyCurl")} />
                            {session.isAdministrator && call.state === "captured" && Number(call.total_cost) > 0 && <Button onClick={() => setRefunding(true)}>{say("refundAction")}</Button>}
                            <Button icon="refresh" label={say("title")} onClick={asked.reload} />
                        </>
                    )}
                </>
            }
        >
            <Loaded asked={asked}>{(call) => <Detail call={call} base={base} />}</Loaded>
            {isRefunding && call !== null && (
                <RefundDialog
                    call={call}
                    onClose={() => setRefunding(false)}
                    onDone={() => {
                        setRefunding(false);
                        asked.reload();
                    }}
                />
            )}
        </Screen>
    );
}

function Detail({ call, base }: { call: CallDetail; base: string }) {
    const say = useCallWords();
    const session = useSession();
    const charge = worked(call);
    return (
        <>
            {call.state === "open" && <Notice tone="info">{say("open")}</Notice>}
            <div className="columns">
                <About call={call} />
                <div className="stack">
                    <TimingCard call={call} />
                    <Card title={say("rawUsage")}>
                        {call.raw_usage !== null ? <Snippet label={say("rawUsage")} code={call.raw_usage} /> : <p className="note">{call.raw_usage_expired ? say("rawExpired") : say("rawNone")}</p>}
                    </Card>
                </div>
            </div>
            <ExplainCard call={call} charge={charge} />
            <div className="columns">
                <HoldCard call={call} charge={charge} />
                <div className="stack">
                    {session.isStaff && call.provider_cost !== undefined && <CostCard call={call} />}
                    <EntriesCard entries={call.entries} />
                </div>
            </div>
            <ProofCard call={call} base={base} />
            <BodyCard call={call} base={base} />
        </>
    );
}

function About({ call }: { call: CallDetail }) {
    const say = useCallWords();
    const format = useFormat();
    const session = useSession();
    const named = (to: string, id: number, name: string | null) => <Link to={`${to}/${id}`}>{name ?? `#${id}`}</Link>;
    return (
        <Card title={say("about")} actions={<><CallStatus call={call} /><Flags call={call} /></>}>
            <Facts
                rows={[
                    [say("began"), format.instant(call.created_at)],
                    [say("ended"), call.ended_at === null ? say("running") : format.instant(call.ended_at)],
                    ...(session.isStaff ? [[say("user"), named("/users", call.user, call.user_email)] as [string, JSX.Element]] : []),
                    [say("key"), named("/keys", call.key, call.key_name)],
                    [say("model"), session.isStaff ? named("/models", call.model, call.model_name) : <Link to={`/requests?model=${call.model}`} label={`${say("sameModel")}: ${call.model_name ?? call.model}`}>{call.model_name ?? `#${call.model}`}</Link>],
                    [say("group"), session.isStaff ? named("/groups", call.model_group, call.model_group_name) : call.model_group_name ?? `#${call.model_group}`],
                    ...(call.provider !== undefined ? [[say("provider"), named("/providers", call.provider, call.provider_name ?? null)] as [string, JSX.Element]] : []),
                    [say("endpoint"), <code key="endpoint">{call.method} {call.endpoint ?? "–"}</code>],
                    [say("how"), call.is_streamed ? say("streamed") : say("whole")],
                    [say("address"), <code key="address">{call.ip_address}</code>],
                    [say("agent"), <bdi key="agent">{call.user_agent || "–"}</bdi>],
                    [say("clientID"), <bdi key="client">{call.client_request_id ?? "–"}</bdi>],
                ]}
            />
        </Card>
    );
}

/** A call like it; keys are known to nobody any more, and what was said is not repeated. */
function curl(call: CallDetail): string {
    const model = (call.model_name ?? "").replace(/'/g, "'\\''");
    const members: Record<string, unknown> =
        call.endpoint === "/v1/embeddings" ? { model, input: "…" } : call.endpoint === "/v1/completions" ? { model, prompt: "…" } : { model, messages: [{ role: "user", content: "…" }] };
    if (call.is_streamed) members.stream = true;
    return [
        `curl ${location.origin}${call.endpoint ?? "/v1/chat/completions"} \\`,
        `  -H "Authorization: Bearer $TOKENAUDIT_KEY" \\`,
        `  -H 'Content-Type: application/json' \\`,
        `  -d '${JSON.stringify(members)}'`,
    ].join("\n");
}
