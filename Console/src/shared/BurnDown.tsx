import { Card, Notice } from "./Parts";
import { useFormat } from "./format";
import { decimal, picos } from "./money";
import { Lines } from "./plots/Lines";
import { Piece } from "./statistics";
import { words } from "./words";

const useBurnWords = words({
    en: {
        title: "What is left", label: "What is left over time; {left} now", left: "Left", expected: "Expected", time: "Day",
        runsOut: "At the pace of the last days, {pace} a day, it runs out on {day}, {when}.",
        lasts: "At the pace of the last days, {pace} a day, it lasts to its end on {day}; about {rest} would be left then.",
        long: "At the pace of the last days, {pace} a day, it lasts for more than a year.",
        quiet: "Nothing was spent in the last days; at that pace it never runs out.",
        gone: "Nothing is left: new calls are refused.",
        even: "Drawn evenly since {day}, since others of this user's quotas share the days' spend.",
    },
    zh: {
        title: "剩余额度", label: "剩余额度走势，当前 {left}", left: "剩余", expected: "预计", time: "日期",
        runsOut: "按最近几天每天 {pace} 的速度，将在 {day}（{when}）用完。",
        lasts: "按最近几天每天 {pace} 的速度，可以用到 {day} 到期，届时约剩 {rest}。",
        long: "按最近几天每天 {pace} 的速度，可以用一年以上。",
        quiet: "最近几天没有费用，按此速度不会用完。",
        gone: "已没有剩余：新的调用会被拒绝。",
        even: "该用户的其他配额也计入每日费用，因此自 {day} 起按平均速度绘制。",
    },
});

const dayLength = 86_400_000;
const zero = BigInt(0);

/** Money that came or went apart from calls. */
export interface Movement {
    at: string;
    amount: string;
}

/** Of the last seven days, as much of them as it exists; pico-dollars a day. */
function pace(pieces: Piece[], since: number, now: number): number {
    const last = pieces.slice(-7);
    const first = last[0];
    if (first === undefined) return 0;
    const days = Math.max((now - Math.max(Date.parse(first.start), since)) / dayLength, 1 / 24);
    return last.reduce((sum, piece) => sum + Number(picos(piece.figures.spend)), 0) / Math.max(days, 1);
}

/**
 * What is left of an amount, back from now by each day's spend and forth at the pace of the last days, which is dashed.
 * `pieces` are days; where they are of more than this amount, `used` since `since` is drawn evenly.
 */
export function BurnDown(props: {
    name: string;
    pieces: Piece[];
    isShared?: boolean;
    remaining: string;
    used: string;
    since: string;
    ends: string | null;
    movements: Movement[];
    /** What it comes to: what would be more was before it. */
    total: string;
}) {
    const say = useBurnWords();
    const format = useFormat();
    const now = Date.now();
    const since = Date.parse(props.since);
    const ends = props.ends === null ? null : Date.parse(props.ends);
    const remaining = picos(props.remaining);
    const daily = props.isShared ? Number(picos(props.used)) / Math.max((now - since) / dayLength, 1) : pace(props.pieces, since, now);
    const past = props.pieces.filter((piece) => Date.parse(piece.end) > since);
    // Backwards: what was spent after a day was still there at its end.
    let left = remaining;
    const lefts = [...past].reverse().map((piece, index) => {
        const value = left;
        const moved = props.movements.filter((item) => Date.parse(item.at) >= Date.parse(piece.start) && Date.parse(item.at) < Date.parse(piece.end));
        const evenly = BigInt(Math.round(daily * Math.min(1, (Date.parse(piece.end) - Math.max(since, Date.parse(piece.start))) / dayLength)));
        left += (props.isShared ? evenly : picos(piece.figures.spend)) - moved.reduce((sum, item) => sum + picos(item.amount), zero);
        return index === 0 ? remaining : value > picos(props.total) ? null : value > zero ? value : zero;
    }).reverse();
    const days = daily > 0 ? Number(remaining) / daily : Infinity;
    const most = Math.min(days, ends === null ? Infinity : Math.max(0, (ends - now) / dayLength), Math.max(7, past.length));
    const future = Number.isFinite(most) ? Array.from({ length: Math.ceil(most) }, (_, index) => index + 1) : [];
    const after = (days: number) => new Date(now + days * dayLength).toISOString();
    const expected = future.map((day) => Math.max(0, (Number(remaining) - daily * Math.min(day, days)) / 1e12));
    const dates = [...past.map((piece) => piece.start), ...future.map(after)];
    const dollars = (amount: bigint) => Number(amount) / 1e12;
    const money = (value: number) => format.money(String(value));
    const each = money(daily / 1e12);
    const told = () => {
        if (remaining <= zero) return say("gone");
        if (daily <= 0) return say("quiet");
        if (ends !== null && now + days * dayLength > ends) {
            const rest = Number(remaining) - daily * Math.max(0, (ends - now) / dayLength);
            return say("lasts", { pace: each, day: format.day(props.ends ?? ""), rest: format.money(decimal(BigInt(Math.round(Math.max(0, rest))))) });
        }
        if (days > 366) return say("long", { pace: each });
        return say("runsOut", { pace: each, day: format.day(after(days)), when: format.relative(after(days)) });
    };
    const isSoon = remaining <= zero || (days < 7 && (ends === null || now + days * dayLength < ends));
    return (
        <Card title={say("title")}>
            <Notice tone={isSoon ? "warning" : "info"}>{told()}</Notice>
            {props.isShared && <p className="note">{say("even", { day: format.day(props.since) })}</p>}
            <Lines
                label={say("label", { left: format.money(props.remaining) })}
                name={props.name}
                nameTitle={say("time")}
                names={dates.map((at) => format.tick(at, "day"))}
                longNames={dates.map((at) => format.day(at))}
                value={money}
                lines={[
                    { title: say("left"), values: [...lefts.map((left) => (left === null ? null : dollars(left))), ...future.map(() => null)] },
                    ...(future.length > 0 && daily > 0
                        ? [{ title: say("expected"), isDashed: true, className: "series-1", values: [...past.slice(1).map(() => null), dollars(remaining), ...expected] }]
                        : []),
                ]}
            />
        </Card>
    );
}
