/** Alerts and channels, as the API tells them. */

export const kinds = [
    "quota_threshold", "quota_expiry", "unusual_spend", "provider_failing", "provider_recovered", "provider_loss", "quarantine",
    "audit_halted", "alerts_held_back",
] as const;
export type Kind = typeof kinds[number] | "test";

export const severities = ["info", "warning", "critical"] as const;
export type Severity = typeof severities[number];

export interface Alert {
    id: number;
    kind: Kind;
    severity: Severity;
    title: string;
    text: string;
    subject: number;
    user: number | null;
    user_email: string | null;
    name: string;
    is_told: boolean;
    raised_at: string;
    acknowledged_at: string | null;
    acknowledged_by: string | null;
    acknowledge_reason: string | null;
}

export interface Delivery {
    id: number;
    channel: number;
    channel_name: string | null;
    user: number | null;
    state: "pending" | "delivered" | "failed";
    attempts: number;
    next_attempt_at: string | null;
    problem: string | null;
    finished_at: string | null;
}

export type AlertDetail = Alert & { deliveries: Delivery[] };

export const channelKinds = ["webhook", "email", "feishu", "dingtalk", "wecom", "slack"] as const;
export type ChannelKind = typeof channelKinds[number];

export interface Channel {
    id: number;
    name: string;
    kind: ChannelKind;
    url: string | null;
    secret: string | null;
    secret_state: "none" | "set" | "undecryptable";
    mail_host: string | null;
    mail_port: number | null;
    mail_security: "starttls" | "tls" | "none" | null;
    mail_username: string | null;
    mail_from: string | null;
    mail_recipients: string[];
    mail_authorities: string | null;
    audience: "operators" | "owners";
    kinds: Kind[] | null;
    least_severity: Severity;
    language: "en" | "zh-CN";
    is_active: boolean;
    created_at: string;
    updated_at: string;
}

export interface Rules {
    threshold_percents: number[];
    expiry_hours: number[];
    unusual_spend_floor: string;
    unusual_spend_factor: number;
    failure_percent: number;
    least_failures: number;
}

/** Where what an alert is about can be seen. */
export function subjectOf(alert: Alert): string | null {
    switch (alert.kind) {
        case "quota_threshold":
        case "quota_expiry":
            return `/quotas/${alert.subject}`;
        case "unusual_spend":
            return `/users/${alert.subject}`;
        case "provider_failing":
        case "provider_recovered":
        case "provider_loss":
            return `/providers/${alert.subject}`;
        case "quarantine":
        case "audit_halted":
            return "/ledger";
        case "alerts_held_back":
            return `/alerts/channels`;
        case "test":
            return null;
    }
}

/** 32 random bytes, as webhooks are signed with. */
export function newSecret(): string {
    return `whsec_${btoa(String.fromCharCode(...crypto.getRandomValues(new Uint8Array(32))))}`;
}
