import { ReactNode, useId, useMemo, useState } from "react";
import type { APIError } from "./api";
import { Button, Refusal } from "./Parts";
import { useKitWords } from "./kitWords";

/**
 * Fields of a form, with what the server says is wrong with each.
 *
 *     const form = useForm({ name: key.name, spending_limit: key.spending_limit ?? "" });
 *     <Form form={form} error={action.error} onSubmit={…}><TextField form={form} name="name" label={say("name")} /></Form>
 */
export interface FormState<Values extends Record<string, unknown>> {
    values: Values;
    set: <Name extends keyof Values>(name: Name, value: Values[Name]) => void;
    /** What differs from the beginning. */
    changes: () => Partial<Values>;
    isChanged: boolean;
    error: APIError | null;
}

export function useForm<Values extends Record<string, unknown>>(beginning: Values, error: APIError | null = null): FormState<Values> {
    const [first] = useState(beginning);
    const [values, setValues] = useState(beginning);
    return useMemo(() => {
        const changes = () => {
            const changed: Partial<Values> = {};
            for (const name of Object.keys(values) as (keyof Values)[]) {
                if (JSON.stringify(values[name]) !== JSON.stringify(first[name])) changed[name] = values[name];
            }
            return changed;
        };
        return {
            values,
            set: (name, value) => setValues((values) => ({ ...values, [name]: value })),
            changes,
            isChanged: Object.keys(changes()).length > 0,
            error,
        };
    }, [values, first, error]);
}

export function Form(props: {
    error: APIError | null;
    /** Members that have a field here; what is wrong with others is told above the buttons. */
    fields: readonly string[];
    submit: string;
    isBusy: boolean;
    isDisabled?: boolean;
    isDangerous?: boolean;
    onSubmit: () => void;
    onCancel?: () => void;
    children: ReactNode;
}) {
    const say = useKitWords();
    const { error } = props;
    const elsewhere = error === null ? [] : Object.entries(error.fields).filter(([name]) => !props.fields.includes(name));
    return (
        <form
            noValidate
            onSubmit={(event) => {
                event.preventDefault();
                props.onSubmit();
            }}
        >
            <div className="dialog-body">
                {props.children}
                {error !== null && Object.keys(error.fields).length === 0 && <Refusal error={error} />}
                {elsewhere.map(([name, messages]) => (
                    <p key={name} className="field-error" role="alert">{name === "non_field_errors" ? "" : `${name}: `}{messages.join(" ")}</p>
                ))}
            </div>
            <div className="dialog-foot">
                {props.onCancel && <Button onClick={props.onCancel}>{say("cancel")}</Button>}
                <Button type="submit" kind={props.isDangerous ? "danger" : "primary"} isBusy={props.isBusy} isDisabled={props.isDisabled}>
                    {props.isBusy ? say("saving") : props.submit}
                </Button>
            </div>
        </form>
    );
}

/** A label, a control, a note and what is wrong, tied together for those who hear the page. */
export function Field(props: { name: string; label: string; note?: ReactNode; error: APIError | null; isRequired?: boolean; children: (control: { id: string; name: string; "aria-describedby": string | undefined; "aria-invalid": boolean | undefined }) => ReactNode }) {
    const say = useKitWords();
    const id = useId();
    const messages = props.error?.fields[props.name] ?? [];
    const described = [props.note !== undefined ? `${id}-note` : "", messages.length > 0 ? `${id}-error` : ""].filter(Boolean).join(" ");
    return (
        <div className="field">
            <label htmlFor={id}>
                {props.label}
                {props.isRequired && <span className="required"> ({say("required")})</span>}
            </label>
            {props.children({ id, name: props.name, "aria-describedby": described || undefined, "aria-invalid": messages.length > 0 || undefined })}
            {props.note !== undefined && <p id={`${id}-note`} className="field-note">{props.note}</p>}
            {messages.length > 0 && <p id={`${id}-error`} className="field-error" role="alert">{messages.join(" ")}</p>}
        </div>
    );
}

interface Common<Values extends Record<string, unknown>, Value> {
    form: FormState<Values>;
    name: { [Name in keyof Values]: Values[Name] extends Value ? Name : never }[keyof Values] & string;
    label: string;
    note?: ReactNode;
    isRequired?: boolean;
}

export function TextField<Values extends Record<string, unknown>>(
    props: Common<Values, string> & { type?: "text" | "email" | "password" | "url" | "date" | "datetime-local"; isMultiline?: boolean; isNumber?: boolean; placeholder?: string; autoComplete?: string },
) {
    const { form, name } = props;
    const value = form.values[name] as unknown as string;
    const set = (text: string) => form.set(name, text as unknown as Values[typeof name]);
    return (
        <Field name={name} label={props.label} note={props.note} error={form.error} isRequired={props.isRequired}>
            {(control) =>
                props.isMultiline ? (
                    <textarea {...control} rows={4} value={value} placeholder={props.placeholder} onChange={(event) => set(event.target.value)} />
                ) : (
                    <input
                        {...control}
                        type={props.type ?? "text"}
                        inputMode={props.isNumber ? "decimal" : undefined}
                        value={value}
                        placeholder={props.placeholder}
                        autoComplete={props.autoComplete ?? "off"}
                        spellCheck={false}
                        onChange={(event) => set(event.target.value)}
                    />
                )
            }
        </Field>
    );
}

export function SelectField<Values extends Record<string, unknown>>(props: Common<Values, string> & { options: { value: string; title: string }[] }) {
    const { form, name } = props;
    return (
        <Field name={name} label={props.label} note={props.note} error={form.error} isRequired={props.isRequired}>
            {(control) => (
                <select {...control} value={form.values[name] as unknown as string} onChange={(event) => form.set(name, event.target.value as unknown as Values[typeof name])}>
                    {props.options.map((option) => <option key={option.value} value={option.value}>{option.title}</option>)}
                </select>
            )}
        </Field>
    );
}

export function CheckField<Values extends Record<string, unknown>>(props: Common<Values, boolean>) {
    const { form, name } = props;
    const id = useId();
    const messages = form.error?.fields[name] ?? [];
    return (
        <div className="field check">
            <input id={id} name={name} type="checkbox" checked={form.values[name] as unknown as boolean} onChange={(event) => form.set(name, event.target.checked as unknown as Values[typeof name])} />
            <label htmlFor={id}>{props.label}</label>
            {props.note !== undefined && <p className="field-note">{props.note}</p>}
            {messages.length > 0 && <p className="field-error" role="alert">{messages.join(" ")}</p>}
        </div>
    );
}

/** A choice above a view, such as a filter. */
export function Choice<Value extends string>(props: { label: string; value: Value; options: { value: Value; title: string }[]; onChoose: (value: Value) => void }) {
    const id = useId();
    return (
        <div className="choice">
            <label htmlFor={id}>{props.label}</label>
            <select id={id} value={props.value} onChange={(event) => props.onChoose(event.target.value as Value)}>
                {props.options.map((option) => <option key={option.value} value={option.value}>{option.title}</option>)}
            </select>
        </div>
    );
}

/** Text to look for; told when typing pauses or Enter is pressed. */
export function SearchBox(props: { value: string; label?: string; onSearch: (text: string) => void }) {
    const say = useKitWords();
    const id = useId();
    const [text, setText] = useState(props.value);
    const [known, setKnown] = useState(props.value);
    if (known !== props.value) {
        // Chosen elsewhere: filters were cleared, or somebody went back.
        setKnown(props.value);
        setText(props.value);
    }
    const [timer, setTimer] = useState<ReturnType<typeof setTimeout>>();
    const tell = (text: string) => {
        setKnown(text);
        props.onSearch(text);
    };
    return (
        <form
            role="search"
            className="choice"
            onSubmit={(event) => {
                event.preventDefault();
                clearTimeout(timer);
                tell(text);
            }}
        >
            <label htmlFor={id}>{props.label ?? say("search")}</label>
            <input
                id={id}
                type="search"
                value={text}
                onChange={(event) => {
                    const text = event.target.value;
                    setText(text);
                    clearTimeout(timer);
                    setTimer(setTimeout(() => tell(text), 300));
                }}
            />
        </form>
    );
}
