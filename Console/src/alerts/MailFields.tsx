import { FormState, SelectField, TextField } from "../shared/Form";
import type { ChannelValues } from "./channelForm";
import { useChannelWords } from "./channelWords";

export function MailFields({ form }: { form: FormState<ChannelValues> }) {
    const say = useChannelWords();
    return (
        <>
            <div className="fields">
                <TextField form={form} name="mail_host" label={say("mail_host")} isRequired />
                <TextField form={form} name="mail_port" label={say("mail_port")} isNumber />
                <SelectField form={form} name="mail_security" label={say("mail_security")} options={[{ value: "starttls", title: say("starttls") }, { value: "tls", title: say("tls") }, { value: "none", title: say("noTLS") }]} />
                <TextField form={form} name="mail_username" label={say("mail_username")} />
                <TextField form={form} name="mail_from" type="email" label={say("mail_from")} isRequired />
            </div>
            <TextField form={form} name="mail_recipients" label={say("mail_recipients")} note={say("recipientsNote")} isMultiline />
            <TextField form={form} name="mail_authorities" label={say("mail_authorities")} note={say("authoritiesNote")} isMultiline />
        </>
    );
}
