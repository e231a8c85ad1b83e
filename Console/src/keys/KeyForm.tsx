import { useMemo } from "react";
import { announce } from "../shared/announcements";
import { get, send } from "../shared/api";
import { Form, SelectField, TextField, useForm } from "../shared/Form";
import { useKitWords } from "../shared/kitWords";
import { ModelsField } from "../shared/ModelsField";
import { Dialog } from "../shared/Parts";
import { usePreferences } from "../shared/preferences";
import { RateLimitFields, rateLimitNames, rateLimitValues, wholeOrNull } from "../shared/RateLimitFields";
import { useSession } from "../shared/session";
import { useAction } from "../shared/useAPI";
import { useModels } from "../shared/useModels";
import { UserField, userID } from "../shared/UserField";
import { instantOf, localTime } from "../shared/zone";
import { Key } from "./key";
import { useKeysWords } from "./words";

const fields = ["user", "name", "allowed_models", "allowed_addresses", "expires_at", "spending_limit", "capture", ...rateLimitNames];

/** Everything that is written of a key, in one form: a new one without `edited`. */
export function KeyForm({ edited, version, email, onDone, onClose }: { edited?: Key; version?: string | null; email?: string; onDone: (key: Key) => void; onClose: () => void }) {
    const say = useKeysWords();
    const kit = useKitWords();
    const session = useSession();
    const { timeZone } = usePreferences();
    const models = useModels();
    const base = session.isStaff ? "/api/admin/keys/" : "/api/me/keys/";
    const beginning = useMemo(() => ({
        user: email ?? "",
        name: edited?.name ?? "",
        isLimited: edited?.allowed_models ? "chosen" : "all",
        allowed_models: edited?.allowed_models ?? [],
        allowed_addresses: (edited?.allowed_addresses ?? []).join("\n"),
        expires_at: edited?.expires_at ? localTime(edited.expires_at, timeZone) : "",
        spending_limit: edited?.spending_limit ?? "",
        capture: edited?.capture ?? "",
        ...rateLimitValues(edited),
    }), []);
    const action = useAction(async () => {
        const { values } = form;
        const addresses = values.allowed_addresses.split(/[\s,;]+/).filter((text) => text !== "");
        const body: Record<string, unknown> = {
            name: values.name,
            allowed_models: values.isLimited === "all" ? null : values.allowed_models,
            allowed_addresses: addresses.length === 0 ? null : addresses,
            spending_limit: values.spending_limit.trim() === "" ? null : values.spending_limit.trim(),
            ...Object.fromEntries(rateLimitNames.map((name) => [name, wholeOrNull(values[name])])),
        };
        // An instant that was not touched stays to the microsecond.
        if (values.expires_at !== beginning.expires_at || edited === undefined) body.expires_at = values.expires_at === "" ? null : instantOf(values.expires_at, timeZone) ?? values.expires_at;
        if (session.isAdministrator) body.capture = values.capture === "" ? null : values.capture;
        if (edited === undefined) {
            if (session.isStaff) body.user = await userID(values.user, get, say("missingUser"));
            const { value } = await send<Key>("POST", base, { body });
            announce(say("made", { name: value.name }));
            onDone(value);
        } else {
            const { value } = await send<Key>("PATCH", `${base}${edited.id}/`, { body, version });
            announce(say("saved", { name: value.name }));
            onDone(value);
        }
    });
    const form = useForm(beginning, action.error);
    return (
        <Dialog title={edited === undefined ? say("makeTitle") : say("editTitle")} isWide onClose={onClose}>
            <Form error={action.error} fields={fields} submit={edited === undefined ? kit("create") : kit("save")} isBusy={action.isRunning} onSubmit={() => void action.run()} onCancel={onClose}>
                <div className="fields">
                    <TextField form={form} name="name" label={say("name")} note={say("nameNote")} isRequired />
                    {session.isStaff && edited === undefined && <UserField form={form} label={say("user")} note={say("userNote")} />}
                </div>
                <div className="fields">
                    <TextField form={form} name="spending_limit" label={say("limit")} note={say("limitNote")} isNumber />
                    <TextField form={form} name="expires_at" type="datetime-local" label={say("expires")} note={say("expiresNote", { zone: timeZone })} />
                </div>
                <SelectField
                    form={form}
                    name="isLimited"
                    label={say("models")}
                    note={form.values.isLimited === "all" ? say("allModelsNote") : say("chosenModelsNote")}
                    options={[{ value: "all", title: say("allModels") }, { value: "chosen", title: say("chosenModels") }]}
                />
                {form.values.isLimited === "chosen" && <ModelsField form={form} name="allowed_models" label={say("chosenModels")} options={models} />}
                <div className="fields">
                    <TextField form={form} name="allowed_addresses" label={say("addresses")} note={say("addressesNote")} isMultiline />
                    {session.isAdministrator && (
                        <SelectField
                            form={form}
                            name="capture"
                            label={say("capture")}
                            options={[
                                { value: "", title: say("captureDefault") }, { value: "off", title: say("captureOff") },
                                { value: "metadata", title: say("captureMetadata") }, { value: "full", title: say("captureFull") },
                            ]}
                        />
                    )}
                </div>
                <RateLimitFields form={form} />
            </Form>
        </Dialog>
    );
}
