import { KeyboardEvent, useEffect, useId, useRef, useState } from "react";
import { get, Page, path } from "./api";
import { Icon } from "./Icon";
import { useKitWords } from "./kitWords";

/** One of what a list of the API has. */
export interface Entity {
    id: number;
    name?: string;
    email?: string;
    user_email?: string;
}

/**
 * A filter for one of many: what is typed is looked for by the server, which is asked for nothing before.
 * Arrows choose, Enter takes, Escape leaves it as it was (WAI-ARIA's combobox).
 */
export function EntityChoice(props: {
    label: string;
    /** Where they are listed, such as `/api/admin/users/`; it takes `search`. */
    from: string;
    /** An id; empty for all. */
    value: string;
    /** What the chosen one is called, where a row of the view tells it. */
    known?: string | null;
    title?: (entity: Entity) => string;
    onChoose: (id: string) => void;
}) {
    const say = useKitWords();
    const id = useId();
    const title = props.title ?? ((entity: Entity) => entity.email ?? entity.name ?? `#${entity.id}`);
    const [text, setText] = useState<string | null>(null);
    const [found, setFound] = useState<Entity[] | null>(null);
    const [place, setPlace] = useState(0);
    const [name, setName] = useState<{ id: string; name: string } | null>(null);
    const isOpen = text !== null;
    const timer = useRef<ReturnType<typeof setTimeout>>();
    useEffect(() => {
        if (text === null) return;
        const control = new AbortController();
        timer.current = setTimeout(() => {
            get<Page<Entity>>(path(props.from, { search: text, page_size: 20 }), control.signal).then(
                ({ value }) => {
                    setFound(value.results);
                    setPlace(0);
                },
                () => undefined,
            );
        }, text === "" ? 0 : 200);
        return () => {
            clearTimeout(timer.current);
            control.abort();
        };
    }, [text, props.from]);
    const shown = props.value === "" ? "" : props.known ?? (name?.id === props.value ? name.name : `#${props.value}`);
    const take = (entity: Entity | undefined) => {
        if (entity === undefined) return;
        setName({ id: String(entity.id), name: title(entity) });
        setText(null);
        props.onChoose(String(entity.id));
    };
    const press = (event: KeyboardEvent) => {
        const count = found?.length ?? 0;
        if (event.key === "ArrowDown" || event.key === "ArrowUp") {
            event.preventDefault();
            if (!isOpen) setText("");
            else if (count > 0) setPlace((place + (event.key === "ArrowDown" ? 1 : count - 1)) % count);
        } else if (event.key === "Enter" && isOpen) {
            event.preventDefault();
            take(found?.[place]);
        } else if (event.key === "Escape" && isOpen) {
            event.stopPropagation();
            setText(null);
        }
    };
    return (
        <div className="choice entity">
            <label htmlFor={id}>{props.label}</label>
            <div className="entity-box">
                <input
                    id={id}
                    role="combobox"
                    aria-expanded={isOpen}
                    aria-controls={isOpen ? `${id}-list` : undefined}
                    aria-autocomplete="list"
                    aria-activedescendant={isOpen && found?.[place] ? `${id}-${place}` : undefined}
                    autoComplete="off"
                    spellCheck={false}
                    placeholder={say("anyone")}
                    value={text ?? shown}
                    onFocus={(event) => event.target.select()}
                    onClick={() => setText((text) => text ?? "")}
                    onChange={(event) => setText(event.target.value)}
                    onKeyDown={press}
                    onBlur={() => setText(null)}
                />
                {props.value !== "" && !isOpen && (
                    <button type="button" className="entity-clear" aria-label={`${say("clear")}: ${props.label}`} onClick={() => props.onChoose("")}>
                        <Icon name="close" />
                    </button>
                )}
            </div>
            {isOpen && (
                <ul id={`${id}-list`} role="listbox" aria-label={props.label} className="entity-list">
                    {(found ?? []).map((entity, index) => (
                        <li
                            key={entity.id}
                            id={`${id}-${index}`}
                            role="option"
                            aria-selected={index === place}
                            // The pointer goes down before the box loses focus.
                            onMouseDown={(event) => {
                                event.preventDefault();
                                take(entity);
                            }}
                        >
                            {title(entity)}
                        </li>
                    ))}
                    {(found === null || found.length === 0) && (
                        <li role="option" aria-selected={false} aria-disabled="true" className="muted">{found === null ? say("searching") : say("noMatch")}</li>
                    )}
                </ul>
            )}
        </div>
    );
}
