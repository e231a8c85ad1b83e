import { useFormat } from "../shared/format";
import { useKitWords } from "../shared/kitWords";
import { approximately, picos } from "../shared/money";
import { Card, Empty, Loaded } from "../shared/Parts";
import { parameters } from "../shared/period";
import { StackedBars } from "../shared/plots/StackedBars";
import { useSession } from "../shared/session";
import { Statistics, tokenClasses, tokens } from "../shared/statistics";
import { Table } from "../shared/Table";
import { useAPI } from "../shared/useAPI";
import { names, Narrowed } from "./Narrowed";
import { Choices, question } from "./question";
import { useUsageWords } from "./words";

/** Tokens by class, and what caches saved. */
export function Tokens({ choices, widen }: { choices: Choices; widen: () => void }) {
    const { isStaff } = useSession();
    const asked = useAPI<Statistics>(question(choices, isStaff, parameters(choices)));
    return (
        <Loaded asked={asked}>
            {(statistics) => (
                <>
                    <Narrowed choices={choices} statistics={statistics} widen={widen} />
                    <Classes statistics={statistics} />
                </>
            )}
        </Loaded>
    );
}

function Classes({ statistics }: { statistics: Statistics }) {
    const say = useUsageWords();
    const kit = useKitWords();
    const format = useFormat();
    const { totals, series } = statistics;
    const all = tokens(totals);
    if (totals.requests === 0) return <Empty title={say("noCalls")}>{say("noCallsNote")}</Empty>;
    const used = tokenClasses.filter((name) => totals[name] > 0);
    const input = totals.input_tokens + totals.cache_read_tokens + totals.cache_write_tokens;
    const saved = picos(totals.cache_savings) > BigInt(0);
    return (
        <>
            <Card title={say("classesTitle")}>
                <StackedBars
                    label={say("classesLabel", { total: format.short(all) })}
                    name="tokens"
                    nameTitle={say("day")}
                    {...names(statistics, format)}
                    height={300}
                    value={(value) => format.short(value)}
                    series={used.map((name) => ({
                        title: kit(name),
                        values: series.map((piece) => piece.figures[name]),
                        texts: series.map((piece) => format.count(piece.figures[name])),
                        // A class keeps its colour whichever others there are.
                        className: `series-${tokenClasses.indexOf(name)}`,
                    }))}
                />
            </Card>
            <div className="columns">
                <Card title={say("classShare")}>
                    <Table
                        label={say("classShare")}
                        rows={[...used]}
                        id={(name) => name}
                        columns={[
                            { name: "class", title: say("class"), show: (name) => kit(name) },
                            { name: "tokens", title: say("tokens"), isNumber: true, show: (name) => format.count(totals[name]) },
                            { name: "share", title: say("share"), isNumber: true, show: (name) => format.percent(totals[name] / Math.max(all, 1)) },
                        ]}
                    />
                </Card>
                <Card title={say("savingsTitle")} note={`${input > 0 ? say("hitRate", { percent: format.percent(totals.cache_read_tokens / input) }) : ""} ${say("savingsNote")}`}>
                    {saved && (
                        <StackedBars
                            label={say("savingsLabel", { total: format.money(totals.cache_savings) })}
                            name="savings"
                            nameTitle={say("day")}
                            {...names(statistics, format)}
                            value={(value) => format.money(String(value))}
                            mark={(value, most) => format.moneyMark(value, most)}
                            series={[{
                                title: say("savings"),
                                values: series.map((piece) => Math.max(0, approximately(piece.figures.cache_savings))),
                                texts: series.map((piece) => format.exactMoney(piece.figures.cache_savings)),
                                className: "series-2",
                            }]}
                        />
                    )}
                </Card>
            </div>
        </>
    );
}
