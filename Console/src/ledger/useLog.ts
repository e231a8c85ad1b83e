import { useCallback, useEffect, useState } from "react";
import { APIError, get, path } from "../shared/api";
import { hex } from "../shared/audit/bytes";
import { Grown, Growth, verifyGrowth } from "../shared/audit/growth";
import { keepLog, keptLog, KeptLog } from "../shared/audit/kept";
import { canVerify } from "../shared/audit/outcome";
import type { Asked } from "../shared/useAPI";

export interface SeenLog {
    told: Growth;
    /** Nil where the browser cannot verify. */
    grown: Grown | null;
    /** What was kept before this look; null at the first. */
    kept: KeptLog | null;
}

const base = "/api/admin/audit/consistency/";

/** Asks how the log grew since this browser saw it last, checks that, and keeps what it sees if all is well. */
async function look(): Promise<SeenLog> {
    const kept = keptLog();
    const told = await get<Growth>(path(base, { from: kept?.size, origin: kept?.origin })).then(
        ({ value }) => value,
        async (error) => {
            // The log that was seen is not there at all: what is there instead is shown, and fails.
            if (error instanceof APIError && error.status === 404 && kept !== null) return { ...(await get<Growth>(base)).value, path: null };
            throw error;
        },
    );
    if (!canVerify() || told.checkpoint === null) return { told, grown: null, kept };
    const grown = await verifyGrowth(told, kept);
    if (grown.isSound && grown.checkpoint !== null) {
        keepLog({ origin: grown.checkpoint.origin, verifierKey: told.verifier_key ?? "", size: String(grown.checkpoint.size), root: hex(grown.checkpoint.root), seenAt: new Date().toISOString() });
    }
    return { told, grown, kept };
}

export function useLog(): Asked<SeenLog> {
    const [state, setState] = useState<{ value: SeenLog | null; error: APIError | null; isLoading: boolean }>({ value: null, error: null, isLoading: true });
    const [round, setRound] = useState(0);
    useEffect(() => {
        let isWanted = true;
        setState((state) => ({ ...state, isLoading: true }));
        look().then(
            (value) => isWanted && setState({ value, error: null, isLoading: false }),
            (error) => isWanted && setState((state) => ({ ...state, error: error instanceof APIError ? error : new APIError(0, String(error), ""), isLoading: false })),
        );
        return () => {
            isWanted = false;
        };
    }, [round]);
    const reload = useCallback(() => setRound((round) => round + 1), []);
    return { ...state, version: null, reload, assume: () => undefined };
}
