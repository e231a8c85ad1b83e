import { path } from "../shared/api";
import { date } from "../shared/period";
import { preferences } from "../shared/preferences";

/** As `/api/admin/providers` tells it. */
export interface Provider {
    id: number;
    name: string;
    dialect: string;
    base_url: string;
    is_active: boolean;
    /** The last characters of its key. */
    api_key: string | null;
    api_key_state: "none" | "set" | "undecryptable";
    created_at: string;
    updated_at: string;
}

/** What came of asking it. */
export interface Reading {
    ok: boolean;
    status_code: number | null;
    latency_ms: number;
    problem: string | null;
    detail: string | null;
}

export interface Test extends Reading {
    models: string[];
}

export interface Sync extends Reading {
    added: { upstream_model: string; context_length: number | null }[];
    changed: { model: string; upstream_model: string; context_length: number; upstream_context_length: number }[];
    vanished: { model: string; upstream_model: string }[];
    unchanged: { model: string; upstream_model: string }[];
}

export const base = "/api/admin/providers/";

/** What the last seven days' calls by each provider came to. */
export function figures(provider?: number): string {
    return path("/api/admin/stats/billing/", { time_zone: preferences().timeZone, from: date(6), step: "whole", group_by: "provider", limit: 200, provider });
}
