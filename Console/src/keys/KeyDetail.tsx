import { ReactNode, useState } from "react";
import { path } from "../shared/api";
import { BurnDown } from "../shared/BurnDown";
import { useFormat } from "../shared/format";
import { Button, Card, Facts, Loaded, Notice, Screen } from "../shared/Parts";
import { picos } from "../shared/money";
import { useRateLimitText } from "../shared/RateLimitFields";
import { Link } from "../shared/router";
import { useSession } from "../shared/session";
import { SpendPlot, thirtyDays } from "../shared/SpendPlot";
import { Piece, Statistics } from "../shared/statistics";
import { useAPI } from "../shared/useAPI";
import { Key, stateOf } from "./key";
import { RevokeKey, RotateKey } from "./KeyActs";
import { KeyForm } from "./KeyForm";
import { KeyBadge, KeyLimit } from "./KeyList";
import { NewSecret } from "./NewSecret";
import { useKeysWords } from "./words";

export function KeyDetail({ id }: { id: string }) {
    const say = useKeysWords();
    const session = useSession();
    const asked = useAPI<Key>(`${session.isStaff ? "/api/admin/keys/" : "/api/me/keys/"}${id}/`);
    const [act, setAct] = useState<"edit" | "rotate" | "revoke" | null>(null);
    const [made, setMade] = useState<Key | null>(null);
    const key = asked.value;
    const mayChange = key !== null && key.is_active && !key.is_playground && (session.isAdministrator || !session.isStaff);
    const done = () => {
        setAct(null);
        asked.reload();
    };
    return (
        <Screen
            title={key?.name ?? say("key")}
            note={<Link to="/keys">{say("back")}</Link>}
            actions={mayChange && (
                <>
                    <Button icon="edit" onClick={() => setAct("edit")}>{say("edit")}</Button>
                    <Button icon="rotate" onClick={() => setAct("rotate")}>{say("rotate")}</Button>
                    <Button icon="trash" onClick={() => setAct("revoke")}>{say("revoke")}</Button>
                </>
            )}
        >
            <Loaded asked={asked}>{(key) => <KeyView of={key} />}</Loaded>
            {key !== null && act === "edit" && <KeyForm edited={key} version={asked.version} onDone={done} onClose={() => setAct(null)} />}
            {key !== null && act === "rotate" && (
                <RotateKey
                    of={key}
                    onDone={(key) => {
                        setMade(key);
                        done();
                    }}
                    onClose={() => setAct(null)}
                />
            )}
            {key !== null && act === "revoke" && <RevokeKey of={key} version={asked.version} onDone={done} onClose={() => setAct(null)} />}
            {made !== null && <NewSecret made={made} onClose={() => setMade(null)} />}
        </Screen>
    );
}

function KeyView({ of: key }: { of: Key }) {
    const say = useKeysWords();
    const format = useFormat();
    const session = useSession();
    const rates = useRateLimitText()(key);
    const captures = { off: say("captureOff"), metadata: say("captureMetadata"), full: say("captureFull") };
    const rows: ([string, ReactNode] | false)[] = [
        [say("state"), <KeyBadge of={key} />],
        [say("key"), <code>{key.api_key}</code>],
        session.isStaff && [say("owner"), <Link to={`/users/${key.user}`}>{key.user_email}</Link>],
        [say("limit"), <KeyLimit of={key} />],
        [say("expires"), key.expires_at === null ? say("never") : format.instant(key.expires_at)],
        [say("lastUsed"), key.last_used_at === null ? say("notYet") : format.relative(key.last_used_at)],
        [say("models"), key.allowed_models === null ? say("allModels") : key.allowed_models.join(", ")],
        [say("addresses"), key.allowed_addresses === null ? say("anywhere") : key.allowed_addresses.join(", ")],
        [say("rates"), rates ?? say("noLimit")],
        [say("capture"), key.capture === null ? say("captureDefault") : captures[key.capture]],
        [say("created"), format.instant(key.created_at)],
    ];
    return (
        <>
            {key.old_secret_until !== null && Date.parse(key.old_secret_until) > Date.now() && <Notice tone="info">{say("oldUntil", { time: format.instant(key.old_secret_until) })}</Notice>}
            {stateOf(key) === "active" && key.limit_remaining !== null && picos(key.limit_remaining) <= BigInt(0) && <Notice tone="warning">{say("limitGone")}</Notice>}
            <Card title={say("facts")}><Facts rows={rows.filter((row): row is [string, ReactNode] => row !== false)} /></Card>
            <KeySpend of={key} />
        </>
    );
}

function KeySpend({ of: key }: { of: Key }) {
    const session = useSession();
    const base = session.isStaff ? "/api/admin/stats/billing/" : "/api/me/stats/billing/";
    const asked = useAPI<Statistics>(path(base, { ...thirtyDays(), ...(session.isStaff ? { key: key.id } : { group_by: "key", limit: 200 }) }));
    const pieces = (statistics: Statistics): Piece[] => {
        if (session.isStaff) return statistics.series;
        // One's own are told together; a key without calls is not among them.
        const own = statistics.groups?.find((group) => group.id === key.id);
        return statistics.series.map((piece, index) => ({ ...piece, figures: { ...piece.figures, spend: own?.spend[index] ?? "0.00", requests: own?.requests[index] ?? 0 } }));
    };
    return (
        <Loaded asked={asked}>
            {(statistics) => (
                <div className="columns">
                    <SpendPlot name={`key-${key.id}-spend`} pieces={pieces(statistics)} filter={{ key: key.id }} />
                    {key.spending_limit !== null && (
                        <BurnDown
                            name={`key-${key.id}-left`}
                            pieces={pieces(statistics)}
                            remaining={key.limit_remaining ?? "0"}
                            used={key.limit_used ?? "0"}
                            since={key.created_at}
                            ends={key.expires_at}
                            movements={[]}
                            total={key.spending_limit}
                        />
                    )}
                </div>
            )}
        </Loaded>
    );
}
