import { useFormat } from "../shared/format";
import { decimal, picos } from "../shared/money";
import { Badge, Card, Facts } from "../shared/Parts";
import { CallDetail } from "./calls";
import { useCallWords } from "./callWords";

/** What the provider takes for it, and what is left: the operator's business. */
export function CostCard({ call }: { call: CallDetail }) {
    const say = useCallWords();
    const format = useFormat();
    const money = format.exactMoney.bind(format);
    const attempt = call.attempts?.[0];
    const margin = decimal(picos(call.total_cost) - picos(call.provider_cost ?? "0"));
    return (
        <Card title={say("cost")} actions={attempt?.is_broken ? <Badge tone="warning">{say("broken")}</Badge> : undefined}>
            <Facts
                rows={[
                    [say("costs"), <>{money(call.provider_cost ?? "0")}{attempt?.is_cost_known === false && <div className="muted">{say("costUnknown")}</div>}</>],
                    [say("margin"), <span className={margin.startsWith("-") ? "bad-text" : "good-text"}>{money(margin)}</span>],
                    ...(picos(call.excess ?? "0") > 0n ? [[say("excess"), <>{money(call.excess ?? "0")}<div className="muted">{say("excessNote")}</div></>] as [string, JSX.Element]] : []),
                    [say("upstream"), attempt?.upstream_model ?? "–"],
                ]}
            />
        </Card>
    );
}
