import { useFormat } from "../shared/format";
import { decimal, picos } from "../shared/money";
import { Card, Facts } from "../shared/Parts";
import { Link } from "../shared/router";
import { CallDetail } from "./calls";
import { useCallWords } from "./callWords";
import type { Charge } from "./charge";

/** What was held before the provider was asked, of whom, and what became of it. */
export function HoldCard({ call, charge }: { call: CallDetail; charge: Charge }) {
    const say = useCallWords();
    const format = useFormat();
    const money = format.exactMoney.bind(format);
    const isHeld = call.state === "open" || call.state === "uncertain";
    return (
        <Card title={say("hold")} note={say("holdNote")}>
            <Facts
                rows={[
                    [say("held"), money(call.hold)],
                    isHeld ? [say("stillHeld"), money(call.hold)] : [say("kept"), money(charge.charge)],
                    ...(isHeld ? [] : [[say("returned"), money(decimal(picos(call.hold) - picos(call.charge)))] as [string, string]]),
                    [say("estimate"), say("tokensAt", { n: call.estimated_input_tokens, amount: money(call.estimated_input_price) })],
                    [say("outputLimit"), say("nTokens", { n: call.output_limit })],
                ]}
            />
            <ul className="stack parts">
                {call.parts.map((part) => (
                    <li key={`${part.lane} ${part.id}`} className="row spread">
                        <span>{part.lane === "grant" ? say("period", { id: part.id }) : <Link to={`/keys/${part.id}`}>{say("keyLimit", { id: part.id })}</Link>}</span>
                        <span className="number">{money(part.amount)}</span>
                    </li>
                ))}
            </ul>
        </Card>
    );
}
