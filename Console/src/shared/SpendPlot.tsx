import { Card } from "./Parts";
import { path } from "./api";
import { useFormat } from "./format";
import { approximately, sum } from "./money";
import { date } from "./period";
import { StackedBars } from "./plots/StackedBars";
import { preferences } from "./preferences";
import { Link } from "./router";
import { Piece } from "./statistics";
import { words } from "./words";

const useSpendWords = words({
    en: { title: "Spend, last 30 days", label: "Spend a day over 30 days, {total} in all", spend: "Spend", day: "Day", requests: "Its requests", usage: "Usage & cost" },
    zh: { title: "最近 30 天费用", label: "最近 30 天每日费用，合计 {total}", spend: "费用", day: "日期", requests: "查看请求", usage: "用量与费用" },
});

/** The question that a spend plot and a burn-down share: thirty days in the person's zone. */
export function thirtyDays(): Record<string, string> {
    return { time_zone: preferences().timeZone, from: date(29), step: "day" };
}

/** Each day's spend; `filter` leads to the calls behind it. */
export function SpendPlot({ name, pieces, filter }: { name: string; pieces: Pick<Piece, "start" | "figures">[]; filter: Record<string, number> }) {
    const say = useSpendWords();
    const format = useFormat();
    const total = sum(pieces.map((piece) => piece.figures.spend));
    return (
        <Card title={say("title")} actions={<Link to={path("/requests", { ...filter, range: "30d" })}>{say("requests")}</Link>}>
            <p className="figure-line"><strong title={format.exactMoney(total)}>{format.money(total)}</strong></p>
            <StackedBars
                label={say("label", { total: format.money(total) })}
                name={name}
                nameTitle={say("day")}
                names={pieces.map((piece) => format.tick(piece.start, "day"))}
                longNames={pieces.map((piece) => format.day(piece.start))}
                value={(value) => format.money(String(value))}
                series={[{ title: say("spend"), values: pieces.map((piece) => approximately(piece.figures.spend)), texts: pieces.map((piece) => format.exactMoney(piece.figures.spend)) }]}
            />
        </Card>
    );
}
