import { useFormat } from "../shared/format";
import { Card, Facts } from "../shared/Parts";
import { Waterfall } from "../shared/plots/Waterfall";
import { CallDetail } from "./calls";
import { useCallWords } from "./callWords";

export function TimingCard({ call }: { call: CallDetail }) {
    const say = useCallWords();
    const format = useFormat();
    const { duration_ms: total, first_byte_ms: first } = call;
    if (total === null) return <Card title={say("timing")}><p className="note">{call.state === "open" ? say("running") : say("notMeasured")}</p></Card>;
    const waited = first ?? total;
    const answering = total - waited;
    const rate = answering > 0 && call.output_tokens > 0 ? call.output_tokens / (answering / 1_000) : null;
    return (
        <Card title={say("timing")}>
            <Waterfall
                label={say("timingLabel", { first: format.duration(first), total: format.duration(total) })}
                spans={[
                    { title: say("waiting"), start: 0, end: waited, text: format.duration(first === null ? null : waited), className: "series-0" },
                    ...(first !== null ? [{ title: say("answering"), start: waited, end: total, text: format.duration(answering), className: "series-2" }] : []),
                    { title: say("total"), start: 0, end: total, text: format.duration(total), className: "series-others" },
                ]}
            />
            {call.is_streamed && rate !== null && <Facts rows={[[say("speed"), say("perSecond", { rate: format.short(rate) })]]} />}
        </Card>
    );
}
