import { ReactNode, useEffect } from "react";
import { useFormat } from "../shared/format";
import { Badge, Button, Card, Facts, Loaded, Notice, Tile } from "../shared/Parts";
import { Table } from "../shared/Table";
import { useAPI } from "../shared/useAPI";
import { Health } from "./health";
import { useHealthWords } from "./words";

const everyMilliseconds = 10_000;

/** How the server that answers is, and the books that all of them share; asked again while somebody looks. */
export function HealthSection() {
    const say = useHealthWords();
    const asked = useAPI<Health>("/api/admin/health/");
    useEffect(() => {
        const timer = setInterval(() => {
            if (document.visibilityState === "visible") asked.reload();
        }, everyMilliseconds);
        return () => clearInterval(timer);
    }, [asked.reload]);
    return (
        <Loaded asked={asked}>
            {(health) => (
                <>
                    <Notice tone={health.status === "ok" ? "good" : health.status === "degraded" ? "warning" : "bad"} title={say(health.status)} actions={<Button icon="refresh" onClick={asked.reload}>{say("refresh")}</Button>}>
                        {say(`${health.status}Note`)}
                    </Notice>
                    <Tiles of={health} />
                    <div className="columns">
                        <ServerFacts of={health} />
                        <Retention of={health} />
                    </div>
                    <Replicas of={health} />
                </>
            )}
        </Loaded>
    );
}

function Tiles({ of: { database, journal, calls, audit, bodies } }: { of: Health }) {
    const say = useHealthWords();
    const format = useFormat();
    const latency = database.latency_us;
    const number = (value: number | undefined) => (value === undefined ? "–" : format.count(value));
    return (
        <div className="tiles">
            <Tile title={say("database")} value={latency === null ? say("silent") : `${format.count(latency / 1_000)} ms`} change={database.engine} />
            <Tile title={say("queue")} value={format.count(journal.waiting_admissions + journal.waiting_settlements)} change={say("queueNote", { a: journal.waiting_admissions, s: journal.waiting_settlements })} />
            <Tile title={say("running")} value={format.count(journal.running_calls)} />
            <Tile title={say("spool")} value={format.count(journal.spooled)} change={say("spoolNote", { capacity: journal.spool_capacity })} />
            <Tile title={say("uncertain")} value={number(calls?.uncertain)} />
            <Tile title={say("quarantine")} value={number(calls?.quarantined)} />
            <Tile title={say("audit")} value={audit.signed_at === null ? say("never") : format.relative(audit.signed_at)} exact={audit.signed_at === null ? undefined : format.instant(audit.signed_at)} change={audit.halt ?? undefined} />
            <Tile title={say("bodies")} value={format.count(bodies.waiting)} change={say("bodiesNote", { n: bodies.dropped })} />
        </div>
    );
}

function ServerFacts({ of: health }: { of: Health }) {
    const say = useHealthWords();
    const format = useFormat();
    const { journal, database, audit, calls } = health;
    const rows: ([string, ReactNode] | false)[] = [
        [say("version"), health.version],
        [say("up"), format.instant(health.started_at)],
        [say("journal"), journal.is_halted ? say("halted") : journal.is_away ? say("away") : journal.is_ready ? say("ready") : say("halted")],
        [say("engine"), database.engine],
        database.bytes !== null && [say("size"), format.bytes(database.bytes)],
        database.wal_bytes !== null && [say("wal"), format.bytes(database.wal_bytes)],
        calls !== null && [say("open"), format.count(calls.open)],
        [say("tree"), format.count(audit.tree_size)],
        audit.origin !== null && [say("origin"), audit.origin],
        audit.caught_up_at !== null && [say("caught"), format.relative(audit.caught_up_at)],
        audit.halt !== null && [say("halt"), audit.halt],
    ];
    return <Card title={say("server")}><Facts rows={rows.filter((row): row is [string, ReactNode] => row !== false)} /></Card>;
}

function Retention({ of: { retention, statistics } }: { of: Health }) {
    const say = useHealthWords();
    const format = useFormat();
    const length = (seconds: number | null) => {
        if (seconds === null) return say("forever");
        const [value, unit] = seconds >= 86_400 ? [seconds / 86_400, "day"] : [seconds / 3_600, "hour"];
        return new Intl.NumberFormat(format.language, { style: "unit", unit, unitDisplay: "long", maximumFractionDigits: 1 }).format(value as number);
    };
    const rows: ([string, ReactNode] | false)[] = [
        [say("bills"), say("forever")],
        [say("keptBodies"), length(retention.bodies_s)],
        [say("keptUsage"), length(retention.raw_usage_s)],
        // Before anything was thinned out it is the beginning of time.
        retention.quarters_since !== null && Date.parse(retention.quarters_since) > 0 && [say("quarters"), format.minute(retention.quarters_since)],
        [say("zones"), statistics.zones.length === 0 ? say("none") : statistics.zones.join(", ")],
        statistics.folded_until !== null && [say("folded"), format.minute(statistics.folded_until)],
    ];
    return (
        <Card title={say("retention")}>
            <Facts rows={rows.filter((row): row is [string, ReactNode] => row !== false)} />
            {retention.ranges.length > 0 && (
                <Table
                    label={say("ranges")}
                    rows={retention.ranges}
                    id={(range) => range.table}
                    columns={[
                        { name: "table", title: say("table"), show: (range) => <code>{range.table}</code> },
                        { name: "count", title: say("rangeCount"), isNumber: true, show: (range) => format.count(range.count) },
                        { name: "until", title: say("until"), show: (range) => (range.until === null ? "–" : format.day(range.until)) },
                    ]}
                />
            )}
        </Card>
    );
}

function Replicas({ of: { replicas } }: { of: Health }) {
    const say = useHealthWords();
    const format = useFormat();
    const seconds = (age: number) => format.relative(new Date(Date.now() - age * 1_000).toISOString());
    return (
        <Card title={say("replicas")}>
            <Table
                label={say("replicas")}
                rows={replicas}
                id={(replica) => replica.id}
                columns={[
                    { name: "id", title: say("replica"), show: (replica) => <span className="row">{replica.id}{replica.is_this && <Badge tone="info">{say("this")}</Badge>}</span> },
                    { name: "started", title: say("started"), show: (replica) => format.instant(replica.started_at) },
                    { name: "beat", title: say("beat"), show: (replica) => (replica.beat_age_s === null ? say("noBeat") : seconds(replica.beat_age_s)) },
                    { name: "version", title: say("version"), isMinor: true, show: (replica) => replica.version ?? "–" },
                ]}
            />
        </Card>
    );
}
