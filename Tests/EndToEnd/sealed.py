"""What the database keeps sealed, opened and sealed again from outside: AES-256-GCM of the system's libcrypto."""

import base64
import ctypes
import ctypes.util
import os
import sqlite3

CRYPTO = ctypes.CDLL(ctypes.util.find_library("crypto"))
CRYPTO.EVP_CIPHER_CTX_new.restype = CRYPTO.EVP_aes_256_gcm.restype = ctypes.c_void_p
SET_TAG, GET_TAG = 0x11, 0x10


def gcm(key, nonce, data, context, tag=None):
    """Seals without a tag and returns (data, tag); with one it opens, or raises."""
    cipher = ctypes.c_void_p(CRYPTO.EVP_CIPHER_CTX_new())
    begin, update, end = (
        (CRYPTO.EVP_EncryptInit_ex, CRYPTO.EVP_EncryptUpdate, CRYPTO.EVP_EncryptFinal_ex)
        if tag is None
        else (CRYPTO.EVP_DecryptInit_ex, CRYPTO.EVP_DecryptUpdate, CRYPTO.EVP_DecryptFinal_ex)
    )
    begin(cipher, ctypes.c_void_p(CRYPTO.EVP_aes_256_gcm()), None, key, nonce)
    out, count = ctypes.create_string_buffer(len(data) + 16), ctypes.c_int(0)
    update(cipher, None, ctypes.byref(count), context, len(context))
    update(cipher, out, ctypes.byref(count), data, len(data))
    length = count.value if data else 0
    if tag is not None:
        CRYPTO.EVP_CIPHER_CTX_ctrl(cipher, SET_TAG, 16, ctypes.create_string_buffer(tag, 16))
    good = end(cipher, ctypes.byref(out, length), ctypes.byref(count))
    made = ctypes.create_string_buffer(16)
    if tag is None:
        CRYPTO.EVP_CIPHER_CTX_ctrl(cipher, GET_TAG, 16, made)
    CRYPTO.EVP_CIPHER_CTX_free(cipher)
    assert good == 1, "it does not open"
    return out.raw[:length] if tag is not None else (out.raw[:length], made.raw)


def decode(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def encode(data):
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def place(name, version):
    return f"secrets|{name}|value|{version}".encode()


def opened(database, master):
    """The database's own secrets by name, as `master` opens them."""
    with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as books:
        rows = books.execute("SELECT name, version, value FROM secrets").fetchall()
    books.close()
    found = {}
    for name, version, envelope in rows:
        wrapped, nonce, data, tag = map(decode, envelope.split(".")[2:])
        key = gcm(master, wrapped[:12], wrapped[12:-16], place(name, version), wrapped[-16:])
        found[name] = gcm(key, nonce, data, place(name, version), tag)
    return found


def replace(database, master, name, secret):
    """Puts another secret into the place of one, rightly sealed."""
    key, first, second = os.urandom(32), os.urandom(12), os.urandom(12)
    with sqlite3.connect(database) as books:
        version, envelope = books.execute("SELECT version, value FROM secrets WHERE name = ?", (name,)).fetchone()
        wrapped = first + b"".join(gcm(master, first, key, place(name, version)))
        data, tag = gcm(key, second, secret, place(name, version))
        parts = envelope.split(".")[:2] + [encode(part) for part in (wrapped, second, data, tag)]
        books.execute("UPDATE secrets SET value = ? WHERE name = ?", (".".join(parts), name))
    books.close()
