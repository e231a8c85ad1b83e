import { useFormat } from "./format";
import { approximately, sum } from "./money";
import { Sparkline } from "./plots/Sparkline";
import { preferences } from "./preferences";
import { words } from "./words";

const useUsageWords = words({
    en: { label: "Last 7 days: {money}, {n} call|Last 7 days: {money}, {n} calls" },
    zh: { label: "最近 7 天：{money}，{n} 次调用" },
});

/** What a row came to in the last seven days, oldest first; null where the zone has no days. */
export interface RowUsage {
    days: string[];
    spend: string[];
    requests: number[];
}

/** Asks a list for it, by the days of the person's zone. */
export function withUsage(choices: Record<string, string>): Record<string, string> {
    return { ...choices, include: "usage", time_zone: preferences().timeZone };
}

/** A row's last seven days: bars, and what they come to. */
export function UsageCell({ usage }: { usage: RowUsage | null | undefined }) {
    const say = useUsageWords();
    const format = useFormat();
    if (!usage) return <>–</>;
    const total = sum(usage.spend);
    const calls = usage.requests.reduce((sum, count) => sum + count, 0);
    return (
        <span className="usage-cell">
            <Sparkline values={usage.spend.map(approximately)} label={say("label", { money: format.exactMoney(total), n: calls })} />
            <span title={format.exactMoney(total)}>{format.money(total)}</span>
        </span>
    );
}
