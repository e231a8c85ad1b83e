import { useState } from "react";
import { announce } from "../shared/announcements";
import { send } from "../shared/api";
import { useFormat } from "../shared/format";
import { Form, TextField, useForm } from "../shared/Form";
import { Confirm, Dialog } from "../shared/Parts";
import { useAction } from "../shared/useAPI";
import { Quota } from "./quota";
import { useQuotasWords } from "./words";

interface Act {
    of: Quota;
    onDone: () => void;
    onClose: () => void;
}

/** Moves money into a quota or out of it, with a reason that the ledger keeps. */
export function MoveMoney({ of: quota, isReduction, onDone, onClose }: Act & { isReduction: boolean }) {
    const say = useQuotasWords();
    const format = useFormat();
    const [once] = useState(() => crypto.randomUUID());
    const action = useAction(async () => {
        const { amount, reason } = form.values;
        await send("POST", `/api/admin/quotas/${quota.id}/${isReduction ? "reduce" : "top-up"}/`, { body: { amount: amount.trim(), reason }, idempotencyKey: once });
        announce(say(isReduction ? "reduced" : "toppedUp", { name: quota.name, amount: format.money(amount.trim()) }));
        onDone();
    });
    const form = useForm({ amount: "", reason: "" }, action.error);
    return (
        <Dialog title={say(isReduction ? "reduceTitle" : "topUpTitle", { name: quota.name })} onClose={onClose}>
            <Form error={action.error} fields={["amount", "reason"]} submit={say(isReduction ? "reduce" : "topUp")} isDangerous={isReduction} isBusy={action.isRunning} onSubmit={() => void action.run()} onCancel={onClose}>
                <p className="note">{say(isReduction ? "reduceNote" : "topUpNote")}</p>
                <TextField form={form} name="amount" label={say("amount")} note={say("amountNote")} isNumber isRequired />
                <TextField form={form} name="reason" label={say("reason")} note={say("reasonNote")} isRequired />
            </Form>
        </Dialog>
    );
}

export function EndQuota({ of: quota, onDone, onClose }: Act) {
    const say = useQuotasWords();
    const [once] = useState(() => crypto.randomUUID());
    const action = useAction(async () => {
        await send("POST", `/api/admin/quotas/${quota.id}/expire/`, { body: { reason: form.values.reason }, idempotencyKey: once });
        announce(say("endedNow", { name: quota.name }));
        onDone();
    });
    const form = useForm({ reason: "" }, action.error);
    return (
        <Dialog title={say("endTitle", { name: quota.name })} onClose={onClose}>
            <Form error={action.error} fields={["reason"]} submit={say("end")} isDangerous isBusy={action.isRunning} onSubmit={() => void action.run()} onCancel={onClose}>
                <p>{say("endNote")}</p>
                <TextField form={form} name="reason" label={say("reason")} note={say("reasonNote")} isRequired />
            </Form>
        </Dialog>
    );
}

export function DeactivateQuota({ of: quota, version, onDone, onClose }: Act & { version: string | null }) {
    const say = useQuotasWords();
    const action = useAction(async () => {
        await send("DELETE", `/api/admin/quotas/${quota.id}/`, { version });
        announce(say("deactivated", { name: quota.name }));
        onDone();
    });
    return (
        <Confirm title={say("deactivateTitle", { name: quota.name })} action={say("deactivate")} isBusy={action.isRunning} error={action.error} onConfirm={() => void action.run()} onClose={onClose}>
            <p>{say("deactivateNote")}</p>
        </Confirm>
    );
}
