import { useState } from "react";
import { announce } from "../shared/announcements";
import { Page, path, send } from "../shared/api";
import { Badge, Button, Dialog, Empty, Loaded, Refusal, SecretOnce } from "../shared/Parts";
import { useSession } from "../shared/session";
import { Pages, Table } from "../shared/Table";
import { useAction, useAPI } from "../shared/useAPI";
import { Channel } from "./answers";
import { ChannelDialog } from "./ChannelDialog";
import { useChannelWords } from "./channelWords";
import { useAlertsWords } from "./words";

const size = 50;

export function ChannelList() {
    const say = useChannelWords();
    const sayAlert = useAlertsWords();
    const session = useSession();
    const [page, setPage] = useState(1);
    const asked = useAPI<Page<Channel>>(path("/api/admin/alert-channels/", { ordering: "name", page, page_size: size }));
    const [edited, setEdited] = useState<Channel | "new" | null>(null);
    const [secret, setSecret] = useState<string | null>(null);
    const switching = useAction(async (channel: Channel, is_active: boolean) => {
        await send("PATCH", `/api/admin/alert-channels/${channel.id}/`, { body: { is_active } });
        const back = () => void switching.run(channel, !is_active);
        announce(say(is_active ? "activated" : "deactivated", { name: channel.name }), back);
        asked.reload();
    });
    const testing = useAction(async (channel: Channel) => {
        const { value } = await send<{ ok: boolean; detail: string }>("POST", `/api/admin/alert-channels/${channel.id}/test/`);
        announce(value.ok ? say("tested", { name: channel.name }) : say("testFailed", { name: channel.name, detail: value.detail }));
    });
    const where = (channel: Channel) => (channel.kind === "email" ? `${channel.mail_host ?? ""}:${channel.mail_port ?? ""}` : channel.url ?? "");
    const add = session.isAdministrator && <Button icon="plus" kind="primary" onClick={() => setEdited("new")}>{say("add")}</Button>;
    return (
        <>
            <div className="row spread"><p className="note">{say("note")}</p>{add}</div>
            <Refusal error={switching.error ?? testing.error} />
            <Loaded asked={asked}>
                {(channels) => (
                    <>
                        <Table
                            label={sayAlert("channels")}
                            rows={channels.results}
                            id={(channel) => channel.id}
                            isDim={(channel) => !channel.is_active}
                            empty={<Empty title={say("none")} />}
                            columns={[
                                { name: "name", title: say("name"), show: (channel) => <><bdi>{channel.name}</bdi><div className="muted">{say(channel.kind)}</div></> },
                                { name: "where", title: say("where"), show: (channel) => <><span className="mono">{where(channel)}</span>{channel.mail_recipients.length > 0 && <div className="muted">{channel.mail_recipients.join(", ")}</div>}</> },
                                { name: "audience", title: say("audience"), show: (channel) => say(channel.audience) },
                                { name: "takes", title: say("takes"), isMinor: true, show: (channel) => <>{channel.kinds === null ? say("all") : say("nKinds", { n: channel.kinds.length })}<div className="muted">{say("from", { severity: sayAlert(channel.least_severity) })}</div></> },
                                { name: "active", title: say("active"), show: (channel) => (channel.secret_state === "undecryptable" ? <Badge tone="bad">{say("undecryptable")}</Badge> : channel.is_active ? <Badge tone="good">{say("active")}</Badge> : <Badge>{say("off")}</Badge>) },
                            ]}
                            actions={
                                session.isAdministrator
                                    ? (channel) => (
                                        <>
                                            <Button isSmall isDisabled={testing.isRunning} onClick={() => void testing.run(channel)}>{say("test")}</Button>
                                            <Button isSmall onClick={() => setEdited(channel)}>{say("edit")}</Button>
                                            <Button isSmall isDisabled={switching.isRunning} onClick={() => void switching.run(channel, !channel.is_active)}>{channel.is_active ? say("deactivate") : say("activate")}</Button>
                                        </>
                                    )
                                    : undefined
                            }
                        />
                        <Pages page={page} size={size} count={channels.count} onPage={setPage} />
                    </>
                )}
            </Loaded>
            {edited !== null && (
                <ChannelDialog
                    channel={edited === "new" ? null : edited}
                    onClose={() => setEdited(null)}
                    onDone={(secret) => {
                        setEdited(null);
                        setSecret(secret);
                        asked.reload();
                    }}
                />
            )}
            {secret !== null && (
                <Dialog title={say("secretTitle")} onClose={() => setSecret(null)}>
                    <div className="dialog-body"><SecretOnce secret={secret}><p className="note">{say("secretShown")}</p></SecretOnce></div>
                </Dialog>
            )}
        </>
    );
}
