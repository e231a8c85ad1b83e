/** What is hashed and signed is bytes. */

export function same(left: Uint8Array, right: Uint8Array): boolean {
    return left.length === right.length && left.every((byte, index) => byte === right[index]);
}

export function joined(...parts: Uint8Array[]): Uint8Array {
    const all = new Uint8Array(parts.reduce((count, part) => count + part.length, 0));
    let at = 0;
    for (const part of parts) {
        all.set(part, at);
        at += part.length;
    }
    return all;
}

export function utf8(text: string): Uint8Array {
    return new TextEncoder().encode(text);
}

export function base64(bytes: Uint8Array): string {
    return btoa(String.fromCharCode(...bytes));
}

/** RFC 4648 §4 with padding, strict: null for what no encoder writes. */
export function fromBase64(text: string): Uint8Array | null {
    if (!/^[A-Za-z0-9+/]*={0,2}$/.test(text) || text.length % 4 !== 0) return null;
    const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
    return base64(bytes) === text ? bytes : null;
}

export function hex(bytes: Uint8Array): string {
    return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Words of 64 bits, the highest byte first. */
export function bigEndian(words: readonly bigint[]): Uint8Array {
    const view = new DataView(new ArrayBuffer(words.length * 8));
    words.forEach((word, index) => view.setBigUint64(index * 8, BigInt.asUintN(64, word)));
    return new Uint8Array(view.buffer);
}

/** Small digits, two a byte; null for anything else. */
export function fromHex(text: string): Uint8Array | null {
    if (!/^([0-9a-f]{2})*$/.test(text)) return null;
    return Uint8Array.from(text.match(/../g) ?? [], (digits) => parseInt(digits, 16));
}
