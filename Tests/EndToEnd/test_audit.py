"""The audit log from outside: signed while calls run, served to everybody, and no change of the books escapes it."""

import json
import os
import urllib.error
import urllib.request
import uuid

import engines
import pytest
import raw
from servers import until


ENGINES = sorted(engines.ENGINES)


async def call(gateway, key):
    answer = await raw.exchange(gateway.port, raw.request(key, raw.chat("fake")), 20)
    assert answer.status == 200 and answer.ended
    return answer.header("x-request-id")


def get(gateway, path):
    with urllib.request.urlopen(f"http://127.0.0.1:{gateway.port}{path}", timeout=20) as answer:
        return answer.headers["content-type"], answer.read().decode()


def signed_size(gateway):
    try:
        return int(get(gateway, "/audit/checkpoint")[1].split("\n")[1])
    except urllib.error.HTTPError as error:
        assert error.code == 503
        return 0


def leaves(gateway):
    return gateway.rows("SELECT COALESCE(SUM(count), 0) AS count FROM audit_leaves")[0]["count"]


def wait_until_signed(gateway):
    """Of a database server the log is a killed process's own for sixteen seconds more."""
    until(lambda: signed_size(gateway) == leaves(gateway), "everything is signed", seconds=45)


def verify(gateway, *arguments):
    done = gateway.run("audit", "verify", "--json", *arguments, check=False)
    assert done.returncode in (0, 1), done.stderr
    report = json.loads(done.stdout)
    assert report["proven"] == (done.returncode == 0)
    return report


@pytest.mark.parametrize("engine", ENGINES)
async def test_bills_are_signed_proven_exported_and_changes_are_found(make_gateway, tmp_path, engine):
    gateway = make_gateway("fake", name="audit", engine=engine)
    key = gateway.user(quota="5.00")
    calls = [await call(gateway, key) for _ in range(3)]
    wait_until_signed(gateway)

    kind, checkpoint = get(gateway, "/audit/checkpoint")
    assert kind.startswith("text/plain") and checkpoint.startswith("tokenaudit/")
    verifier_key = get(gateway, "/audit/key")[1].strip()
    assert verifier_key == gateway.run("audit", "key").stdout.strip()
    kept = tmp_path / "checkpoint"
    kept.write_text(checkpoint)

    report = verify(gateway, "--checkpoint", kept, "--key", verifier_key)
    assert report["proven"] and report["bills"] == 3 and report["external_checkpoints"] >= 2
    readable = gateway.run("audit", "verify").stdout
    assert "proven: the books are what was signed" in readable and verifier_key in readable

    proof = tmp_path / "proof.json"
    proof.write_text(gateway.run("audit", "prove", calls[1]).stdout)
    assert "proven" in gateway.run("audit", "verify", "--proof", proof, "--key", verifier_key).stdout
    forged = json.loads(proof.read_text())
    forged["bill"]["charge"] = "0.01"
    proof.write_text(json.dumps(forged))
    refused = gateway.run("audit", "verify", "--proof", proof, check=False)
    assert refused.returncode == 1 and "NOT proven" in refused.stdout

    export = tmp_path / "export.sqlite"
    gateway.run("audit", "export", export)
    assert list(tmp_path.glob("export.sqlite.*")) == []
    elsewhere = {name: value for name, value in gateway.environment.items() if not name.startswith("TOKENAUDIT_")}
    done = gateway.run(
        "audit", "verify", "--export", export, "--checkpoint", kept, "--key", verifier_key, environment=elsewhere
    )
    assert "proven: the books are what was signed" in done.stdout
    assert b"example.com" not in export.read_bytes() and key.encode() not in export.read_bytes()

    edit = "UPDATE api_requests SET duration_ms = duration_ms + ? WHERE id = ?"
    edited = uuid.UUID(calls[0]).bytes
    gateway.books.execute(edit, 1, edited)
    report = verify(gateway)
    assert not report["proven"] and any(calls[0] in each["subject"] for each in report["differences"])
    gateway.books.execute(edit, -1, edited)
    assert verify(gateway)["proven"]

    assert gateway.stop() == 0
    report = verify(gateway, "--key", verifier_key)
    assert report["proven"] and report["unsequenced_count"] == 0, "the last checkpoint is made at shutdown"
    last = gateway.rows("SELECT replica_id, number FROM audit_leaves WHERE kind = 1 ORDER BY replica_id DESC, number DESC")[0]
    gateway.books.execute(
        "DELETE FROM audit_leaves WHERE replica_id = ? AND number = ?", last["replica_id"], last["number"]
    )
    assert not verify(gateway)["proven"]


async def test_an_older_copy_halts_the_log_until_it_is_acknowledged(make_gateway):
    gateway = make_gateway("fake", name="restored", engine="sqlite")
    key = gateway.user(quota="5.00")
    await call(gateway, key)
    wait_until_signed(gateway)
    assert gateway.stop() == 0
    older = gateway.database.read_bytes()
    gateway.start()
    lost = await call(gateway, key)
    wait_until_signed(gateway)
    assert gateway.stop() == 0
    gateway.database.write_bytes(older)

    gateway.start()
    until(lambda: "older copy" in get(gateway, "/readyz")[1], "the halt is told", seconds=15)
    await call(gateway, key)
    with pytest.raises(urllib.error.HTTPError) as refused:
        get(gateway, "/audit/checkpoint")
    assert refused.value.code == 503
    report = verify(gateway)
    assert not report["proven"] and any("checkpoints" in each["subject"] for each in report["differences"])

    gateway.run("audit", "acknowledge-restore", "--reason", "the disk died")
    until(lambda: signed_size(gateway) > 0, "a new log", seconds=15)
    assert '"audit":"ok"' in get(gateway, "/readyz")[1].replace(" ", "")
    report = verify(gateway)
    assert report["proven"] and len(report["logs"]) == 2 and len(report["broken"]) == 1, report
    missing = gateway.run("audit", "prove", lost, check=False)
    assert missing.returncode != 0 and "there is no such call" in missing.stderr
    assert gateway.stop() == 0


# A server waits for the dead one's duty to end; each of them meets a step of its own, or all where it was chosen.
LEFT_OUT = {("before-commit", "mysql"), ("after-commit", "postgres"), ("after-append", "mysql")}


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("step", ["before-commit", "after-commit", "after-append"])
async def test_a_crash_of_the_signer_loses_and_forks_nothing(make_gateway, step, engine):
    if (step, engine) in LEFT_OUT and "TOKENAUDIT_TEST_ENGINE" not in os.environ:
        pytest.skip("another server's")
    gateway = make_gateway("fake", name=f"signer-{step}", engine=engine, start=False)
    key = gateway.user(quota="5.00")
    gateway.start(fail=f"audit.{step}:1:kill", wait=False)
    until(lambda: not gateway.child.is_running(), "the signer's step ended the process", seconds=30)
    gateway.start()
    await call(gateway, key)
    wait_until_signed(gateway)
    report = verify(gateway)
    assert report["proven"] and len(report["logs"]) == 1 and report["external_checkpoints"] >= 1
    gateway.assert_sound(key)
    assert gateway.stop() == 0


@pytest.mark.parametrize("engine", ENGINES)
async def test_where_no_checkpoint_can_be_kept_outside_calls_go_on(make_gateway, engine):
    gateway = make_gateway("fake", name="append-fails", engine=engine, start=False)
    key = gateway.user(quota="5.00")
    gateway.start(fail="audit.append:1:error")
    await call(gateway, key)
    assert signed_size(gateway) == 0, "what is not outside is not shown"
    assert gateway.stop() == 0
    gateway.start()
    wait_until_signed(gateway)
    assert verify(gateway)["proven"]
    assert gateway.stop() == 0


def test_what_is_no_input_says_so(make_gateway, tmp_path):
    gateway = make_gateway("fake", name="audit-input", start=False)
    for arguments, message in [
        (["verify", "--key", "nonsense"], "neither a key"),
        (["verify", "--checkpoint", tmp_path / "none"], "no checkpoint"),
        (["verify", "--export", tmp_path / "none"], "none"),
        (["verify", "--export", __file__], "database"),
        (["verify", "--proof", __file__], "no proof"),
        (["prove", "nonsense"], "is no call id"),
        (["prove", "00000000-0000-7000-8000-000000000000"], "there is no such call"),
        (["key"], "nothing is signed yet"),
        (["acknowledge-restore", "--reason", "x"], "nothing was ever signed"),
        (["acknowledge-restore", "--reason", ""], "--reason"),
    ]:
        done = gateway.run("audit", *arguments, check=False)
        assert done.returncode > 0 and message in done.stderr, (arguments, done)
