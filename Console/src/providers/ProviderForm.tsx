import { announce } from "../shared/announcements";
import { send } from "../shared/api";
import { CheckField, Form, TextField, useForm } from "../shared/Form";
import { useKitWords } from "../shared/kitWords";
import { Dialog, Notice } from "../shared/Parts";
import { useAction } from "../shared/useAPI";
import { base, Provider } from "./provider";
import { useProviderWords } from "./words";

interface Props {
    /** Absent: a new one. */
    provider?: Provider;
    version?: string | null;
    onDone: (provider: Provider) => void;
}

/** Makes or changes a provider. Its key is only ever written. */
export function ProviderForm(props: Props & { onClose: () => void }) {
    const say = useProviderWords();
    return (
        <Dialog title={props.provider === undefined ? say("add") : `${say("edit")}: ${props.provider.name}`} onClose={props.onClose}>
            <ProviderFields {...props} onCancel={props.onClose} onDone={(provider) => {
                props.onClose();
                props.onDone(provider);
            }} />
        </Dialog>
    );
}

export function ProviderFields({ provider, version, onDone, onCancel }: Props & { onCancel?: () => void }) {
    const say = useProviderWords();
    const kit = useKitWords();
    const action = useAction(async () => {
        const { api_key, removes_key, ...others } = form.values;
        const key = api_key !== "" ? { api_key } : removes_key ? { api_key: null } : {};
        if (provider === undefined) {
            const { value } = await send<Provider>("POST", base, { body: { ...others, ...key } });
            announce(say("created", { name: value.name }));
            onDone(value);
            return;
        }
        const { api_key: _, removes_key: __, ...changed } = form.changes();
        const { value } = await send<Provider>("PATCH", `${base}${provider.id}/`, { body: { ...changed, ...key }, version });
        announce(say("saved", { name: value.name }));
        onDone(value);
    });
    const form = useForm({ name: provider?.name ?? "", base_url: provider?.base_url ?? "", api_key: "", removes_key: false, is_active: provider?.is_active ?? true }, action.error);
    const hasKey = provider !== undefined && provider.api_key_state !== "none";
    const isMoved = hasKey && form.values.base_url !== provider.base_url;
    return (
        <Form
            error={action.error}
            fields={["name", "base_url", "api_key", "is_active"]}
            submit={provider === undefined ? say("add") : kit("save")}
            isBusy={action.isRunning}
            isDisabled={provider !== undefined && !form.isChanged}
            onSubmit={() => void action.run()}
            onCancel={onCancel}
        >
            <TextField form={form} name="name" label={say("name")} note={say("nameNote")} isRequired />
            <TextField form={form} name="base_url" type="url" label={say("address")} note={say("addressNote")} placeholder="https://api.openai.com/v1" isRequired />
            {isMoved && <Notice tone="warning">{say("keyGoes")}</Notice>}
            <TextField
                form={form}
                name="api_key"
                type="password"
                autoComplete="new-password"
                label={say("credential")}
                note={`${say("keyNote")} ${hasKey && !isMoved ? say("keyKept", { hint: provider.api_key ?? "…" }) : ""}`}
            />
            {hasKey && !isMoved && form.values.api_key === "" && <CheckField form={form} name="removes_key" label={say("removeKey")} />}
            <CheckField form={form} name="is_active" label={say("isActive")} />
        </Form>
    );
}
