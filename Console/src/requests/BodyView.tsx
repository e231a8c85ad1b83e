import { useFormat } from "../shared/format";
import { Snippet } from "../shared/Parts";
import { useBodyWords } from "./bodyWords";

interface Part {
    text: string;
    is_exact: boolean;
    bytes: number;
    is_truncated: boolean;
}

interface Choice {
    index: number;
    role: string | null;
    content: string;
    reasoning: string;
    refusal: string;
    tool_calls: { index: number; id: string | null; name: string; arguments: string }[];
    finish_reason: string | null;
}

export interface KeptBody {
    capture: string;
    kept_until: string;
    is_streamed: boolean;
    request: Part;
    response: Part;
    assembled: { choices: Choice[]; error: string | null; unreadable: number } | null;
}

/** What was said, as text and nothing else. */
export function BodyView({ body }: { body: KeptBody }) {
    const say = useBodyWords();
    const { assembled } = body;
    return (
        <div className="stack">
            <PartView title={say("request")} part={body.request} />
            {assembled !== null && assembled.choices.length > 0 && (
                <div className="stack">
                    <h3>{say("assembled")}</h3>
                    {assembled.choices.map((choice) => <ChoiceView key={choice.index} choice={choice} />)}
                    {assembled.unreadable > 0 && <p className="note">{say("unreadable", { n: assembled.unreadable })}</p>}
                </div>
            )}
            <PartView title={say("response")} part={body.response} />
        </div>
    );
}

function ChoiceView({ choice }: { choice: Choice }) {
    const say = useBodyWords();
    return (
        <div className="said">
            {choice.reasoning !== "" && <p className="muted"><strong>{say("reasoning")}</strong> <bdi>{choice.reasoning}</bdi></p>}
            {choice.content !== "" && <p><bdi>{choice.content}</bdi></p>}
            {choice.refusal !== "" && <p><strong>{say("refusal")}</strong> <bdi>{choice.refusal}</bdi></p>}
            {choice.tool_calls.map((call) => <Snippet key={call.index} label={say("tools")} code={`${call.name}(${call.arguments})`} />)}
            {choice.finish_reason !== null && <p className="note">{say("finish", { reason: choice.finish_reason })}</p>}
        </div>
    );
}

/** JSON is laid out to be read; what is none is shown as it came. */
function laidOut(text: string): string {
    try {
        return JSON.stringify(JSON.parse(text), null, 2);
    } catch {
        return text;
    }
}

function PartView({ title, part }: { title: string; part: Part }) {
    const say = useBodyWords();
    const format = useFormat();
    const notes = [say("bytes", { size: format.bytes(part.bytes) }), ...(part.is_truncated ? [say("truncated")] : []), ...(part.is_exact ? [] : [say("inexact")])];
    return (
        <div className="stack">
            <h3>{title} <span className="note">{notes.join("; ")}</span></h3>
            <Snippet label={title} code={laidOut(part.text)} />
        </div>
    );
}
