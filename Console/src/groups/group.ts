import { decimal, picos } from "../shared/money";

export interface ModelGroup {
    id: number;
    name: string;
    description: string;
    price_multiplier: string;
    is_active: boolean;
    /** Ids, and the same models by name. */
    models: number[];
    model_names: string[];
    created_at: string;
}

/** What a group's view needs of a model. */
export interface PricedModel {
    id: number;
    name: string;
    is_active: boolean;
    input_price_per_1k: string | null;
    output_price_per_1k: string | null;
}

/** A list price of 1,000 tokens as one of a million, times a multiplier of at most four places; exact. */
export function perMillion(perThousand: string, multiplier = "1"): string {
    const factor = /^(\d{1,9})(?:\.(\d{1,4}))?$/.exec(multiplier.trim());
    const tenThousandths = factor === null ? BigInt(10_000) : BigInt(factor[1] ?? "1") * BigInt(10_000) + BigInt((factor[2] ?? "").padEnd(4, "0"));
    return decimal((picos(perThousand) * BigInt(1_000) * tenThousandths) / BigInt(10_000));
}
