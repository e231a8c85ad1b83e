import { Badge } from "../shared/Parts";
import { Severity } from "./answers";
import { useAlertsWords } from "./words";

export function SeverityBadge({ severity }: { severity: Severity }) {
    const say = useAlertsWords();
    return <Badge tone={severity === "critical" ? "bad" : severity === "warning" ? "warning" : "info"}>{say(severity)}</Badge>;
}
