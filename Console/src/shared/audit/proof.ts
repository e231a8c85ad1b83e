import { bigEndian, base64, fromBase64, same } from "./bytes";
import { readBill, TestifiedBill } from "./bill";
import { Checkpoint, isSigned, readCheckpoint, readKey, readNote } from "./note";
import type { Step } from "./outcome";
import { leafHash, rootOf } from "./tree";

/** What the API tells of a bill's place in the log. */
export interface Proof {
    leaf_index: number;
    leaf_hash: string;
    path: string[];
    /** A signed note. */
    checkpoint: string;
    verifier_key: string;
    /** What the leaf testifies, as decimals; told to staff alone. */
    words?: string[];
}

export type ProofStep = "words" | "figures" | "path" | "signature";

export interface Verdict {
    steps: Step<ProofStep>[];
    /** Nothing failed, and path and signature were checked. */
    isProven: boolean;
    checkpoint: Checkpoint | null;
    bill: TestifiedBill | null;
}

/**
 * Checks that a bill is in the log that was signed: the leaf follows from its words, the words are what is shown, the path
 * leads from the leaf to the root that was signed, and the key signed it.
 *
 * @param differences what is shown otherwise than the words have it, by name
 */
export async function verify(proof: Proof, differences: (bill: TestifiedBill) => string[]): Promise<Verdict> {
    const steps: Step<ProofStep>[] = [];
    const words = proof.words?.map((word) => BigInt(word)) ?? null;
    const leaf = fromBase64(proof.leaf_hash);
    const bill = words === null ? null : readBill(words);
    if (words === null) {
        steps.push({ name: "words", outcome: "skipped" }, { name: "figures", outcome: "skipped" });
    } else {
        const own = await leafHash(bigEndian(words));
        const isSame = leaf !== null && same(own, leaf);
        steps.push({ name: "words", outcome: isSame ? "checked" : "failed", values: { count: String(words.length), hash: base64(own) } });
        const different = bill === null ? ["request_id"] : differences(bill);
        steps.push({ name: "figures", outcome: different.length === 0 ? "checked" : "failed", values: { names: different.join(", ") } });
    }
    const note = readNote(proof.checkpoint);
    const checkpoint = note === null ? null : readCheckpoint(note.text);
    const path = proof.path.map(fromBase64);
    const whole = path.filter((hash): hash is Uint8Array => hash?.length === 32);
    const root = checkpoint === null || leaf === null || whole.length !== path.length ? null : await rootOf(leaf, BigInt(proof.leaf_index), checkpoint.size, whole);
    steps.push({
        name: "path",
        outcome: root !== null && checkpoint !== null && same(root, checkpoint.root) ? "checked" : "failed",
        values: { index: String(proof.leaf_index), size: String(checkpoint?.size ?? 0), hashes: String(path.length), root: checkpoint === null ? "" : base64(checkpoint.root) },
    });
    steps.push(await signature(proof, note));
    const isProven = steps.every((step) => step.outcome === "checked" || (step.outcome === "skipped" && step.name !== "signature"));
    return { steps, isProven, checkpoint, bill };
}

async function signature(proof: Proof, note: ReturnType<typeof readNote>): Promise<Step<"signature">> {
    const key = await readKey(proof.verifier_key);
    const values = { key: proof.verifier_key };
    if (key === null || note === null) return { name: "signature", outcome: "failed", values };
    try {
        return { name: "signature", outcome: (await isSigned(note, key)) ? "checked" : "failed", values };
    } catch {
        // A browser without Ed25519.
        return { name: "signature", outcome: "skipped", values };
    }
}
