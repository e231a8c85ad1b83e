import { announce } from "../shared/announcements";
import { send } from "../shared/api";
import { Form, SelectField, useForm } from "../shared/Form";
import { Confirm, Dialog } from "../shared/Parts";
import { useSession } from "../shared/session";
import { useAction } from "../shared/useAPI";
import { Key } from "./key";
import { useKeysWords } from "./words";

function useBase() {
    return useSession().isStaff ? "/api/admin/keys/" : "/api/me/keys/";
}

export function RotateKey({ of: key, onDone, onClose }: { of: Key; onDone: (key: Key) => void; onClose: () => void }) {
    const say = useKeysWords();
    const base = useBase();
    const action = useAction(async () => {
        const { value } = await send<Key>("POST", `${base}${key.id}/rotate/`, { body: { grace_seconds: Number(form.values.grace_seconds) } });
        announce(say("rotated", { name: key.name }));
        onDone(value);
    });
    const form = useForm({ grace_seconds: "3600" }, action.error);
    return (
        <Dialog title={say("rotateTitle")} onClose={onClose}>
            <Form error={action.error} fields={["grace_seconds"]} submit={say("rotate")} isBusy={action.isRunning} onSubmit={() => void action.run()} onCancel={onClose}>
                <p>{say("rotateNote")}</p>
                <SelectField
                    form={form}
                    name="grace_seconds"
                    label={say("grace")}
                    options={[
                        { value: "0", title: say("graceNone") }, { value: "900", title: say("grace15m") }, { value: "3600", title: say("grace1h") },
                        { value: "86400", title: say("grace24h") }, { value: "604800", title: say("grace7d") },
                    ]}
                />
            </Form>
        </Dialog>
    );
}

export function RevokeKey({ of: key, version, onDone, onClose }: { of: Key; version: string | null; onDone: () => void; onClose: () => void }) {
    const say = useKeysWords();
    const base = useBase();
    const action = useAction(async () => {
        await send("DELETE", `${base}${key.id}/`, { version });
        announce(say("revokedNow", { name: key.name }));
        onDone();
    });
    return (
        <Confirm title={say("revokeTitle", { name: key.name })} action={say("revoke")} isBusy={action.isRunning} error={action.error} onConfirm={() => void action.run()} onClose={onClose}>
            <p>{say("revokeNote")}</p>
        </Confirm>
    );
}
