"""The servers under test: the fake upstream and the gateway, each a child process with its own port and folder."""

import json
import os
import pathlib
import secrets
import signal
import string
import subprocess
import sys
import time
import urllib.request
import uuid

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "Scripts"))
from children import Child, free_port  # noqa: E402

import engines  # noqa: E402
from oracle import PRICES  # noqa: E402

DEBUG = ROOT / ".build" / "debug"


class Fake:
    """The fake upstream of Benchmarks/, in a process of its own."""

    def __init__(self, directory):
        self.child = Child("fake-upstream", [DEBUG / "fake-upstream", "--record"], directory / "fake.log")
        self.port = int(self.child.wait_for_line("listening").rsplit(":", 1)[1])

    def post(self, path, value=None):
        data = json.dumps(value).encode()
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", data, timeout=20) as answer:
            return json.load(answer)

    def script(self, name, *scripts):
        """Sets what calls of this model play; several scripts are used up one a call, the last one stays."""
        self.post(f"/_script/{name}", list(scripts))

    def open(self, gate):
        self.post(f"/_open/{gate}")

    def counters(self, name):
        return self.post("/_counters").get(name, {"arrived": 0, "finished": 0, "aborted": 0})

    def received(self):
        return self.post("/_received")

    def wait_for_arrivals(self, name, count, seconds=20):
        until(lambda: self.counters(name)["arrived"] >= count, f"{count} calls of {name}", seconds)

    def stop(self):
        self.child.stop()


def until(condition, what, seconds=20, pause=0.02):
    """Polls until `condition()` is truthy and returns it."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < deadline, f"{what}: not within {seconds} s"
        time.sleep(pause)


def new_key():
    return "sk-audit-" + "".join(secrets.choice(string.ascii_letters + string.digits) for _ in range(32))


class Gateway:
    """`tokenaudit serve` on a database of its own. It may be killed and started again; the books stay."""

    def __init__(self, directory, fake_port, engine=None, beside=None, **settings):
        """`engine`: a name, or what makes books. `beside`: a gateway whose books and master key this one shares, as another
        replica."""
        self.directory = pathlib.Path(directory)
        self.directory.mkdir(parents=True, exist_ok=True)
        self.fake_port = fake_port
        self.port = free_port()
        self.child = None
        self.names = 0
        self.shared_key = None
        make = engine if callable(engine) else engines.ENGINES[engine or engines.DEFAULT]
        self.books = beside.books if beside else make(self.directory)
        self.owns_books = beside is None
        # Of an embedded database.
        self.database = self.directory / "tokenaudit.sqlite"
        master_key = (beside or self).directory / "master.key"
        if self.books.name != "sqlite" and self.owns_books:
            master_key.write_text(secrets.token_hex(32))
            master_key.chmod(0o600)
        environment = {name: value for name, value in os.environ.items() if not name.startswith("TOKENAUDIT_")}
        self.environment = environment | {
            "TOKENAUDIT_LISTEN": f"127.0.0.1:{self.port}",
            "TOKENAUDIT_DATABASE": self.books.url,
            "TOKENAUDIT_SPOOL_FOLDER": str(self.directory / "spool"),
            "TOKENAUDIT_MASTER_KEY_FILE": str(master_key),
            "TOKENAUDIT_UPSTREAM_ALLOW_PRIVATE": "true",
            "TOKENAUDIT_DEADLINES_FIRST_BYTE": "8s",
            "TOKENAUDIT_DEADLINES_UPSTREAM_IDLE": "8s",
            # The full work takes two seconds in a debug build; its own test is in Swift.
            "TOKENAUDIT_SCRYPT_ROUNDS": "10",
            # Of a process without core dumps only root sees the open files.
            "TOKENAUDIT_CORE_DUMPS": "false" if os.getuid() == 0 else "true",
            **{f"TOKENAUDIT_{name.upper()}": value for name, value in settings.items()},
        }

    # --- The process

    def start(self, fail=None, wait=True, cwd=ROOT):
        environment = self.environment | ({"TOKENAUDIT_FAIL": fail} if fail else {})
        command = [DEBUG / "tokenaudit", "serve"]
        self.child = Child("tokenaudit", command, self.directory / "gateway.log", environment, cwd)
        if wait:
            self.child.wait_for_http(f"http://127.0.0.1:{self.port}/readyz", seconds=30)
        return self

    def stop(self, seconds=45):
        return self.child.stop(seconds) if self.child else 0

    def discard(self):
        self.stop()
        if self.owns_books:
            self.books.drop()

    def terminate(self):
        self.child.send(signal.SIGTERM)

    def kill(self):
        return self.child.kill()

    def run(self, *arguments, check=True, environment=None):
        command = [str(DEBUG / "tokenaudit"), *map(str, arguments)]
        done = subprocess.run(
            command, env=environment or self.environment, cwd=ROOT, text=True, capture_output=True, timeout=120
        )
        if check:
            assert done.returncode == 0, f"{' '.join(command)} ended with {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done

    def verify(self):
        """`ledger verify` proves the books, beside a running server or not."""
        return self.run("ledger", "verify")

    def assert_sound(self, *keys):
        """What must hold after every fault: the process lives, nothing of these keys stays held, the books agree."""
        assert self.child.is_running(), self.child.log_tail()
        for key in keys:
            self.wait_until_nothing_is_held(key)
        self.assert_grants_hold()
        self.verify()

    def resident_bytes(self):
        """What the process has in memory now."""
        return int(pathlib.Path(f"/proc/{self.child.pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGESIZE")

    def open_files(self):
        return len(os.listdir(f"/proc/{self.child.pid}/fd"))

    # --- The catalogue

    def apply(self, **lists):
        """Applies a file; JSON is YAML."""
        self.names += 1
        path = self.directory / f"apply-{self.names}.yaml"
        path.write_text(json.dumps(lists))
        return json.loads(self.run("apply", path, "--json").stdout)

    def model(self, name, upstream_model=None, provider="fake", prices=PRICES, **members):
        entry = {
            "name": name,
            "provider": provider,
            "upstream_model": upstream_model or name,
            "context_length": 100_000,
            "max_output_tokens": 10_000,
        }
        fields = {"input": "input", "cache_read": "cached_input", "output": "output", "reasoning": "reasoning"}
        return entry | {f"{fields[kind]}_price_per_1k": price for kind, price in (prices or {}).items()} | members

    def apply_catalogue(self, models, providers=()):
        """The models, all in the group `default`; the provider `fake` and whatever others are given."""
        fake = {
            "name": "fake",
            "dialect": "openai",
            "base_url": f"http://127.0.0.1:{self.fake_port}/v1",
            "api_key": "upstream-secret-key",
        }
        names = [model["name"] for model in models]
        self.apply(
            providers=[fake, *providers],
            models=models,
            model_groups=[{"name": "default", "models": names, "price_multiplier": "1.0"}],
        )

    def user(self, quota="100.00", expires_at=None):
        """A new user with a quota of the group `default`; returns the key."""
        key = new_key()
        self.apply(
            users=[
                {
                    "email": f"{uuid.uuid4().hex}@example.com",
                    "name": "Tester",
                    "role": "user",
                    "api_key": key,
                    "quotas": [{"model_group": "default", "total_quota": quota, "expires_at": expires_at}],
                }
            ]
        )
        return key

    def anyone(self):
        """The key of a user that tests share which look at single bills only."""
        if self.shared_key is None:
            self.shared_key = self.user(quota="10000.00")
        return self.shared_key

    # --- The books

    def usage(self, key, limit=1000, request_id=None):
        query = f"?request_id={request_id}" if request_id else f"?limit={limit}"
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}/v1/usage{query}", headers={"Authorization": f"Bearer {key}"}
        )
        with urllib.request.urlopen(request, timeout=20) as answer:
            return json.load(answer)

    def bill(self, key, request_id):
        recent = self.usage(key, request_id=request_id)["recent"]
        assert len(recent) == 1, f"{len(recent)} bills for {request_id}"
        return recent[0]

    def quota(self, key):
        return self.usage(key, limit=1)["quotas"][0]

    def wait_until_nothing_is_held(self, key, seconds=40):
        until(lambda: float(self.quota(key)["held_quota"]) == 0, "nothing held", seconds)

    def rows(self, sql, *values):
        """Reads the database past the gateway's own code."""
        return self.books.rows(sql, *values)

    STATES = {0: "open", 1: "captured", 2: "voided", 3: "uncertain"}

    def calls(self):
        """Every call by its request id."""
        rows = self.rows("SELECT * FROM api_requests ORDER BY id")
        return {str(uuid.UUID(bytes=bytes(row["id"]))): dict(row) | {"state": self.STATES[row["state"]]} for row in rows}

    def net_charges(self):
        """What each call came to: its charge, its correction, and what the provider lost with it."""
        rows = self.calls()
        corrections = self.rows(
            "SELECT call_id, SUM(amount) AS amount FROM ledger_entries WHERE lane = 1 AND kind = 6 GROUP BY call_id"
        )
        by_call = {bytes(row["call_id"]): int(row["amount"]) for row in corrections}
        return {
            name: (row["state"], row["charge"] + by_call.get(bytes(row["id"]), 0) + row["excess"])
            for name, row in rows.items()
        }

    def assert_grants_hold(self):
        """funded = available + held + captured + forfeited and held = the open calls' holds, by our own arithmetic."""
        grants = self.rows("SELECT * FROM quota_grants")
        for grant in grants:
            parts = [grant[name] for name in ("available", "held", "captured", "forfeited")]
            assert min(parts) >= 0 and sum(parts) == grant["funded"], dict(grant)
        held = sum(row["hold"] for row in self.rows("SELECT hold FROM api_requests WHERE state IN (0, 3)"))
        assert sum(grant["held"] for grant in grants) == held
        charged = sum(row["charge"] for row in self.rows("SELECT charge FROM api_requests"))
        # Corrections and refunds.
        charged += sum(
            row["amount"] for row in self.rows("SELECT amount FROM ledger_entries WHERE lane = 1 AND kind IN (6, 7)")
        )
        assert sum(grant["captured"] for grant in grants) == charged
