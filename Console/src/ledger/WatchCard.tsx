import { useState } from "react";
import { announce } from "../shared/announcements";
import type { GrowthStep } from "../shared/audit/growth";
import { keepLog } from "../shared/audit/kept";
import { Steps } from "../shared/audit/Steps";
import { useFormat } from "../shared/format";
import { Button, Card, Confirm, Notice } from "../shared/Parts";
import type { SeenLog } from "./useLog";
import { useLedgerWords } from "./words";

/** This browser as a witness: what it saw before has to be the beginning of what it sees now. */
export function WatchCard({ seen, current, onForget }: { seen: SeenLog; current: string | null; onForget: () => void }) {
    const say = useLedgerWords();
    const format = useFormat();
    const [isAsking, setAsking] = useState(false);
    const { grown, kept } = seen;
    if (grown === null) return seen.told.checkpoint === null ? null : <Card title={say("watch")}><Notice tone="info">{say("noCrypto")}</Notice></Card>;
    const forget = () => {
        keepLog(null);
        setAsking(false);
        announce(say("forgotten"));
        onForget();
    };
    const texts: Record<GrowthStep, Record<"checked" | "failed" | "skipped", Parameters<typeof say>[0]>> = {
        signature: { checked: "signatureChecked", failed: "signatureFailed", skipped: "signatureSkipped" },
        key: { checked: "keyChecked", failed: "keyFailed", skipped: "keyFailed" },
        origin: { checked: "originChecked", failed: "originFailed", skipped: "originFailed" },
        growth: { checked: "growthChecked", failed: "growthFailed", skipped: "growthFailed" },
    };
    const when = kept === null ? "" : format.minute(kept.seenAt || new Date().toISOString());
    const summary = kept === null ? say("first", { size: format.count(Number(grown.checkpoint?.size ?? 0)) }) : grown.added === 0n ? say("same", { when }) : say("grew", { when, n: Number(grown.added) });
    const isReplaced = grown.isSound && current !== null && grown.checkpoint !== null && current !== grown.checkpoint.origin;
    return (
        <Card title={say("watch")} actions={kept !== null && <Button isSmall kind="quiet" onClick={() => setAsking(true)}>{say("forget")}</Button>}>
            {grown.isSound ? <Notice tone="good">{summary}</Notice> : <Notice tone="bad" title={say("bad")}>{say("badNote")}</Notice>}
            {isReplaced && <Notice tone="warning" actions={<Button onClick={() => setAsking(true)}>{say("follow")}</Button>}>{say("renewed")}</Notice>}
            <Steps
                steps={grown.steps.map((step) => ({ outcome: step.outcome, text: say(texts[step.name][step.outcome], step.values ?? {}) }))}
                names={{ checked: say("checked"), failed: say("failed"), skipped: say("skipped") }}
            />
            {isAsking && (
                <Confirm title={say("forgetTitle")} action={say("forget")} onConfirm={forget} onClose={() => setAsking(false)}>
                    <p>{say("forgetNote")}</p>
                </Confirm>
            )}
        </Card>
    );
}
