import type { APIError } from "../shared/api";
import { useFormat } from "../shared/format";
import { picos } from "../shared/money";
import { Button, Notice } from "../shared/Parts";
import { Link } from "../shared/router";
import type { Progress } from "./conversation";
import { usePlaygroundWords } from "./words";

/** A question and what came of it. */
export interface Turn {
    question: string;
    model: string;
    state: "running" | "whole" | "stopped" | "failed";
    progress: Progress | null;
    error: APIError | null;
    /** Null: not known yet. */
    cost: string | null;
    milliseconds: number | null;
}

export function TurnView({ turn, onAgain }: { turn: Turn; onAgain?: () => void }) {
    const say = usePlaygroundWords();
    const { progress, error } = turn;
    return (
        <article className="turn">
            <h3>{say("you")}</h3>
            <p className="said asked">{turn.question}</p>
            <h3>{turn.model}</h3>
            {progress !== null && progress.reasoning !== "" && (
                <details>
                    <summary>{say("thinking")}</summary>
                    <p className="said muted">{progress.reasoning}</p>
                </details>
            )}
            <p className={turn.state === "running" ? "said answered running" : "said answered"} data-answer>{progress?.text}</p>
            {turn.state === "stopped" && <p className="note">{say("stopped")}</p>}
            {turn.state === "whole" && progress?.text === "" && progress.reasoning === "" && <p className="note">{say("nothing")}</p>}
            {turn.state === "whole" && progress?.finish === "length" && <p className="note">{say("length")}</p>}
            {error !== null && <Notice tone="bad">{error.message || say("cut")}</Notice>}
            <Account turn={turn} onAgain={onAgain} />
        </article>
    );
}

/** What it used, took and cost. */
function Account({ turn, onAgain }: { turn: Turn; onAgain?: () => void }) {
    const say = usePlaygroundWords();
    const format = useFormat();
    const { progress } = turn;
    if (turn.state === "running") return null;
    return (
        <div className="turn-account">
            {progress?.usage && <span>{say("usage", { input: format.count(progress.usage.prompt_tokens), output: format.count(progress.usage.completion_tokens) })}</span>}
            {turn.milliseconds !== null && turn.state === "whole" && (
                <span>{progress?.first != null ? say("took", { time: format.duration(turn.milliseconds), first: format.duration(progress.first) }) : say("tookWhole", { time: format.duration(turn.milliseconds) })}</span>
            )}
            {progress?.requestID != null && (
                <>
                    <span data-cost>{turn.cost === null ? say("costUnknown") : picos(turn.cost) === BigInt(0) ? say("free") : say("cost", { cost: format.exactMoney(turn.cost) })}</span>
                    <Link to={`/requests/${progress.requestID}`}>{say("request")}</Link>
                </>
            )}
            {onAgain && <Button kind="quiet" isSmall icon="refresh" onClick={onAgain}>{say("again")}</Button>}
        </div>
    );
}
