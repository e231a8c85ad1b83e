import { useState } from "react";
import { announce } from "../shared/announcements";
import { Page, path, send } from "../shared/api";
import { useFormat } from "../shared/format";
import { Button, Card, Confirm, Empty, Facts, Loaded, Refusal, Screen } from "../shared/Parts";
import { Link } from "../shared/router";
import { useSession } from "../shared/session";
import { Table } from "../shared/Table";
import { useAction, useAPI } from "../shared/useAPI";
import { ModelGroup, perMillion, PricedModel } from "./group";
import { GroupForm } from "./GroupForm";
import { GroupBadge } from "./GroupList";
import { useGroupsWords } from "./words";

export function GroupDetail({ id }: { id: string }) {
    const say = useGroupsWords();
    const session = useSession();
    const asked = useAPI<ModelGroup>(`/api/admin/model-groups/${id}/`);
    const [act, setAct] = useState<"edit" | "deactivate" | null>(null);
    const group = asked.value;
    const set = async (isActive: boolean) => {
        await send("PATCH", `/api/admin/model-groups/${id}/`, { body: { is_active: isActive } });
        asked.reload();
    };
    const action = useAction(async () => {
        if (group === null) return;
        const isActive = !group.is_active;
        await set(isActive);
        setAct(null);
        announce(say(isActive ? "activated" : "deactivated", { name: group.name }), () => void set(!isActive).catch((error: Error) => announce(error.message)));
    });
    return (
        <Screen
            title={group?.name ?? say("title")}
            note={<Link to="/groups">{say("back")}</Link>}
            actions={group !== null && session.isAdministrator && (
                <>
                    <Button icon="edit" onClick={() => setAct("edit")}>{say("edit")}</Button>
                    {group.is_active
                        ? <Button onClick={() => setAct("deactivate")}>{say("deactivate")}</Button>
                        : <Button isBusy={action.isRunning} onClick={() => void action.run()}>{say("activate")}</Button>}
                </>
            )}
        >
            {act === null && <Refusal error={action.error} />}
            <Loaded asked={asked}>{(group) => <GroupView of={group} />}</Loaded>
            {group !== null && act === "edit" && (
                <GroupForm
                    edited={group}
                    version={asked.version}
                    onDone={() => {
                        setAct(null);
                        asked.reload();
                    }}
                    onClose={() => setAct(null)}
                />
            )}
            {group !== null && act === "deactivate" && (
                <Confirm title={say("deactivateTitle", { name: group.name })} action={say("deactivate")} isBusy={action.isRunning} error={action.error} onConfirm={() => void action.run()} onClose={() => setAct(null)}>
                    <p>{say("deactivateNote")}</p>
                </Confirm>
            )}
        </Screen>
    );
}

function GroupView({ of: group }: { of: ModelGroup }) {
    const say = useGroupsWords();
    const format = useFormat();
    return (
        <>
            <Card title={say("facts")}>
                <Facts
                    rows={[
                        [say("state"), <GroupBadge of={group} />],
                        [say("multiplier"), `× ${Number(group.price_multiplier)}`],
                        [say("description"), group.description || "–"],
                        [say("quotas"), <Link to={path("/quotas", { model_group: group.id })}>{say("quotas")}</Link>],
                        [say("created"), format.instant(group.created_at)],
                    ]}
                />
            </Card>
            <Card title={say("prices")} note={say("pricesNote")}>{group.models.length === 0 ? <Empty title={say("noModels")} /> : <GroupPrices of={group} />}</Card>
        </>
    );
}

function GroupPrices({ of: group }: { of: ModelGroup }) {
    const say = useGroupsWords();
    const format = useFormat();
    const asked = useAPI<Page<PricedModel>>(path("/api/admin/models/", { model_group: group.id, ordering: "name", page_size: 200 }));
    const price = (amount: string | null, multiplier?: string) => {
        if (amount === null) return say("noPrice");
        const money = perMillion(amount, multiplier);
        return <span title={format.exactMoney(money)}>{format.money(money)}</span>;
    };
    return (
        <Loaded asked={asked}>
            {(page) => (
                <Table
                    label={say("prices")}
                    rows={page.results}
                    id={(model) => model.id}
                    to={(model) => `/models/${model.id}`}
                    isDim={(model) => !model.is_active}
                    columns={[
                        { name: "model", title: say("model"), show: (model) => model.name },
                        { name: "input", title: say("input"), isNumber: true, isMinor: true, show: (model) => price(model.input_price_per_1k) },
                        { name: "output", title: say("output"), isNumber: true, isMinor: true, show: (model) => price(model.output_price_per_1k) },
                        { name: "inputHere", title: say("inputHere"), isNumber: true, show: (model) => price(model.input_price_per_1k, group.price_multiplier) },
                        { name: "outputHere", title: say("outputHere"), isNumber: true, show: (model) => price(model.output_price_per_1k, group.price_multiplier) },
                    ]}
                />
            )}
        </Loaded>
    );
}
