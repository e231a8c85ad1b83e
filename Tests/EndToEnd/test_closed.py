"""The control plane is closed: asked over sockets, as everybody, everything that its own document names, and more."""

import asyncio
import collections
import pathlib
import re

import pytest
import raw
from servers import until
from test_administration import PASSWORD, Browser, create_admin

RANK = ["user", "auditor", "admin", "super_admin"]
# Whoever reads this page finds the routes of the design in it.
DESIGN = """
POST /api/auth/login/
POST /api/auth/logout/
POST /api/auth/refresh-key/
GET /api/admin/users/
POST /api/admin/users/
PUT /api/admin/users/{id}/
DELETE /api/admin/users/{id}/
POST /api/admin/users/{id}/reset-key/
GET /api/admin/providers/
POST /api/admin/providers/
PUT /api/admin/providers/{id}/
POST /api/admin/providers/{id}/sync-models/
GET /api/admin/models/
POST /api/admin/models/
PUT /api/admin/models/{id}/
GET /api/admin/model-groups/
POST /api/admin/model-groups/
PUT /api/admin/model-groups/{id}/
GET /api/admin/quotas/
POST /api/admin/quotas/
PUT /api/admin/quotas/{id}/
POST /api/v1/chat/completions
GET /api/v1/models
GET /api/v1/usage
GET /api/admin/stats/overview/
GET /api/admin/stats/users/{id}/requests/
GET /api/admin/stats/billing/
"""


@pytest.fixture(scope="module")
def closed(make_gateway, tmp_path_factory):
    gateway = make_gateway("fake", name="closed")
    create_admin(gateway, "super_admin@example.com", tmp_path_factory.mktemp("secret"))
    root = Browser(gateway)
    assert root.sign_in("super_admin@example.com")[0] == 200
    for role in RANK[:-1]:
        person = {"email": f"{role}@example.com", "name": role, "role": role, "password": PASSWORD}
        assert root.ask("POST", "/api/admin/users/", person)[0] == 201
    gateway.root = root
    yield gateway
    gateway.verify()
    assert gateway.stop() == 0


def signed_in(gateway, role):
    browser = Browser(gateway)
    assert browser.sign_in(f"{role}@example.com")[0] == 200
    return browser


def operations(gateway):
    """Method, path and least role (None: anybody) of each, by the document."""
    for path, methods in gateway.root.ask("GET", "/openapi.json")[1]["paths"].items():
        for method, operation in methods.items():
            role = re.match(r"For (\w+) and up", operation.get("description", ""))
            yield method.upper(), path, role and role.group(1)


def somewhere(path, row="999999"):
    return path.replace("{id}", row).replace("{request_id}", "0191c7a4-5f3e-7c11-9a55-0c8f4d2b7e60")


def test_every_operation_is_closed_to_whom_it_is_not_for(closed):
    listed = list(operations(closed))
    assert len(listed) > 70
    out = signed_in(closed, "admin")
    assert out.ask("POST", "/api/auth/logout/")[0] == 204
    browsers = {role: signed_in(closed, role) for role in RANK}
    acts = closed.rows("SELECT COUNT(*) AS n FROM audit_leaves")[0]["n"]
    told = collections.defaultdict(set)
    for method, path, least in listed:
        if least is None:
            continue
        for place in (somewhere(path), somewhere(path)[:-1], somewhere(path, "1")):
            for name, browser in {"nobody": Browser(closed), "signed out": out, **browsers}.items():
                if name in RANK and RANK.index(name) >= RANK.index(least):
                    continue
                status, answer = browser.ask(method, place, {"email": "x"} if method in ("POST", "PUT", "PATCH") else None)
                assert status == (403 if name in RANK else 401), f"{name} {method} {place}"
                assert (browser.headers["WWW-Authenticate"] == "Bearer") == (status == 401)
                told[name].add(str(answer))
    assert all(len(answers) == 1 for answers in told.values()), told
    assert closed.rows("SELECT COUNT(*) AS n FROM audit_leaves")[0]["n"] == acts, "nothing was done"


def test_every_operation_tells_what_is_not_there_alike(closed):
    told = set()
    for method, path, least in operations(closed):
        if "{" not in path or method not in ("GET", "DELETE"):
            continue
        status, answer = closed.root.ask(method, somewhere(path))
        fields = {name.lower(): value for name, value in closed.root.headers.items()}
        told.add((status, str(answer), *sorted(f"{name}={value}" for name, value in fields.items() if name not in ("date", "x-request-id"))))
    assert len(told) == 1 and next(iter(told))[0] == 404, told


async def test_every_route_of_the_design_is_there(closed):
    listed = {f"{method} {path}" for method, path, _ in operations(closed)}
    for line in filter(None, DESIGN.splitlines()):
        method, path = line.split()
        if path.startswith("/api/v1"):
            answer = await raw.exchange(closed.port, raw.request(None, b"{}", path=path, method=method), 20)
            assert answer.status == 401, line
        else:
            assert line in listed


async def test_super_admins_who_remove_each_other_at_once_leave_one(make_gateway, tmp_path):
    """By DELETE, PATCH of role, alias or activity, and PUT, all at once over many connections."""
    gateway = make_gateway("fake", name="removals")
    create_admin(gateway, "super_admin@example.com", tmp_path)
    root = Browser(gateway)
    _, answer = root.sign_in("super_admin@example.com")
    people = [(answer["user"]["id"], root)]
    for number in range(2):
        person = {"email": f"super{number}@example.com", "name": "s", "role": "super_admin", "password": PASSWORD}
        _, made = root.ask("POST", "/api/admin/users/", person)
        browser = Browser(gateway)
        browser.sign_in(person["email"])
        people.append((made["id"], browser))
    rates = {"requests_per_minute": None, "tokens_per_minute": None, "concurrent_calls": None}
    whole = {"name": "x", "role": "admin", "is_active": True, **rates}

    def removals(target):
        path = f"/api/admin/users/{target}/"
        yield "DELETE", path, None
        for change in ({"role": "user"}, {"is_super_admin": False}, {"is_active": False}):
            yield "PATCH", path, change
        yield "PUT", path, whole | {"email": f"gone{target}@example.com"}

    def remove(token, asked):
        browser = Browser(gateway)
        browser.access = token
        return browser.ask(*asked)[0]

    tasks = [
        asyncio.to_thread(remove, browser.access, asked)
        for _, browser in people
        for target, _ in people
        for asked in removals(target)
    ]
    statuses = await asyncio.gather(*tasks)
    assert set(statuses) <= {200, 204, 401, 403, 409}, statuses
    left = gateway.rows("SELECT COUNT(*) AS n FROM users WHERE role = 'super_admin' AND is_active = 1")[0]["n"]
    assert left == 1
    gateway.verify()
    assert gateway.stop() == 0


async def test_two_hundred_logins_at_once_take_bounded_memory(make_gateway, tmp_path):
    """Each hash takes 8 MiB here: two hundred at a time would be 1.6 GiB. From addresses of their own, so that no throttle helps."""
    gateway = make_gateway("fake", name="crowd", scrypt_rounds="13")
    create_admin(gateway, "root@example.com", tmp_path)

    def peak():
        text = pathlib.Path(f"/proc/{gateway.child.pid}/status").read_text()
        return int(re.search(r"VmHWM:\s+(\d+) kB", text).group(1)) * 1_024

    async def sign_in(number):
        question = {"email": f"nobody{number}@example.com", "password": PASSWORD}
        reader, writer = await asyncio.open_connection("127.0.0.1", gateway.port, local_addr=(f"127.0.1.{number}", 0))
        writer.write(raw.request(None, question, path="/api/auth/login/", headers=[("Connection", "close")]))
        head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 60)
        writer.close()
        return int(head.split()[1]), b"retry-after" in head.lower()

    before = peak()
    answers = await asyncio.gather(*[sign_in(number) for number in range(1, 201)])
    assert peak() - before < 150 * 1_048_576
    assert {status for status, _ in answers} <= {401, 503}
    assert all(waits for status, waits in answers if status == 503)
    root = Browser(gateway)
    until(lambda: root.sign_in("root@example.com")[0] == 200, "a login afterwards")
    assert gateway.stop() == 0
