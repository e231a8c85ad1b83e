"""Quotas, keys and the request log, administered over real sockets while real calls run."""

import asyncio

import pytest
import raw
from oracle import picos
from servers import until
from test_administration import PASSWORD, Browser, create_admin


@pytest.fixture(scope="module")
def managed(make_gateway, tmp_path_factory):
    gateway = make_gateway("fake", name="managed")
    create_admin(gateway, "root@example.com", tmp_path_factory.mktemp("secret"))
    yield gateway
    gateway.verify()
    gateway.assert_grants_hold()
    assert gateway.stop() == 0


@pytest.fixture(scope="module")
def root(managed):
    browser = Browser(managed)
    assert browser.sign_in("root@example.com")[0] == 200
    return browser


def new_user(root, name, total="5.00"):
    """Returns the user, a key's answer and the quota's."""
    person = {"email": f"{name}@example.com", "name": name, "password": PASSWORD}
    status, user = root.ask("POST", "/api/admin/users/", person)
    assert status == 201, user
    status, key = root.ask("POST", "/api/admin/keys/", {"user": user["id"], "name": "main"})
    assert status == 201, key
    group = 1
    status, quota = root.ask(
        "POST", "/api/admin/quotas/", {"user": user["id"], "model_group": group, "total_quota": total}
    )
    assert status == 201, quota
    return user, key, quota


async def call(gateway, key):
    return await raw.exchange(gateway.port, raw.request(key, raw.chat("fake")), 20)


async def test_a_call_is_paid_explained_and_refunded(managed, root):
    _, key, quota = new_user(root, "refunded")
    answer = await call(managed, key["api_key"])
    assert answer.status == 200
    request_id, cost = answer.header("x-request-id"), answer.header("x-tokenaudit-cost")
    status, detail = root.ask("GET", f"/api/admin/requests/{request_id}/")
    assert status == 200 and detail["total_cost"] == cost and detail["charge"] == cost
    assert sum(picos(line["amount"]) for line in detail["lines"]) == picos(cost)
    path = f"/api/admin/quotas/{quota['id']}/"
    refund = {"request_id": request_id, "amount": cost, "reason": "an apology"}
    status, after = root.ask("POST", path + "refund/", refund)
    assert status == 200 and picos(after["used_quota"]) == 0 and after["remaining_quota"] == "5.00"
    status, answer = root.ask("POST", path + "refund/", refund)
    assert status == 409 and answer["code"] == "exceeds_captured"
    assert picos(root.ask("GET", f"/api/admin/requests/{request_id}/")[1]["total_cost"]) == 0
    managed.verify()


async def test_a_quota_that_ends_stops_calls_and_a_top_up_lets_them_again(managed, root):
    _, key, quota = new_user(root, "stopped", total="0.000001")
    assert (await call(managed, key["api_key"])).status == 429
    path = f"/api/admin/quotas/{quota['id']}/"
    assert root.ask("POST", path + "top-up/", {"amount": "5", "reason": "a start"})[0] == 200
    for _ in range(100):
        if (await call(managed, key["api_key"])).status == 200:
            break
        await asyncio.sleep(0.05)
    else:
        pytest.fail("the top-up is not seen")
    assert root.ask("POST", path + "expire/", {"reason": "over"})[0] == 200
    assert (await call(managed, key["api_key"])).status == 429
    managed.verify()


async def test_a_rotated_key_has_its_grace_and_a_revoked_one_none(managed, root):
    user, key, _ = new_user(root, "rotated")
    person = Browser(managed)
    assert person.sign_in(user["email"])[0] == 200
    first, path = key["api_key"], f"/api/me/keys/{key['id']}/"
    assert (await call(managed, first)).status == 200
    status, rotated = person.ask("POST", path + "rotate/", {"grace_seconds": 600})
    second = rotated["api_key"]
    assert status == 200 and second != first
    assert (await call(managed, first)).status == 200 and (await call(managed, second)).status == 200
    calls = person.ask("GET", "/api/me/requests/")[1]["results"]
    assert {row["key"] for row in calls} == {key["id"]} and len(calls) == 3
    assert all("provider_cost" not in row for row in calls)
    assert person.ask("DELETE", path)[0] == 204
    for secret in (first, second):
        for _ in range(60):
            if (await call(managed, secret)).status == 401:
                break
            await asyncio.sleep(0.05)
        else:
            pytest.fail("the secret is still good")


async def test_a_key_of_the_playground_ends_with_its_session(managed, root):
    user, key, _ = new_user(root, "player")
    person = Browser(managed)
    assert person.sign_in(user["email"])[0] == 200
    status, first = person.ask("POST", "/api/me/playground-key/")
    assert status == 201 and set(first) == {"id", "api_key", "expires_at"}
    status, second = person.ask("POST", "/api/me/playground-key/")
    assert status == 201 and second["id"] == first["id"] != key["id"]
    # Two tabs.
    for secret in (first["api_key"], second["api_key"]):
        assert (await call(managed, secret)).status == 200
    calls = person.ask("GET", "/api/me/requests/")[1]["results"]
    assert [row["key_name"] for row in calls] == ["Playground"] * 2
    assert person.ask("POST", "/api/auth/logout/")[0] == 204
    for secret in (first["api_key"], second["api_key"]):
        for _ in range(60):
            if (await call(managed, secret)).status == 401:
                break
            await asyncio.sleep(0.05)
        else:
            pytest.fail("the secret is still good")
    assert (await call(managed, key["api_key"])).status == 200


def test_others_rows_are_not_there(managed, root):
    _, key, quota = new_user(root, "owner")
    stranger, _, _ = new_user(root, "stranger")
    person = Browser(managed)
    person.sign_in(stranger["email"])
    for path in (f"/api/me/keys/{key['id']}/", f"/api/me/quotas/{quota['id']}/"):
        missing = path.rsplit("/", 2)[0] + "/99999/"
        assert person.ask("GET", path) == person.ask("GET", missing)
        assert person.ask("GET", path)[0] == 404


async def test_administration_beside_running_calls(managed, root):
    _, key, quota = new_user(root, "busy", total="50.00")
    path = f"/api/admin/quotas/{quota['id']}/"

    async def calls():
        return [(await call(managed, key["api_key"])).status for _ in range(15)]

    def edits():
        for index in range(10):
            root.ask("POST", path + "top-up/", {"amount": "0.01", "reason": f"step {index}"})
            root.ask("POST", path + "reduce/", {"amount": "0.02", "reason": f"step {index}"})
            root.ask("PATCH", path, {"is_active": index % 2 == 0})
        root.ask("PATCH", path, {"is_active": True})

    *answers, _ = await asyncio.gather(*[calls() for _ in range(4)], asyncio.to_thread(edits))
    assert {status for statuses in answers for status in statuses} <= {200, 404, 429}
    until(lambda: picos(root.ask("GET", path)[1]["held_quota"]) == 0, "nothing held")
    managed.verify()
