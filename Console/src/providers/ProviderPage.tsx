import { useState } from "react";
import { announce } from "../shared/announcements";
import { Page, path, send } from "../shared/api";
import { useFormat } from "../shared/format";
import { Badge, Button, Card, Empty, Facts, Loaded, Notice, Refusal, Screen, Tile } from "../shared/Parts";
import { Link } from "../shared/router";
import { useSession } from "../shared/session";
import { milliseconds, Statistics } from "../shared/statistics";
import { Table } from "../shared/Table";
import { useAction, useAPI } from "../shared/useAPI";
import { CredentialState } from "./CredentialState";
import { ModelSync } from "./ModelSync";
import { ProviderForm } from "./ProviderForm";
import { ProviderTest } from "./ProviderTest";
import { success } from "./Providers";
import { base, figures, Provider } from "./provider";
import { useProviderWords } from "./words";

/** One provider: what is kept of it, how it does, and what leads to it. */
export function ProviderPage({ id }: { id: number }) {
    const say = useProviderWords();
    const format = useFormat();
    const session = useSession();
    const asked = useAPI<Provider>(`${base}${id}/`);
    const [open, setOpen] = useState<"edit" | "sync" | null>(null);
    const [round, setRound] = useState(0);
    const activity = useAction(async (provider: Provider, is_active: boolean) => {
        asked.assume((provider) => ({ ...provider, is_active }));
        try {
            await send("PATCH", `${base}${id}/`, { body: { is_active } });
            announce(say(is_active ? "activated" : "deactivated", { name: provider.name }), () => void activity.run(provider, !is_active));
        } finally {
            asked.reload();
        }
    });
    const provider = asked.value;
    if (asked.error?.status === 404) {
        return <Screen title={say("title")}><Empty title={say("missing")} action={<Link className="button" to="/providers">{say("back")}</Link>} /></Screen>;
    }
    return (
        <Screen
            title={provider?.name ?? say("title")}
            note={<Link to="/providers">{say("back")}</Link>}
            actions={provider !== null && session.isAdministrator && (
                <>
                    <Button icon="refresh" onClick={() => setOpen("sync")}>{say("sync")}</Button>
                    <Button icon="edit" onClick={() => setOpen("edit")}>{say("edit")}</Button>
                    <Button isBusy={activity.isRunning} onClick={() => void activity.run(provider, !provider.is_active)}>{say(provider.is_active ? "deactivate" : "activate")}</Button>
                </>
            )}
        >
            <Loaded asked={asked}>
                {(provider) => (
                    <>
                        <Refusal error={activity.error} />
                        {provider.api_key_state === "undecryptable" && <Notice tone="bad">{say("undecryptableNote")}</Notice>}
                        <Card>
                            <Facts
                                rows={[
                                    [say("state"), <Badge key="state" tone={provider.is_active ? "good" : "neutral"}>{say(provider.is_active ? "active" : "inactive")}</Badge>],
                                    [say("address"), <span key="address" className="mono">{provider.base_url}</span>],
                                    [say("credential"), <CredentialState key="credential" provider={provider} />],
                                    [say("dialect"), provider.dialect],
                                    [say("made"), format.minute(provider.created_at)],
                                    [say("changed"), format.minute(provider.updated_at)],
                                ]}
                            />
                            {session.isAdministrator && <ProviderTest provider={provider} />}
                        </Card>
                        <Figures id={id} />
                        <Models id={id} round={round} />
                    </>
                )}
            </Loaded>
            {open === "edit" && provider !== null && <ProviderForm provider={provider} version={asked.version} onClose={() => setOpen(null)} onDone={asked.reload} />}
            {open === "sync" && provider !== null && <ModelSync provider={provider} onClose={() => setOpen(null)} onAdded={() => setRound(round + 1)} />}
        </Screen>
    );
}

function Figures({ id }: { id: number }) {
    const say = useProviderWords();
    const format = useFormat();
    const asked = useAPI<Statistics>(figures(id));
    return (
        <Loaded asked={asked}>
            {({ totals }) => (
                <div className="tiles">
                    <Tile title={say("requests")} value={format.count(totals.requests)} change={<Link to={path("/usage", { range: "7d", provider: id })}>{say("usage")}</Link>} />
                    <Tile title={say("success")} value={success(totals, format.percent.bind(format))} />
                    <Tile title={say("p95")} value={format.duration(milliseconds(totals.p95))} />
                    <Tile title={say("spend")} value={format.money(totals.spend)} exact={format.exactMoney(totals.spend)} />
                </div>
            )}
        </Loaded>
    );
}

interface Model {
    id: number;
    name: string;
    upstream_model: string | null;
    is_active: boolean;
    context_length: number;
}

function Models({ id, round }: { id: number; round: number }) {
    const say = useProviderWords();
    const format = useFormat();
    const asked = useAPI<Page<Model>>(path("/api/admin/models/", { provider: id, ordering: "name", page_size: 100, page: round >= 0 ? 1 : undefined }));
    const [known, setKnown] = useState(round);
    if (known !== round) {
        setKnown(round);
        asked.reload();
    }
    return (
        <Card title={say("models")}>
            <Loaded asked={asked}>
                {(page) => (
                    <Table<Model>
                        label={say("models")}
                        rows={page.results}
                        id={(model) => model.id}
                        to={(model) => `/models/${model.id}`}
                        isDim={(model) => !model.is_active}
                        empty={<Empty title={say("noModels")}>{say("modelsNote")}</Empty>}
                        columns={[
                            { name: "name", title: say("name"), show: (model) => model.name },
                            { name: "context", title: say("context"), isNumber: true, show: (model) => format.count(model.context_length) },
                            { name: "state", title: say("state"), show: (model) => <Badge tone={model.is_active ? "good" : "neutral"}>{say(model.is_active ? "active" : "inactive")}</Badge> },
                        ]}
                    />
                )}
            </Loaded>
        </Card>
    );
}
