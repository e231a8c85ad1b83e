"""Secrets of the control plane turn up nowhere but in the one answer that makes them.

Not in a log at `trace`, an error, an export, a statistic, the OpenAPI document, a command's output or a file: neither API keys
nor providers' keys, passwords, access and refresh tokens, cookies, the master key, the keys sealed under it.
"""

import base64
import json
import secrets

import pytest
import raw
import sealed
from servers import new_key
from test_administration import Browser, create_admin

PROVIDER_KEY = "sk-CANARYcontrol" + secrets.token_hex(12)
OTHER_PROVIDER_KEY = "sk-CANARYsecond" + secrets.token_hex(12)
PASSWORD = "CANARY password " + secrets.token_hex(12)
NEW_PASSWORD = "CANARY new password " + secrets.token_hex(12)
FOREIGN_KEY = new_key()
ROOT, DEV = "root@example.com", "dev@example.com"


def forms(secret):
    """How a secret may stand somewhere: as it is, and as bytes are written."""
    data = secret if isinstance(secret, bytes) else secret.encode()
    return [data, data.hex().encode(), data.hex().upper().encode(), base64.b64encode(data).rstrip(b"="), sealed.encode(data).encode()]


def findings(data, planted):
    """The names of secrets that stand in `data`."""
    return [name for name, secret in planted.items() if any(form in data for form in forms(secret))]


class Stage:
    """A gateway at log level `trace` whose administration has met every secret, and what it answered."""

    def __init__(self, gateway, fake, folder):
        self.gateway, self.planted, self.answers = gateway, {}, []
        (folder / "password").write_text(PASSWORD + "\n")
        gateway.run("users", "create-admin", "--email", ROOT, "--password-file", folder / "password")
        self.planted |= {
            "password": PASSWORD, "new password": NEW_PASSWORD, "provider key": PROVIDER_KEY,
            "other provider key": OTHER_PROVIDER_KEY, "foreign key": FOREIGN_KEY,
        }  # fmt: skip
        self.root = Browser(gateway)
        self.sign_in(self.root, ROOT, PASSWORD)
        self.administer(fake)
        self.misuse()
        self.read_everything()
        master = (gateway.directory / "master.key").read_bytes()
        self.planted["master key"] = bytes.fromhex(master.decode().strip())
        self.planted |= sealed.opened(gateway.database, self.planted["master key"])

    def sign_in(self, browser, email, password):
        """Its answer may tell the tokens, and nothing else."""
        status, _ = browser.sign_in(email, password)
        assert status == 200
        number = len(self.planted)
        self.planted |= {f"access {number}": browser.access, f"refresh {number}": browser.refresh}

    def ask(self, method, path, body=None, browser=None, makes=None, **headers):
        """`makes`: the member of the answer that is a new secret, told there and never again."""
        browser = browser or self.root
        status, answer = browser.ask(method, path, body, **headers)
        if makes and status < 300:
            self.planted[f"{path} {len(self.planted)}"] = answer.pop(makes)
        self.answers.append((f"{method} {path}", status, f"{browser.headers}{json.dumps(answer)}".encode()))
        return status, answer

    def administer(self, fake):
        address = f"http://127.0.0.1:{fake.port}/v1"
        provider = {"name": "canary", "dialect": "openai", "base_url": address, "api_key": PROVIDER_KEY}
        _, made = self.ask("POST", "/api/admin/providers/", provider)
        path = f"/api/admin/providers/{made['id']}/"
        for place in ("test/", "sync-models/"):
            self.ask("POST", path + place)
        self.ask("PATCH", path, {"api_key": OTHER_PROVIDER_KEY})
        self.ask("PATCH", path, {"base_url": address + "/elsewhere"})
        _, user = self.ask("POST", "/api/admin/users/", {"email": DEV, "name": "Dev", "password": PASSWORD})
        self.user = user["id"]
        self.ask("POST", f"/api/admin/users/{self.user}/reset-key/", makes="api_key")
        _, key = self.ask("POST", "/api/admin/keys/", {"user": self.user, "name": "first"}, makes="api_key")
        self.key = key["id"]
        self.ask("POST", f"/api/admin/keys/{self.key}/rotate/", {"grace_seconds": 600}, makes="api_key")
        quota = {"user": self.user, "model_group": 1, "total_quota": "5"}
        self.ask("POST", "/api/admin/quotas/", quota, **{"Idempotency-Key": "canary"})
        self.dev = Browser(self.gateway)
        self.sign_in(self.dev, DEV, PASSWORD)
        self.ask("POST", "/api/auth/refresh-key/", browser=self.dev, makes="api_key")
        _, own = self.ask("POST", "/api/me/keys/", {"name": "own"}, browser=self.dev, makes="api_key")
        self.own = own["id"]
        self.ask("POST", "/api/me/playground-key/", browser=self.dev, makes="api_key")
        change = {"password": NEW_PASSWORD, "current_password": PASSWORD}
        self.ask("PATCH", "/api/auth/me/", change, browser=self.dev)
        self.sign_in(self.dev, DEV, NEW_PASSWORD)
        cookies = self.dev.ask(
            "POST", "/api/auth/login/", {"email": DEV, "password": NEW_PASSWORD},
            **{"X-TokenAudit-Cookies": "1", "Origin": f"http://127.0.0.1:{self.gateway.port}"},
        )  # fmt: skip
        assert cookies[0] == 200
        for line in self.dev.headers.get_all("Set-Cookie"):
            name, value = line.split(";")[0].split("=", 1)
            self.planted[name] = value

    def misuse(self):
        """Secrets in the wrong places."""
        wrong = Browser(self.gateway)
        for body in (
            {"email": PASSWORD, "password": NEW_PASSWORD}, {"email": ROOT, "password": [PASSWORD]},
            {"email": ROOT, "password": PASSWORD + "x"}, {"email": ROOT, "pasword": PASSWORD},
        ):  # fmt: skip
            self.ask("POST", "/api/auth/login/", body, browser=wrong)
        stolen = self.root.refresh
        thief = Browser(self.gateway)
        for _ in range(2):
            status, answer = thief.ask("POST", "/api/auth/refresh/", {"refresh": stolen})
            if status == 200:
                self.planted |= {"stolen access": answer["access"], "stolen refresh": answer["refresh"]}
        self.sign_in(self.root, ROOT, PASSWORD)
        access = self.root.access
        for path in (f"/api/admin/users/?token={access}", f"/api/admin/users/{access[-40:]}/", f"/api/{FOREIGN_KEY}", f"/v1/{FOREIGN_KEY}"):
            self.ask("GET", path)
        self.ask("POST", "/api/admin/users/", {"email": "x@example.com", "name": "x", "api_key": FOREIGN_KEY})
        self.ask("POST", "/api/admin/users/", {"email": PASSWORD, "name": "x", "password": "short"})
        self.ask("PATCH", f"/api/admin/users/{self.user}/", {"role": PASSWORD[:40]})
        self.ask("PATCH", f"/api/admin/keys/{self.key}/", {"api_key": FOREIGN_KEY, "allowed_models": [FOREIGN_KEY]})
        provider = {"name": "x", "base_url": f"https://{PROVIDER_KEY}@example.com", "api_key": PROVIDER_KEY}
        self.ask("POST", "/api/admin/providers/", provider)
        self.ask("POST", "/api/admin/providers/", provider | {"base_url": "https://example.com", "api_key": PROVIDER_KEY + " "})
        for value in (f"Bearer {FOREIGN_KEY}", f"Basic {PASSWORD}", f"Bearer {access[:-4]}", access):
            self.ask("GET", "/api/auth/me/", Authorization=value)

    def read_everything(self):
        """Every GET of the document, as whoever may see most; and what is beside it."""
        _, document = self.ask("GET", "/openapi.json")
        ids = {"users": self.user, "keys": self.key}
        for path, methods in document["paths"].items():
            if "get" in methods and "export" not in path and not path.endswith("/live/"):
                kind = path.split("/")[3] if path.count("/") > 4 else ""
                self.ask("GET", path.replace("{id}", str(ids.get(kind, 1))))
        for path in ("/healthz", "/readyz", "/v1/models", "/v1/usage"):
            self.ask("GET", path)
        start = "start_time=1700000000&limit=1"
        for path in ("usage/completions", "costs"):
            self.ask("GET", f"/v1/organization/{path}?{start}")


@pytest.fixture(scope="module")
def told(make_gateway, fake, tmp_path_factory):
    gateway = make_gateway("fake", name="secrets", log_level="trace")
    stage = Stage(gateway, fake, tmp_path_factory.mktemp("secret"))
    yield stage
    gateway.verify()


def test_everything_secret_was_there(told):
    assert len(told.planted) > 25 and len(told.answers) > 60
    assert all(len(secret) >= 16 for secret in told.planted.values())
    statuses = {status for _, status, _ in told.answers}
    assert {200, 201, 204, 400, 401, 404} <= statuses | {204}, statuses


def test_no_answer_tells_a_secret_that_it_did_not_make(told):
    for asked, status, text in told.answers:
        # A path that does not exist is told as it was asked.
        known = {name: secret for name, secret in told.planted.items() if not (status == 404 and name == "foreign key")}
        assert findings(text, known) == [], f"{asked} {status}"


async def test_exports_and_pages_tell_none(told):
    headers = [("Authorization", f"Bearer {told.root.access}")]
    for path in (
        "/docs", "/audit/checkpoint", "/audit/key", "/metrics", "/api/admin/requests/export.csv", "/api/admin/requests/export.jsonl/",
        "/api/admin/audit-log/?page_size=200",
    ):  # fmt: skip
        answer = await raw.exchange(told.gateway.port, raw.request(None, b"", path=path, headers=headers, method="GET"), 20)
        assert answer.status == 200 and findings(answer.body, told.planted) == [], path


def test_no_log_tells_one(told):
    log = told.gateway.child.log.read_bytes()
    assert len(log.splitlines()) > 10
    assert findings(log, told.planted) == []


def test_no_command_and_no_export_of_the_audit_tells_one(told, tmp_path):
    export = tmp_path / "audit.sqlite"
    outputs = [
        told.gateway.run(*command)
        for command in (["config", "show"], ["users", "list"], ["ledger", "verify"], ["audit", "key"], ["audit", "export", export])
    ]
    for done in outputs:
        assert findings((done.stdout + done.stderr).encode(), told.planted) == []
    assert findings(export.read_bytes(), told.planted) == []


def test_no_file_holds_one(told):
    files = [path for path in told.gateway.directory.rglob("*") if path.is_file() and path.name != "master.key"]
    assert any(path.name.endswith("-wal") for path in files) and len(files) > 3
    for path in files:
        assert findings(path.read_bytes(), told.planted) == [], path
    master = told.gateway.directory / "master.key"
    others = {name: secret for name, secret in told.planted.items() if name != "master key"}
    assert findings(master.read_bytes(), others) == [] and master.stat().st_mode & 0o077 == 0
