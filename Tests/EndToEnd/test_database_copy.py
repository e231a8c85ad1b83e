"""`database copy`: the books move to another engine, broken off and gone on with, and everything goes on there."""

import asyncio
import decimal
import shutil
import signal

import pytest

import raw
from servers import Gateway
from test_administration import Browser, create_admin
from test_audit import verify as audit
from test_audit import wait_until_signed

MODELS = ["fake", "fake-stream-20-5ms", "fake-usage-1000-200-50-10", "fake-stream-40-25ms"]
# The migrations' own, and the name that each database has for itself.
NOT_COPIED = ("schema_migrations", "database_identity")


def copy(source, target, check=True, fail=None):
    """From books to books, each named in a file."""
    arguments = []
    for option, books in (("--from", source.books), ("--to", target.books)):
        file = target.directory / f"url{option}"
        file.write_text(books.url + "\n")
        arguments += [option, f"@{file}"]
    environment = target.environment | ({"TOKENAUDIT_FAIL": fail} if fail else {})
    return target.run("database", "copy", *arguments, check=check, environment=environment)


def beside(source, directory, engine):
    """A gateway with empty books of another engine and the master key of the source."""
    made = Gateway(directory, source.fake_port, engine=engine)
    shutil.copy(source.directory / "master.key", made.directory / "master.key")
    return made


def names_of_tables(embedded):
    rows = embedded.rows("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'")
    return [row["name"] for row in rows if row["name"] not in NOT_COPIED]


def plain(value):
    """Alike from any engine."""
    if isinstance(value, decimal.Decimal):
        return int(value)
    return bytes(value) if isinstance(value, (bytearray, memoryview)) else value


def contents(gateway, names):
    """All rows of these tables."""
    found = {}
    for name in names:
        rows = gateway.rows(f"SELECT * FROM {name}")
        found[name] = sorted(([(column, plain(row[column])) for column in sorted(row)] for row in rows), key=repr)
    return found


async def calls_of_all_kinds(gateway, root, key):
    """Ends with a process that was killed in the middle of a call, and another one that took its calls over."""
    for model in MODELS:
        for stream in (False, True):
            answer = await raw.ask(gateway.port, key, raw.chat(model, stream=stream, usage=stream))
            assert answer.status == 200 and answer.ended
    # Hung up on.
    reader, writer = await asyncio.open_connection("127.0.0.1", gateway.port)
    writer.write(raw.request(key, raw.chat("fake-stream-40-25ms", stream=True)))
    await reader.readuntil(b"data: ")
    writer.close()
    gateway.wait_until_nothing_is_held(key)
    # Refunded in part.
    _, quotas = root.ask("GET", "/api/admin/quotas/?page_size=100")
    refunded = answer.header("x-request-id")
    paid_by = next(quota["id"] for quota in quotas["results"] if float(quota["used_quota"]) > 0)
    refund = {"request_id": refunded, "amount": "0.000001", "reason": "an apology"}
    status, told = root.ask("POST", f"/api/admin/quotas/{paid_by}/refund/", refund)
    assert status == 200, told
    # Refused for want of money, and a person with letters of several scripts.
    assert (await raw.ask(gateway.port, gateway.user(quota="0.000001"), raw.chat("fake"))).status == 429
    person = {"email": "name@example.com", "name": "Zoë 名字 🙂 'quoted' \\ %_", "password": "correct horse battery"}
    assert root.ask("POST", "/api/admin/users/", person)[0] == 201
    # Killed.
    reader, writer = await asyncio.open_connection("127.0.0.1", gateway.port)
    writer.write(raw.request(key, raw.chat("fake-stream-40-25ms", stream=True)))
    await reader.readuntil(b"data: ")
    gateway.kill()
    writer.close()


@pytest.mark.parametrize("engine", ["postgres", "mysql"])
async def test_books_move_to_a_server_and_back_and_go_on_there(make_gateway, tmp_path, engine):
    source = make_gateway(*MODELS, name=f"moving-{engine}", engine="sqlite")
    create_admin(source, "root@example.com", tmp_path)
    root = Browser(source)
    assert root.sign_in("root@example.com")[0] == 200
    key = source.user(quota="5.00")
    await calls_of_all_kinds(source, root, key)

    target = beside(source, tmp_path / "there", engine)
    try:
        refused = copy(source, target, check=False)
        assert refused.returncode != 0 and "did not end in order" in refused.stderr
        source.start()
        refused = copy(source, target, check=False)
        assert refused.returncode != 0 and "a server has this database" in refused.stderr
        wait_until_signed(source)
        before = source.usage(key)
        by_policy = source.rows("SELECT COUNT(*) AS n FROM ledger_entries WHERE kind IN (6, 7)")
        assert by_policy[0]["n"] > 0, "a correction or a refund"
        assert source.stop() == 0

        assert copy(source, target, check=False, fail="copy.rows:12:kill").returncode == -signal.SIGKILL
        for command in (["serve"], ["ledger", "verify"], ["users", "list"]):
            refused = target.run(*command, check=False)
            assert refused.returncode != 0 and "is not finished" in refused.stderr, refused
        assert "everything agrees" in copy(source, target).stdout
        refused = copy(source, target, check=False)
        assert refused.returncode != 0 and "not empty" in refused.stderr

        names = names_of_tables(source)
        assert contents(target, names) == contents(source, names)
        target.verify()
        report = audit(target, "--checkpoint", f"{source.database}.checkpoints")
        assert report["proven"] and report["unsequenced_count"] == 0 and report["external_checkpoints"] > 0

        # The same key, the same session, the same bills, the same log.
        target.start()
        assert target.usage(key) == before
        root.gateway = target
        assert root.ask("GET", "/api/auth/me/")[1]["email"] == "root@example.com"
        assert (await raw.ask(target.port, key, raw.chat("fake"))).status == 200
        target.user()
        status, person = root.ask("POST", "/api/admin/users/", {"email": "new@example.com", "name": "New"})
        assert status == 201 and person["id"] > max(row["id"] for row in source.rows("SELECT id FROM users"))
        wait_until_signed(target)
        report = audit(target, "--checkpoint", f"{source.database}.checkpoints")
        assert report["proven"] and len(report["logs"]) == 1
        target.assert_sound(key)
        after = target.usage(key)
        assert target.stop() == 0

        back = beside(source, tmp_path / "back", "sqlite")
        assert "everything agrees" in copy(target, back).stdout
        assert contents(back, names) == contents(target, names)
        back.start()
        try:
            assert back.usage(key) == after
            assert (await raw.ask(back.port, key, raw.chat("fake"))).status == 200
            root.gateway = back
            assert root.ask("POST", "/api/admin/users/", {"email": "newer@example.com", "name": "Newer"})[0] == 201
            wait_until_signed(back)
            assert audit(back)["proven"]
            back.assert_sound(key)
        finally:
            assert back.stop() == 0
    finally:
        target.discard()


def test_only_into_empty_books_and_from_a_state_that_stays(make_gateway, tmp_path):
    """An embedded database on both sides: what is refused is so of any engine."""
    source = make_gateway("fake", name="source", engine="sqlite", start=False)
    source.user()
    other = make_gateway("fake", name="other", engine="sqlite", start=False)
    refused = copy(source, other, check=False)
    assert refused.returncode != 0 and "not empty" in refused.stderr
    other.verify()

    target = beside(source, tmp_path / "target", "sqlite")
    assert copy(source, target, check=False, fail="copy.rows:3:kill").returncode == -signal.SIGKILL
    refused = target.run("serve", check=False)
    assert refused.returncode != 0 and "is not finished" in refused.stderr
    source.user()
    refused = copy(source, target, check=False)
    assert refused.returncode != 0 and "another state of the source" in refused.stderr

    for arguments, message in [
        (["--from", "nonsense", "--to", target.books.url], "--from must be"),
        (["--from", source.books.url, "--to", source.books.url], "the same database"),
        (["--from", f"sqlite:{tmp_path}/none", "--to", target.books.url], "there is no database"),
        (["--from", f"@{tmp_path}/none", "--to", target.books.url], "none"),
    ]:
        done = source.run("database", "copy", *arguments, check=False)
        assert done.returncode > 0 and message in done.stderr, (arguments, done)
