import { useMemo, useState } from "react";
import { Bar } from "../shared/Bar";
import { useFormat } from "../shared/format";
import { Choice, SearchBox } from "../shared/Form";
import { useKitWords } from "../shared/kitWords";
import { Badge, Button, Empty, Loaded, Screen } from "../shared/Parts";
import { go, Link } from "../shared/router";
import { useSession } from "../shared/session";
import { Column, Pages, Table } from "../shared/Table";
import { pageSize, useList } from "../shared/useList";
import { Quota, stateOf } from "./quota";
import { QuotaForm } from "./QuotaForm";
import { useQuotasWords } from "./words";

const defaults = { page: "1", ordering: "-created_at", search: "", is_active: "", model_group: "", user: "", within: "" };

export function QuotaList() {
    const say = useQuotasWords();
    const kit = useKitWords();
    const session = useSession();
    const list = useQuotas();
    const columns = useColumns();
    const [isMaking, setMaking] = useState(false);
    const { choices, choose } = list;
    return (
        <Screen
            title={say("title")}
            note={session.isStaff ? say("staffNote") : say("ownNote")}
            actions={session.isAdministrator && <Button kind="primary" icon="plus" onClick={() => setMaking(true)}>{say("make")}</Button>}
        >
            <div className="filters">
                <SearchBox value={choices.search} onSearch={(search) => choose({ search })} />
                <Choice
                    label={say("state")}
                    value={choices.is_active}
                    options={[{ value: "", title: say("all") }, { value: "true", title: say("onlyActive") }, { value: "false", title: say("onlyInactive") }]}
                    onChoose={(is_active) => choose({ is_active })}
                />
                <Choice
                    label={say("soon")}
                    value={choices.within}
                    options={[{ value: "", title: say("anyEnd") }, { value: "7", title: say("week") }, { value: "30", title: say("month") }]}
                    onChoose={(within) => choose({ within })}
                />
                {list.isFiltered && <Button onClick={list.reset}>{kit("clearFilters")}</Button>}
            </div>
            <Loaded asked={list.asked}>
                {(page) => (
                    <>
                        <Table
                            label={say("title")}
                            rows={page.results}
                            columns={columns}
                            id={(quota) => quota.id}
                            to={(quota) => `/quotas/${quota.id}`}
                            ordering={choices.ordering}
                            onOrder={(ordering) => choose({ ordering })}
                            isDim={(quota) => stateOf(quota) !== "active"}
                            empty={list.isFiltered ? <Empty title={kit("noMatch")} /> : session.isStaff ? <Empty title={say("empty")}>{say("emptyNote")}</Empty> : <Empty title={say("ownEmpty")} />}
                        />
                        <Pages page={list.page} size={pageSize} count={page.count} onPage={(page) => choose({ page: String(page) })} />
                    </>
                )}
            </Loaded>
            {isMaking && <QuotaForm onDone={(quota) => go(`/quotas/${quota.id}`)} onClose={() => setMaking(false)} />}
        </Screen>
    );
}

/** `within` so many days of now, asked as an instant that stays while the view does. */
function useQuotas() {
    const session = useSession();
    const now = useMemo(() => Math.floor(Date.now() / 60_000) * 60_000, []);
    return useList<Quota, typeof defaults>("quotas", session.isStaff ? "/api/admin/quotas/" : "/api/me/quotas/", defaults, ({ within, ...asked }) => ({
        ...asked,
        expires_before: within === "" ? "" : new Date(now + Number(within) * 86_400_000).toISOString(),
    }));
}

function useColumns(): Column<Quota>[] {
    const say = useQuotasWords();
    const format = useFormat();
    const session = useSession();
    const all: (Column<Quota> | false)[] = [
        { name: "name", title: say("name"), isSorted: true, show: (quota) => quota.name },
        session.isStaff && { name: "user", title: say("user"), show: (quota) => <Link to={`/users/${quota.user}`}>{quota.user_email}</Link> },
        { name: "group", title: say("group"), show: (quota) => (session.isStaff ? <Link to={`/groups/${quota.model_group}`}>{quota.model_group_name}</Link> : quota.model_group_name) },
        { name: "state", title: say("state"), show: (quota) => <QuotaBadge of={quota} /> },
        { name: "left", title: say("left"), show: (quota) => <QuotaBar of={quota} /> },
        { name: "renewal", title: say("renewal"), isMinor: true, show: (quota) => (quota.renewal === null ? "–" : say(quota.renewal)) },
        { name: "expires_at", title: say("expires"), isSorted: true, show: (quota) => (quota.expires_at === null ? say("noEnd") : <time dateTime={quota.expires_at} title={format.instant(quota.expires_at)}>{format.day(quota.expires_at)}</time>) },
    ];
    return all.filter((column): column is Column<Quota> => column !== false);
}

export function QuotaBadge({ of: quota }: { of: Quota }) {
    const say = useQuotasWords();
    const state = stateOf(quota);
    return <Badge tone={state === "active" ? "good" : state === "ended" ? "warning" : "neutral"}>{say(state)}</Badge>;
}

export function QuotaBar({ of: quota }: { of: Quota }) {
    return <Bar total={quota.total_quota} used={quota.used_quota} held={quota.held_quota} remaining={quota.remaining_quota} />;
}
