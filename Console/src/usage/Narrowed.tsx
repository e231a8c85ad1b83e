import { Button } from "../shared/Parts";
import { useSession } from "../shared/session";
import type { Statistics } from "../shared/statistics";
import { Choices, narrowed } from "./question";
import { useUsageWords } from "./words";

/** What a view is narrowed to, and the way back to all. */
export function Narrowed({ choices, statistics, widen }: { choices: Choices; statistics: Statistics; widen: () => void }) {
    const say = useUsageWords();
    const { isStaff } = useSession();
    const one = narrowed(choices, isStaff);
    if (one === null) return null;
    const name = statistics.groups?.find((group) => String(group.id) === one.id)?.name || `#${one.id}`;
    return (
        <div className="row">
            <span className="badge info">{say("narrowedTo", { dimension: say(one.dimension), name })}</span>
            <Button isSmall icon="close" onClick={widen}>{say("widen")}</Button>
        </div>
    );
}

/** Names of a series' pieces, short for the axis and long for tips. */
export function names(statistics: Statistics, format: { tick: (text: string, step: string) => string; minute: (text: string) => string; day: (text: string) => string }) {
    const { series, step } = statistics;
    return {
        names: series.map((piece) => format.tick(piece.start, step)),
        longNames: series.map((piece) => (step === "hour" ? format.minute(piece.start) : format.day(piece.start))),
    };
}
