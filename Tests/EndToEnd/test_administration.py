"""People sign in and administrators keep users, over real sockets and beside the data plane."""

import json
import urllib.error
import urllib.request

import pytest
import raw
from servers import until

PASSWORD = "correct horse battery"


class Browser:
    """Asks the administration with JSON, as a script does; keeps the access token."""

    def __init__(self, gateway):
        self.gateway, self.access, self.refresh = gateway, None, None

    def ask(self, method, path, body=None, **headers):
        headers = {"Content-Type": "application/json"} | headers
        if self.access:
            headers.setdefault("Authorization", f"Bearer {self.access}")
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.gateway.port}{path}",
            None if body is None else json.dumps(body).encode(),
            headers,
            method=method,
        )
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                text, status, self.headers = answer.read(), answer.status, answer.headers
        except urllib.error.HTTPError as error:
            text, status, self.headers = error.read(), error.code, error.headers
        return status, json.loads(text) if text else None

    def sign_in(self, email, password=PASSWORD):
        self.access = None
        status, answer = self.ask("POST", "/api/auth/login/", {"email": email, "password": password})
        if status == 200:
            self.access, self.refresh = answer["access"], answer["refresh"]
        return status, answer


def create_admin(gateway, email, tmp_path):
    secret = tmp_path / "password"
    secret.write_text(PASSWORD + "\n")
    return gateway.run("users", "create-admin", "--email", email, "--password-file", secret)


@pytest.fixture(scope="module")
def administered(make_gateway, tmp_path_factory):
    gateway = make_gateway("fake", name="administered")
    create_admin(gateway, "root@example.com", tmp_path_factory.mktemp("secret"))
    yield gateway
    gateway.verify()
    assert gateway.stop() == 0


def test_the_first_administrator_signs_in_and_out(administered):
    root = Browser(administered)
    status, answer = root.sign_in("root@example.com", "wrong password!")
    assert status == 401 and answer["code"] == "invalid_credentials"
    status, answer = root.sign_in("Root@Example.com ")
    assert status == 200 and answer["user"]["role"] == "super_admin" and answer["user"]["is_super_admin"] is True
    assert root.ask("GET", "/api/auth/me")[1]["email"] == "root@example.com"
    first = root.refresh
    status, answer = root.ask("POST", "/api/auth/refresh/", {"refresh": first})
    assert status == 200 and answer["refresh"] != first
    assert root.ask("POST", "/api/auth/logout/")[0] == 204
    status, answer = root.ask("GET", "/api/auth/me/")
    assert status == 401 and root.headers["WWW-Authenticate"] == "Bearer"
    # A token that was traded and comes again would end the session; this one has ended already.
    assert root.ask("POST", "/api/auth/refresh/", {"refresh": first})[0] == 401


def test_a_traded_refresh_token_ends_its_session(administered):
    root = Browser(administered)
    root.sign_in("root@example.com")
    first = root.refresh
    _, answer = root.ask("POST", "/api/auth/refresh/", {"refresh": first})
    root.access = answer["access"]
    assert root.ask("GET", "/api/auth/me/")[0] == 200
    assert root.ask("POST", "/api/auth/refresh/", {"refresh": first})[0] == 401
    assert root.ask("GET", "/api/auth/me/")[0] == 401, "somebody else may have it"
    assert root.ask("POST", "/api/auth/refresh/", {"refresh": answer["refresh"]})[0] == 401


async def test_a_user_gets_a_key_that_the_data_plane_knows_and_loses_it(administered):
    root = Browser(administered)
    root.sign_in("root@example.com")
    email = "dev@example.com"
    status, user = root.ask(
        "POST", "/api/admin/users/", {"email": email, "name": "Dev", "password": PASSWORD, "role": "user"}
    )
    assert status == 201 and user["is_active"] and user["api_key"] is None
    path = f"/api/admin/users/{user['id']}/"
    status, answer = root.ask("POST", "/api/admin/users/", {"email": email, "name": "Dev"})
    assert status == 409 and list(answer) == ["email"]
    quota = [{"model_group": "default", "total_quota": "5.00", "expires_at": None}]
    administered.apply(users=[{"email": email, "quotas": quota}])

    async def status_with(key):
        return (await raw.exchange(administered.port, raw.request(key, raw.chat("fake")), 20)).status

    _, issued = root.ask("POST", path + "reset-key/")
    first = issued["api_key"]
    assert first.startswith("sk-audit-") and len(first) == 41
    assert await status_with(first) == 200
    shown = root.ask("GET", path)[1]["api_key"]
    assert first not in shown and shown.startswith(first[:11])

    dev = Browser(administered)
    assert dev.sign_in(email)[0] == 200
    assert dev.ask("GET", "/api/admin/users/")[0] == 403, "users keep to themselves"
    second = dev.ask("POST", "/api/auth/refresh-key/")[1]["api_key"]
    assert second != first and await status_with(second) == 200
    for _ in range(200):
        if await status_with(first) == 401:
            break
    else:
        raise AssertionError("the old key still works")

    assert root.ask("DELETE", path)[0] == 204
    assert dev.ask("GET", "/api/auth/me/")[0] == 401, "at once"
    assert dev.sign_in(email)[0] == 401
    until(lambda: models_status(administered, second) == 401, "the key of a user who was ended")
    administered.assert_sound()


def models_status(gateway, key):
    request = urllib.request.Request(
        f"http://127.0.0.1:{gateway.port}/v1/models", headers={"Authorization": f"Bearer {key}"}
    )
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code


def test_the_last_super_admin_stays(administered):
    root = Browser(administered)
    _, answer = root.sign_in("root@example.com")
    path = f"/api/admin/users/{answer['user']['id']}/"
    assert root.ask("PATCH", path, {"role": "admin"})[0] == 409
    assert root.ask("DELETE", path)[0] == 409
    assert root.ask("PATCH", path, {"quota": "1"})[0] == 400
    assert root.ask("GET", "/api/auth/me/")[0] == 200


def test_cookies_are_for_pages_of_this_host_alone(administered):
    page = Browser(administered)
    origin = f"http://127.0.0.1:{administered.port}"
    body = {"email": "root@example.com", "password": PASSWORD}
    status, answer = page.ask(
        "POST", "/api/auth/login/", body, **{"X-TokenAudit-Cookies": "1", "Origin": "https://elsewhere.example"}
    )
    assert status == 403
    status, answer = page.ask("POST", "/api/auth/login/", body, **{"X-TokenAudit-Cookies": "1", "Origin": origin})
    assert status == 200 and "access" not in answer and "refresh" not in answer
    set_cookies = page.headers.get_all("Set-Cookie")
    assert all("__Host-" in line and "Secure" in line and "SameSite=Strict" in line for line in set_cookies)
    jar = dict(line.split(";")[0].split("=", 1) for line in set_cookies)
    cookie = "; ".join(f"{name}={value}" for name, value in jar.items())
    assert page.ask("GET", "/api/auth/me/", Cookie=cookie)[0] == 200
    assert page.ask("PATCH", "/api/auth/me/", {"name": "Root"}, Cookie=cookie, Origin=origin)[0] == 403
    token = jar["__Host-tokenaudit-csrf"]
    changed = page.ask(
        "PATCH", "/api/auth/me/", {"name": "Root"}, **{"Cookie": cookie, "Origin": origin, "X-CSRF-Token": token}
    )
    assert changed[0] == 200 and changed[1]["name"] == "Root"


def test_nothing_secret_of_sign_ins_is_stored_or_logged(administered):
    root = Browser(administered)
    root.sign_in("root@example.com")
    secrets = [PASSWORD, root.access, root.refresh]
    stored = b"".join(path.read_bytes() for path in administered.directory.iterdir() if path.is_file() and path.name != "password")
    for secret in secrets:
        assert secret.encode() not in stored, "a secret is in a file"


def test_create_admin_refuses_what_is_no_password(administered, tmp_path):
    secret = tmp_path / "password"
    secret.write_text("short\n")
    done = administered.run(
        "users", "create-admin", "--email", "x@example.com", "--password-file", secret, check=False
    )
    assert done.returncode == 1 and "at least 12 characters" in done.stderr
    done = administered.run("users", "create-admin", "--email", "nonsense", "--password-file", secret, check=False)
    assert done.returncode == 64
    assert "root@example.com" in administered.run("users", "list").stdout
