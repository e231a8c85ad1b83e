import { useMemo } from "react";
import { Choice, SearchBox } from "../shared/Form";
import { useKitWords } from "../shared/kitWords";
import { Button, Card, Empty, Loaded, Notice, Screen } from "../shared/Parts";
import { Link, useChoices } from "../shared/router";
import { Role, useSession } from "../shared/session";
import { useAPI } from "../shared/useAPI";
import { entries, Entry, OpenAPI } from "./openapi";
import { OperationRow } from "./OperationRow";
import { useReferenceWords } from "./words";

const defaults = { search: "", role: "", area: "", operation: "" };
const roles: Role[] = ["user", "auditor", "admin", "super_admin"];

/** The administration for programs, read from the document that it describes itself with. */
export default function Reference() {
    const say = useReferenceWords();
    const kit = useKitWords();
    const session = useSession();
    const asked = useAPI<OpenAPI>("/openapi.json");
    const [choices, choose, reset] = useChoices("reference", defaults);
    const all = useMemo(() => (asked.value === null ? [] : entries(asked.value)), [asked.value]);
    const tags = useMemo(() => [...new Set(all.map((entry) => entry.tag))], [all]);
    const shown = all.filter((entry) => matches(entry, choices));
    return (
        <Screen
            title={say("title")}
            note={asked.value === null ? undefined : say("note", { version: asked.value.info.version })}
            actions={<a className="button plain" href="/openapi.json" target="_blank" rel="noreferrer">{say("raw")}</a>}
        >
            <Notice tone="info" actions={<Link to="/connect">{say("connect")}</Link>}>{say("models")} {say("token")}</Notice>
            <div className="filters">
                <SearchBox value={choices.search} onSearch={(search) => choose({ search, operation: "" })} />
                <Choice label={say("area")} value={choices.area} options={[{ value: "", title: say("allAreas") }, ...tags.map((tag) => ({ value: tag, title: tag }))]} onChoose={(area) => choose({ area, operation: "" })} />
                <Choice label={say("role")} value={choices.role} options={[{ value: "", title: say("anyRole") }, ...roles.map((role) => ({ value: role as string, title: say(role) }))]} onChoose={(role) => choose({ role, operation: "" })} />
                {(choices.search !== "" || choices.role !== "" || choices.area !== "") && <Button onClick={reset}>{kit("clearFilters")}</Button>}
            </div>
            <Loaded asked={asked} isEmpty={() => shown.length === 0} empty={<Empty title={say("none")} />}>
                {() =>
                    tags.filter((tag) => shown.some((entry) => entry.tag === tag)).map((tag) => (
                        <Card key={tag} title={tag} className="operations">
                            <ul>
                                {shown.filter((entry) => entry.tag === tag).map((entry) => (
                                    <OperationRow
                                        key={entry.id}
                                        entry={entry}
                                        isOpen={choices.operation === entry.id}
                                        isAllowed={entry.role === null || session.covers(entry.role as Role)}
                                        onToggle={() => choose({ operation: choices.operation === entry.id ? "" : entry.id })}
                                    />
                                ))}
                            </ul>
                        </Card>
                    ))
                }
            </Loaded>
        </Screen>
    );
}

/** What is linked to is shown whatever else is chosen. */
function matches(entry: Entry, choices: typeof defaults): boolean {
    if (choices.operation === entry.id) return true;
    if (choices.area !== "" && entry.tag !== choices.area) return false;
    if (choices.role !== "" && entry.role !== null && roles.indexOf(entry.role as Role) > roles.indexOf(choices.role as Role)) return false;
    const text = `${entry.method} ${entry.path} ${entry.operation.summary} ${entry.id}`.toLowerCase();
    return choices.search.trim().toLowerCase().split(/\s+/).every((word) => text.includes(word));
}
