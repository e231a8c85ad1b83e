import { announce } from "../shared/announcements";
import { APIError, send } from "../shared/api";
import { Form, SelectField, TextField, useForm } from "../shared/Form";
import { Dialog, Loaded } from "../shared/Parts";
import { useAction, useAPI } from "../shared/useAPI";
import { Channel, ChannelKind, channelKinds, newSecret, severities } from "./answers";
import { addressOf, bodyOf, ChannelValues } from "./channelForm";
import { KindsField } from "./KindsField";
import { MailFields } from "./MailFields";
import { SecretField } from "./SecretField";
import { useChannelWords } from "./channelWords";
import { useAlertsWords } from "./words";

/** Makes a channel, or changes one as it stands now; tells its secret where a new one was made here. */
export function ChannelDialog({ channel, onClose, onDone }: { channel: Channel | null; onClose: () => void; onDone: (secret: string | null) => void }) {
    const say = useChannelWords();
    const asked = useAPI<Channel>(channel === null ? null : addressOf(channel.id));
    return (
        <Dialog title={channel === null ? say("addTitle") : say("editTitle", { name: channel.name })} isWide onClose={onClose}>
            {channel === null ? <ChannelForm channel={null} version={null} onClose={onClose} onDone={onDone} /> : (
                <Loaded asked={asked}>{(channel) => <ChannelForm channel={channel} version={asked.version} onClose={onClose} onDone={onDone} />}</Loaded>
            )}
        </Dialog>
    );
}

function ChannelForm({ channel, version, onClose, onDone }: { channel: Channel | null; version: string | null; onClose: () => void; onDone: (secret: string | null) => void }) {
    const say = useChannelWords();
    const sayAlert = useAlertsWords();
    const acting = useAction(async () => {
        const { values } = form;
        const isMade = values.kind === "webhook" && values.secret === "" && (channel === null || values.makes_secret);
        const secret = isMade ? newSecret() : values.secret;
        const body = bodyOf({ ...values, secret }, channel);
        if (channel === null) await send("POST", addressOf(null), { body });
        else await send("PATCH", addressOf(channel.id), { body, version });
        announce(say(channel === null ? "made" : "saved", { name: values.name }));
        onDone(isMade ? secret : null);
    });
    const form = useForm<ChannelValues>(
        {
            name: channel?.name ?? "", kind: channel?.kind ?? "webhook", url: "", secret: "", makes_secret: false,
            mail_host: channel?.mail_host ?? "", mail_port: String(channel?.mail_port ?? 587), mail_security: channel?.mail_security ?? "starttls",
            mail_username: channel?.mail_username ?? "", mail_from: channel?.mail_from ?? "", mail_recipients: channel?.mail_recipients.join("\n") ?? "", mail_authorities: channel?.mail_authorities ?? "",
            audience: channel?.audience ?? "operators", kinds: channel?.kinds ?? null, least_severity: channel?.least_severity ?? "info", language: channel?.language ?? "en",
        },
        acting.error,
    );
    const isMail = form.values.kind === "email";
    const fields = ["name", "kind", "url", "secret", "audience", "kinds", "least_severity", "language", "mail_host", "mail_port", "mail_security", "mail_username", "mail_from", "mail_recipients", "mail_authorities"];
    return (
        <Form error={acting.error instanceof APIError ? acting.error : null} fields={fields} submit={channel === null ? say("add") : say("edit")} isBusy={acting.isRunning} isDisabled={!form.isChanged} onSubmit={() => void acting.run()} onCancel={onClose}>
            <div className="fields">
                <TextField form={form} name="name" label={say("name")} isRequired />
                {channel === null && <SelectField form={form} name="kind" label={say("kind")} options={channelKinds.map((kind: ChannelKind) => ({ value: kind, title: say(kind) }))} />}
            </div>
            {isMail ? <MailFields form={form} /> : <TextField form={form} name="url" type="url" label={say("url")} note={channel === null ? say("urlNote") : say("urlKept", { hint: channel.url ?? "–" })} isRequired={channel === null} />}
            <SecretField form={form} channel={channel} />
            <div className="fields">
                {isMail && <SelectField form={form} name="audience" label={say("audience")} note={say("audienceNote")} options={[{ value: "operators", title: say("operators") }, { value: "owners", title: say("owners") }]} />}
                <SelectField form={form} name="least_severity" label={say("least_severity")} options={severities.map((severity) => ({ value: severity, title: sayAlert(severity) }))} />
                <SelectField form={form} name="language" label={say("language")} options={[{ value: "en", title: say("en") }, { value: "zh-CN", title: say("zh") }]} />
            </div>
            <KindsField form={form} />
        </Form>
    );
}
