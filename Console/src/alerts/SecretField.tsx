import { CheckField, FormState, TextField } from "../shared/Form";
import { Channel } from "./answers";
import type { ChannelValues } from "./channelForm";
import { useChannelWords } from "./channelWords";

/** What a channel signs or signs in with; never what it has. */
export function SecretField({ form, channel }: { form: FormState<ChannelValues>; channel: Channel | null }) {
    const say = useChannelWords();
    const { kind } = form.values;
    if (kind === "slack" || kind === "wecom") return <p className="note">{say("secretNone")}</p>;
    const isKept = channel !== null && channel.secret_state !== "none";
    const note = kind === "webhook" && !isKept ? say("secretWebhook") : isKept ? say("secretKept") : kind === "email" ? say("secretMail") : say("secretSign");
    return (
        <>
            <TextField form={form} name="secret" type="password" autoComplete="new-password" label={say("secret")} note={note} />
            {kind === "webhook" && channel !== null && <CheckField form={form} name="makes_secret" label={say("newSecret")} note={say("newSecretNote")} />}
        </>
    );
}
