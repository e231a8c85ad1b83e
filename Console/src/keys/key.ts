import type { RateLimits } from "../shared/RateLimitFields";
import type { RowUsage } from "../shared/UsageCell";

/** A key, as lists and details tell it. */
export interface Key extends RateLimits {
    id: number;
    user: number;
    user_email: string;
    name: string;
    /** Both ends of it; the whole of it in the answer that makes it. */
    api_key: string;
    is_active: boolean;
    is_playground: boolean;
    allowed_models: string[] | null;
    allowed_addresses: string[] | null;
    capture: "off" | "metadata" | "full" | null;
    expires_at: string | null;
    spending_limit: string | null;
    limit_used: string | null;
    limit_held: string | null;
    limit_remaining: string | null;
    old_secret_until: string | null;
    last_used_at: string | null;
    created_at: string;
    usage?: RowUsage | null;
}

export type KeyState = "active" | "revoked" | "expired";

export function stateOf(key: Key): KeyState {
    if (!key.is_active) return "revoked";
    return key.expires_at !== null && Date.parse(key.expires_at) <= Date.now() ? "expired" : "active";
}
