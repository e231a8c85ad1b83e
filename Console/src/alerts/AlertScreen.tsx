import { useState } from "react";
import { announce } from "../shared/announcements";
import { send } from "../shared/api";
import { Form, TextField, useForm } from "../shared/Form";
import { useFormat } from "../shared/format";
import { Badge, Button, Card, Dialog, Facts, Loaded, Notice, Screen } from "../shared/Parts";
import { Link } from "../shared/router";
import { useSession } from "../shared/session";
import { Table } from "../shared/Table";
import { useAction, useAPI } from "../shared/useAPI";
import { AlertDetail, Delivery, subjectOf } from "./answers";
import { SeverityBadge } from "./SeverityBadge";
import { useAlertsWords } from "./words";

export function AlertScreen({ id }: { id: string }) {
    const say = useAlertsWords();
    const session = useSession();
    const asked = useAPI<AlertDetail>(`/api/admin/alerts/${id}/`);
    const [isAsking, setAsking] = useState(false);
    const alert = asked.value;
    const to = alert === null ? null : subjectOf(alert);
    return (
        <Screen
            title={say("alert")}
            actions={
                <>
                    <Link to="/alerts" className="button">{say("back")}</Link>
                    {to !== null && <Link to={to} className="button">{say("about")}</Link>}
                    {session.isAdministrator && alert !== null && alert.acknowledged_at === null && <Button kind="primary" onClick={() => setAsking(true)}>{say("acknowledge")}</Button>}
                </>
            }
        >
            <Loaded asked={asked}>{(alert) => <Detail alert={alert} />}</Loaded>
            {isAsking && (
                <Acknowledge
                    id={id}
                    onClose={() => setAsking(false)}
                    onDone={() => {
                        setAsking(false);
                        asked.reload();
                    }}
                />
            )}
        </Screen>
    );
}

function Detail({ alert }: { alert: AlertDetail }) {
    const say = useAlertsWords();
    const format = useFormat();
    return (
        <>
            <Card title={alert.title} actions={<SeverityBadge severity={alert.severity} />}>
                <p className="lines"><bdi>{alert.text}</bdi></p>
                <Facts
                    rows={[
                        [say("kind"), say(alert.kind)],
                        [say("raised"), format.instant(alert.raised_at)],
                        ...(alert.user !== null ? [[say("user"), <Link to={`/users/${alert.user}`}><bdi>{alert.user_email ?? `#${alert.user}`}</bdi></Link>] as [string, JSX.Element]] : []),
                        [
                            say("standing"),
                            alert.acknowledged_at === null ? <Badge key="open">{say("open")}</Badge> : (
                                <>
                                    <Badge tone="good">{say("done")}</Badge> <bdi>{alert.acknowledge_reason}</bdi>
                                    <div className="note">{say("by", { who: alert.acknowledged_by ?? "–", when: format.instant(alert.acknowledged_at) })}</div>
                                </>
                            ),
                        ],
                    ]}
                />
                {!alert.is_told && <Notice tone="info">{say("notTold")}</Notice>}
            </Card>
            <Deliveries deliveries={alert.deliveries} />
        </>
    );
}

function Deliveries({ deliveries }: { deliveries: Delivery[] }) {
    const say = useAlertsWords();
    const format = useFormat();
    if (deliveries.length === 0) return <Card title={say("deliveries")}><p className="note">{say("noDeliveries")}</p></Card>;
    const tone = { pending: "info", delivered: "good", failed: "bad" } as const;
    const instant = (text: string | null) => (text === null ? "–" : format.instant(text));
    return (
        <Card title={say("deliveries")}>
            <Table
                label={say("deliveries")}
                rows={deliveries}
                id={(delivery) => delivery.id}
                columns={[
                    { name: "channel", title: say("channel"), show: (delivery) => <><bdi>{delivery.channel_name ?? `#${delivery.channel}`}</bdi>{delivery.user !== null && <div className="muted">{say("owner")}</div>}</> },
                    { name: "state", title: say("state"), show: (delivery) => <Badge tone={tone[delivery.state]}>{say(delivery.state)}</Badge> },
                    { name: "problem", title: say("problem"), show: (delivery) => (delivery.problem === null ? "–" : say(delivery.problem as Parameters<typeof say>[0])) },
                    { name: "attempts", title: say("attempts"), isNumber: true, show: (delivery) => format.count(delivery.attempts) },
                    { name: "next", title: say("next"), isMinor: true, show: (delivery) => instant(delivery.next_attempt_at) },
                    { name: "finished", title: say("finished"), isMinor: true, show: (delivery) => instant(delivery.finished_at) },
                ]}
            />
        </Card>
    );
}

function Acknowledge({ id, onClose, onDone }: { id: string; onClose: () => void; onDone: () => void }) {
    const say = useAlertsWords();
    const acting = useAction(async () => {
        await send("POST", `/api/admin/alerts/${id}/acknowledge/`, { body: form.values });
        announce(say("acknowledged"));
        onDone();
    });
    const form = useForm({ reason: "" }, acting.error);
    return (
        <Dialog title={say("acknowledgeTitle")} onClose={onClose}>
            <Form error={acting.error} fields={["reason"]} submit={say("acknowledge")} isBusy={acting.isRunning} onSubmit={() => void acting.run()} onCancel={onClose}>
                <TextField form={form} name="reason" label={say("reason")} note={say("acknowledgeNote")} isRequired />
            </Form>
        </Dialog>
    );
}
