import { useState } from "react";
import { get } from "../shared/api";
import { hex } from "../shared/audit/bytes";
import { keptLog } from "../shared/audit/kept";
import { Proof, ProofStep, Verdict, verify } from "../shared/audit/proof";
import { canVerify } from "../shared/audit/outcome";
import { Button, Card, Facts, Notice, Refusal, Snippet } from "../shared/Parts";
import { Steps } from "../shared/audit/Steps";
import { useAction } from "../shared/useAPI";
import { CallDetail } from "./calls";
import { differences } from "./differences";
import { useProofWords } from "./proofWords";

/** Asks for the proof and checks it here, step by step. */
export function ProofCard({ call, base }: { call: CallDetail; base: string }) {
    const say = useProofWords();
    const [found, setFound] = useState<{ proof: Proof; verdict: Verdict } | null>(null);
    const verifying = useAction(async () => {
        setFound(null);
        const { value: proof } = await get<Proof>(`${base}/${call.request_id}/proof/`);
        setFound({ proof, verdict: await verify(proof, (bill) => differences(call, bill), keptLog()) });
    });
    if (call.state === "open") return null;
    return (
        <Card
            title={say("title")}
            note={say("note")}
            actions={
                canVerify() && (
                    <Button icon="shield" kind={found === null ? "primary" : "plain"} isBusy={verifying.isRunning} onClick={() => void verifying.run()}>
                        {found === null ? say("verify") : say("again")}
                    </Button>
                )
            }
        >
            {!canVerify() && <Notice tone="info">{say("noCrypto")}</Notice>}
            <Refusal error={verifying.error} />
            {found !== null && <Found {...found} call={call} />}
            {!canVerify() && <Offline call={call} />}
        </Card>
    );
}

function Found({ proof, verdict, call }: { proof: Proof; verdict: Verdict; call: CallDetail }) {
    const say = useProofWords();
    if (proof.state === "open" || proof.state === "pending") return <Notice tone="info">{say("waits")}</Notice>;
    if (proof.leaves.length === 0) return <Notice tone="bad" title={say("failed")}>{proof.state === "missing" ? say("missing") : say("altered")}</Notice>;
    const hasFailed = verdict.steps.some((step) => step.outcome === "failed");
    const texts: Record<ProofStep, Record<"checked" | "failed" | "skipped", Parameters<typeof say>[0]>> = {
        words: { checked: "wordsChecked", failed: "wordsFailed", skipped: "wordsSkipped" },
        figures: { checked: "figuresChecked", failed: "figuresFailed", skipped: "figuresSkipped" },
        path: { checked: "pathChecked", failed: "pathFailed", skipped: "pathFailed" },
        signature: { checked: "signatureChecked", failed: "signatureFailed", skipped: "signatureSkipped" },
        key: { checked: "keyChecked", failed: "keyFailed", skipped: "keyFailed" },
    };
    return (
        <>
            <Notice tone={verdict.isProven ? "good" : hasFailed ? "bad" : "warning"} title={verdict.isProven ? say("proven") : hasFailed ? say("failed") : say("incomplete")} />
            <Steps
                steps={verdict.steps.map((step) => ({ outcome: step.outcome, text: say(texts[step.name][step.outcome], step.values ?? {}) }))}
                names={{ checked: say("checked"), failed: say("failedStep"), skipped: say("skipped") }}
            />
            <Facts
                rows={[
                    [say("key"), <code key="key">{proof.verifier_key ?? "–"}</code>],
                    [say("root"), <code key="root">{verdict.checkpoint === null ? "–" : hex(verdict.checkpoint.root)}</code>],
                ]}
            />
            <Offline call={call} />
        </>
    );
}

function Offline({ call }: { call: CallDetail }) {
    const say = useProofWords();
    const code = `tokenaudit audit prove ${call.request_id} > bill.json\ntokenaudit audit verify --proof bill.json --key key.txt`;
    return (
        <details>
            <summary>{say("offline")}</summary>
            <Snippet label={say("offline")} code={code} />
        </details>
    );
}
