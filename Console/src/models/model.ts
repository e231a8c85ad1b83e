import type { RateName, Rates } from "./rates";
import { rateNames } from "./rates";

export interface Route {
    id: number;
    provider: number;
    provider_name: string;
    upstream_model: string;
    weight: number;
    priority: number;
    is_active: boolean;
}

/** As `/api/admin/models` tells it; prices are those in force, costs those of the first way. */
export type Model = {
    id: number;
    name: string;
    display_name: string;
    description: string;
    capabilities: string[];
    context_length: number;
    max_output_tokens: number;
    default_output_tokens: number;
    prompt_overhead_tokens: number;
    is_active: boolean;
    provider: number | null;
    provider_name: string | null;
    upstream_model: string | null;
    routes: Route[];
    price: number | null;
    price_effective_from: string | null;
    created_at: string;
    updated_at: string;
} & Rates & { [Name in RateName as `cost_${Name}`]: string | null } & { cost_price_per_call: string | null };

export type Price = {
    id: number;
    model: number;
    effective_from: string;
    is_current: boolean;
    sample_bill: { total: string };
} & Rates;

export const base = "/api/admin/models/";

/** What the provider takes; null where that is the list price. */
export function costs(model: Model): Rates | null {
    if (rateNames.every(({ name }) => model[`cost_${name}`] === null)) return null;
    const found: Record<string, string | null> = { price_per_call: model.cost_price_per_call };
    for (const { name } of rateNames) found[name] = model[`cost_${name}`];
    return found as unknown as Rates;
}
