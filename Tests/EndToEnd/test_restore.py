"""The drill of Docs/operations.md: a copy is made beside the running server, the books are lost, the copy is put back."""

import json
import shutil
import subprocess
import urllib.request

import databases
import engines
import pytest
import raw
from test_audit import call, wait_until_signed
from servers import until


class EmbeddedBooks:
    """How books in SQLite are copied, lost and put back."""

    def __init__(self, gateway, directory):
        self.gateway = gateway
        self.copy = directory / "copy.sqlite"

    def back_up(self):
        """Beside the running server."""
        subprocess.run(["sqlite3", self.gateway.database, f".backup {self.copy}"], check=True)
        shutil.copy(f"{self.gateway.database}.checkpoints", f"{self.copy}.checkpoints")

    def verify_copy(self):
        elsewhere = self.gateway.environment | {"TOKENAUDIT_DATABASE": f"sqlite:{self.copy}"}
        for proof in (["ledger", "verify"], ["audit", "verify"]):
            self.gateway.run(*proof, environment=elsewhere)

    def lose(self):
        """The disk is gone but for the checkpoints, which are kept elsewhere as well."""
        for suffix in ("", "-wal", "-shm"):
            self.gateway.database.with_name(self.gateway.database.name + suffix).unlink(missing_ok=True)

    def damage(self):
        """A page in the middle is overwritten."""
        size = self.gateway.database.stat().st_size
        with open(self.gateway.database, "r+b") as file:
            file.seek(size // 2)
            file.write(b"\xff" * 8_192)

    def restore(self):
        self.lose()
        shutil.copy(self.copy, self.gateway.database)


class PostgresBooks:
    """How books in PostgreSQL are dumped, lost and put back into a new database."""

    def __init__(self, gateway, directory):
        self.gateway = gateway
        self.dump = directory / "copy.dump"

    @staticmethod
    def program(name):
        """Of the server's own version."""
        return databases.newest_binary(name, "usr/lib/postgresql/*/bin")

    def restore_into(self, books):
        subprocess.run(
            [self.program("pg_restore"), f"--dbname={books.url}", "--exit-on-error", "--no-owner", self.dump], check=True
        )

    def back_up(self):
        """Beside the running server."""
        dump = [self.program("pg_dump"), f"--dbname={self.gateway.books.url}", "--format=custom", f"--file={self.dump}"]
        subprocess.run(dump, check=True)

    def verify_copy(self):
        """Restored beside the books; its checkpoints are those of the books at least."""
        elsewhere = engines.Postgres(None)
        try:
            self.restore_into(elsewhere)
            for proof in (["ledger", "verify"], ["audit", "verify"]):
                self.gateway.run(*proof, environment=self.gateway.environment | {"TOKENAUDIT_DATABASE": elsewhere.url})
        finally:
            elsewhere.drop()

    def lose(self):
        self.gateway.books.drop()

    def damage(self):
        """A row is not what was written."""
        self.gateway.books.execute("UPDATE quota_grants SET available = available + 1, funded = funded + 1")

    def restore(self):
        books = self.gateway.books
        books.drop()
        books.administer(f"CREATE DATABASE {books.database}")
        self.restore_into(books)


# By engine.
BOOKS = {"sqlite": EmbeddedBooks, "postgres": PostgresBooks}


@pytest.mark.parametrize("loss", ["lose", "damage"])
@pytest.mark.parametrize("engine", sorted(BOOKS))
async def test_the_restore_drill(make_gateway, tmp_path, engine, loss):
    gateway = make_gateway("fake", name=f"drill-{engine}-{loss}", engine=engine)
    books = BOOKS[engine](gateway, tmp_path)
    key = gateway.user(quota="5.00")
    kept = [await call(gateway, key) for _ in range(3)]
    wait_until_signed(gateway)
    books.back_up()
    books.verify_copy()
    spent = gateway.quota(key)["used_quota"]

    lost = [await call(gateway, key) for _ in range(2)]
    wait_until_signed(gateway)
    assert gateway.stop() == 0
    getattr(books, loss)()
    if loss == "damage":
        assert gateway.run("ledger", "verify", check=False).returncode != 0, "damage is found"
    books.restore()

    gateway.start()

    def readiness():
        with urllib.request.urlopen(f"http://127.0.0.1:{gateway.port}/readyz", timeout=20) as answer:
            return answer.read().decode()

    until(lambda: "older copy" in readiness(), "the halt is told", seconds=15)
    gateway.verify()
    assert gateway.quota(key)["used_quota"] == spent
    # Calls go on meanwhile, and nothing is signed.
    kept.append(await call(gateway, key))
    gateway.run("audit", "acknowledge-restore", "--reason", "restore drill")

    def new_log():
        report = json.loads(gateway.run("audit", "verify", "--json", check=False).stdout)
        return report if len(report["logs"]) == 2 and report["unsequenced_count"] == 0 else None

    report = until(new_log, "a new log with all leaves", seconds=15)
    assert report["proven"] and len(report["broken"]) == 1
    gateway.verify()
    for id in kept:
        gateway.run("audit", "prove", id)
    for id in lost:
        assert "there is no such call" in gateway.run("audit", "prove", id, check=False).stderr
    gateway.assert_sound(key)
    assert gateway.stop() == 0


async def test_without_its_master_key_a_copy_serves_nobody(make_gateway, tmp_path):
    gateway = make_gateway("fake", name="keyless")
    key = gateway.user()
    assert (await raw.ask(gateway.port, key, raw.chat("fake"))).status == 200
    assert gateway.stop() == 0
    master_key = gateway.directory / "master.key"
    master_key.rename(tmp_path / "master.key")
    refused = gateway.run("serve", check=False)
    assert refused.returncode != 0 and "master.key" in refused.stderr
    (tmp_path / "master.key").rename(master_key)
    gateway.start()
    assert (await raw.ask(gateway.port, key, raw.chat("fake"))).status == 200
    assert gateway.stop() == 0
