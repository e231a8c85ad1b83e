import { useEffect, useRef } from "react";
import { announce } from "../shared/announcements";
import { Page, path, send } from "../shared/api";
import { Form, SelectField, TextField, useForm } from "../shared/Form";
import { useFormat } from "../shared/format";
import { Dialog, Loaded, Notice } from "../shared/Parts";
import { useAction, useAPI } from "../shared/useAPI";
import { CallDetail } from "./calls";
import { useCallWords } from "./callWords";

interface Quota {
    id: number;
    name: string;
    remaining_quota: string;
}

/** Gives part of a charge back to the quota that paid it. */
export function RefundDialog(props: { call: CallDetail; onClose: () => void; onDone: () => void }) {
    const say = useCallWords();
    const { call } = props;
    const asked = useAPI<Page<Quota>>(path("/api/admin/quotas/", { user: call.user, model_group: call.model_group, page_size: 200 }));
    return (
        <Dialog title={say("refundTitle")} onClose={props.onClose}>
            <Loaded asked={asked} isEmpty={(page) => page.results.length === 0} empty={<div className="dialog-body"><Notice tone="warning">{say("noQuota")}</Notice></div>}>
                {(page) => <RefundForm {...props} quotas={page.results} />}
            </Loaded>
        </Dialog>
    );
}

function RefundForm({ call, quotas, onClose, onDone }: { call: CallDetail; quotas: Quota[]; onClose: () => void; onDone: () => void }) {
    const say = useCallWords();
    const format = useFormat();
    // The same refund sent twice is made once.
    const once = useRef(crypto.randomUUID());
    const refunding = useAction(async () => {
        const { quota, amount, reason } = form.values;
        await send("POST", `/api/admin/quotas/${quota}/refund/`, { body: { request_id: call.request_id, amount, reason }, idempotencyKey: once.current });
        announce(say("refunded", { amount: format.exactMoney(amount) }));
        onDone();
    });
    const form = useForm({ quota: String(quotas[0]?.id ?? ""), amount: call.total_cost, reason: "" }, refunding.error);
    const values = JSON.stringify(form.values);
    useEffect(() => {
        once.current = crypto.randomUUID();
    }, [values]);
    return (
        <Form error={refunding.error} fields={["amount", "reason"]} submit={say("refundAction")} isBusy={refunding.isRunning} onSubmit={() => void refunding.run()} onCancel={onClose}>
            <p className="note">{say("refundNote", { most: format.exactMoney(call.total_cost) })}</p>
            {quotas.length > 1 && <SelectField form={form} name="quota" label={say("quota")} options={quotas.map((quota) => ({ value: String(quota.id), title: quota.name }))} />}
            <TextField form={form} name="amount" label={say("refundAmount")} isNumber isRequired />
            <TextField form={form} name="reason" label={say("refundReason")} isRequired />
        </Form>
    );
}
