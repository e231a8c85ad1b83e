/** A quota with how its current period stands. */
export interface Quota {
    id: number;
    user: number;
    user_email: string;
    model_group: number;
    model_group_name: string;
    name: string;
    total_quota: string;
    used_quota: string;
    held_quota: string;
    remaining_quota: string;
    pending_reduction: string;
    starts_at: string;
    expires_at: string | null;
    has_ended: boolean;
    is_active: boolean;
    renewal: "daily" | "weekly" | "monthly" | null;
    renewal_time_zone: string | null;
    renewal_amount: string | null;
    warning_percents: number[] | null;
    created_at: string;
}

export interface QuotaPeriod {
    id: number;
    ordinal: number;
    starts_at: string;
    expires_at: string | null;
    is_active: boolean;
    total_quota: string;
    used_quota: string;
    held_quota: string;
    remaining_quota: string;
    forfeited_quota: string;
}

export interface Entry {
    id: number;
    period: number | null;
    kind: "opening" | "top_up" | "reduction" | "expiry" | "deactivation" | "correction" | "refund" | "carry_over";
    amount: string;
    request_id: string | null;
    reason: string;
    actor: string;
    created_at: string;
}

export interface QuotaInFull extends Quota {
    periods: QuotaPeriod[];
    entries: Entry[];
}

export type QuotaState = "active" | "ended" | "inactive";

export function stateOf(quota: Quota): QuotaState {
    return !quota.is_active ? "inactive" : quota.has_ended ? "ended" : "active";
}
