"""What schemathesis has to know of us: who asks, and what it had better leave alone."""

import json
import os
import urllib.request

import schemathesis

BASE = os.environ["TOKENAUDIT_BASE"]
EMAIL, PASSWORD = os.environ["TOKENAUDIT_EMAIL"], os.environ["TOKENAUDIT_PASSWORD"]
# Whoever asks stays who they are: rows with these ids are the askers' own.
SEEDED = int(os.environ["TOKENAUDIT_SEEDED"])


def log_in():
    body = json.dumps({"email": EMAIL, "password": PASSWORD}).encode()
    request = urllib.request.Request(
        f"{BASE}/api/auth/login/", body, {"Content-Type": "application/json"}, method="POST"
    )
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)["access"]


# Opened before wrong passwords are tried from this address, which are throttled. Logging out ends one each time; when
# there are no more, it is asked with an ended one.
SESSIONS = [log_in() for _ in range(80)]


@schemathesis.auth(refresh_interval=None)
class Session:
    def get(self, case, context):
        return SESSIONS[0]

    def set(self, case, data, context):
        is_logout = case.operation.path.endswith("/logout/")
        token = SESSIONS.pop() if is_logout and len(SESSIONS) > 2 else SESSIONS[1] if is_logout else data
        case.headers = case.headers or {}
        case.headers["Authorization"] = f"Bearer {token}"


@schemathesis.hook
def filter_case(context, case):
    path = case.operation.path
    is_own_row = path.startswith("/api/admin/users/") and str((case.path_parameters or {}).get("id", "")).isdecimal()
    return not (is_own_row and case.method != "GET" and int(case.path_parameters["id"]) <= SEEDED)
