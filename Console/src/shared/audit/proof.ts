import { bigEndian, fromHex, hex, same } from "./bytes";
import { readBill, TestifiedBill } from "./bill";
import { Checkpoint, isSigned, readCheckpoint, readKey, readNote } from "./note";
import type { KeptLog } from "./kept";
import type { Step } from "./outcome";
import { leafHash, rootOf } from "./tree";

/** A leaf's place in the log. */
export interface Leaf {
    kind: "closing" | "correction";
    index: number;
    hash: string;
    path: string[];
    /** What the leaf testifies; told to staff alone. */
    words?: { name: string; value: string }[];
}

/** What the API tells of a bill's place in the log. */
export interface Proof {
    request_id: string;
    state: "open" | "pending" | "signed" | "altered" | "missing";
    leaves: Leaf[];
    /** A signed note. */
    checkpoint: string | null;
    verifier_key: string | null;
    tree_size: number | null;
}

export type ProofStep = "words" | "figures" | "path" | "signature" | "key";

export interface Verdict {
    steps: Step<ProofStep>[];
    /** Nothing failed, and paths and signature were checked. */
    isProven: boolean;
    checkpoint: Checkpoint | null;
}

/**
 * Checks that a bill is in the log that was signed: each leaf follows from its words, the last one's words are what is
 * shown, a path leads from each leaf to the root that was signed, and the key signed it.
 *
 * @param differences what is shown otherwise than the words have it, by name
 * @param kept of the same log, if this browser saw it before: then it has to be that key
 */
export async function verify(proof: Proof, differences: (bill: TestifiedBill) => string[], kept: KeptLog | null): Promise<Verdict> {
    const note = proof.checkpoint === null ? null : readNote(proof.checkpoint);
    const checkpoint = note === null ? null : readCheckpoint(note.text);
    const steps: Step<ProofStep>[] = [];
    for (const leaf of proof.leaves) {
        steps.push(await wordsStep(leaf));
        steps.push(await pathStep(leaf, checkpoint));
    }
    const last = proof.leaves[proof.leaves.length - 1];
    steps.push(figuresStep(last, differences));
    steps.push(await signatureStep(proof, note));
    if (kept !== null && kept.origin === checkpoint?.origin) {
        steps.push({ name: "key", outcome: kept.verifierKey === proof.verifier_key ? "checked" : "failed" });
    }
    const isProven = last !== undefined && steps.every(({ name, outcome }) => outcome === "checked" || (outcome === "skipped" && name !== "signature"));
    return { steps, isProven, checkpoint };
}

function valuesOf(leaf: Leaf): bigint[] | null {
    return leaf.words?.map((word) => BigInt(word.value)) ?? null;
}

async function wordsStep(leaf: Leaf): Promise<Step<ProofStep>> {
    const words = valuesOf(leaf);
    if (words === null) return { name: "words", outcome: "skipped" };
    const own = hex(await leafHash(bigEndian(words)));
    return { name: "words", outcome: own === leaf.hash ? "checked" : "failed", values: { count: String(words.length), hash: own } };
}

function figuresStep(leaf: Leaf | undefined, differences: (bill: TestifiedBill) => string[]): Step<ProofStep> {
    const words = leaf === undefined ? null : valuesOf(leaf);
    if (words === null) return { name: "figures", outcome: "skipped" };
    const bill = readBill(words);
    const different = bill === null ? ["words"] : differences(bill);
    return { name: "figures", outcome: different.length === 0 ? "checked" : "failed", values: { names: different.join(", ") } };
}

async function pathStep(leaf: Leaf, checkpoint: Checkpoint | null): Promise<Step<ProofStep>> {
    const hash = fromHex(leaf.hash);
    const path = leaf.path.map(fromHex).filter((hash): hash is Uint8Array => hash?.length === 32);
    const isWhole = hash?.length === 32 && path.length === leaf.path.length && checkpoint !== null;
    const root = isWhole ? await rootOf(hash, BigInt(leaf.index), checkpoint.size, path) : null;
    return {
        name: "path",
        outcome: root !== null && checkpoint !== null && same(root, checkpoint.root) ? "checked" : "failed",
        values: { index: String(leaf.index), size: String(checkpoint?.size ?? 0), hashes: String(leaf.path.length) },
    };
}

async function signatureStep({ verifier_key }: Proof, note: ReturnType<typeof readNote>): Promise<Step<ProofStep>> {
    const key = verifier_key === null ? null : await readKey(verifier_key);
    if (key === null || note === null) return { name: "signature", outcome: "failed" };
    try {
        return { name: "signature", outcome: (await isSigned(note, key)) ? "checked" : "failed" };
    } catch {
        // A browser without Ed25519.
        return { name: "signature", outcome: "skipped" };
    }
}
