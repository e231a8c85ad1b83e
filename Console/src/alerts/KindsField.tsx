import { useId } from "react";
import { FormState } from "../shared/Form";
import { Kind, kinds } from "./answers";
import type { ChannelValues } from "./channelForm";
import { useChannelWords } from "./channelWords";
import { useAlertsWords } from "./words";

/** All kinds, those too that come later, or some. */
export function KindsField({ form }: { form: FormState<ChannelValues> }) {
    const say = useChannelWords();
    const sayAlert = useAlertsWords();
    const id = useId();
    const chosen = form.values.kinds;
    const box = (name: string, title: string, isChecked: boolean, onChange: (isChecked: boolean) => void) => (
        <div key={name} className="field check">
            <input id={`${id}-${name}`} name={`kinds_${name}`} type="checkbox" checked={isChecked} onChange={(event) => onChange(event.target.checked)} />
            <label htmlFor={`${id}-${name}`}>{title}</label>
        </div>
    );
    const choose = (kind: Kind, isChecked: boolean) => form.set("kinds", isChecked ? [...(chosen ?? []), kind] : (chosen ?? []).filter((other) => other !== kind));
    const problems = form.error?.fields.kinds ?? [];
    return (
        <fieldset>
            <legend>{say("kinds")}</legend>
            {box("all", say("allKinds"), chosen === null, (isAll) => form.set("kinds", isAll ? null : [...kinds]))}
            {chosen !== null && <div className="fields">{kinds.map((kind) => box(kind, sayAlert(kind), chosen.includes(kind), (isChecked) => choose(kind, isChecked)))}</div>}
            {problems.length > 0 && <p className="field-error" role="alert">{problems.join(" ")}</p>}
        </fieldset>
    );
}
