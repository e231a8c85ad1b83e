import { useId } from "react";
import { usePlaygroundWords } from "./words";

interface Choices {
    model: string;
    temperature: string;
    max_tokens: string;
    stream: string;
}

/** How the next call is made. */
export function CallSettings(props: {
    choices: Choices;
    models: string[];
    system: string;
    onSystem: (text: string) => void;
    onChoose: (change: Partial<Choices>) => void;
}) {
    const say = usePlaygroundWords();
    const id = useId();
    const { choices, onChoose } = props;
    const number = (name: "temperature" | "max_tokens", label: string, note: string) => (
        <div className="field">
            <label htmlFor={`${id}-${name}`}>{label}</label>
            <input id={`${id}-${name}`} name={name} inputMode="decimal" autoComplete="off" value={choices[name]} aria-describedby={`${id}-${name}-note`} onChange={(event) => onChoose({ [name]: event.target.value })} />
            <p id={`${id}-${name}-note`} className="field-note">{note}</p>
        </div>
    );
    return (
        <>
            <div className="field">
                <label htmlFor={`${id}-model`}>{say("model")}</label>
                <select id={`${id}-model`} name="model" value={choices.model} onChange={(event) => onChoose({ model: event.target.value })}>
                    {props.models.map((model) => <option key={model} value={model}>{model}</option>)}
                </select>
            </div>
            <div className="field">
                <label htmlFor={`${id}-system`}>{say("system")}</label>
                <textarea id={`${id}-system`} name="system" rows={3} value={props.system} onChange={(event) => props.onSystem(event.target.value)} />
            </div>
            {number("temperature", say("temperature"), say("temperatureNote"))}
            {number("max_tokens", say("maxTokens"), say("maxTokensNote"))}
            <div className="field check">
                <input id={`${id}-stream`} name="stream" type="checkbox" checked={choices.stream === "true"} onChange={(event) => onChoose({ stream: String(event.target.checked) })} />
                <label htmlFor={`${id}-stream`}>{say("stream")}</label>
            </div>
        </>
    );
}
