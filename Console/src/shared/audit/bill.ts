/** A bill as its leaf testifies it: words of 64 bits in a fixed order, from which the leaf's hash follows. */

export const tokenClasses = [
    "input", "cache_read", "cache_write_5m", "cache_write_1h", "output", "reasoning", "audio_input", "audio_output", "image_input",
] as const;

const states = ["open", "captured", "voided", "uncertain"];
const endpoints = ["", "/v1/chat/completions", "/v1/completions", "/v1/embeddings"];
/** Words before the parts of the hold. */
const fixed = 38;
const partWords = 3;

export interface TestifiedBill {
    requestID: string;
    user: bigint;
    key: bigint;
    model: bigint;
    provider: bigint;
    group: bigint;
    priceVersion: bigint;
    /** Ten thousand is 1. */
    multiplier: bigint;
    endpoint: string;
    isStreamed: boolean;
    /** Amounts in pico-dollars. */
    hold: bigint;
    charge: bigint;
    correction: bigint;
    cost: bigint;
    excess: bigint;
    state: string;
    tokens: Record<string, bigint>;
    statusCode: bigint;
    duration: bigint;
    parts: { lane: string; id: bigint; amount: bigint }[];
}

/** Null for words that are no bill. */
export function readBill(words: readonly bigint[]): TestifiedBill | null {
    if (words.length < fixed || BigInt(words.length - fixed) !== (words[fixed - 1] ?? -1n) * BigInt(partWords)) return null;
    const word = (index: number) => words[index] ?? 0n;
    const half = (index: number) => BigInt.asUintN(64, word(index)).toString(16).padStart(16, "0");
    const digits = half(0) + half(1);
    const parts: TestifiedBill["parts"] = [];
    for (let at = fixed; at < words.length; at += partWords) {
        parts.push({ lane: word(at) === 1n ? "grant" : "key", id: word(at + 1), amount: word(at + 2) });
    }
    return {
        requestID: [digits.slice(0, 8), digits.slice(8, 12), digits.slice(12, 16), digits.slice(16, 20), digits.slice(20)].join("-"),
        user: word(2), key: word(3), model: word(4), provider: word(6), group: word(7), priceVersion: word(8), multiplier: word(9),
        endpoint: endpoints[Number(word(10))] ?? "", isStreamed: word(11) === 1n, hold: word(12),
        state: states[Number(word(17))] ?? "",
        tokens: Object.fromEntries(tokenClasses.map((name, index) => [name, word(18 + index)])),
        charge: word(28), correction: word(29), cost: word(30), excess: word(31), statusCode: word(33), duration: word(34),
        parts,
    };
}
