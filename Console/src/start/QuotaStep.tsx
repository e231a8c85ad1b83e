import { useState } from "react";
import { send } from "../shared/api";
import { Form, TextField, useForm } from "../shared/Form";
import { useSession } from "../shared/session";
import { useAction } from "../shared/useAPI";
import type { Group } from "./state";
import { useStartWords } from "./words";

/** Dollars for oneself. Sent twice it is given once. */
export function QuotaStep({ group, onDone }: { group: Group; onDone: () => void }) {
    const say = useStartWords();
    const { account } = useSession();
    const [idempotencyKey] = useState(() => crypto.randomUUID());
    const action = useAction(async () => {
        await send("POST", "/api/admin/quotas/", { body: { user: account.id, model_group: group.id, total_quota: form.values.total_quota }, idempotencyKey: `${idempotencyKey}-${form.values.total_quota}` });
        onDone();
    });
    const form = useForm({ total_quota: "10" }, action.error);
    return (
        <Form error={action.error} fields={["total_quota"]} submit={say("giveQuota")} isBusy={action.isRunning} onSubmit={() => void action.run()}>
            <TextField form={form} name="total_quota" label={say("quotaAmount")} note={say("quotaFor", { name: group.name })} isNumber isRequired />
        </Form>
    );
}
