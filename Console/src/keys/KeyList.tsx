import { useState } from "react";
import { Bar } from "../shared/Bar";
import { useFormat } from "../shared/format";
import { Choice, SearchBox } from "../shared/Form";
import { useKitWords } from "../shared/kitWords";
import { Badge, Button, Empty, Loaded, Screen } from "../shared/Parts";
import { Link } from "../shared/router";
import { useSession } from "../shared/session";
import { Column, Pages, Table } from "../shared/Table";
import { UsageCell, withUsage } from "../shared/UsageCell";
import { pageSize, useList } from "../shared/useList";
import { Key, stateOf } from "./key";
import { KeyForm } from "./KeyForm";
import { NewSecret } from "./NewSecret";
import { useKeysWords } from "./words";

const defaults = { page: "1", ordering: "-created_at", search: "", is_active: "", user: "" };

export function KeyList() {
    const say = useKeysWords();
    const kit = useKitWords();
    const session = useSession();
    const list = useList<Key, typeof defaults>("keys", session.isStaff ? "/api/admin/keys/" : "/api/me/keys/", defaults, withUsage);
    const columns = useColumns();
    const [isMaking, setMaking] = useState(false);
    const [made, setMade] = useState<Key | null>(null);
    const mayMake = session.isAdministrator || !session.isStaff;
    const { choices, choose } = list;
    return (
        <Screen
            title={say("title")}
            note={session.isStaff ? say("staffNote") : say("ownNote")}
            actions={mayMake && <Button kind="primary" icon="plus" onClick={() => setMaking(true)}>{say("make")}</Button>}
        >
            <div className="filters">
                <SearchBox value={choices.search} onSearch={(search) => choose({ search })} />
                <Choice
                    label={say("state")}
                    value={choices.is_active}
                    options={[{ value: "", title: say("all") }, { value: "true", title: say("onlyActive") }, { value: "false", title: say("onlyRevoked") }]}
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
                            columns={columns}
                            id={(key) => key.id}
                            to={(key) => `/keys/${key.id}`}
                            ordering={choices.ordering}
                            onOrder={(ordering) => choose({ ordering })}
                            isDim={(key) => stateOf(key) !== "active"}
                            empty={list.isFiltered ? <Empty title={kit("noMatch")} /> : <Empty title={say("empty")}>{say("emptyNote")}</Empty>}
                        />
                        <Pages page={list.page} size={pageSize} count={page.count} onPage={(page) => choose({ page: String(page) })} />
                    </>
                )}
            </Loaded>
            {isMaking && (
                <KeyForm
                    onClose={() => setMaking(false)}
                    onDone={(key) => {
                        setMaking(false);
                        setMade(key);
                        list.asked.reload();
                    }}
                />
            )}
            {made !== null && <NewSecret made={made} onClose={() => setMade(null)} />}
        </Screen>
    );
}

function useColumns(): Column<Key>[] {
    const say = useKeysWords();
    const format = useFormat();
    const session = useSession();
    const all: (Column<Key> | false)[] = [
        { name: "name", title: say("name"), isSorted: true, show: (key) => key.name },
        session.isStaff && { name: "user", title: say("user"), show: (key) => <Link to={`/users/${key.user}`}>{key.user_email}</Link> },
        { name: "api_key", title: say("key"), isMinor: true, show: (key) => <code>{key.api_key}</code> },
        { name: "state", title: say("state"), show: (key) => <KeyBadge of={key} /> },
        { name: "usage", title: say("usage"), show: (key) => <UsageCell usage={key.usage} /> },
        { name: "limit", title: say("limit"), show: (key) => <KeyLimit of={key} /> },
        { name: "expires_at", title: say("expires"), isSorted: true, isMinor: true, show: (key) => (key.expires_at === null ? say("never") : <time dateTime={key.expires_at} title={format.instant(key.expires_at)}>{format.day(key.expires_at)}</time>) },
        { name: "last_used_at", title: say("lastUsed"), show: (key) => (key.last_used_at === null ? say("notYet") : <time dateTime={key.last_used_at} title={format.instant(key.last_used_at)}>{format.relative(key.last_used_at)}</time>) },
    ];
    return all.filter((column): column is Column<Key> => column !== false);
}

export function KeyBadge({ of: key }: { of: Key }) {
    const say = useKeysWords();
    const state = stateOf(key);
    return (
        <span className="row">
            <Badge tone={state === "active" ? "good" : state === "revoked" ? "neutral" : "warning"}>{say(state)}</Badge>
            {key.is_playground && <Badge tone="info">{say("playground")}</Badge>}
        </span>
    );
}

export function KeyLimit({ of: key }: { of: Key }) {
    const say = useKeysWords();
    if (key.spending_limit === null) return <span className="muted">{say("noLimit")}</span>;
    return <Bar total={key.spending_limit} used={key.limit_used ?? "0"} held={key.limit_held ?? "0"} remaining={key.limit_remaining ?? "0"} />;
}
