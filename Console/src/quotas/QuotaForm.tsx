import { useMemo, useState } from "react";
import { announce } from "../shared/announcements";
import { get, Page, send } from "../shared/api";
import { Form, SelectField, TextField, useForm } from "../shared/Form";
import { useKitWords } from "../shared/kitWords";
import { Dialog } from "../shared/Parts";
import { usePreferences } from "../shared/preferences";
import { useAction, useAPI } from "../shared/useAPI";
import { UserField, userID } from "../shared/UserField";
import { instantOf, localTime } from "../shared/zone";
import { Quota, QuotaInFull } from "./quota";
import { useQuotasWords } from "./words";

const fields = ["user", "model_group", "name", "total_quota", "expires_at", "renewal", "renewal_time_zone", "renewal_amount", "warning_percents"];

/** A new quota, or what can be written of one; its money is moved by adjustments alone. */
export function QuotaForm({ edited, version, email, onDone, onClose }: { edited?: Quota; version?: string | null; email?: string; onDone: (quota: QuotaInFull) => void; onClose: () => void }) {
    const say = useQuotasWords();
    const kit = useKitWords();
    const { timeZone } = usePreferences();
    const groups = useAPI<Page<{ id: number; name: string }>>(edited === undefined ? "/api/admin/model-groups/?is_active=true&ordering=name&page_size=200" : null);
    const [once] = useState(() => crypto.randomUUID());
    const beginning = useMemo(() => ({
        user: email ?? "",
        model_group: "",
        name: "",
        total_quota: "",
        expires_at: edited?.expires_at ? localTime(edited.expires_at, timeZone) : "",
        renewal: edited?.renewal ?? "",
        renewal_time_zone: edited?.renewal_time_zone ?? timeZone,
        renewal_amount: edited?.renewal_amount ?? "",
        warning_percents: (edited?.warning_percents ?? []).join(", "),
    }), []);
    const action = useAction(async () => {
        const { values } = form;
        const changed = form.changes();
        const body: Record<string, unknown> = {};
        const isChanged = (...names: (keyof typeof values)[]) => edited === undefined || names.some((name) => name in changed);
        if (values.renewal !== "") {
            if (isChanged("renewal", "renewal_time_zone", "renewal_amount")) {
                body.renewal = values.renewal;
                body.renewal_time_zone = values.renewal_time_zone;
                if (values.renewal_amount.trim() !== "") body.renewal_amount = values.renewal_amount.trim();
            }
        } else {
            if (edited !== undefined && "renewal" in changed) body.renewal = null;
            if (isChanged("expires_at")) body.expires_at = values.expires_at === "" ? null : instantOf(values.expires_at, timeZone) ?? values.expires_at;
        }
        if (edited === undefined) {
            body.user = await userID(values.user, get, say("missingUser"));
            body.model_group = values.model_group === "" ? null : Number(values.model_group);
            body.total_quota = values.total_quota.trim();
            if (values.name.trim() !== "") body.name = values.name;
            const { value } = await send<QuotaInFull>("POST", "/api/admin/quotas/", { body, idempotencyKey: once });
            announce(say("made", { name: value.name }));
            onDone(value);
            return;
        }
        if (isChanged("warning_percents")) {
            const percents = values.warning_percents.split(/[\s,;%]+/).filter((text) => text !== "");
            body.warning_percents = percents.length === 0 ? null : percents.map((text) => (/^\d{1,4}$/.test(text) ? Number(text) : text));
        }
        const { value } = await send<QuotaInFull>("PATCH", `/api/admin/quotas/${edited.id}/`, { body, version });
        announce(say("saved", { name: value.name }));
        onDone(value);
    });
    const form = useForm(beginning, action.error);
    return (
        <Dialog title={edited === undefined ? say("makeTitle") : say("editTitle")} isWide onClose={onClose}>
            <Form error={action.error} fields={fields} submit={edited === undefined ? kit("create") : kit("save")} isBusy={action.isRunning} onSubmit={() => void action.run()} onCancel={onClose}>
                {edited === undefined && (
                    <>
                        <div className="fields">
                            <UserField form={form} label={say("user")} note={say("userNote")} />
                            <SelectField
                                form={form}
                                name="model_group"
                                label={say("group")}
                                note={say("groupNote")}
                                isRequired
                                options={[{ value: "", title: say("chooseGroup") }, ...(groups.value?.results ?? []).map((group) => ({ value: String(group.id), title: group.name }))]}
                            />
                        </div>
                        <div className="fields">
                            <TextField form={form} name="total_quota" label={say("total")} note={say("totalNote")} isNumber isRequired />
                            <TextField form={form} name="name" label={say("name")} note={say("nameNote")} />
                        </div>
                    </>
                )}
                <div className="fields">
                    <SelectField
                        form={form}
                        name="renewal"
                        label={say("renewal")}
                        options={[{ value: "", title: say("never") }, { value: "daily", title: say("daily") }, { value: "weekly", title: say("weekly") }, { value: "monthly", title: say("monthly") }]}
                    />
                    {form.values.renewal === "" ? (
                        <TextField form={form} name="expires_at" type="datetime-local" label={say("expires")} note={say("expiresNote", { zone: timeZone })} />
                    ) : (
                        <>
                            <TextField form={form} name="renewal_amount" label={say("renewalAmount")} note={say("renewalAmountNote")} isNumber />
                            <TextField form={form} name="renewal_time_zone" label={say("zone")} note={say("zoneNote")} />
                        </>
                    )}
                </div>
                {edited !== undefined && <TextField form={form} name="warning_percents" label={say("warnings")} note={say("warningsNote")} />}
            </Form>
        </Dialog>
    );
}
