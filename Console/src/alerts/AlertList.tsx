import { path, Slice } from "../shared/api";
import { EntityChoice } from "../shared/EntityChoice";
import { Choice } from "../shared/Form";
import { useFormat } from "../shared/format";
import { Badge, Button, Empty, Loaded } from "../shared/Parts";
import { Link, useChoices } from "../shared/router";
import { useSession } from "../shared/session";
import { Column, Slices, Table } from "../shared/Table";
import { TimeRange, useInstants } from "../shared/TimeRange";
import { useAPI } from "../shared/useAPI";
import { useCursor } from "../shared/useCursor";
import { Alert, kinds, severities, subjectOf } from "./answers";
import { SeverityBadge } from "./SeverityBadge";
import { useAlertsWords } from "./words";

const noFilters = { range: "", from: "", to: "", kind: "", least_severity: "", user: "", is_acknowledged: "" };

/** Newest first; one's own for users. */
export function AlertList() {
    const say = useAlertsWords();
    const format = useFormat();
    const session = useSession();
    const [filters, choose, reset] = useChoices("alerts", noFilters);
    const [cursor, move] = useCursor();
    const { range: _, from: _from, to: _to, ...rest } = filters;
    const asked = useAPI<Slice<Alert>>(
        path(session.isStaff ? "/api/admin/alerts/" : "/api/me/alerts/", { ...(session.isStaff ? rest : { kind: filters.kind }), ...useInstants(filters), cursor }),
    );
    const filter = (change: Partial<typeof noFilters>) => {
        move("");
        choose(change);
    };
    const isFiltered = Object.values(filters).some((value) => value !== "");
    const columns: Column<Alert>[] = [
        { name: "raised", title: say("raised"), show: (alert) => <time dateTime={alert.raised_at} title={format.relative(alert.raised_at)} className="call-time">{format.instant(alert.raised_at)}</time> },
        { name: "severity", title: say("severity"), show: (alert) => <SeverityBadge severity={alert.severity} /> },
        { name: "what", title: say("what"), show: (alert) => <><bdi>{alert.title}</bdi><div className="muted"><bdi>{alert.text}</bdi></div></> },
        ...(session.isStaff
            ? [
                { name: "standing", title: say("standing"), show: (alert: Alert) => (alert.acknowledged_at === null ? <Badge>{say("open")}</Badge> : <Badge tone="good">{say("done")}</Badge>) },
                { name: "about", title: say("about"), isMinor: true, show: (alert: Alert) => <Subject alert={alert} /> },
            ]
            : []),
    ];
    return (
        <>
            <div className="filters">
                <TimeRange chosen={filters} onChoose={filter} />
                <Choice label={say("kind")} value={filters.kind} options={[{ value: "", title: say("any") }, ...kinds.map((kind) => ({ value: kind as string, title: say(kind) }))]} onChoose={(kind) => filter({ kind })} />
                {session.isStaff && (
                    <>
                        <Choice label={say("least")} value={filters.least_severity} options={[{ value: "", title: say("any") }, ...severities.map((severity) => ({ value: severity as string, title: say(severity) }))]} onChoose={(least_severity) => filter({ least_severity })} />
                        <Choice label={say("standing")} value={filters.is_acknowledged} options={[{ value: "", title: say("any") }, { value: "false", title: say("open") }, { value: "true", title: say("done") }]} onChoose={(is_acknowledged) => filter({ is_acknowledged })} />
                        <EntityChoice label={say("user")} from="/api/admin/users/" value={filters.user} known={asked.value?.results[0]?.user_email} onChoose={(user) => filter({ user })} />
                    </>
                )}
                {isFiltered && <Button kind="quiet" icon="close" onClick={() => { move(""); reset(); }}>{say("clear")}</Button>}
            </div>
            <Loaded asked={asked}>
                {(slice) => (
                    <>
                        <Table
                            label={say("history")}
                            rows={slice.results}
                            id={(alert) => alert.id}
                            to={session.isStaff ? (alert) => `/alerts/${alert.id}` : undefined}
                            columns={columns}
                            isDim={(alert) => alert.acknowledged_at !== null}
                            empty={<Empty title={isFiltered ? say("none") : say("noneYet")} />}
                        />
                        <Slices next={slice.next} previous={slice.previous} onCursor={move} />
                    </>
                )}
            </Loaded>
        </>
    );
}

function Subject({ alert }: { alert: Alert }) {
    const say = useAlertsWords();
    const to = subjectOf(alert);
    return to === null ? <>–</> : <Link to={to} label={`${say("about")}: ${alert.title}`}><bdi>{alert.name || say(alert.kind)}</bdi></Link>;
}
