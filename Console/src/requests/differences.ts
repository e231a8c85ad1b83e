import type { TestifiedBill } from "../shared/audit/bill";
import { picos } from "../shared/money";
import type { CallDetail } from "./calls";

/** What the page shows otherwise than the leaf has it, by the API's names. */
export function differences(call: CallDetail, bill: TestifiedBill): string[] {
    const found: string[] = [];
    const check = (name: string, isSame: boolean) => {
        if (!isSame) found.push(name);
    };
    const corrections = call.entries
        .filter((entry) => entry.kind === "correction" && entry.period !== null)
        .reduce((sum, entry) => sum + picos(entry.amount), 0n);
    check("request_id", bill.requestID === call.request_id);
    check("user", bill.user === BigInt(call.user));
    check("key", bill.key === BigInt(call.key));
    check("model", bill.model === BigInt(call.model));
    check("model_group", bill.group === BigInt(call.model_group));
    if (call.provider !== undefined) check("provider", bill.provider === BigInt(call.provider));
    check("price_version", bill.priceVersion === BigInt(call.price_version));
    check("price_multiplier", bill.multiplier * 100_000_000n === picos(call.price_multiplier));
    check("endpoint", bill.endpoint === (call.endpoint ?? ""));
    check("is_streamed", bill.isStreamed === call.is_streamed);
    check("state", bill.state === call.state);
    check("status_code", bill.statusCode === BigInt(call.status_code));
    check("hold", bill.hold === picos(call.hold));
    check("charge", bill.charge === picos(call.charge));
    check("corrections", bill.correction === corrections);
    if (call.provider_cost !== undefined) check("provider_cost", bill.cost === picos(call.provider_cost));
    if (call.excess !== undefined) check("excess", bill.excess === picos(call.excess));
    if (call.duration_ms !== null) check("duration_ms", bill.duration === BigInt(call.duration_ms));
    const counts = new Map(call.lines.map((line) => [line.class, BigInt(line.count)]));
    check("lines", Object.entries(bill.tokens).every(([name, count]) => (counts.get(name) ?? 0n) === count));
    const parts = (list: { lane: string; id: bigint | number; amount: bigint | string }[]) =>
        list.map((part) => `${part.lane} ${part.id} ${typeof part.amount === "string" ? picos(part.amount) : part.amount}`).sort().join();
    check("parts", parts(bill.parts) === parts(call.parts));
    return found;
}
