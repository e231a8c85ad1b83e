"""A bill's proof as a browser checks it: from the row's words to the root that was signed, believing nobody."""

import base64
import hashlib
import uuid

import engines
import notes
import pytest
import test_administration
from test_audit import call, get, wait_until_signed

ENGINES = sorted(engines.ENGINES)


def preimage(leaf):
    words = [int(word["value"]) for word in leaf["words"]]
    return b"\x00" + b"".join(word.to_bytes(8, "big", signed=True) for word in words)


def words(leaf):
    return {word["name"]: int(word["value"]) for word in leaf["words"]}


@pytest.mark.parametrize("engine", ENGINES)
async def test_a_bill_is_proven_from_outside_and_a_changed_one_is_not(make_gateway, tmp_path, engine):
    gateway = make_gateway("fake", name="proofs", engine=engine)
    test_administration.create_admin(gateway, "root@example.com", tmp_path)
    root = test_administration.Browser(gateway)
    root.sign_in("root@example.com")
    key = gateway.user(quota="5.00")
    calls = [await call(gateway, key) for _ in range(3)]
    wait_until_signed(gateway)
    verifier_key = get(gateway, "/audit/key")[1].strip()
    kept = notes.opened(get(gateway, "/audit/checkpoint")[1], verifier_key)

    def proof(request_id):
        status, answer = root.ask("GET", f"/api/admin/requests/{request_id}/proof/")
        assert status == 200 and answer["state"] == "signed" and answer["verifier_key"] == verifier_key, answer
        checkpoint = notes.opened(answer["checkpoint"], verifier_key)
        assert checkpoint.size == answer["tree_size"]
        (leaf,) = answer["leaves"]
        path = [bytes.fromhex(each) for each in leaf["path"]]
        assert notes.is_included(bytes.fromhex(leaf["hash"]), leaf["index"], checkpoint, path)
        assert not notes.is_included(bytes.fromhex(leaf["hash"]), leaf["index"] + 1, checkpoint, path)
        return leaf

    for request_id in calls:
        leaf = proof(request_id)
        assert preimage(leaf) == base64.b64decode(leaf["preimage"])
        assert hashlib.sha256(preimage(leaf)).hexdigest() == leaf["hash"] and leaf["kind"] == "closing"
        detail = root.ask("GET", f"/api/admin/requests/{request_id}/")[1]
        told = words(leaf)
        assert told["charge"] == round(float(detail["charge"]) * 10**12) and told["status_code"] == 200
        assert told["request_id_high"] << 64 | told["request_id_low"] & (1 << 64) - 1 == uuid.UUID(request_id).int

    # Whoever has the database cannot make the log agree.
    gateway.books.execute("UPDATE api_requests SET cost = cost + 1 WHERE id = ?", uuid.UUID(calls[0]).bytes)
    leaf = proof(calls[0])
    assert hashlib.sha256(preimage(leaf)).hexdigest() != leaf["hash"]
    gateway.books.execute("UPDATE api_requests SET cost = cost - 1 WHERE id = ?", uuid.UUID(calls[0]).bytes)

    await call(gateway, key)
    wait_until_signed(gateway)
    status, growth = root.ask("GET", f"/api/admin/audit/consistency/?from={kept.size}&origin={kept.origin}")
    newest = notes.opened(growth["checkpoint"], verifier_key)
    path = [bytes.fromhex(each) for each in growth["path"]]
    assert status == 200 and newest.size > kept.size and notes.is_grown(kept, newest, path)
    forged = notes.Checkpoint(kept.origin, kept.size, hashlib.sha256(b"another log").digest())
    assert not notes.is_grown(forged, newest, path)
    assert root.ask("GET", f"/api/admin/audit/consistency/?from={newest.size + 9}")[1]["path"] is None
    assert gateway.stop() == 0
