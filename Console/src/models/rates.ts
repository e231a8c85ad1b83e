import { decimal, picos } from "../shared/money";

/** Classes that are priced apart, by the names of their prices; those without one of their own have another's. */
export const rateNames = [
    { name: "input_price_per_1k", word: "priceInput", as: null },
    { name: "output_price_per_1k", word: "priceOutput", as: null },
    { name: "cached_input_price_per_1k", word: "priceCached", as: "input_price_per_1k" },
    { name: "cache_write_5m_price_per_1k", word: "priceWrite5m", as: "input_price_per_1k" },
    { name: "cache_write_1h_price_per_1k", word: "priceWrite1h", as: "input_price_per_1k" },
    { name: "reasoning_price_per_1k", word: "priceReasoning", as: "output_price_per_1k" },
    { name: "audio_input_price_per_1k", word: "priceAudioIn", as: "input_price_per_1k" },
    { name: "audio_output_price_per_1k", word: "priceAudioOut", as: "output_price_per_1k" },
    { name: "image_input_price_per_1k", word: "priceImage", as: "input_price_per_1k" },
] as const;

export type RateName = (typeof rateNames)[number]["name"];

/** Dollars per 1,000 tokens of each class, and a fee a call; null where there is none of its own. */
export type Rates = Record<RateName, string | null> & { price_per_call: string | null };

/** The price of a class, its own or the one it has for want of it. */
export function rate(rates: Rates, name: RateName): string | null {
    const own = rates[name];
    if (own !== null) return own;
    const as = rateNames.find((item) => item.name === name)?.as ?? null;
    return as === null ? null : rates[as];
}

/** `"0.0015"` per thousand is `"1.5"` per million. */
export function perMillion(perThousand: string): string {
    return decimal(picos(perThousand) * BigInt(1_000));
}

/** What is written per million, as the API takes it per thousand; null for what is no plain decimal or too fine. */
export function perThousand(perMillion: string): string | null {
    if (!/^\d+(\.\d{1,6})?$/.test(perMillion)) return null;
    return decimal(picos(perMillion) / BigInt(1_000));
}

/** As `sample_bill`: 1,000 input, 1,000 cached and 500 output tokens, exactly. Null without a price of input or output. */
export function sampleBill(rates: Rates): string | null {
    const [input, cached, output] = [rate(rates, "input_price_per_1k"), rate(rates, "cached_input_price_per_1k"), rate(rates, "output_price_per_1k")];
    if (input === null || cached === null || output === null) return null;
    return decimal(picos(input) + picos(cached) + picos(output) / BigInt(2) + picos(rates.price_per_call ?? "0"));
}

/** What is left of a price when its cost is paid, as a part of it; null where nothing is asked or nothing known. */
export function margin(price: string | null, cost: string | null): number | null {
    if (price === null || cost === null || picos(price) === BigInt(0)) return null;
    return Number(((picos(price) - picos(cost)) * BigInt(10_000)) / picos(price)) / 10_000;
}
