import { approximately, picos } from "./money";
import { useFormat } from "./format";
import { words } from "./words";

const useBarWords = words({
    en: { left: "{left} left of {total}", held: "{held} held", used: "{used} used" },
    zh: { left: "剩余 {left}，共 {total}", held: "预留 {held}", used: "已用 {used}" },
});

/** How an amount of money stands: used, held by running calls, remaining; the same in words below it. */
export function Bar(props: { total: string; used: string; held: string; remaining: string }) {
    const say = useBarWords();
    const format = useFormat();
    const total = Math.max(approximately(props.total), approximately(props.used) + approximately(props.held), 1e-12);
    const part = (amount: string) => Math.min(100, (100 * approximately(amount)) / total);
    const used = part(props.used);
    const told = [say("left", { left: format.money(props.remaining), total: format.money(props.total) })];
    if (picos(props.held) > BigInt(0)) told.push(say("held", { held: format.money(props.held) }));
    const exact = [say("used", { used: format.exactMoney(props.used) }), say("held", { held: format.exactMoney(props.held) }), say("left", { left: format.exactMoney(props.remaining), total: format.exactMoney(props.total) })].join("\n");
    return (
        <div className="money-bar" title={exact}>
            <svg viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true">
                <rect className="rest" width="100" height="6" />
                <rect className={used >= 90 ? "series-bad" : "series-0"} width={used} height="6" />
                <rect className="series-1" x={used} width={part(props.held)} height="6" />
            </svg>
            <span>{told.join(" · ")}</span>
        </div>
    );
}
