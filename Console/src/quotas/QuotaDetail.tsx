import { ReactNode, useState } from "react";
import { announce } from "../shared/announcements";
import { Page, path, send } from "../shared/api";
import { BurnDown } from "../shared/BurnDown";
import { useFormat } from "../shared/format";
import { picos } from "../shared/money";
import { Button, Card, Facts, Loaded, Refusal, Screen } from "../shared/Parts";
import { Link } from "../shared/router";
import { useSession } from "../shared/session";
import { SpendPlot, thirtyDays } from "../shared/SpendPlot";
import { Statistics } from "../shared/statistics";
import { useAction, useAPI } from "../shared/useAPI";
import { Entries, Periods } from "./Entries";
import { Quota, QuotaInFull, stateOf } from "./quota";
import { DeactivateQuota, EndQuota, MoveMoney } from "./QuotaActs";
import { QuotaForm } from "./QuotaForm";
import { QuotaBadge, QuotaBar } from "./QuotaList";
import { useQuotasWords } from "./words";

export function QuotaDetail({ id }: { id: string }) {
    const say = useQuotasWords();
    const session = useSession();
    const asked = useAPI<QuotaInFull>(`${session.isStaff ? "/api/admin/quotas/" : "/api/me/quotas/"}${id}/`);
    const [act, setAct] = useState<"edit" | "topUp" | "reduce" | "end" | "deactivate" | null>(null);
    const quota = asked.value;
    const activation = useAction(async () => {
        await send("PATCH", `/api/admin/quotas/${id}/`, { body: { is_active: true }, version: asked.version });
        announce(say("activated", { name: quota?.name ?? "" }));
        asked.reload();
    });
    const close = () => setAct(null);
    const done = () => {
        close();
        asked.reload();
    };
    return (
        <Screen
            title={quota?.name ?? say("title")}
            note={<Link to="/quotas">{say("back")}</Link>}
            actions={quota !== null && session.isAdministrator && (quota.is_active ? (
                <>
                    <Button icon="plus" onClick={() => setAct("topUp")}>{say("topUp")}</Button>
                    <Button icon="down" onClick={() => setAct("reduce")}>{say("reduce")}</Button>
                    <Button icon="edit" onClick={() => setAct("edit")}>{say("edit")}</Button>
                    {!quota.has_ended && <Button onClick={() => setAct("end")}>{say("end")}</Button>}
                    <Button onClick={() => setAct("deactivate")}>{say("deactivate")}</Button>
                </>
            ) : <Button isBusy={activation.isRunning} onClick={() => void activation.run()}>{say("activate")}</Button>)}
        >
            <Refusal error={activation.error} />
            <Loaded asked={asked}>{(quota) => <QuotaView of={quota} />}</Loaded>
            {quota !== null && act === "edit" && <QuotaForm edited={quota} version={asked.version} onDone={done} onClose={close} />}
            {quota !== null && (act === "topUp" || act === "reduce") && <MoveMoney of={quota} isReduction={act === "reduce"} onDone={done} onClose={close} />}
            {quota !== null && act === "end" && <EndQuota of={quota} onDone={done} onClose={close} />}
            {quota !== null && act === "deactivate" && <DeactivateQuota of={quota} version={asked.version} onDone={done} onClose={close} />}
        </Screen>
    );
}

function QuotaView({ of: quota }: { of: QuotaInFull }) {
    const say = useQuotasWords();
    const format = useFormat();
    const session = useSession();
    const money = (amount: string) => <span title={format.exactMoney(amount)}>{format.money(amount)}</span>;
    const rows: ([string, ReactNode] | false)[] = [
        [say("state"), <QuotaBadge of={quota} />],
        session.isStaff && [say("user"), <Link to={`/users/${quota.user}`}>{quota.user_email}</Link>],
        [say("group"), session.isStaff ? <Link to={`/groups/${quota.model_group}`}>{quota.model_group_name}</Link> : quota.model_group_name],
        [say("left"), <QuotaBar of={quota} />],
        [say("used"), money(quota.used_quota)],
        [say("held"), money(quota.held_quota)],
        picos(quota.pending_reduction) > BigInt(0) && [say("pending"), money(quota.pending_reduction)],
        [say("since"), format.instant(quota.starts_at)],
        [quota.renewal === null ? say("expires") : say("renews"), quota.expires_at === null ? say("noEnd") : format.instant(quota.expires_at)],
        quota.renewal !== null && [say("renewal"), `${say(quota.renewal)} · ${format.money(quota.renewal_amount ?? quota.total_quota)} · ${quota.renewal_time_zone ?? ""}`],
        [say("warnings"), quota.warning_percents === null ? say("warningsDefault") : quota.warning_percents.map((percent) => format.percent(percent / 100)).join(", ")],
    ];
    return (
        <>
            <Card title={say("facts")}><Facts rows={rows.filter((row): row is [string, ReactNode] => row !== false)} /></Card>
            <QuotaSpend of={quota} />
            <Card title={say("entries")}><Entries quota={quota} /></Card>
            {quota.periods.length > 1 && <Card title={say("periods")}><Periods quota={quota} /></Card>}
        </>
    );
}

/** Days are known of the user; where another quota shares them, this one's are drawn evenly. */
function QuotaSpend({ of: quota }: { of: QuotaInFull }) {
    const session = useSession();
    const spend = useAPI<Statistics>(session.isStaff ? path("/api/admin/stats/billing/", { ...thirtyDays(), user: quota.user }) : path("/api/me/stats/billing/", thirtyDays()));
    const others = useAPI<Page<Quota>>(session.isStaff ? path("/api/admin/quotas/", { user: quota.user, page_size: 2 }) : "/api/me/quotas/?page_size=2");
    const current = quota.periods.find((period) => period.starts_at === quota.starts_at);
    const movements = quota.entries.filter((entry) => entry.kind !== "opening" && (current === undefined || entry.period === current.id)).map((entry) => ({
        at: entry.created_at,
        // What is given back of a call is in the days' spend already.
        amount: entry.kind === "refund" || entry.kind === "correction" ? "0" : entry.amount,
    }));
    return (
        <Loaded asked={spend}>
            {(statistics) => (
                <div className="columns">
                    {others.value !== null && stateOf(quota) === "active" && (
                        <BurnDown
                            name={`quota-${quota.id}-left`}
                            pieces={statistics.series}
                            isShared={others.value.count > 1}
                            remaining={quota.remaining_quota}
                            used={quota.used_quota}
                            since={quota.starts_at}
                            ends={quota.expires_at}
                            movements={movements}
                            total={quota.total_quota}
                        />
                    )}
                    <SpendPlot name={`quota-${quota.id}-spend`} pieces={statistics.series} filter={session.isStaff ? { user: quota.user, model_group: quota.model_group } : { model_group: quota.model_group }} />
                </div>
            )}
        </Loaded>
    );
}
