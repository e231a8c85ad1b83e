import { useFormat } from "../shared/format";
import { hex } from "../shared/audit/bytes";
import { readCheckpoint, readNote } from "../shared/audit/note";
import type { Growth } from "../shared/audit/growth";
import { Button, Card, CopyButton, Empty, Facts, Loaded, Notice, Snippet } from "../shared/Parts";
import { download } from "../shared/plots/Frame";
import { useAPI } from "../shared/useAPI";
import { BooksCard, Health } from "./BooksCard";
import { useLog } from "./useLog";
import { useLedgerWords } from "./words";
import { WatchCard } from "./WatchCard";

/** The log as it was signed last, and whether it is still the one that this browser saw. */
export function LogView() {
    const log = useLog();
    const health = useAPI<Health>("/api/admin/health/");
    return (
        <Loaded asked={log}>
            {(seen) => (
                <>
                    {health.value?.audit.halt != null && <Halted reason={health.value.audit.halt} />}
                    <div className="columns">
                        <CheckpointCard told={seen.told} signedAt={health.value?.audit.signed_at ?? null} />
                        <div className="stack">
                            <WatchCard seen={seen} current={health.value?.audit.origin ?? null} onForget={log.reload} />
                            <BooksCard asked={health} />
                        </div>
                    </div>
                    <OfflineCard told={seen.told} />
                </>
            )}
        </Loaded>
    );
}

function Halted({ reason }: { reason: string }) {
    const say = useLedgerWords();
    return <Notice tone="bad">{say("halted", { reason })}</Notice>;
}

function CheckpointCard({ told, signedAt }: { told: Growth; signedAt: string | null }) {
    const say = useLedgerWords();
    const format = useFormat();
    const note = told.checkpoint === null ? null : readNote(told.checkpoint);
    const checkpoint = note === null ? null : readCheckpoint(note.text);
    if (told.checkpoint === null || checkpoint === null) return <Card title={say("newest")}><Empty title={say("nothingSigned")} /></Card>;
    const { checkpoint: text, verifier_key: key } = told;
    return (
        <Card title={say("newest")} actions={<Button icon="download" isSmall onClick={() => download("checkpoint.txt", text, "text/plain;charset=utf-8", "")}>{say("save")}</Button>}>
            <Facts
                rows={[
                    [say("size"), <strong key="size">{format.count(Number(checkpoint.size))}</strong>],
                    [say("signed"), signedAt === null ? "–" : <time key="signed" dateTime={signedAt} title={format.instant(signedAt)}>{format.relative(signedAt)}</time>],
                ]}
            />
            <Facts
                rows={[
                    [say("origin"), <code key="origin">{checkpoint.origin}</code>],
                    [say("root"), <code key="root">{hex(checkpoint.root)}</code>],
                ]}
            />
            <div className="secret">
                <h3>{say("key")}</h3>
                <div className="secret-line"><code>{key}</code><CopyButton text={key ?? ""} label={say("copyKey")} /></div>
                <p className="note">{say("keyNote")}</p>
            </div>
        </Card>
    );
}

function OfflineCard({ told }: { told: Growth }) {
    const say = useLedgerWords();
    const code = [
        "tokenaudit audit export audit.sqlite",
        `curl -o checkpoint.txt ${location.origin}/audit/checkpoint`,
        `tokenaudit audit verify --export audit.sqlite --checkpoint checkpoint.txt --key '${told.verifier_key ?? "KEY"}'`,
    ].join("\n");
    return (
        <Card title={say("offline")} note={say("offlineNote")}>
            <Snippet label={say("offlineLabel")} code={code} />
        </Card>
    );
}
