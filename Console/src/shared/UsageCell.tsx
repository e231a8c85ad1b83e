import { useFormat } from "./format";
import { approximately, sum } from "./money";
import { Sparkline } from "./plots/Sparkline";
import { words } from "./words";

const useUsageWords = words({
    en: { label: "Last 7 days: {money}, {n} call|Last 7 days: {money}, {n} calls" },
    zh: { label: "最近 7 天：{money}，{n} 次调用" },
});

/** What a row came to in the last seven days, oldest first; lists tell it where `include=usage` asks for it. */
export interface RowUsage {
    days: string[];
    spend: string[];
    requests: number[];
}

/** A row's last seven days: bars, and what they come to. */
export function UsageCell({ usage }: { usage: RowUsage | undefined }) {
    const say = useUsageWords();
    const format = useFormat();
    if (usage === undefined) return <>–</>;
    const total = sum(usage.spend);
    const calls = usage.requests.reduce((sum, count) => sum + count, 0);
    return (
        <span className="usage-cell">
            <Sparkline values={usage.spend.map(approximately)} label={say("label", { money: format.exactMoney(total), n: calls })} />
            <span title={format.exactMoney(total)}>{format.money(total)}</span>
        </span>
    );
}
