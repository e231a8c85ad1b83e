/** Exact amounts: the API tells dollars as decimals in strings, of at most twelve places. */

const places = 12;
const unit = BigInt("1000000000000");

/** Pico-dollars. What is no decimal is 0: the server never sends it. */
export function picos(text: string): bigint {
    const match = /^(-?)(\d+)(?:\.(\d{1,12}))?$/.exec(text);
    if (match === null) return BigInt(0);
    const [, sign, whole = "0", fraction = ""] = match;
    const value = BigInt(whole) * unit + BigInt(fraction.padEnd(places, "0"));
    return sign === "-" ? -value : value;
}

export function decimal(amount: bigint): string {
    const isNegative = amount < BigInt(0);
    const digits = (isNegative ? -amount : amount).toString().padStart(places + 1, "0");
    const fraction = digits.slice(-places).replace(/0+$/, "");
    return (isNegative ? "-" : "") + digits.slice(0, -places) + (fraction === "" ? "" : `.${fraction}`);
}

export function sum(amounts: Iterable<string>): string {
    let total = BigInt(0);
    for (const amount of amounts) total += picos(amount);
    return decimal(total);
}

/** For lengths of bars, never for sums. */
export function approximately(text: string): number {
    return Number(text) || 0;
}
