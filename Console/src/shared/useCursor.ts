import { useCallback } from "react";
import { go, useLocation } from "./router";

/** Where in an uncounted list the person is; in the address, but not what sticks. */
export function useCursor(): [string, (cursor: string) => void] {
    const { query } = useLocation();
    const move = useCallback((cursor: string) => {
        const now = new URLSearchParams(location.search);
        if (cursor === "") now.delete("cursor");
        else now.set("cursor", cursor);
        const text = now.toString();
        go(location.pathname + (text === "" ? "" : `?${text}`), { replaces: cursor === "" });
    }, []);
    return [query.get("cursor") ?? "", move];
}
