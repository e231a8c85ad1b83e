import { joined, same } from "./bytes";

/** The tree of RFC 6962: leaves and inner nodes are told apart by their first byte. */

async function sha256(bytes: Uint8Array): Promise<Uint8Array> {
    return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
}

export function leafHash(data: Uint8Array): Promise<Uint8Array> {
    return sha256(joined(Uint8Array.of(0), data));
}

export function nodeHash(left: Uint8Array, right: Uint8Array): Promise<Uint8Array> {
    return sha256(joined(Uint8Array.of(1), left, right));
}

/** A path of a tree of 2⁶⁴ leaves. */
const longest = 64;

/** The root that a leaf's path leads to (RFC 9162 §2.1.3.2); null for a path that fits no such tree. */
export async function rootOf(leaf: Uint8Array, index: bigint, size: bigint, path: readonly Uint8Array[]): Promise<Uint8Array | null> {
    if (index < 0n || index >= size || path.length > longest) return null;
    let [place, last, hash] = [index, size - 1n, leaf];
    for (const sibling of path) {
        if (last === 0n) return null;
        if ((place & 1n) === 1n || place === last) {
            hash = await nodeHash(sibling, hash);
            while ((place & 1n) === 0n && place !== 0n) [place, last] = [place >> 1n, last >> 1n];
        } else {
            hash = await nodeHash(hash, sibling);
        }
        [place, last] = [place >> 1n, last >> 1n];
    }
    return last === 0n ? hash : null;
}

/** Whether the first `from` leaves of the new tree are the old one (RFC 9162 §2.1.4.2). */
export async function isConsistent(
    from: bigint,
    oldRoot: Uint8Array,
    to: bigint,
    newRoot: Uint8Array,
    path: readonly Uint8Array[],
): Promise<boolean> {
    if (from < 0n || from > to || path.length > longest + 1) return false;
    if (from === to) return path.length === 0 && same(oldRoot, newRoot);
    // Every tree begins with that of no leaves.
    if (from === 0n) return path.length === 0;
    const isPower = (from & (from - 1n)) === 0n;
    const first = isPower ? oldRoot : path[0];
    if (first === undefined) return false;
    let [place, last] = [from - 1n, to - 1n];
    while ((place & 1n) === 1n) [place, last] = [place >> 1n, last >> 1n];
    let [before, after] = [first, first];
    for (const sibling of isPower ? path : path.slice(1)) {
        if (last === 0n) return false;
        if ((place & 1n) === 1n || place === last) {
            before = await nodeHash(sibling, before);
            after = await nodeHash(sibling, after);
            while ((place & 1n) === 0n && place !== 0n) [place, last] = [place >> 1n, last >> 1n];
        } else {
            after = await nodeHash(after, sibling);
        }
        [place, last] = [place >> 1n, last >> 1n];
    }
    return last === 0n && same(before, oldRoot) && same(after, newRoot);
}
