import { fromBase64, hex, joined, same, utf8 } from "./bytes";

/** Who signs, as everybody may know it: `name+id+key` (C2SP signed-note, Ed25519). */
export interface VerifierKey {
    name: string;
    id: Uint8Array;
    publicKey: Uint8Array;
}

interface Signature {
    name: string;
    id: Uint8Array;
    bytes: Uint8Array;
}

export interface SignedNote {
    /** Ends with a newline; what is signed. */
    text: string;
    signatures: Signature[];
}

/** What a log says of itself at one moment (C2SP tlog-checkpoint). */
export interface Checkpoint {
    origin: string;
    size: bigint;
    root: Uint8Array;
}

const mark = "\u2014 ";
const ed25519 = 1;

/** Null unless it is a whole key of this type whose id is its own. */
export async function readKey(text: string): Promise<VerifierKey | null> {
    // The key's own base64 may hold a plus too.
    const match = /^([^+\s]+)\+([0-9a-f]{8})\+(\S+)$/.exec(text.trim());
    if (match === null) return null;
    const [, name = "", id = "", key = ""] = match;
    const bytes = fromBase64(key);
    if (bytes === null || bytes.length !== 33 || bytes[0] !== ed25519) return null;
    const digest = await crypto.subtle.digest("SHA-256", joined(utf8(`${name}\n`), bytes));
    const own = new Uint8Array(digest).slice(0, 4);
    return hex(own) === id ? { name, id: own, publicKey: bytes.slice(1) } : null;
}

/** Null for anything but one whole note. */
export function readNote(note: string): SignedNote | null {
    const end = note.lastIndexOf("\n\n");
    if (end < 0 || !note.endsWith("\n")) return null;
    const text = note.slice(0, end + 1);
    const signatures: Signature[] = [];
    for (const line of note.slice(end + 2, -1).split("\n")) {
        const parts = line.startsWith(mark) ? line.slice(mark.length).split(" ") : [];
        const bytes = fromBase64(parts[1] ?? "");
        if (parts.length !== 2 || parts[0] === "" || bytes === null || bytes.length <= 4) return null;
        signatures.push({ name: parts[0] ?? "", id: bytes.slice(0, 4), bytes: bytes.slice(4) });
    }
    return { text, signatures };
}

/** Null unless the text is a checkpoint; lines below the root are extensions, which say nothing here. */
export function readCheckpoint(text: string): Checkpoint | null {
    const [origin = "", size = "", root = "", ...rest] = text.split("\n");
    const bytes = fromBase64(root);
    if (origin === "" || !/^(0|[1-9][0-9]{0,18})$/.test(size) || bytes === null || bytes.length !== 32 || rest.length === 0) return null;
    return { origin, size: BigInt(size), root: bytes };
}

/**
 * Whether the key signed the note; signatures of others do not count.
 * Throws what the browser throws that knows no Ed25519.
 */
export async function isSigned(note: SignedNote, key: VerifierKey): Promise<boolean> {
    const own = note.signatures.filter((signature) => signature.name === key.name && same(signature.id, key.id));
    const imported = await crypto.subtle.importKey("raw", key.publicKey, { name: "Ed25519" }, false, ["verify"]);
    for (const signature of own) {
        if (!(await crypto.subtle.verify({ name: "Ed25519" }, imported, signature.bytes, utf8(note.text)))) return false;
    }
    return own.length > 0;
}
