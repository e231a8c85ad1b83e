import { useState } from "react";
import { useFormat } from "../shared/format";
import { Choice, SearchBox } from "../shared/Form";
import { useKitWords } from "../shared/kitWords";
import { Badge, Button, Empty, Loaded, Screen } from "../shared/Parts";
import { go } from "../shared/router";
import { Role, useSession } from "../shared/session";
import { Column, Pages, Table } from "../shared/Table";
import { UsageCell, withUsage } from "../shared/UsageCell";
import { pageSize, useList } from "../shared/useList";
import { User } from "./user";
import { Standing } from "./Standing";
import { UserForm } from "./UserForm";
import { useUsersWords } from "./words";

const defaults = { page: "1", ordering: "email", search: "", role: "", is_active: "" };
export const roles: Role[] = ["user", "auditor", "admin", "super_admin"];

export function UserList() {
    const say = useUsersWords();
    const kit = useKitWords();
    const format = useFormat();
    const session = useSession();
    const list = useList<User, typeof defaults>("users", "/api/admin/users/", defaults, withUsage);
    const [isMaking, setMaking] = useState(false);
    const { choices, choose } = list;
    const columns: Column<User>[] = [
        { name: "email", title: say("email"), isSorted: true, show: (user) => user.email },
        { name: "name", title: say("name"), isSorted: true, show: (user) => user.name || "–" },
        { name: "role", title: say("role"), show: (user) => <Badge tone={user.role === "user" ? "neutral" : "info"}>{say(user.role)}</Badge> },
        { name: "state", title: say("state"), show: (user) => <Badge tone={user.is_active ? "good" : "neutral"}>{user.is_active ? say("active") : say("inactive")}</Badge> },
        { name: "usage", title: say("usage"), show: (user) => <UsageCell usage={user.usage} /> },
        { name: "created_at", title: say("created"), isSorted: true, isMinor: true, show: (user) => <time dateTime={user.created_at} title={format.instant(user.created_at)}>{format.day(user.created_at)}</time> },
    ];
    return (
        <Screen title={say("title")} note={say("note")} actions={session.isAdministrator && <Button kind="primary" icon="plus" onClick={() => setMaking(true)}>{say("make")}</Button>}>
            <div className="filters">
                <SearchBox value={choices.search} onSearch={(search) => choose({ search })} />
                <Choice label={say("role")} value={choices.role} options={[{ value: "", title: say("anyRole") }, ...roles.map((role) => ({ value: role as string, title: say(role) }))]} onChoose={(role) => choose({ role })} />
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
                            columns={columns}
                            id={(user) => user.id}
                            to={(user) => `/users/${user.id}`}
                            ordering={choices.ordering}
                            onOrder={(ordering) => choose({ ordering })}
                            isDim={(user) => !user.is_active}
                            empty={<Empty title={say("noMatch")} />}
                            actions={session.isAdministrator ? (user) => <Standing of={user} onDone={list.asked.reload} isSmall /> : undefined}
                        />
                        <Pages page={list.page} size={pageSize} count={page.count} onPage={(page) => choose({ page: String(page) })} />
                    </>
                )}
            </Loaded>
            {isMaking && <UserForm onDone={(user) => go(`/users/${user.id}`)} onClose={() => setMaking(false)} />}
        </Screen>
    );
}
