import { useEffect, useRef, useState } from "react";
import { APIError } from "../shared/api";
import { Button, Card, Empty, Notice, Screen, Skeleton } from "../shared/Parts";
import { Link, useChoices } from "../shared/router";
import { useSession } from "../shared/session";
import { useKitWords } from "../shared/kitWords";
import { Composer } from "./Composer";
import { body, call, cost, Message, PlaygroundKey } from "./conversation";
import { CallSettings } from "./CallSettings";
import { Elsewhere } from "./Elsewhere";
import { Turn, TurnView } from "./TurnView";
import { usePlaygroundWords } from "./words";

interface ModelCard {
    id: string;
    max_output_tokens: number;
}

const defaults = { model: "", temperature: "", max_tokens: "", stream: "true" };

/** Calls a model as any client would, with a key that nobody keeps. */
export default function Playground() {
    const say = usePlaygroundWords();
    const kit = useKitWords();
    const { isAdministrator } = useSession();
    const key = useRef(new PlaygroundKey()).current;
    const [models, setModels] = useState<ModelCard[] | null>(null);
    const [error, setError] = useState<APIError | null>(null);
    const load = () => {
        setError(null);
        key.ask("GET", "/v1/models")
            .then(async (response) => setModels(((await response.json()) as { data: ModelCard[] }).data))
            .catch((error) => setError(error instanceof APIError ? error : new APIError(0, String(error), "")));
    };
    useEffect(load, []);
    return (
        <Screen title={say("title")} note={say("note")}>
            {error !== null && <Notice tone="bad" title={say("keyFailed")} actions={<Button onClick={load}>{kit("retry")}</Button>}>{error.message}</Notice>}
            {models === null && error === null && <Skeleton />}
            {models?.length === 0 && (
                <Empty title={say("noModels")} action={isAdministrator ? <Link className="button primary" to="/start">{say("noModelsStaff")}</Link> : <Link className="button" to="/bills">{say("connect")}</Link>}>
                    {say("noModelsNote")}
                </Empty>
            )}
            {models !== null && models.length > 0 && <Conversation apiKey={key} models={models.map((model) => model.id)} />}
        </Screen>
    );
}

function Conversation({ apiKey, models }: { apiKey: PlaygroundKey; models: string[] }) {
    const say = usePlaygroundWords();
    const [choices, choose] = useChoices("playground", defaults);
    const [system, setSystem] = useState("");
    const [turns, setTurns] = useState<Turn[]>([]);
    const running = useRef<AbortController | null>(null);
    const [isRunning, setRunning] = useState(false);
    const end = useRef<HTMLDivElement>(null);
    const model = models.includes(choices.model) ? choices.model : models[0] ?? "";
    const settings = { model, system, temperature: choices.temperature, max_tokens: choices.max_tokens, isStreamed: choices.stream === "true" };
    useEffect(() => () => running.current?.abort(), []);
    useEffect(() => {
        if (isRunning) end.current?.scrollIntoView({ block: "nearest" });
    }, [turns]);

    const history = (turns: Turn[]): Message[] =>
        turns.flatMap((turn) => [{ role: "user" as const, content: turn.question }, ...(turn.progress?.text ? [{ role: "assistant" as const, content: turn.progress.text }] : [])]);

    const ask = async (question: string, before: Turn[]) => {
        const control = new AbortController();
        running.current = control;
        setRunning(true);
        const index = before.length;
        const change = (part: Partial<Turn>) => setTurns((turns) => turns.map((turn, place) => (place === index ? { ...turn, ...part } : turn)));
        setTurns([...before, { question, model, state: "running", progress: null, error: null, cost: null, milliseconds: null }]);
        const began = performance.now();
        let requestID: string | null = null;
        let charged: string | null = null;
        try {
            const answer = await call(apiKey, body(settings, [...history(before), { role: "user", content: question }]), control.signal, (progress) => {
                requestID = progress.requestID;
                change({ progress });
            });
            charged = answer.cost;
            change({ progress: answer, state: "whole", cost: charged });
        } catch (error) {
            if (control.signal.aborted) change({ state: "stopped" });
            else change({ state: "failed", error: error instanceof APIError ? error : new APIError(0, error instanceof SyntaxError ? say("cut") : String(error), "") });
        }
        change({ milliseconds: performance.now() - began });
        running.current = null;
        setRunning(false);
        if (charged === null && requestID !== null) change({ cost: await cost(apiKey, requestID) });
    };
    const stop = () => running.current?.abort();
    return (
        <div className="playground">
            <Card title={say("settings")} className="playground-settings">
                <CallSettings choices={{ ...choices, model }} models={models} system={system} onSystem={setSystem} onChoose={choose} />
                <Elsewhere call={body(settings, [...history(turns), ...(turns.length === 0 ? [{ role: "user" as const, content: "Hello!" }] : [])])} />
            </Card>
            <Card
                title={say("conversation")}
                actions={turns.length > 0 && <Button kind="quiet" icon="rotate" isDisabled={isRunning} onClick={() => setTurns([])}>{say("clear")}</Button>}
            >
                <div className="turns" role="log" aria-label={say("conversation")}>
                    {turns.length === 0 && <p className="note">{say("emptyTitle")}</p>}
                    {turns.map((turn, index) => (
                        <TurnView key={index} turn={turn} onAgain={!isRunning && index === turns.length - 1 && turn.state !== "running" ? () => void ask(turn.question, turns.slice(0, index)) : undefined} />
                    ))}
                    <div ref={end} />
                </div>
                <Composer isRunning={isRunning} onSend={(text) => void ask(text, turns)} onStop={stop} />
            </Card>
        </div>
    );
}
