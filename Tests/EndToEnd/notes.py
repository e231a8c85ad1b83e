"""What a browser does with the audit log's proofs: signed notes and paths checked with hashlib and the system's libcrypto."""

import base64
import ctypes
import hashlib
from dataclasses import dataclass

from sealed import CRYPTO

ED25519 = 1_087
for name in ["EVP_PKEY_new_raw_public_key", "EVP_MD_CTX_new"]:
    getattr(CRYPTO, name).restype = ctypes.c_void_p


@dataclass
class Checkpoint:
    origin: str
    size: int
    root: bytes


def is_signed(public_key, signature, text):
    key = ctypes.c_void_p(CRYPTO.EVP_PKEY_new_raw_public_key(ED25519, None, public_key, ctypes.c_size_t(32)))
    context = ctypes.c_void_p(CRYPTO.EVP_MD_CTX_new())
    try:
        assert CRYPTO.EVP_DigestVerifyInit(context, None, None, None, key) == 1
        sizes = ctypes.c_size_t(len(signature)), ctypes.c_size_t(len(text))
        return CRYPTO.EVP_DigestVerify(context, signature, sizes[0], text, sizes[1]) == 1
    finally:
        CRYPTO.EVP_MD_CTX_free(context)
        CRYPTO.EVP_PKEY_free(key)


def opened(note, verifier_key):
    """The checkpoint of a note that this key signed (C2SP signed-note); raises for any other."""
    name, key_id, key = verifier_key.split("+", 2)
    key = base64.b64decode(key)
    assert key[0] == 1 and hashlib.sha256(name.encode() + b"\n" + key).digest()[:4].hex() == key_id
    text, signatures = note.split("\n\n", 1)
    text += "\n"
    marked = signatures.splitlines()[0].removeprefix("\u2014 ")
    signer, signature = marked.split(" ")
    signature = base64.b64decode(signature)
    assert signer == name and signature[:4].hex() == key_id and len(signature) == 68
    assert is_signed(key[1:], signature[4:], text.encode()), "another signature"
    origin, size, root = text.splitlines()[:3]
    return Checkpoint(origin, int(size), base64.b64decode(root))


def node(left, right):
    return hashlib.sha256(b"\x01" + left + right).digest()


def is_included(leaf, index, checkpoint, path):
    """RFC 9162 §2.1.3.2."""
    place, last, top = index, checkpoint.size - 1, leaf
    if index >= checkpoint.size:
        return False
    for sibling in path:
        if last == 0:
            return False
        if place & 1 or place == last:
            top = node(sibling, top)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            top = node(top, sibling)
        place, last = place >> 1, last >> 1
    return last == 0 and top == checkpoint.root


def is_grown(old, new, path):
    """RFC 9162 §2.1.4.2."""
    if old.size == new.size:
        return not path and old.root == new.root
    path = ([old.root] if old.size & (old.size - 1) == 0 else []) + path
    place, last = old.size - 1, new.size - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    before = after = path[0]
    for sibling in path[1:]:
        if last == 0:
            return False
        if place & 1 or place == last:
            before, after = node(sibling, before), node(sibling, after)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            after = node(after, sibling)
        place, last = place >> 1, last >> 1
    return last == 0 and before == old.root and after == new.root
