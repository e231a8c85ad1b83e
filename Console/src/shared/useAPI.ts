import { useCallback, useEffect, useRef, useState } from "react";
import { APIError, get } from "./api";
import { usePreferences } from "./preferences";

export interface Asked<Value> {
    /** Of the last answer; stays while another one is waited for. */
    value: Value | null;
    version: string | null;
    error: APIError | null;
    isLoading: boolean;
    reload: () => void;
    /** Shows a value before the server has told it; `reload` has the last word. */
    assume: (change: (value: Value) => Value) => void;
}

/** What a GET answers; null asks for nothing. Asked again when the path changes, the answer to the last one counts. */
export function useAPI<Value>(path: string | null): Asked<Value> {
    const { language } = usePreferences();
    const [state, setState] = useState<{ path: string | null; value: Value | null; version: string | null; error: APIError | null; isLoading: boolean }>(
        { path, value: null, version: null, error: null, isLoading: path !== null },
    );
    const [round, setRound] = useState(0);
    const isAsking = useRef(0);
    useEffect(() => {
        if (path === null) return;
        const control = new AbortController();
        const number = ++isAsking.current;
        setState((state) => ({ ...state, path, isLoading: true }));
        get<Value>(path, control.signal).then(
            ({ value, version }) => {
                if (number === isAsking.current) setState({ path, value, version, error: null, isLoading: false });
            },
            (error) => {
                if (control.signal.aborted || number !== isAsking.current) return;
                const told = error instanceof APIError ? error : new APIError(0, String(error), "");
                setState((state) => ({ ...state, error: told, isLoading: false }));
            },
        );
        return () => control.abort();
        // Errors are told in the person's language.
    }, [path, round, language]);
    const reload = useCallback(() => setRound((round) => round + 1), []);
    const assume = useCallback(
        (change: (value: Value) => Value) =>
            setState((state) => (state.value === null ? state : { ...state, value: change(state.value) })),
        [],
    );
    return { value: state.value, version: state.version, error: state.error, isLoading: state.isLoading, reload, assume };
}

/** Runs one change at a time, and keeps what it was refused for. */
export function useAction<Arguments extends unknown[]>(act: (...args: Arguments) => Promise<void>) {
    const [isRunning, setRunning] = useState(false);
    const [error, setError] = useState<APIError | null>(null);
    const running = useRef(false);
    const run = async (...args: Arguments) => {
        if (running.current) return;
        running.current = true;
        setRunning(true);
        setError(null);
        try {
            await act(...args);
        } catch (error) {
            setError(error instanceof APIError ? error : new APIError(0, String(error), ""));
        } finally {
            running.current = false;
            setRunning(false);
        }
    };
    return { run, isRunning, error, forget: () => setError(null) };
}
