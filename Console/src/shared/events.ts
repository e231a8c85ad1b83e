import { useEffect, useRef, useState } from "react";
import { APIError, request } from "./api";
import { EventReader, ServerEvent } from "./eventReader";

export type { ServerEvent };

const longestWaitSeconds = 30;

async function follow(path: string, signal: AbortSignal, tell: (events: ServerEvent[]) => void, begun: () => void): Promise<void> {
    const response = await request("GET", path, { headers: { Accept: "text/event-stream" }, signal });
    const reader = response.body?.getReader();
    if (reader === undefined) return;
    const decoder = new TextDecoder();
    const events = new EventReader();
    let isBegun = false;
    while (true) {
        const { done, value } = await reader.read();
        if (done) return;
        // The first bytes say that nothing is missed from here on.
        if (!isBegun) begun();
        isBegun = true;
        const read = events.read(decoder.decode(value, { stream: true }));
        if (read.length > 0) tell(read);
    }
}

/** Follows server-sent events over one connection while `path` is not null; begins again when it breaks, ever more slowly. */
export function useEvents(path: string | null, onEvents: (events: ServerEvent[]) => void): { isConnected: boolean; error: APIError | null } {
    const [state, setState] = useState<{ isConnected: boolean; error: APIError | null }>({ isConnected: false, error: null });
    const tell = useRef(onEvents);
    tell.current = onEvents;
    useEffect(() => {
        if (path === null) return;
        const control = new AbortController();
        let timer: ReturnType<typeof setTimeout>;
        let wait = 1;
        const again = (error: APIError | null) => {
            if (control.signal.aborted) return;
            setState({ isConnected: false, error });
            timer = setTimeout(begin, Math.max(wait, error?.retryAfterSeconds ?? 0) * 1_000);
            wait = Math.min(wait * 2, longestWaitSeconds);
        };
        const begin = () => {
            const begun = () => {
                wait = 1;
                setState({ isConnected: true, error: null });
            };
            follow(path, control.signal, (events) => tell.current(events), begun).then(
                () => again(null),
                (error) => again(error instanceof APIError ? error : null),
            );
        };
        begin();
        return () => {
            clearTimeout(timer);
            control.abort();
            setState({ isConnected: false, error: null });
        };
    }, [path]);
    return state;
}
