import { path, Slice } from "../shared/api";
import { EntityChoice } from "../shared/EntityChoice";
import { Choice } from "../shared/Form";
import { useFormat } from "../shared/format";
import { Badge, Button, Empty, Loaded, Notice } from "../shared/Parts";
import { Link, useChoices } from "../shared/router";
import { Slices, Table } from "../shared/Table";
import { TimeRange, useInstants } from "../shared/TimeRange";
import { useAPI } from "../shared/useAPI";
import { useCursor } from "../shared/useCursor";
import { actText, kinds, useActWords } from "./actWords";
import { useLedgerWords } from "./words";

interface Act {
    number: number;
    act: string;
    row: number;
    fields: string[];
    actor: string;
    actor_email: string | null;
    at: string;
}

/** Where the row that an act was about can be seen. */
const rooms: Record<string, string> = { user: "/users", api_key: "/keys", quota: "/quotas", model: "/models", model_group: "/groups", provider: "/providers", alert: "/alerts" };

const noFilters = { range: "", from: "", to: "", kind: "", user: "" };

export function ActList() {
    const say = useLedgerWords();
    const sayAct = useActWords();
    const format = useFormat();
    const [filters, choose, reset] = useChoices("acts", noFilters);
    const [cursor, move] = useCursor();
    const asked = useAPI<Slice<Act> & { scanned_through: string | null }>(
        path("/api/admin/audit-log/", { ...useInstants(filters), kind: filters.kind, user: filters.user, cursor }),
    );
    const filter = (change: Partial<typeof noFilters>) => {
        move("");
        choose(change);
    };
    const subject = (act: Act) => {
        const room = rooms[act.act.split(" ")[0] ?? ""];
        if (act.row === 0) return "–";
        return room === undefined ? `#${act.row}` : <Link to={`${room}/${act.row}`}>#{act.row}</Link>;
    };
    const actor = (act: Act) => {
        const id = /^user ([0-9]+)$/.exec(act.actor)?.[1];
        if (id === undefined) return <code>{act.actor || "–"}</code>;
        return <Link to={`/users/${id}`}><bdi>{act.actor_email ?? say("user", { id })}</bdi></Link>;
    };
    const first = asked.value?.results[0];
    const isFiltered = Object.values(filters).some((value) => value !== "");
    return (
        <>
            <div className="filters">
                <TimeRange chosen={filters} onChoose={filter} />
                <Choice label={say("kind")} value={filters.kind} options={[{ value: "", title: say("any") }, ...kinds.map((kind) => ({ value: kind as string, title: sayAct(kind) }))]} onChoose={(kind) => filter({ kind })} />
                <EntityChoice label={say("actor")} from="/api/admin/users/" value={filters.user} known={first?.actor_email} onChoose={(user) => filter({ user })} />
                {isFiltered && <Button kind="quiet" icon="close" onClick={() => { move(""); reset(); }}>{say("any")}</Button>}
            </div>
            <Loaded asked={asked}>
                {(slice) => (
                    <>
                        <Table
                            label={say("acts")}
                            rows={slice.results}
                            id={(act) => act.number}
                            empty={<Empty title={say("none")} />}
                            columns={[
                                { name: "at", title: say("when"), show: (act) => <time dateTime={act.at} title={format.relative(act.at)} className="call-time">{format.instant(act.at)}</time> },
                                { name: "act", title: say("what"), show: (act) => actText(sayAct, act.act) },
                                { name: "row", title: say("subject"), show: subject },
                                { name: "actor", title: say("who"), show: actor },
                                { name: "fields", title: say("fields"), isMinor: true, show: (act) => <span className="row">{act.fields.map((field) => <Badge key={field}>{field}</Badge>)}</span> },
                                { name: "number", title: say("number"), isNumber: true, isMinor: true, show: (act) => format.count(act.number) },
                            ]}
                        />
                        {slice.scanned_through !== null && <Notice tone="info">{say("scanned", { at: format.instant(slice.scanned_through) })}</Notice>}
                        <Slices next={slice.next} previous={slice.previous} onCursor={move} />
                    </>
                )}
            </Loaded>
        </>
    );
}
