import { useState } from "react";
import { Page, path, send } from "../shared/api";
import { useFormat } from "../shared/format";
import { Badge, Button, Card, Confirm, Dialog, Facts, Loaded, Screen, SecretOnce } from "../shared/Parts";
import { useRateLimitText } from "../shared/RateLimitFields";
import { Link } from "../shared/router";
import { useSession } from "../shared/session";
import { SpendPlot, thirtyDays } from "../shared/SpendPlot";
import { Statistics } from "../shared/statistics";
import { useAction, useAPI } from "../shared/useAPI";
import { Key } from "../keys/key";
import { KeyForm } from "../keys/KeyForm";
import { NewSecret } from "../keys/NewSecret";
import { Quota } from "../quotas/quota";
import { QuotaForm } from "../quotas/QuotaForm";
import { Standing, useMayChange } from "./Standing";
import { User } from "./user";
import { UserForm } from "./UserForm";
import { UserKeys, UserQuotas } from "./UserParts";
import { useUsersWords } from "./words";

export function UserDetail({ id }: { id: string }) {
    const say = useUsersWords();
    const mayChange = useMayChange();
    const asked = useAPI<User>(`/api/admin/users/${id}/`);
    const [act, setAct] = useState<"edit" | "reset" | null>(null);
    const user = asked.value;
    return (
        <Screen
            title={user === null ? say("title") : user.name || user.email}
            note={<Link to="/users">{say("back")}</Link>}
            actions={user !== null && mayChange(user) && (
                <>
                    <Button icon="edit" onClick={() => setAct("edit")}>{say("edit")}</Button>
                    {user.is_active && <Button icon="rotate" onClick={() => setAct("reset")}>{say("resetKey")}</Button>}
                    <Standing of={user} onDone={asked.reload} />
                </>
            )}
        >
            <Loaded asked={asked}>{(user) => <UserView of={user} />}</Loaded>
            {user !== null && act === "edit" && (
                <UserForm
                    edited={user}
                    version={asked.version}
                    onDone={() => {
                        setAct(null);
                        asked.reload();
                    }}
                    onClose={() => setAct(null)}
                />
            )}
            {user !== null && act === "reset" && <ResetKey of={user} onDone={asked.reload} onClose={() => setAct(null)} />}
        </Screen>
    );
}

function ResetKey({ of: user, onDone, onClose }: { of: User; onDone: () => void; onClose: () => void }) {
    const say = useUsersWords();
    const [secret, setSecret] = useState<string | null>(null);
    const name = user.name || user.email;
    const action = useAction(async () => {
        const { value } = await send<{ api_key: string }>("POST", `/api/admin/users/${user.id}/reset-key/`);
        setSecret(value.api_key);
        onDone();
    });
    if (secret === null) {
        return (
            <Confirm title={say("resetKeyTitle", { name })} action={say("resetKey")} isBusy={action.isRunning} error={action.error} onConfirm={() => void action.run()} onClose={onClose}>
                <p>{say("resetKeyNote")}</p>
            </Confirm>
        );
    }
    return (
        <Dialog title={say("keyTitle", { name })} onClose={onClose}>
            <div className="dialog-body"><SecretOnce secret={secret} /></div>
            <div className="dialog-foot"><Button kind="primary" onClick={onClose}>{say("done")}</Button></div>
        </Dialog>
    );
}

function UserView({ of: user }: { of: User }) {
    const say = useUsersWords();
    const format = useFormat();
    const session = useSession();
    const rates = useRateLimitText()(user);
    const [act, setAct] = useState<"key" | "quota" | null>(null);
    const [made, setMade] = useState<Key | null>(null);
    const keys = useAPI<Page<Key>>(path("/api/admin/keys/", { user: user.id, is_active: true, ordering: "-created_at", page_size: 10 }));
    const quotas = useAPI<Page<Quota>>(path("/api/admin/quotas/", { user: user.id, is_active: true, page_size: 50 }));
    const spend = useAPI<Statistics>(path("/api/admin/stats/billing/", { ...thirtyDays(), user: user.id }));
    return (
        <>
            <Card title={say("facts")}>
                <Facts
                    rows={[
                        [say("email"), user.email],
                        [say("role"), <Badge tone={user.role === "user" ? "neutral" : "info"}>{say(user.role)}</Badge>],
                        [say("state"), <Badge tone={user.is_active ? "good" : "neutral"}>{user.is_active ? say("active") : say("inactive")}</Badge>],
                        [say("key"), user.api_key === null ? say("noKey") : <code>{user.api_key}</code>],
                        [say("rates"), rates ?? say("noRates")],
                        [say("created"), format.instant(user.created_at)],
                    ]}
                />
            </Card>
            <div className="columns">
                <Card title={say("quotas")} actions={session.isAdministrator && user.is_active && <Button isSmall icon="plus" onClick={() => setAct("quota")}>{say("addQuota")}</Button>}>
                    <Loaded asked={quotas}>{(page) => <UserQuotas rows={page.results} />}</Loaded>
                </Card>
                <Card title={say("keys")} actions={session.isAdministrator && user.is_active && <Button isSmall icon="plus" onClick={() => setAct("key")}>{say("addKey")}</Button>}>
                    <Loaded asked={keys}>{(page) => <UserKeys page={page} user={user.id} />}</Loaded>
                </Card>
            </div>
            <Loaded asked={spend}>{(statistics) => <SpendPlot name={`user-${user.id}-spend`} pieces={statistics.series} filter={{ user: user.id }} />}</Loaded>
            {act === "key" && (
                <KeyForm
                    email={user.email}
                    onDone={(key) => {
                        setAct(null);
                        setMade(key);
                        keys.reload();
                    }}
                    onClose={() => setAct(null)}
                />
            )}
            {act === "quota" && (
                <QuotaForm
                    email={user.email}
                    onDone={() => {
                        setAct(null);
                        quotas.reload();
                    }}
                    onClose={() => setAct(null)}
                />
            )}
            {made !== null && <NewSecret made={made} onClose={() => setMade(null)} />}
        </>
    );
}
