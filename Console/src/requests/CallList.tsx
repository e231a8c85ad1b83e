import { useState } from "react";
import { get, path, Slice } from "../shared/api";
import { useFormat } from "../shared/format";
import { Button, Empty, Loaded, Notice, Refusal, Screen } from "../shared/Parts";
import { useChoices } from "../shared/router";
import { useSession } from "../shared/session";
import { Slices } from "../shared/Table";
import { useInstants } from "../shared/TimeRange";
import { useAction, useAPI } from "../shared/useAPI";
import { useCursor } from "../shared/useCursor";
import { CallFilters } from "./CallFilters";
import { CallTable } from "./CallTable";
import { Call, Filters, merged, noFilters } from "./calls";
import { mostRows, useLive } from "./useLive";
import { useRequestsWords } from "./words";

type Calls = Slice<Call> & { scanned_through: string | null };

/** The request log: one request a view, and one connection while it is live. */
export function CallList() {
    const say = useRequestsWords();
    const session = useSession();
    const base = session.isStaff ? "/api/admin/requests/" : "/api/me/requests/";
    const [filters, choose, reset] = useChoices<Filters>("requests", noFilters);
    const [cursor, move] = useCursor();
    const [isLive, setLive] = useState(false);
    const [isPaused, setPaused] = useState(false);
    const { range: _, from: _from, to: _to, ...rest } = filters;
    const query = { ...rest, ...useInstants(filters) };
    const asked = useAPI<Calls>(path(base, { ...query, cursor }));
    const live = useLive(base, filters, isLive, isPaused, asked.reload);
    const exporting = useAction(async () => {
        // A session that is over is renewed before the browser goes for the file.
        await get("/api/auth/me/");
        const link = document.createElement("a");
        link.href = path(`${base}export.csv`, query);
        link.download = "requests.csv";
        link.click();
    });
    const listed = asked.value?.results ?? [];
    const rows = isLive ? merged(live.calls, listed, mostRows) : listed;
    const filter = (change: Partial<Filters>) => {
        move("");
        choose(change);
    };
    const switchLive = () => {
        move("");
        setPaused(false);
        setLive(!isLive);
        // What came meanwhile stays in view.
        if (isLive) asked.reload();
    };
    const pause = () => {
        if (isPaused) live.resume();
        setPaused(!isPaused);
    };
    const isFiltered = Object.values(filters).some((value) => value !== "");
    return (
        <Screen
            title={say("title")}
            note={session.isStaff ? say("staffNote") : say("ownNote")}
            actions={
                <>
                    {isLive && <Button icon={isPaused ? "play" : "stop"} onClick={pause}>{isPaused ? say("resume") : say("pause")}</Button>}
                    <Button icon="live" isPressed={isLive} onClick={switchLive}>{say("live")}</Button>
                    <Button icon="refresh" label={say("newest")} onClick={() => (cursor === "" ? asked.reload() : move(""))} />
                    <Button icon="download" isBusy={exporting.isRunning} onClick={() => void exporting.run()}>{say("exportCSV")}</Button>
                </>
            }
        >
            <CallFilters filters={filters} rows={rows} onChoose={filter} onClear={() => { move(""); reset(); }} />
            <Refusal error={exporting.error} />
            {isLive && <LiveNotice live={live} isPaused={isPaused} />}
            <Loaded asked={asked}>
                {(slice) => (
                    <>
                        <CallTable rows={rows} fresh={isLive ? new Set(live.calls.map((call) => call.request_id)) : null} empty={<Empty title={isFiltered ? say("none") : say("noneYet")} />} />
                        {slice.scanned_through !== null && <Scanned at={slice.scanned_through} />}
                        {!isLive && <Slices next={slice.next} previous={slice.previous} onCursor={move} />}
                    </>
                )}
            </Loaded>
        </Screen>
    );
}

function Scanned({ at }: { at: string }) {
    const say = useRequestsWords();
    const format = useFormat();
    return <Notice tone="info">{say("scanned", { at: format.instant(at) })}</Notice>;
}

function LiveNotice({ live, isPaused }: { live: ReturnType<typeof useLive>; isPaused: boolean }) {
    const say = useRequestsWords();
    const text = !live.isConnected ? (live.error !== null ? `${say("broken")} ${live.error.message}` : say("connecting")) : isPaused ? say("paused", { n: live.waiting }) : say("liveOn");
    return (
        <Notice tone={live.isConnected ? "good" : live.error !== null ? "warning" : "info"}>
            {text}
            {(live.skipped > 0 || !live.isExact) && <p>{live.isExact ? say("skipped", { n: live.skipped }) : say("skippedSome")}</p>}
        </Notice>
    );
}
