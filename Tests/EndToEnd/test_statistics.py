"""Statistics of real calls: what the roll-ups say is what the bills say, to everyone what is theirs to see."""

import time
from decimal import Decimal

import openai
import pytest
from test_administration import PASSWORD, Browser, create_admin

CALLS = 6
MODEL = "fake-usage-1000-200-300-50"


@pytest.fixture(scope="module")
def counted(make_gateway, tmp_path_factory):
    gateway = make_gateway(MODEL, name="counted")
    create_admin(gateway, "root@example.com", tmp_path_factory.mktemp("secret"))
    gateway.key = gateway.user()
    client = openai.OpenAI(base_url=f"http://127.0.0.1:{gateway.port}/v1", api_key=gateway.key)
    for _ in range(CALLS):
        client.chat.completions.create(model=MODEL, messages=[{"role": "user", "content": "hi"}])
    yield gateway
    gateway.verify()
    assert gateway.stop() == 0


def signed_in(gateway, email="root@example.com"):
    browser = Browser(gateway)
    assert browser.sign_in(email)[0] == 200
    return browser


def test_the_overview_is_the_sum_of_the_bills(counted):
    browser = signed_in(counted)
    bills = counted.usage(counted.key)["totals"]
    for step in ["hour", "day", "week", "month", "whole"]:
        status, answer = browser.ask("GET", f"/api/admin/stats/overview/?step={step}")
        assert status == 200, answer
        totals = answer["totals"]
        assert totals["requests"] == CALLS == bills["requests"] and totals["errors"] == 0
        assert Decimal(totals["spend"]) == Decimal(bills["cost"]) > 0
        assert totals["cache_read_tokens"] == 200 * CALLS and totals["reasoning_tokens"] == 50 * CALLS
        assert totals["input_tokens"] == 800 * CALLS and totals["output_tokens"] == 250 * CALLS
        assert sum(piece["figures"]["requests"] for piece in answer["series"]) == CALLS
        assert sum(sum(map(Decimal, group["spend"])) for group in answer["groups"]) == Decimal(totals["spend"])


def test_any_zone_gives_the_same_sums(counted):
    browser = signed_in(counted)
    for zone in ["UTC", "Asia/Shanghai", "Asia/Kathmandu", "America/St_Johns", "Europe/Berlin"]:
        status, answer = browser.ask("GET", f"/api/admin/stats/billing/?time_zone={zone}&group_by=user&step=day")
        assert status == 200, answer
        assert answer["totals"]["requests"] == CALLS and answer["time_zone"] == zone
        assert [group["totals"]["requests"] for group in answer["groups"]] == [CALLS]
    assert browser.ask("GET", "/api/admin/stats/overview/?time_zone=Mars/Olympus")[0] == 422


def test_people_see_their_own_and_nothing_else(counted):
    browser = signed_in(counted)
    made = {"email": "new@example.com", "name": "New", "password": PASSWORD}
    status, user = browser.ask("POST", "/api/admin/users/", made)
    assert status == 201
    assert browser.ask("GET", f"/api/admin/stats/users/{user['id']}/requests/")[1]["totals"]["requests"] == 0
    assert browser.ask("GET", "/api/admin/stats/users/999999/requests/")[0] == 404
    own = signed_in(counted, "new@example.com")
    for path in ["overview/?user=1", "billing/?user=1", "billing/?key=1"]:
        assert own.ask("GET", f"/api/me/stats/{path}")[0] == 400
    for path in ["overview/", "billing/?group_by=key"]:
        status, answer = own.ask("GET", f"/api/me/stats/{path}")
        assert status == 200 and answer["totals"]["requests"] == 0, answer
        assert "provider_cost" not in str(answer) and "margin" not in str(answer)
    for path in ["/api/admin/stats/overview/", "/api/admin/stats/billing/", "/v1/organization/costs?start_time=1"]:
        assert own.ask("GET", path)[0] == 403


def test_openais_client_reads_usage_and_costs(counted):
    browser = signed_in(counted)
    start = int(time.time()) - 86_400
    status, usage = browser.ask("GET", f"/v1/organization/usage/completions?start_time={start}&group_by[]=model")
    assert status == 200 and usage["object"] == "page" and not usage["has_more"]
    results = [result for bucket in usage["data"] for result in bucket["results"]]
    assert [result["model"] for result in results] == [MODEL]
    assert results[0]["input_tokens"] == 1000 * CALLS and results[0]["input_cached_tokens"] == 200 * CALLS
    assert results[0]["output_tokens"] == 300 * CALLS and results[0]["num_model_requests"] == CALLS
    status, costs = browser.ask("GET", f"/v1/organization/costs?start_time={start}")
    assert status == 200
    spent = sum(result["amount"]["value"] for bucket in costs["data"] for result in bucket["results"])
    assert spent == pytest.approx(float(counted.usage(counted.key)["totals"]["cost"]))
    assert browser.ask("GET", f"/v1/organization/usage/completions?start_time={start}&bucket_width=1m")[0] == 400
    client = openai.OpenAI(
        base_url=f"http://127.0.0.1:{counted.port}/v1", api_key="none", admin_api_key=browser.access
    ).admin.organization.usage
    page = client.completions(start_time=start, group_by=["user_id"])
    assert sum(result.num_model_requests for bucket in page.data for result in bucket.results) == CALLS
    page = client.costs(start_time=start, group_by=["line_item"])
    assert [result.line_item for bucket in page.data for result in bucket.results] == [MODEL]


def test_a_zone_that_is_not_known_is_told_at_the_start(make_gateway):
    gateway = make_gateway("fake", name="zoned", start=False, statistics_time_zones="Asia/Shanghai, Mars/Olympus")
    answer = gateway.run("serve", check=False)
    assert answer.returncode != 0 and "Mars/Olympus" in answer.stderr
