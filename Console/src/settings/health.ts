/** `/api/admin/health`: the server that answers, and the books of all. */
export interface Health {
    status: "ok" | "degraded" | "unavailable";
    version: string;
    started_at: string;
    uptime_s: number;
    database: { engine: string; is_answering: boolean; latency_us: number | null; bytes: number | null; wal_bytes: number | null };
    journal: {
        is_ready: boolean;
        is_away: boolean;
        is_halted: boolean;
        waiting_admissions: number;
        waiting_settlements: number;
        running_calls: number;
        spooled: number;
        spool_records: number;
        spool_capacity: number;
    };
    calls: { open: number; uncertain: number; quarantined: number } | null;
    audit: {
        origin: string | null;
        tree_size: number;
        signed_at: string | null;
        signed_age_s: number | null;
        caught_up_at: string | null;
        caught_up_age_s: number | null;
        halt: string | null;
    };
    replicas: { id: number; started_at: string; beat_age_s: number | null; version: string | null; is_this: boolean }[];
    retention: { bodies_s: number | null; raw_usage_s: number | null; quarters_since: string | null; ranges: { table: string; count: number; until: string | null }[] };
    statistics: { zones: string[]; folded_until: string | null };
    bodies: { waiting: number; dropped: number };
}
