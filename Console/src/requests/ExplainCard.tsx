import { ReactNode } from "react";
import { useFormat } from "../shared/format";
import { picos } from "../shared/money";
import { Badge, Card, Notice } from "../shared/Parts";
import { CallDetail } from "./calls";
import { useCallWords } from "./callWords";
import type { Charge } from "./charge";

/** Class by class what was counted, times its price: the sum that became the charge. */
export function ExplainCard({ call, charge }: { call: CallDetail; charge: Charge }) {
    const say = useCallWords();
    const format = useFormat();
    const money = format.exactMoney.bind(format);
    const provenance = { reported: say("reported"), derived: say("derived"), estimated: say("estimatedCount"), missing: say("missing") };
    const isFree = call.state === "voided" || call.state === "open";
    return (
        <Card title={say("explain")} note={say("explainNote")} actions={<Badge>{say("priceVersion", { n: call.price_version })}</Badge>}>
            <div className="table-frame" tabIndex={0} role="region" aria-label={say("explain")}>
                <table className="explain">
                    <caption className="unseen">{say("explain")}</caption>
                    <thead>
                        <tr>
                            <th scope="col">{say("class")}</th>
                            <th scope="col" className="number">{say("count")}</th>
                            <th scope="col" className="number">{say("price")}</th>
                            <th scope="col" className="number">{say("amount")}</th>
                        </tr>
                    </thead>
                    <tbody>
                        {call.lines.map((line, index) => (
                            <tr key={line.class}>
                                <th scope="row">
                                    {className(say, line.class)}
                                    <div className="muted">{provenance[line.provenance]}</div>
                                </th>
                                <td className="number">{format.count(line.count)}</td>
                                <td className="number">× {money(line.price_per_1m)}</td>
                                <td className="number">{money(charge.amounts[index] ?? line.amount)}</td>
                            </tr>
                        ))}
                        {call.lines.length === 0 && <tr><td colSpan={4} className="muted">{say("noLines")}</td></tr>}
                        {picos(call.fee_per_call) > 0n && <Sum title={say("fee")} amount={money(call.fee_per_call)} />}
                    </tbody>
                    <tfoot>
                        <Sum title={say("list")} amount={money(charge.list)} />
                        {Number(call.price_multiplier) !== 1 && <Sum title={say("times", { group: call.model_group_name ?? `#${call.model_group}`, multiplier: call.price_multiplier })} amount={money(charge.multiplied)} />}
                        {charge.isLimited && !isFree && !charge.isByPolicy && <Sum title={say("atMost")} amount={money(charge.limited)} />}
                        <Sum title={say("charge")} note={charge.isByPolicy ? say("byPolicy") : call.state === "voided" ? say("notCharged") : undefined} amount={money(call.charge)} isStrong />
                        {picos(charge.moved) !== 0n && <Sum title={say("corrections")} amount={money(charge.moved)} />}
                        {picos(charge.moved) !== 0n && <Sum title={say("pays")} amount={money(call.total_cost)} isStrong />}
                    </tfoot>
                </table>
            </div>
            {call.state !== "open" && (
                <Notice tone={charge.agrees ? "good" : "bad"}>{charge.agrees ? say("agrees") : say("disagrees", { amount: money(charge.total) })}</Notice>
            )}
        </Card>
    );
}

function Sum({ title, note, amount, isStrong }: { title: string; note?: string; amount: ReactNode; isStrong?: boolean }) {
    return (
        <tr className={isStrong ? "strong" : undefined}>
            <th scope="row" colSpan={3}>{title}{note !== undefined && <div className="muted">{note}</div>}</th>
            <td className="number">{amount}</td>
        </tr>
    );
}

const classes = ["input", "cache_read", "cache_write_5m", "cache_write_1h", "output", "reasoning", "audio_input", "audio_output", "image_input"] as const;

function className(say: (key: typeof classes[number]) => string, name: string): string {
    const known = classes.find((known) => known === name);
    return known === undefined ? name : say(known);
}
