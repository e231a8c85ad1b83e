import type { RateLimits } from "../shared/RateLimitFields";
import type { Role } from "../shared/session";
import type { RowUsage } from "../shared/UsageCell";

/** A user, as lists and details tell it. */
export interface User extends RateLimits {
    id: number;
    email: string;
    name: string;
    role: Role;
    is_active: boolean;
    /** Both ends of the default key. */
    api_key: string | null;
    created_at: string;
    usage?: RowUsage | null;
}
