import type { Channel, Kind } from "./answers";

/** What is written of a channel; empty where it stays as it is. */
export type ChannelValues = {
    name: string;
    kind: string;
    url: string;
    secret: string;
    /** Of a webhook that has one. */
    makes_secret: boolean;
    mail_host: string;
    mail_port: string;
    mail_security: string;
    mail_username: string;
    mail_from: string;
    mail_recipients: string;
    mail_authorities: string;
    audience: string;
    /** Null: all. */
    kinds: Kind[] | null;
    least_severity: string;
    language: string;
};

export function addressOf(id: number | null): string {
    return id === null ? "/api/admin/alert-channels/" : `/api/admin/alert-channels/${id}/`;
}

/** What is sent: of a new channel all that its kind has, of another one what was changed. */
export function bodyOf(values: ChannelValues, channel: Channel | null): Record<string, unknown> {
    const isMail = values.kind === "email";
    const orNull = (text: string) => (text === "" ? null : text);
    const body: Record<string, unknown> = { name: values.name, kinds: values.kinds, least_severity: values.least_severity, language: values.language };
    if (channel === null) body.kind = values.kind;
    if (isMail) {
        Object.assign(body, {
            mail_host: values.mail_host, mail_port: Number(values.mail_port), mail_security: values.mail_security, mail_username: orNull(values.mail_username), mail_from: values.mail_from,
            mail_recipients: values.mail_recipients.split(/[\s,;]+/).filter((address) => address !== ""), mail_authorities: orNull(values.mail_authorities), audience: values.audience,
        });
    } else if (channel === null || values.url !== "") {
        body.url = values.url;
    }
    if (values.secret !== "") body.secret = values.secret;
    return body;
}
