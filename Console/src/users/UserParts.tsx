import { Page, path } from "../shared/api";
import { Bar } from "../shared/Bar";
import { useFormat } from "../shared/format";
import { Link } from "../shared/router";
import { Table } from "../shared/Table";
import { Key } from "../keys/key";
import { KeyBadge, KeyLimit } from "../keys/KeyList";
import { Quota } from "../quotas/quota";
import { useUsersWords } from "./words";

export function UserKeys({ page, user }: { page: Page<Key>; user: number }) {
    const say = useUsersWords();
    const format = useFormat();
    return (
        <>
            <Table
                label={say("keys")}
                rows={page.results}
                id={(key) => key.id}
                to={(key) => `/keys/${key.id}`}
                empty={<p className="note">{say("noKeys")}</p>}
                columns={[
                    { name: "name", title: say("name"), show: (key) => key.name },
                    { name: "state", title: say("state"), show: (key) => <KeyBadge of={key} /> },
                    { name: "limit", title: say("left"), show: (key) => <KeyLimit of={key} /> },
                    { name: "created", title: say("created"), isMinor: true, show: (key) => format.day(key.created_at) },
                ]}
            />
            {page.count > page.results.length && <Link to={path("/keys", { user })}>{say("allKeys", { n: page.count })}</Link>}
        </>
    );
}

export function UserQuotas({ rows }: { rows: Quota[] }) {
    const say = useUsersWords();
    const format = useFormat();
    return (
        <Table
            label={say("quotas")}
            rows={rows}
            id={(quota) => quota.id}
            to={(quota) => `/quotas/${quota.id}`}
            empty={<p className="note">{say("noQuotas")}</p>}
            columns={[
                { name: "name", title: say("name"), show: (quota) => quota.name },
                { name: "left", title: say("left"), show: (quota) => <Bar total={quota.total_quota} used={quota.used_quota} held={quota.held_quota} remaining={quota.remaining_quota} /> },
                { name: "until", title: say("until"), isMinor: true, show: (quota) => (quota.has_ended ? say("ended") : quota.expires_at === null ? "–" : format.day(quota.expires_at)) },
            ]}
        />
    );
}
