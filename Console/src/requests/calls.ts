/** The request log, as the API tells it. */

export const states = ["open", "captured", "voided", "uncertain"] as const;
export type State = typeof states[number];

export const flags = [
    "estimated", "client_gone", "upstream_broken", "implausible_usage", "exceeded_hold", "charged_by_policy", "corrected",
    "orphan", "fallback_rate", "cut_at_limit", "unknown_cost", "unfunded", "unknown_output",
] as const;
export type Flag = typeof flags[number];

export interface Call {
    request_id: string;
    created_at: string;
    ended_at: string | null;
    user: number;
    user_email: string | null;
    key: number;
    key_name: string | null;
    model: number;
    model_name: string | null;
    model_group: number;
    model_group_name: string | null;
    method: string;
    endpoint: string | null;
    is_streamed: boolean;
    state: State;
    status_code: number;
    input_tokens: number;
    output_tokens: number;
    total_cost: string;
    duration_ms: number | null;
    first_byte_ms: number | null;
    flags: Flag[];
    ip_address: string;
    user_agent: string;
    client_request_id: string | null;
    /** These are told to staff alone. */
    provider?: number;
    provider_name?: string | null;
    provider_cost?: string;
}

export interface Line {
    class: string;
    count: number;
    price_per_1m: string;
    amount: string;
    provenance: "reported" | "derived" | "estimated" | "missing";
}

export interface Entry {
    id: number;
    period: number | null;
    kind: string;
    amount: string;
    request_id: string | null;
    reason: string;
    actor: string;
    created_at: string;
}

export interface Attempt {
    provider: number;
    provider_name: string | null;
    upstream_model: string | null;
    cost: string;
    is_cost_known: boolean;
    is_broken: boolean;
    first_byte_ms: number | null;
    duration_ms: number | null;
}

export interface CallDetail extends Call {
    price_version: number;
    price_multiplier: string;
    fee_per_call: string;
    lines: Line[];
    hold: string;
    /** As the call was closed, before corrections and refunds. */
    charge: string;
    output_limit: number;
    estimated_input_tokens: number;
    estimated_input_price: string;
    parts: { lane: "grant" | "key"; id: number; amount: string }[];
    entries: Entry[];
    raw_usage: string | null;
    raw_usage_expired: boolean;
    body: { capture: string; kept_until: string } | null;
    attempts?: Attempt[];
    excess?: string;
}

/** What may be asked for; all of it in the address. */
export const noFilters = {
    range: "", from: "", to: "", search: "", user: "", key: "", model: "", provider: "", model_group: "", state: "", status_code: "",
    flag: "", min_cost: "", max_cost: "",
};
export type Filters = typeof noFilters;

/** Whether a call that has just happened is one of those that are asked for: what the stream of calls cannot be asked. */
export function matches(call: Call, filters: Filters): boolean {
    const cost = Number(call.total_cost);
    return (
        (filters.state === "" || call.state === filters.state) &&
        (filters.status_code === "" || String(call.status_code) === filters.status_code) &&
        (filters.flag === "" || call.flags.some((flag) => flag === filters.flag)) &&
        (filters.min_cost === "" || cost >= Number(filters.min_cost)) &&
        (filters.max_cost === "" || cost <= Number(filters.max_cost)) &&
        (filters.search === "" || call.request_id.startsWith(filters.search) || (call.client_request_id ?? "").startsWith(filters.search))
    );
}

/** Newest first, each once, the later news of one over the earlier. */
export function merged(news: readonly Call[], listed: readonly Call[], most: number): Call[] {
    const byID = new Map<string, Call>();
    for (const call of listed) byID.set(call.request_id, call);
    for (const call of news) {
        // A list that was asked for later may know of its end already.
        if (call.state !== "open" || byID.get(call.request_id)?.ended_at == null) byID.set(call.request_id, call);
    }
    return [...byID.values()].sort((left, right) => (left.request_id < right.request_id ? 1 : -1)).slice(0, most);
}
