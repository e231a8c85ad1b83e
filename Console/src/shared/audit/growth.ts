import { fromHex, same } from "./bytes";
import type { KeptLog } from "./kept";
import { Checkpoint, isSigned, readCheckpoint, readKey, readNote } from "./note";
import type { Step } from "./outcome";
import { isConsistent } from "./tree";

/** What the API tells of how a log grew. */
export interface Growth {
    from: number;
    /** Null where the log has fewer leaves than that, and before anything is signed. */
    path: string[] | null;
    checkpoint: string | null;
    verifier_key: string | null;
    tree_size: number | null;
}

export type GrowthStep = "signature" | "key" | "origin" | "growth";

export interface Grown {
    steps: Step<GrowthStep>[];
    checkpoint: Checkpoint | null;
    /** Nothing failed; what a browser without Ed25519 cannot check is skipped. */
    isSound: boolean;
    /** Leaves since the browser looked last. */
    added: bigint;
}

/** Checks that the newest checkpoint is signed, by the key that was seen before, and that the log only grew since then. */
export async function verifyGrowth(told: Growth, kept: KeptLog | null): Promise<Grown> {
    const note = told.checkpoint === null ? null : readNote(told.checkpoint);
    const checkpoint = note === null ? null : readCheckpoint(note.text);
    const key = told.verifier_key === null ? null : await readKey(told.verifier_key);
    const steps: Step<GrowthStep>[] = [];
    if (note === null || key === null || checkpoint === null) {
        steps.push({ name: "signature", outcome: "failed" });
    } else {
        steps.push({ name: "signature", outcome: await isSigned(note, key).then((isSigned) => (isSigned ? "checked" : "failed"), () => "skipped" as const) });
    }
    if (kept !== null) {
        steps.push({ name: "key", outcome: kept.verifierKey === told.verifier_key ? "checked" : "failed" });
        steps.push({ name: "origin", outcome: kept.origin === checkpoint?.origin ? "checked" : "failed" });
        steps.push(await growthStep(told, kept, checkpoint));
    }
    return {
        steps,
        checkpoint,
        isSound: steps.every((step) => step.outcome !== "failed"),
        added: checkpoint === null ? 0n : checkpoint.size - BigInt(kept?.size ?? 0),
    };
}

async function growthStep(told: Growth, kept: KeptLog, checkpoint: Checkpoint | null): Promise<Step<GrowthStep>> {
    const [from, root] = [BigInt(kept.size), fromHex(kept.root)];
    const values = { from: kept.size, to: String(checkpoint?.size ?? 0), hashes: String(told.path?.length ?? 0) };
    const path = (told.path ?? []).map(fromHex).filter((hash): hash is Uint8Array => hash?.length === 32);
    const isWhole = told.path !== null && path.length === told.path.length && root !== null && checkpoint !== null;
    const isSound = isWhole && (from === checkpoint.size ? same(root, checkpoint.root) : await isConsistent(from, root, checkpoint.size, checkpoint.root, path));
    return { name: "growth", outcome: isSound ? "checked" : "failed", values };
}
