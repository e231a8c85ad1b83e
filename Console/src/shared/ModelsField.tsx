import { useId, useState } from "react";
import { FormState } from "./Form";
import { Button } from "./Parts";
import { words } from "./words";

const useModelsWords = words({
    en: { find: "Find a model", chosen: "{n} chosen|{n} chosen", none: "No model matches.", all: "Choose all shown", clear: "Choose none", inactive: "inactive" },
    zh: { find: "查找模型", chosen: "已选 {n} 个", none: "没有匹配的模型。", all: "选择显示的全部", clear: "全部不选", inactive: "已停用" },
});

/** Models to choose from, by `key`: an id as text, or a name. */
export interface ModelOption {
    key: string;
    name: string;
    isActive?: boolean;
}

export function ModelsField<Values extends Record<string, unknown>>(props: {
    form: FormState<Values>;
    name: { [Name in keyof Values]: Values[Name] extends string[] ? Name : never }[keyof Values] & string;
    label: string;
    note?: string;
    options: ModelOption[];
}) {
    const { form, name, options } = props;
    const say = useModelsWords();
    const id = useId();
    const [text, setText] = useState("");
    const chosen = form.values[name] as unknown as string[];
    const set = (keys: string[]) => form.set(name, keys as unknown as Values[typeof name]);
    // What was chosen and is not there any more stays to be seen, and to be taken away.
    const all: ModelOption[] = [...options, ...chosen.filter((key) => !options.some((option) => option.key === key)).map((key) => ({ key, name: key }))];
    const shown = all.filter((option) => option.name.toLowerCase().includes(text.trim().toLowerCase()));
    const messages = form.error?.fields[name] ?? [];
    return (
        <fieldset className="models-field">
            <legend>{props.label}</legend>
            {props.note !== undefined && <p className="field-note">{props.note}</p>}
            <div className="row">
                <div className="choice">
                    <label htmlFor={id}>{say("find")}</label>
                    <input id={id} type="search" value={text} onChange={(event) => setText(event.target.value)} />
                </div>
                <span className="note" aria-live="polite">{say("chosen", { n: chosen.length })}</span>
            </div>
            <ul className="models-list">
                {shown.map((option) => (
                    <li key={option.key}>
                        <label>
                            <input
                                type="checkbox"
                                name={`${name}:${option.name}`}
                                checked={chosen.includes(option.key)}
                                onChange={(event) => set(event.target.checked ? [...chosen, option.key] : chosen.filter((key) => key !== option.key))}
                            />
                            <span className="mono">{option.name}</span>
                            {option.isActive === false && <span className="muted"> ({say("inactive")})</span>}
                        </label>
                    </li>
                ))}
                {shown.length === 0 && <li className="note">{say("none")}</li>}
            </ul>
            <div className="row">
                <Button isSmall onClick={() => set([...new Set([...chosen, ...shown.map((option) => option.key)])])}>{say("all")}</Button>
                <Button isSmall onClick={() => set([])}>{say("clear")}</Button>
            </div>
            {messages.length > 0 && <p className="field-error" role="alert">{messages.join(" ")}</p>}
        </fieldset>
    );
}
