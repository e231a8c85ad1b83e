import { useFormat } from "../shared/format";
import { Card, Empty, Loaded } from "../shared/Parts";
import { parameters } from "../shared/period";
import { Lines } from "../shared/plots/Lines";
import { useSession } from "../shared/session";
import { milliseconds, Statistics } from "../shared/statistics";
import { useAPI } from "../shared/useAPI";
import { names, Narrowed } from "./Narrowed";
import { Choices, question } from "./question";
import { useUsageWords } from "./words";

/** How quickly calls were answered, and how many were not. */
export function Speed({ choices, widen }: { choices: Choices; widen: () => void }) {
    const { isStaff } = useSession();
    const asked = useAPI<Statistics>(question(choices, isStaff, parameters(choices)));
    return (
        <Loaded asked={asked}>
            {(statistics) => (
                <>
                    <Narrowed choices={choices} statistics={statistics} widen={widen} />
                    <Curves statistics={statistics} />
                </>
            )}
        </Loaded>
    );
}

function Curves({ statistics }: { statistics: Statistics }) {
    const say = useUsageWords();
    const format = useFormat();
    const { totals, series } = statistics;
    if (totals.requests === 0) return <Empty title={say("noCalls")}>{say("noCallsNote")}</Empty>;
    const axis = { ...names(statistics, format), nameTitle: say("day"), height: 280 };
    return (
        <div className="columns">
            <Card title={say("latency")}>
                <Lines
                    label={say("latencyLabel")}
                    name="latency"
                    {...axis}
                    value={(value) => format.duration(value)}
                    lines={[
                        { title: say("p50"), values: series.map((piece) => milliseconds(piece.figures.p50)) },
                        { title: say("p95Line"), values: series.map((piece) => milliseconds(piece.figures.p95)) },
                        { title: say("p99"), values: series.map((piece) => milliseconds(piece.figures.p99)) },
                    ]}
                />
            </Card>
            <Card title={say("errorsTitle")} note={say("failedOf", { failed: totals.errors, all: totals.requests })}>
                <Lines
                    label={say("errorsLabel", { percent: format.percent(totals.errors / totals.requests) })}
                    name="errors"
                    {...axis}
                    value={(value) => format.percent(value)}
                    lines={[{ title: say("errorRate"), className: "series-bad", values: series.map((piece) => (piece.figures.requests > 0 ? piece.figures.errors / piece.figures.requests : null)) }]}
                />
            </Card>
        </div>
    );
}
