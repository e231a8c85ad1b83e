"""The served OpenAPI document is true: schemathesis asks everything in it, in good and in bad ways, as each role.

Every role asks every operation a few random things; the long list of corner cases of each (its coverage phase) is gone
through by the least role that may use it, and by all of them where TOKENAUDIT_SCHEMA_EXAMPLES says how much more is wanted.

One check is left out: that what was deleted is gone. Rows that bills name are deactivated, and stay to be read. Streams of live
calls are left out, for they have no end (`test_live.py`).
"""

import json
import os
import subprocess
import urllib.request

import pytest
from servers import ROOT
from test_administration import PASSWORD, Browser, create_admin

ROLES = ["super_admin", "admin", "auditor", "user"]
IS_LONG = "TOKENAUDIT_SCHEMA_EXAMPLES" in os.environ
EXAMPLES = os.environ.get("TOKENAUDIT_SCHEMA_EXAMPLES", "3")
CONFIGURATION = """
[checks.positive_data_acceptance]
expected-statuses = ["2xx", 401, 403, 404, 409, 412, 422, 429]
[checks.negative_data_rejection]
expected-statuses = [400, 401, 403, 404, 405, 409, 412, 415, 422, 429]
"""
FEWER = """
[[operations]]
include-operation-id = {}
[operations.phases.coverage]
enabled = false
"""


@pytest.fixture(scope="module")
def described(make_gateway, tmp_path_factory):
    gateway = make_gateway("fake", name="described")
    create_admin(gateway, "super_admin@example.com", tmp_path_factory.mktemp("secret"))
    root = Browser(gateway)
    root.sign_in("super_admin@example.com")
    for role in ROLES[1:]:
        body = {"email": f"{role}@example.com", "name": role, "role": role, "password": PASSWORD}
        assert root.ask("POST", "/api/admin/users/", body)[0] == 201
    gateway.seeded = root.ask("GET", "/api/admin/users/")[1]["count"]
    paths = root.ask("GET", "/openapi.json")[1]["paths"]
    gateway.operations = [operation for methods in paths.values() for operation in methods.values()]
    yield gateway
    gateway.verify()
    assert gateway.stop() == 0


def least_role(operation):
    """Who may use it, by its description; nobody in particular: everybody is a user at least."""
    words = operation.get("description", "").split()
    return words[1] if words[:1] == ["For"] else "user"


@pytest.mark.parametrize("role", ROLES)
def test_what_is_served_is_what_is_described(described, role, tmp_path):
    base = f"http://127.0.0.1:{described.port}"
    others = [operation["operationId"] for operation in described.operations if least_role(operation) != role]
    (tmp_path / "schemathesis.toml").write_text(CONFIGURATION + ("" if IS_LONG else FEWER.format(json.dumps(others))))
    is_stateful = role == "super_admin"
    ended = subprocess.run(
        [
            ROOT / ".venv/bin/schemathesis",
            *("--config-file", tmp_path / "schemathesis.toml"),
            *("run", f"{base}/openapi.json", "--checks", "all", "--exclude-checks", "use_after_free", "--no-color"),
            *("--exclude-path-regex", "/live/?$"),
            *("--phases", "examples,coverage,fuzzing" + (",stateful" if is_stateful else "")),
            *("--max-examples", EXAMPLES, "--seed", "1", "--generation-deterministic", "--continue-on-failure"),
            *("--suppress-health-check", "all", "--warnings", "off"),
        ],
        env=os.environ
        | {
            "SCHEMATHESIS_HOOKS": "openapi_hooks",
            "PYTHONPATH": str(ROOT / "Tests/EndToEnd"),
            "TOKENAUDIT_BASE": base,
            "TOKENAUDIT_EMAIL": f"{role}@example.com",
            "TOKENAUDIT_PASSWORD": PASSWORD,
            "TOKENAUDIT_SEEDED": str(described.seeded),
        },
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=3_600 if IS_LONG else 600,
    )
    assert ended.returncode == 0, ended.stdout[-8_000:] + ended.stderr[-2_000:]
    with urllib.request.urlopen(f"{base}/healthz", timeout=10) as answer:
        assert answer.status == 200
