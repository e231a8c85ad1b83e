"""Providers, models, prices and groups made over HTTP, and what calls then cost."""

import asyncio
import json

import pytest
import raw
from oracle import picos
from servers import new_key, until
from test_administration import Browser, create_admin

EVENTS = {"headers": [["Content-Type", "text/event-stream"]], "framing": "chunked"}
SECRET = "upstream-secret-key-of-the-catalogue"


@pytest.fixture(scope="module")
def catalogue(make_gateway, tmp_path_factory):
    gateway = make_gateway("fake", name="catalogue")
    create_admin(gateway, "root@example.com", tmp_path_factory.mktemp("secret"))
    gateway.root = Browser(gateway)
    assert gateway.root.sign_in("root@example.com")[0] == 200
    yield gateway
    gateway.verify()
    gateway.assert_grants_hold()
    assert gateway.stop() == 0


def make(gateway, path, **members):
    status, answer = gateway.root.ask("POST", f"/api/admin/{path}/", members)
    assert status == 201, answer
    return answer


def change(gateway, path, **members):
    status, answer = gateway.root.ask("PATCH", f"/api/admin/{path}/", members)
    assert status == 200, answer
    return answer


def offer(gateway, name, upstream_model="fake-usage-1000-200-300-50", multiplier="1.5"):
    """A provider, a model with a price, a group, and a key with a quota for it."""
    provider = make(
        gateway, "providers", name=name, base_url=f"http://127.0.0.1:{gateway.fake_port}/v1", api_key=SECRET
    )
    model = make(
        gateway,
        "models",
        name=name,
        provider=provider["id"],
        upstream_model=upstream_model,
        context_length=100_000,
        max_output_tokens=1_000,
        capabilities=["tools"],
    )
    price = make(
        gateway,
        "prices",
        model=model["id"],
        input_price_per_1k="0.003",
        output_price_per_1k="0.015",
        cached_input_price_per_1k="0.0003",
        price_per_call="0.001",
    )
    group = make(gateway, "model-groups", name=name, models=[model["id"]], price_multiplier=multiplier)
    key = new_key()
    quota = {"model_group": name, "total_quota": "50.00", "expires_at": None}
    gateway.apply(users=[{"email": f"{name}@example.com", "api_key": key, "quotas": [quota]}])
    return provider, model, price, group, key


async def answered(gateway, key, model, **members):
    """Asks until the running server knows what was just made."""
    for _ in range(100):
        answer = await raw.exchange(gateway.port, raw.request(key, raw.chat(model, **members)), 20)
        if answer.status == 200:
            return answer
        assert answer.status in (401, 404, 503), answer.body
        await asyncio.sleep(0.05)
    raise AssertionError(f"{answer.status} {answer.body}")


# Longer, in bytes, than the thousand tokens that the upstream reports.
LONG = [{"role": "user", "content": "x" * 1500}]


async def test_a_call_costs_what_was_said_over_http(catalogue):
    _, model, price, _, key = offer(catalogue, "said")
    assert price["sample_bill"]["total"] == "0.0118"
    answer = await answered(catalogue, key, "said", messages=LONG, max_tokens=1_000)
    # 800 input, 200 cached, 300 output of which 50 reasoning, the fee, times one and a half.
    exact = (800 * 3_000_000 + 200 * 300_000 + 300 * 15_000_000 + picos("0.001")) * 3 // 2
    bill = catalogue.bill(key, answer.header("x-request-id"))
    assert picos(bill["cost"]) == exact and picos(answer.header("x-tokenaudit-cost")) == exact
    # Deactivated, it is gone within two seconds.
    assert catalogue.root.ask("DELETE", f"/api/admin/models/{model['id']}/")[0] == 204

    async def status():
        return (await raw.exchange(catalogue.port, raw.request(key, raw.chat("said")), 20)).status

    for _ in range(40):
        if await status() == 404:
            break
        await asyncio.sleep(0.05)
    assert await status() == 404
    catalogue.assert_sound(key)


async def test_a_running_call_keeps_its_price(catalogue, fake):
    usage = {"prompt_tokens": 10, "completion_tokens": 4, "total_tokens": 14}
    end = f"data: {json.dumps({'id': 'c', 'object': 'chat.completion.chunk', 'choices': [], 'usage': usage})}\n\n"
    fake.script(
        "pinned",
        EVENTS
        | {"chunks": [{"text": raw.WORD.decode()}, {"text": end + "data: [DONE]\n\n", "gate": "pinned"}]},
    )
    _, model, _, _, key = offer(catalogue, "pinned", upstream_model="pinned", multiplier="1.0")
    arrived = fake.counters("pinned")["arrived"]
    running = asyncio.create_task(answered(catalogue, key, "pinned", stream=True, max_tokens=50))
    await asyncio.to_thread(fake.wait_for_arrivals, "pinned", arrived + 1)
    changed = change(catalogue, f"models/{model['id']}", input_price_per_1k="0.03", output_price_per_1k="0.15")
    assert changed["input_price_per_1k"] == "0.03" and changed["cached_input_price_per_1k"] == "0.0003"
    fake.open("pinned")
    first = await running
    assert first.ended and first.has_done

    def charge(answer):
        return picos(catalogue.bill(key, answer.header("x-request-id"))["cost"])

    fee = picos("0.001")
    assert charge(first) == 10 * 3_000_000 + 4 * 15_000_000 + fee, "the price it was quoted"
    dear = 10 * 30_000_000 + 4 * 150_000_000 + fee
    for _ in range(40):
        if charge(await answered(catalogue, key, "pinned", stream=True, max_tokens=50)) == dear:
            break
    else:
        raise AssertionError("the new price never came")
    versions = catalogue.root.ask("GET", f"/api/admin/prices/?model={model['id']}&ordering=-id")[1]
    assert [row["is_current"] for row in versions["results"]] == [True, False]
    catalogue.assert_sound(key)


async def test_another_address_does_not_get_the_key(catalogue, fake):
    provider, _, _, _, key = offer(catalogue, "moved")
    await answered(catalogue, key, "moved", messages=LONG, max_tokens=1_000)
    assert provider["api_key"].endswith(SECRET[-4:]) and provider["api_key_state"] == "set"
    path = f"providers/{provider['id']}"
    moved = change(catalogue, path, base_url=f"http://localhost:{catalogue.fake_port}/v1")
    assert moved["api_key"] is None and moved["api_key_state"] == "none"
    for secret in (SECRET, "upstream-secret-key"):
        assert secret not in json.dumps(moved)

    tested = catalogue.root.ask("POST", f"/api/admin/{path}/test/")
    assert tested[0] == 200 and tested[1]["ok"] and tested[1]["models"] == ["fake"], tested
    stored = catalogue.rows("SELECT api_key FROM api_providers WHERE id = ?", provider["id"])
    assert stored[0]["api_key"] is None


def test_a_provider_is_asked_for_its_models(catalogue):
    provider, model, _, _, _ = offer(catalogue, "listed")
    path = f"/api/admin/providers/{provider['id']}"
    status, answer = catalogue.root.ask("POST", f"{path}/sync-models/")
    assert status == 200 and answer["ok"] and answer["status_code"] == 200, answer
    assert [row["upstream_model"] for row in answer["added"]] == ["fake"]
    assert [row["model"] for row in answer["vanished"]] == ["listed"]
    change(catalogue, f"models/{model['id']}", upstream_model="fake")
    answer = catalogue.root.ask("POST", f"{path}/sync-models/")[1]
    assert answer["added"] == [] and answer["vanished"] == [] and answer["unchanged"][0]["model"] == "listed"
    change(catalogue, f"providers/{provider['id']}", base_url=f"http://127.0.0.1:{catalogue.fake_port}/nowhere/x")
    answer = catalogue.root.ask("POST", f"{path}/test/")[1]
    assert answer["status_code"] is not None and SECRET not in json.dumps(answer)


@pytest.mark.parametrize(
    "url",
    [
        "http://127.1:9/",
        "http://0x7f000001/",
        "http://[::ffff:169.254.169.254]/",
        "http://169.254.169.254/latest/meta-data/",
        "http://[64:ff9b::a9fe:a9fe]/",
        "http://metadata.google.internal/",
        "file:///etc/passwd",
        "gopher://127.0.0.1/",
        "http://user@127.0.0.1/",
        "http://127.0.0.1:5432/",
        "http://100.100.100.200/",
    ],
)
def test_no_provider_stands_there(catalogue, url):
    """Also where private addresses are allowed, as here."""
    status, answer = catalogue.root.ask("POST", "/api/admin/providers/", {"name": "bad", "base_url": url})
    assert status in (400, 422) and list(answer) == ["base_url"], answer


def test_prices_are_imported_from_a_table(catalogue, tmp_path):
    """The entries are LiteLLM's (MIT licence), shortened; the debris is ours."""
    _, model, _, _, _ = offer(catalogue, "imported", upstream_model="gpt-4o")
    table = tmp_path / "prices.json"
    table.write_text(
        """{"sample_spec": {"input_cost_per_token": "per token"},
        "gpt-4o": {"cache_read_input_token_cost": 1.25e-06, "input_cost_per_token": 2.5e-06, "max_tokens": 16384,
                   "input_cost_per_token_batches": 1.25e-06, "mode": "chat", "output_cost_per_token": 1e-05},
        "debris": {"input_cost_per_token": 3.0000000000000004e-07, "output_cost_per_token": 1.0, "mode": "chat"}}"""
    )

    def run(*arguments, check=True):
        return catalogue.run("prices", "import", table, "--model", *arguments, check=check)

    told = run("imported").stdout
    assert "changed imported (as gpt-4o)" in told and "input 0.003 → 0.0025" in told and "nothing was changed" in told
    versions = f"/api/admin/prices/?model={model['id']}"
    assert catalogue.root.ask("GET", versions)[1]["count"] == 1
    assert "changed: 1" in run("imported", "--apply").stdout
    assert "changed: 0" in run("imported", "--apply").stdout
    shown = catalogue.root.ask("GET", f"/api/admin/models/{model['id']}/")[1]
    assert shown["input_price_per_1k"] == "0.0025" and shown["cached_input_price_per_1k"] == "0.00125"
    refused = run("imported=debris", "--apply", check=False)
    assert refused.returncode == 1 and "needs_rounding" in refused.stdout and "needs_implausible" in refused.stdout
    assert run("imported=debris", "--apply", "--round", check=False).returncode == 1
    done = json.loads(run("imported=debris", "--apply", "--round", "--accept-implausible", "--json").stdout)
    assert done["applied"] == 1 and done["models"][0]["found"]["input_price_per_1k"] == "0.0003"
    status, answer = catalogue.root.ask(
        "POST", "/api/admin/prices/import/", {"table": json.loads(table.read_text()), "models": {"imported": None}}
    )
    assert status == 200 and answer["models"][0]["verdict"] == "changed"
    assert catalogue.root.ask("GET", versions)[1]["count"] == 3
    assert run("imported", check=False).returncode == 0
    table.write_text("[1]")
    assert "prices.json" in run("imported", check=False).stderr
