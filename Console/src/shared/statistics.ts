/** What `/api/…/stats/…` answers: sums of roll-ups. Money is exact, in strings. */

export interface Latency {
    at_least_ms: number;
    below_ms: number | null;
}

export interface Figures {
    requests: number;
    voided: number;
    errors: number;
    input_tokens: number;
    cache_read_tokens: number;
    cache_write_tokens: number;
    output_tokens: number;
    reasoning_tokens: number;
    audio_input_tokens: number;
    audio_output_tokens: number;
    image_tokens: number;
    charge: string;
    corrections: string;
    spend: string;
    refunds: string;
    cache_savings: string;
    mean_ms: number | null;
    p50: Latency | null;
    p95: Latency | null;
    p99: Latency | null;
    /** Told to staff alone. */
    provider_cost?: string;
    margin?: string;
    excess?: string;
}

export interface Piece {
    start: string;
    end: string;
    figures: Figures;
}

/** One of what the figures are grouped by; its series are as long as the answer's. */
export interface Group {
    id: number;
    name: string;
    totals: Figures;
    spend: string[];
    requests: number[];
    tokens: number[];
}

export interface Statistics {
    from: string;
    to: string;
    time_zone: string;
    step: string;
    totals: Figures;
    series: Piece[];
    previous?: { from: string; to: string; totals: Figures } | null;
    group_by?: string | null;
    groups?: Group[];
    group_count?: number;
    others?: Figures | null;
}

/** A bound of a histogram's bucket, for a line in a plot. */
export function milliseconds(latency: Latency | null): number | null {
    return latency === null ? null : latency.below_ms ?? latency.at_least_ms;
}

/** Classes are disjoint: each token is in one of them. */
export const tokenClasses = [
    "input_tokens", "cache_read_tokens", "cache_write_tokens", "audio_input_tokens", "image_tokens", "output_tokens", "reasoning_tokens",
    "audio_output_tokens",
] as const;

export type TokenClass = typeof tokenClasses[number];

export function tokens(figures: Figures): number {
    return tokenClasses.reduce((sum, name) => sum + figures[name], 0);
}
