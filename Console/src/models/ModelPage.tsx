import { useState } from "react";
import { announce } from "../shared/announcements";
import { path, send } from "../shared/api";
import { useFormat } from "../shared/format";
import { Badge, Button, Card, Empty, Facts, Loaded, Notice, Refusal, Screen } from "../shared/Parts";
import { Link } from "../shared/router";
import { useSession } from "../shared/session";
import { useAction, useAPI } from "../shared/useAPI";
import { base, Model } from "./model";
import { ModelForm } from "./ModelForm";
import { PriceForm } from "./PriceForm";
import { PriceHistory } from "./PriceHistory";
import { PriceTable } from "./PriceTable";
import { useModelWords } from "./words";

/** One model: its ways, its limits, its prices through time. */
export function ModelPage({ id }: { id: number }) {
    const say = useModelWords();
    const format = useFormat();
    const session = useSession();
    const asked = useAPI<Model>(`${base}${id}/`);
    const [open, setOpen] = useState<"edit" | "price" | null>(null);
    const [round, setRound] = useState(0);
    const activity = useAction(async (model: Model, is_active: boolean) => {
        asked.assume((model) => ({ ...model, is_active }));
        try {
            await send("PATCH", `${base}${id}/`, { body: { is_active } });
            announce(say(is_active ? "activated" : "deactivated", { name: model.name }), () => void activity.run(model, !is_active));
        } finally {
            asked.reload();
        }
    });
    const model = asked.value;
    if (asked.error?.status === 404) {
        return <Screen title={say("title")}><Empty title={say("missing")} action={<Link className="button" to="/models">{say("back")}</Link>} /></Screen>;
    }
    const priced = () => {
        asked.reload();
        setRound(round + 1);
    };
    return (
        <Screen
            title={model?.name ?? say("title")}
            note={<Link to="/models">{say("back")}</Link>}
            actions={model !== null && (
                <>
                    <Link className="button" to={path("/usage", { model: id })}>{say("usage")}</Link>
                    <Link className="button" to={path("/requests", { model: id })}>{say("calls")}</Link>
                    {session.isAdministrator && <Button icon="edit" onClick={() => setOpen("edit")}>{say("edit")}</Button>}
                    {session.isAdministrator && <Button isBusy={activity.isRunning} onClick={() => void activity.run(model, !model.is_active)}>{say(model.is_active ? "deactivate" : "activate")}</Button>}
                </>
            )}
        >
            <Loaded asked={asked}>
                {(model) => (
                    <>
                        <Refusal error={activity.error} />
                        {model.price === null && <Notice tone="warning" actions={session.isAdministrator && <Button kind="primary" onClick={() => setOpen("price")}>{say("newPrice")}</Button>}>{say("noPriceNote")}</Notice>}
                        <Card>
                            {model.description !== "" && <p>{model.description}</p>}
                            <Facts
                                rows={[
                                    [say("state"), <Badge key="state" tone={model.is_active ? "good" : "neutral"}>{say(model.is_active ? "active" : "inactive")}</Badge>],
                                    ...(model.display_name !== "" && model.display_name !== model.name ? [[say("displayName"), model.display_name] as [string, string]] : []),
                                    [say("provider"), model.provider === null ? <Badge key="provider" tone="warning">{say("noProvider")}</Badge> : <Link key="provider" to={`/providers/${model.provider}`}>{model.provider_name}</Link>],
                                    [say("upstream"), <span key="upstream" className="mono">{model.upstream_model ?? "–"}</span>],
                                    [say("contextLength"), format.count(model.context_length)],
                                    [say("maxOutput"), format.count(model.max_output_tokens)],
                                    [say("defaultOutput"), format.count(model.default_output_tokens)],
                                    [say("overhead"), format.count(model.prompt_overhead_tokens)],
                                    ...(model.capabilities.length > 0 ? [[say("capabilities"), model.capabilities.join(", ")] as [string, string]] : []),
                                    ...(model.routes.length > 1 ? [[say("routes"), model.routes.map((route) => `${route.provider_name}: ${route.upstream_model} (${say("weight")} ${route.weight}, ${say("priority")} ${route.priority})`).join("; ")] as [string, string]] : []),
                                ]}
                            />
                        </Card>
                        {model.price !== null && (
                            <Card
                                title={say("price")}
                                note={`${say("perMillion")}${model.price_effective_from === null ? "" : `, ${say("since", { when: format.minute(model.price_effective_from) })}`}`}
                                actions={session.isAdministrator && <Button icon="plus" onClick={() => setOpen("price")}>{say("newPrice")}</Button>}
                            >
                                <PriceTable model={model} />
                            </Card>
                        )}
                        <PriceHistory model={model} round={round} onChanged={priced} />
                    </>
                )}
            </Loaded>
            {open === "edit" && model !== null && <ModelForm model={model} version={asked.version} onClose={() => setOpen(null)} onDone={asked.reload} />}
            {open === "price" && model !== null && <PriceForm model={model} onClose={() => setOpen(null)} onDone={priced} />}
        </Screen>
    );
}
