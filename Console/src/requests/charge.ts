import { decimal, picos } from "../shared/money";
import type { CallDetail } from "./calls";

/** A bill worked out again from its counts and prices, to hold against what the server says. */
export interface Charge {
    /** Of each line, in the bill's order. */
    amounts: string[];
    /** All lines and the fee. */
    list: string;
    /** After the multiplier, rounded once, half to even. */
    multiplied: string;
    /** At most what was held. */
    limited: string;
    isLimited: boolean;
    /** Nothing, where the call ended without a charge. */
    charge: string;
    /** Closed by a policy before its usage was known: the policy said the charge. */
    isByPolicy: boolean;
    /** What corrections and refunds moved, signed. */
    moved: string;
    total: string;
    /** All of it is what the server says. */
    agrees: boolean;
}

const million = 1_000_000n;
const one = 10_000n;

/** `"1.25"` as 12500. */
function basisPoints(multiplier: string): bigint {
    return picos(multiplier) / (1_000_000_000_000n / one);
}

function halfToEven(product: bigint): bigint {
    const [quotient, remainder] = [product / one, product % one];
    const isUp = remainder * 2n > one || (remainder * 2n === one && (quotient & 1n) === 1n);
    return isUp ? quotient + 1n : quotient;
}

export function worked(call: CallDetail): Charge {
    const amounts = call.lines.map((line) => (BigInt(line.count) * picos(line.price_per_1m)) / million);
    const list = amounts.reduce((sum, amount) => sum + amount, picos(call.fee_per_call));
    const multiplied = halfToEven(list * basisPoints(call.price_multiplier));
    const hold = picos(call.hold);
    const limited = multiplied < hold ? multiplied : hold;
    const isByPolicy = call.flags.includes("charged_by_policy") || call.flags.includes("corrected");
    const isCharged = call.state === "captured";
    const first = isByPolicy ? picos(call.charge) : isCharged ? limited : 0n;
    // What is carried over goes from one period to another and is no part of the charge.
    const moves = call.entries.filter((entry) => (entry.kind === "correction" || entry.kind === "refund") && entry.period !== null);
    const moved = moves.reduce((sum, entry) => sum + picos(entry.amount), 0n);
    const total = first + moved;
    const linesAgree = call.lines.every((line, index) => picos(line.amount) === amounts[index]);
    return {
        amounts: amounts.map(decimal),
        list: decimal(list),
        multiplied: decimal(multiplied),
        limited: decimal(limited),
        isLimited: limited < multiplied,
        charge: decimal(first),
        isByPolicy,
        moved: decimal(moved),
        total: decimal(total),
        agrees: linesAgree && first === picos(call.charge) && total === picos(call.total_cost),
    };
}
