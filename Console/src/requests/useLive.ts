import { useCallback, useEffect, useState } from "react";
import { path } from "../shared/api";
import { ServerEvent, useEvents } from "../shared/events";
import { Call, Filters, matches } from "./calls";

/** More rows than anybody reads as they pass. */
export const mostRows = 200;

interface News {
    /** Newest last. */
    calls: Call[];
    /** Come while the list stood still. */
    waiting: Call[];
    /** So many ended and were not told. */
    skipped: number;
    /** False where it may be more. */
    isExact: boolean;
}

const nothing: News = { calls: [], waiting: [], skipped: 0, isExact: true };

/** Calls as they begin and end, over one connection while `isOn`; `onBegin` is told when nothing is missed from there on. */
export function useLive(base: string, filters: Filters, isOn: boolean, isPaused: boolean, onBegin: () => void) {
    const { key, model, model_group, user, provider } = filters;
    const [news, setNews] = useState(nothing);
    const take = (events: ServerEvent[]) => {
        const calls: Call[] = [];
        let [skipped, isExact] = [0, true];
        for (const { name, data } of events) {
            if (name === "request") calls.push(JSON.parse(data) as Call);
            if (name === "skipped") {
                const told = JSON.parse(data) as { count: number; is_exact: boolean };
                skipped += told.count;
                isExact &&= told.is_exact;
            }
        }
        const wanted = calls.filter((call) => matches(call, filters));
        setNews((news) => ({
            calls: isPaused ? news.calls : [...news.calls, ...wanted].slice(-mostRows),
            waiting: isPaused ? [...news.waiting, ...wanted].slice(-mostRows) : [],
            skipped: news.skipped + skipped,
            isExact: news.isExact && isExact,
        }));
    };
    const address = path(`${base}live/`, { key, model, model_group, user, provider });
    const { isConnected, error } = useEvents(isOn ? address : null, take);
    useEffect(() => setNews(nothing), [isOn, JSON.stringify(filters)]);
    useEffect(() => {
        if (isConnected) onBegin();
    }, [isConnected]);
    const resume = useCallback(
        () => setNews((news) => ({ ...news, calls: [...news.calls, ...news.waiting].slice(-mostRows), waiting: [] })),
        [],
    );
    const waiting = new Set(news.waiting.map((call) => call.request_id)).size;
    return { calls: news.calls, waiting, skipped: news.skipped, isExact: news.isExact, isConnected, error, resume };
}
