import { useState } from "react";
import { useFormat } from "../shared/format";
import { Choice, SearchBox } from "../shared/Form";
import { useKitWords } from "../shared/kitWords";
import { Badge, Button, Empty, Loaded, Screen } from "../shared/Parts";
import { go } from "../shared/router";
import { useSession } from "../shared/session";
import { Pages, Table } from "../shared/Table";
import { pageSize, useList } from "../shared/useList";
import { ModelGroup } from "./group";
import { GroupForm } from "./GroupForm";
import { useGroupsWords } from "./words";

const defaults = { page: "1", ordering: "name", search: "", is_active: "" };

export function GroupList() {
    const say = useGroupsWords();
    const kit = useKitWords();
    const format = useFormat();
    const session = useSession();
    const list = useList<ModelGroup, typeof defaults>("groups", "/api/admin/model-groups/", defaults);
    const [isMaking, setMaking] = useState(false);
    const { choices, choose } = list;
    return (
        <Screen title={say("title")} note={say("note")} actions={session.isAdministrator && <Button kind="primary" icon="plus" onClick={() => setMaking(true)}>{say("make")}</Button>}>
            <div className="filters">
                <SearchBox value={choices.search} onSearch={(search) => choose({ search })} />
                <Choice
                    label={say("state")}
                    value={choices.is_active}
                    options={[{ value: "", title: say("all") }, { value: "true", title: say("onlyActive") }, { value: "false", title: say("onlyInactive") }]}
                    onChoose={(is_active) => choose({ is_active })}
                />
                {list.isFiltered && <Button onClick={list.reset}>{kit("clearFilters")}</Button>}
            </div>
            <Loaded asked={list.asked}>
                {(page) => (
                    <>
                        <Table
                            label={say("title")}
                            rows={page.results}
                            id={(group) => group.id}
                            to={(group) => `/groups/${group.id}`}
                            ordering={choices.ordering}
                            onOrder={(ordering) => choose({ ordering })}
                            isDim={(group) => !group.is_active}
                            empty={<Empty title={list.isFiltered ? kit("noMatch") : say("empty")} />}
                            columns={[
                                { name: "name", title: say("name"), isSorted: true, show: (group) => group.name },
                                { name: "description", title: say("description"), isMinor: true, show: (group) => group.description || "–" },
                                { name: "multiplier", title: say("multiplier"), isNumber: true, show: (group) => `× ${Number(group.price_multiplier)}` },
                                { name: "models", title: say("models"), show: (group) => <span title={group.model_names.join("\n")}>{say("count", { n: group.models.length })}</span> },
                                { name: "state", title: say("state"), show: (group) => <GroupBadge of={group} /> },
                                { name: "created_at", title: say("created"), isSorted: true, isMinor: true, show: (group) => format.day(group.created_at) },
                            ]}
                        />
                        <Pages page={list.page} size={pageSize} count={page.count} onPage={(page) => choose({ page: String(page) })} />
                    </>
                )}
            </Loaded>
            {isMaking && <GroupForm onDone={(group) => go(`/groups/${group.id}`)} onClose={() => setMaking(false)} />}
        </Screen>
    );
}

export function GroupBadge({ of: group }: { of: ModelGroup }) {
    const say = useGroupsWords();
    return <Badge tone={group.is_active ? "good" : "neutral"}>{group.is_active ? say("active") : say("inactive")}</Badge>;
}
