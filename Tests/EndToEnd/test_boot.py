"""What must not be started with: weak or wrong secrets, a database that cannot be written."""

import os
import pathlib
import shutil
import sqlite3
import subprocess

import pytest
import sealed
from servers import DEBUG

REFUSED = 60  # seconds within which a start that is refused has ended


def refused(gateway):
    """Starts, and returns what was said when it ended by itself, not cleanly."""
    gateway.start(wait=False)
    code = gateway.child.process.wait(REFUSED)
    said = gateway.child.log_tail()
    assert code not in (0, None) and code > 0, f"{code}: {said}"
    assert "listening" not in said.splitlines()[-1]
    return said


WEAK = {
    "empty": b"",
    "a blank line": b"\n",
    "short": b"0123456789abcdef",
    "a word": b"changeme\n",
    "one byte, 32 times": b"\0" * 32,
    "one digit, 64 times": b"0" * 64,
    "65 digits": b"0123456789abcdef" * 4 + b"0",
    "not hexadecimal": b"z" * 64,
    "too long": b"0123456789abcdef" * 64,
}


@pytest.mark.parametrize("contents", WEAK.values(), ids=WEAK.keys())
def test_a_weak_master_key_is_refused(make_gateway, contents):
    gateway = make_gateway("fake", start=False, name="weak")
    path = pathlib.Path(gateway.environment["TOKENAUDIT_MASTER_KEY_FILE"])
    path.unlink()
    path.write_bytes(contents)
    path.chmod(0o600)
    said = refused(gateway)
    assert str(path) in said
    assert path.read_bytes() == contents, "and it is left as it was"


def test_another_master_key_than_the_databases_is_refused(make_gateway):
    gateway = make_gateway("fake", start=False, name="other")
    path = pathlib.Path(gateway.environment["TOKENAUDIT_MASTER_KEY_FILE"])
    right = path.read_bytes()
    other = os.urandom(32).hex().encode()
    path.write_bytes(other)
    said = refused(gateway)
    assert other.decode() not in said and right.decode().strip() not in said
    assert "key" in said.lower()
    path.write_bytes(right)
    gateway.start()
    gateway.verify()


def test_a_lost_master_key_is_not_made_anew(make_gateway):
    """A new key beside books sealed with another would look like a start, and open nothing."""
    gateway = make_gateway("fake", start=False, name="lost")
    path = pathlib.Path(gateway.environment["TOKENAUDIT_MASTER_KEY_FILE"])
    path.rename(path.with_suffix(".away"))
    assert str(path) in refused(gateway)
    assert not path.exists()


def test_a_master_key_that_is_a_folder(make_gateway):
    gateway = make_gateway("fake", start=False, name="folder")
    path = pathlib.Path(gateway.environment["TOKENAUDIT_MASTER_KEY_FILE"])
    path.unlink()
    path.mkdir()
    assert str(path) in refused(gateway)


def test_a_database_that_is_no_database(make_gateway):
    gateway = make_gateway("fake", start=False, name="garbage")
    for suffix in ("-wal", "-shm"):
        pathlib.Path(str(gateway.database) + suffix).unlink(missing_ok=True)
    gateway.database.write_bytes(b"this is not a database at all\n" * 500)
    assert str(gateway.database) in refused(gateway)


def test_a_cut_copy_of_the_database_is_found_out(make_gateway):
    gateway = make_gateway("fake", name="cut")
    key = gateway.user()
    for _ in range(20):
        gateway.usage(key)
    assert gateway.stop() == 0
    copy = gateway.directory / "copy.sqlite"
    shutil.copy(gateway.database, copy)
    os.truncate(copy, copy.stat().st_size // 2)
    environment = gateway.environment | {"TOKENAUDIT_DATABASE": f"sqlite:{copy}"}
    done = gateway.run("ledger", "verify", check=False, environment=environment)
    assert done.returncode != 0 and str(copy) in done.stdout + done.stderr


UNUSABLE = {"a folder": "/tmp", "nowhere": "/proc/nowhere/tokenaudit.sqlite", "a device": "/dev/null"}


@pytest.mark.parametrize("path", UNUSABLE.values(), ids=UNUSABLE.keys())
def test_a_database_where_none_can_be(make_gateway, path):
    gateway = make_gateway("fake", start=False, name="unusable")
    gateway.environment["TOKENAUDIT_DATABASE"] = f"sqlite:{path}"
    assert path.rsplit("/", 1)[0] in refused(gateway)


def test_a_read_only_file_system(make_gateway):
    """Books that can be read and not written: no start, no call, and nothing changed."""
    gateway = make_gateway("fake", start=False, name="read-only")
    folder = gateway.directory
    mount = f"mount --bind {folder} {folder} && mount -o remount,ro,bind {folder}"
    if subprocess.run(["unshare", "-m", "sh", "-c", mount], capture_output=True).returncode != 0:
        pytest.skip("mounting needs root")
    before = gateway.database.read_bytes()
    for command in ("serve", "migrate"):
        done = subprocess.run(
            ["unshare", "-m", "sh", "-c", f"{mount} && exec {DEBUG / 'tokenaudit'} {command}"],
            env=gateway.environment,
            capture_output=True,
            text=True,
            timeout=REFUSED,
        )
        said = done.stdout + done.stderr
        if command == "serve":
            assert done.returncode > 0 and str(folder) in said and "listening" not in said
    assert gateway.database.read_bytes() == before
    assert gateway.start().stop() == 0, "it starts once it can write"


def test_two_servers_of_one_database(make_gateway):
    gateway = make_gateway("fake", name="first")
    second = make_gateway("fake", start=False, name="second")
    second.environment["TOKENAUDIT_DATABASE"] = gateway.environment["TOKENAUDIT_DATABASE"]
    second.environment["TOKENAUDIT_MASTER_KEY_FILE"] = gateway.environment["TOKENAUDIT_MASTER_KEY_FILE"]
    assert "another server has this database" in refused(second)
    assert gateway.child.is_running()


def secrets_of(gateway):
    with sqlite3.connect(f"file:{gateway.database}?mode=ro", uri=True) as books:
        names = [name for (name,) in books.execute("SELECT name FROM secrets ORDER BY name")]
    books.close()
    return names


def test_an_empty_or_placeholder_secret_in_the_database_is_refused(make_gateway):
    """Pepper, session key and signer key: sealed as they should be, and still no secret."""
    gateway = make_gateway("fake", name="placeholders")
    assert gateway.stop() == 0
    master = bytes.fromhex((gateway.directory / "master.key").read_text().strip())
    right = sealed.opened(gateway.database, master)
    assert set(right) == set(secrets_of(gateway)) == {"api_key_pepper", "session_key", "audit_key"}
    assert all(len(secret) == 32 for secret in right.values())
    for name, secret in right.items():
        for bad in (b"", b"changeme", bytes(32), b"\x07" * 32, secret[:31]):
            sealed.replace(gateway.database, master, name, bad)
            said = refused(gateway)
            assert name in said, said
            assert all(value.hex() not in said for value in right.values())
        sealed.replace(gateway.database, master, name, secret)
    gateway.start()
    gateway.verify()
