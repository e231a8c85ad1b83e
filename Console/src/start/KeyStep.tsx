import { useState } from "react";
import { send } from "../shared/api";
import { Form, TextField, useForm } from "../shared/Form";
import { Button, SecretOnce } from "../shared/Parts";
import { useAction } from "../shared/useAPI";
import { useStartWords } from "./words";

/** A key of one's own, shown once; then on to the playground. */
export function KeyStep({ onMade, onDone }: { onMade: () => void; onDone: () => void }) {
    const say = useStartWords();
    const [secret, setSecret] = useState<string | null>(null);
    const action = useAction(async () => {
        const { value } = await send<{ api_key: string }>("POST", "/api/me/keys/", { body: { name: form.values.name } });
        setSecret(value.api_key);
        onMade();
    });
    const form = useForm({ name: say("keyFirst") }, action.error);
    if (secret !== null) {
        return (
            <SecretOnce secret={secret}>
                <div className="row"><Button kind="primary" icon="right" onClick={onDone}>{say("goOn")}</Button></div>
            </SecretOnce>
        );
    }
    return (
        <Form error={action.error} fields={["name"]} submit={say("makeKey")} isBusy={action.isRunning} onSubmit={() => void action.run()}>
            <TextField form={form} name="name" label={say("keyName")} isRequired />
        </Form>
    );
}
