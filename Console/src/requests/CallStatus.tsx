import { Badge, Tone } from "../shared/Parts";
import { Call, Flag } from "./calls";
import { useRequestsWords } from "./words";

export function toneOf(call: Call): Tone {
    if (call.state === "open") return "info";
    if (call.state === "uncertain") return "warning";
    if (call.status_code >= 500 || call.status_code === 0) return "bad";
    return call.status_code >= 400 ? "warning" : "good";
}

/** How a call stands, in a word and its status code. */
export function CallStatus({ call }: { call: Call }) {
    const say = useRequestsWords();
    return <Badge tone={toneOf(call)}>{say(call.state)}{call.status_code > 0 ? ` · ${call.status_code}` : ""}</Badge>;
}

const grave: readonly Flag[] = ["upstream_broken", "implausible_usage", "exceeded_hold", "charged_by_policy", "orphan", "unfunded"];

export function Flags({ call }: { call: Call }) {
    const say = useRequestsWords();
    return <>{call.flags.map((flag) => <Badge key={flag} tone={grave.includes(flag) ? "warning" : "neutral"}>{say(flag)}</Badge>)}</>;
}
