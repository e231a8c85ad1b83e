import { useEffect, useId, useRef } from "react";
import { Badge, CopyButton, Snippet } from "../shared/Parts";
import { path } from "../shared/api";
import { Icon } from "../shared/Icon";
import type { Role } from "../shared/session";
import { Table } from "../shared/Table";
import { Entry, example, jsonSchema, kind, Member, members, Schema } from "./openapi";
import { useReferenceWords } from "./words";

/** One operation; opened, all that there is to know of it. */
export function OperationRow({ entry, isOpen, isAllowed, onToggle }: { entry: Entry; isOpen: boolean; isAllowed: boolean; onToggle: () => void }) {
    const say = useReferenceWords();
    const id = useId();
    const ref = useRef<HTMLLIElement>(null);
    useEffect(() => {
        if (isOpen) ref.current?.scrollIntoView({ block: "nearest" });
    }, [isOpen]);
    return (
        <li ref={ref} className="operation" data-operation={entry.id}>
            <button type="button" className="operation-head" aria-expanded={isOpen} aria-controls={isOpen ? id : undefined} onClick={onToggle}>
                <span className={`method ${entry.method.toLowerCase()}`}>{entry.method}</span>
                <code>{entry.path}</code>
                <span className="operation-summary">{entry.operation.summary}</span>
                <Badge tone={isAllowed ? "neutral" : "warning"}>{entry.role === null ? say("anybody") : say(entry.role as Role)}</Badge>
                <Icon name={isOpen ? "up" : "down"} />
            </button>
            {isOpen && <div id={id} className="operation-body"><OperationView entry={entry} /></div>}
        </li>
    );
}

function OperationView({ entry }: { entry: Entry }) {
    const say = useReferenceWords();
    const { operation } = entry;
    const places = { path: say("path"), query: say("query"), header: say("header") };
    const body = jsonSchema(operation.requestBody?.content);
    const success = Object.entries(operation.responses).find(([status]) => status.startsWith("2"));
    const answer = jsonSchema(success?.[1].content);
    return (
        <>
            <div className="row">
                <CopyButton isSmall label={say("link")} text={location.origin + path("/reference", { operation: entry.id })} />
                {entry.role !== null && <span className="note">{say("leastRole", { role: say(entry.role as Role) })}</span>}
            </div>
            {(operation.parameters?.length ?? 0) > 0 && (
                <section className="stack">
                    <h3>{say("parameters")}</h3>
                    <Table
                        label={say("parameters")}
                        rows={operation.parameters ?? []}
                        id={(parameter) => `${parameter.in}:${parameter.name}`}
                        columns={[
                            { name: "name", title: say("name"), show: (parameter) => <><code>{parameter.name}</code>{parameter.required && <span className="muted"> {say("required")}</span>}</> },
                            { name: "in", title: say("place"), show: (parameter) => places[parameter.in] },
                            { name: "kind", title: say("kind"), show: (parameter) => <code className="kind">{kind(parameter.schema).text}</code> },
                            { name: "description", title: say("description"), show: (parameter) => parameter.description ?? "" },
                        ]}
                    />
                </section>
            )}
            {body !== undefined && <Members title={say("body")} schema={body} />}
            <section className="stack">
                <h3>{say("example")}</h3>
                <Snippet label={`${say("example")}: ${entry.method} ${entry.path}`} code={example(entry, location.origin)} />
            </section>
            {answer !== undefined ? <Members title={`${say("answer")} ${success?.[0] ?? ""}`} schema={answer} isAnswer /> : <p className="note">{say("answer")} {success?.[0]}: {success?.[1].content === undefined ? say("nothing") : Object.keys(success[1].content).join(", ")}</p>}
            <section className="stack">
                <h3>{say("statuses")}</h3>
                <ul className="statuses">
                    {Object.entries(operation.responses).map(([status, response]) => <li key={status}><code>{status}</code> {response.description}</li>)}
                </ul>
            </section>
        </>
    );
}

/** What an answer has is long, and there whether it is asked for or not. */
function Members({ title, schema, isAnswer = false }: { title: string; schema: Schema; isAnswer?: boolean }) {
    const say = useReferenceWords();
    const rows = members(schema);
    if (rows.length === 0) return null;
    const table = (
        <Table<Member & { number: number }>
            label={title}
            rows={rows.map((row, number) => ({ ...row, number }))}
            id={(member) => member.number}
            columns={[
                { name: "name", title: say("name"), show: (member) => <><code>{"  ".repeat(member.depth)}{member.depth > 0 ? "└ " : ""}{member.name}</code>{member.isRequired && !isAnswer && <span className="muted"> {say("required")}</span>}</> },
                { name: "kind", title: say("kind"), show: (member) => <><code className="kind">{member.kind}</code>{member.isNullable && <span className="muted"> {say("orNull")}</span>}</> },
                { name: "description", title: say("description"), show: (member) => member.note },
            ]}
        />
    );
    return isAnswer ? <details><summary>{title}</summary>{table}</details> : <section className="stack"><h3>{title}</h3>{table}</section>;
}
