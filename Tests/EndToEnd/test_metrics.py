"""/metrics says what the books say, to whom it may, and everything that Deploy's alerts and dashboard ask for."""

import asyncio
import json
import re
import shutil
import subprocess
import time
from decimal import Decimal

import metrics
import pytest
import raw
import yaml
from oracle import classes, price_of
from servers import ROOT, until

ALERTS = ROOT / "Deploy" / "prometheus" / "alerts.yaml"
DASHBOARD = ROOT / "Deploy" / "grafana" / "tokenaudit.json"
TOKEN = "CANARY-metrics-token"


@pytest.fixture(scope="module")
def counted(make_gateway):
    gateway = make_gateway("fake", "fake-stream-20-5ms", name="metrics", metrics_token=TOKEN)
    # What has labels of its own is there once a call had them.
    assert asyncio.run(raw.ask(gateway.port, gateway.user(), raw.chat("fake"))).status == 200
    until(lambda: metrics.read(gateway)("tokenaudit_requests_total") == 1, "the call to be over")
    yield gateway
    gateway.verify()
    assert gateway.stop() == 0


async def test_figures_are_those_of_the_books(counted, fake):
    fake.script("broken", {"status": 500, "chunks": [{"text": '{"error":{"message":"x","type":"y"}}'}]})
    counted.apply_catalogue([counted.model(name) for name in ("fake", "fake-stream-20-5ms", "broken", "held")])
    key, poor = counted.user(), counted.user(quota="0.000000000001")
    before = metrics.read(counted)
    models = [("fake", False)] * 20 + [("fake-stream-20-5ms", True)] * 10
    answers = await asyncio.gather(*[raw.ask(counted.port, key, raw.chat(m, stream=s, usage=s)) for m, s in models])
    assert all(answer.status == 200 and answer.ended for answer in answers)
    assert (await raw.ask(counted.port, key, raw.chat("broken"))).status == 500
    assert (await raw.ask(counted.port, poor, raw.chat("fake"))).status == 429
    assert (await raw.ask(counted.port, "sk-audit-" + "x" * 32, raw.chat("fake"))).status == 401
    counted.wait_until_nothing_is_held(key)
    # A call is counted as over right after its last byte.
    calls = before("tokenaudit_requests_total") + 33
    until(lambda: metrics.read(counted)("tokenaudit_requests_total") == calls, "all calls to be over")
    now = metrics.read(counted)

    def more(name, **labels):
        return now(name, **labels) - before(name, **labels)

    usages = [answer.usage() for answer in answers]
    assert more("tokenaudit_charge_usd_total") == Decimal(sum(map(price_of, usages))) / 10**12
    bills = counted.usage(key)["recent"]
    assert more("tokenaudit_charge_usd_total") == sum(Decimal(bill["cost"]) for bill in bills)
    for name in classes(usages[0]):
        assert more("tokenaudit_tokens_total", type=name) == sum(classes(usage)[name] for usage in usages), name
    assert more("tokenaudit_requests_total", model="fake", provider="fake", status="2xx") == 20
    assert more("tokenaudit_requests_total", model="fake-stream-20-5ms", status="2xx") == 10
    assert more("tokenaudit_requests_total", model="broken", status="5xx") == 1
    assert more("tokenaudit_requests_total", model="", status="4xx") == 1
    assert more("tokenaudit_upstream_attempts_total", provider="fake", outcome="answered") == 30
    assert more("tokenaudit_upstream_attempts_total", provider="fake", outcome="provider_error") == 1
    assert more("tokenaudit_refusals_total", reason="invalid_key") == 1
    assert more("tokenaudit_budget_refusals_total", reason="insufficient_quota") == 1
    assert more("tokenaudit_request_duration_seconds_count") == 33
    assert more("tokenaudit_overhead_seconds_count") == more("tokenaudit_upstream_duration_seconds_count") == 31
    assert more("tokenaudit_time_to_first_token_seconds_count") == 10
    assert now("tokenaudit_active_requests") == 0


def test_gauges_are_what_the_host_says(counted):
    now = metrics.read(counted)
    assert abs(now("process_resident_memory_bytes") - counted.resident_bytes()) < 1 << 26
    assert abs(now("process_open_fds") - counted.open_files()) < 20
    assert now("process_cpu_seconds_total") > 0 and now("process_max_fds") >= 1024
    assert abs(float(now("process_start_time_seconds")) - time.time()) < 3_600
    assert now("tokenaudit_database_bytes") > 0 and now("tokenaudit_build_info") == 1
    assert now("tokenaudit_ready") == 1 and now("tokenaudit_audit_halted") == 0
    assert now("tokenaudit_ledger_calls", state="uncertain") == now("tokenaudit_quarantined_records") == 0
    assert now("tokenaudit_provider_failing", provider="fake") == 0 and "tokenaudit_provider_failing" in now.text


async def test_a_running_call_holds_money_and_is_active(counted, fake):
    fake.script("held", {"chunks": [{"text": '{"choices":[],"usage":{"prompt_tokens":1,"completion_tokens":1}}', "gate": "metrics"}]})
    counted.apply_catalogue([counted.model(name) for name in ("fake", "fake-stream-20-5ms", "broken", "held")])
    running = asyncio.create_task(raw.ask(counted.port, counted.user(), raw.chat("held")))
    await asyncio.to_thread(fake.wait_for_arrivals, "held", 1)
    now = await asyncio.to_thread(metrics.read, counted)
    assert now("tokenaudit_active_requests") == now("tokenaudit_ledger_calls", state="open") == 1
    fake.open("metrics")
    assert (await running).status == 200


async def test_others_are_told_nothing_without_the_token(counted):
    async def ask(*headers, accept=None):
        fields = list(headers) + ([("Accept", accept)] if accept else [])
        return await raw.exchange(counted.port, raw.request(None, b"", path="/metrics", headers=fields, method="GET"))

    outside = ("X-Forwarded-For", "203.0.113.7")
    for headers in ([outside], [outside, ("Authorization", f"Bearer {TOKEN}x")], [outside, ("x-api-key", "x")]):
        answer = await ask(*headers)
        assert answer.status == 401 and answer.json()["code"] == "metrics_not_allowed"
    assert (await ask(outside, ("Authorization", f"Bearer {TOKEN}"))).status == 200
    open_form = await ask(accept="application/openmetrics-text; version=1.0.0")
    assert open_form.body.endswith(b"# EOF\n") and b"# TYPE tokenaudit_requests counter\n" in open_form.body
    assert TOKEN not in counted.child.log.read_text()


def expressions():
    """Everything that Prometheus would be asked, by where it stands."""
    groups = yaml.safe_load(ALERTS.read_text())["groups"]
    rules = {rule["alert"]: rule["expr"] for group in groups for rule in group["rules"]}
    panels = json.loads(DASHBOARD.read_text())["panels"]
    targets = {f"{panel['title']} {target['refId']}": target["expr"] for panel in panels for target in panel.get("targets", [])}
    return rules | targets


def test_alerts_and_dashboard_ask_for_what_there_is(counted):
    served = metrics.read(counted)
    labels = {}
    for (name, pairs), _ in served.samples.items():
        labels.setdefault(name, set()).update(label for label, _ in pairs)
    asked = expressions()
    assert len(asked) > 30
    for where, expression in asked.items():
        names = set(re.findall(r"\b(?:tokenaudit|process|gen_ai)_[a-z0-9_]+", re.sub(r'"[^"]*"|\b(?:by|on) \([^)]*\)', "", expression)))
        assert names and names <= served.names, f"{where}: {names - served.names}"
        for name, selectors in re.findall(r"([a-z_]+)\{([^}]*)\}", expression):
            used = set(re.findall(r"([a-z_]+)\s*(?:=|!=|=~|!~)", selectors)) - {"job", "instance"}
            assert used <= labels.get(name, set()), f"{where}: {name}{used}"


def test_every_alert_says_what_it_is_and_what_to_do():
    text = (ROOT / "Docs" / "operations.md").read_text()
    assert "## Monitoring" in text
    for group in yaml.safe_load(ALERTS.read_text())["groups"]:
        for rule in group["rules"]:
            assert rule["labels"]["severity"] in ("warning", "critical") and rule["annotations"]["summary"].endswith(".")
            assert len(rule["annotations"]["description"]) > 40, rule["alert"]


@pytest.mark.skipif(not shutil.which("promtool"), reason="no promtool here")
def test_prometheus_itself_takes_both(counted):
    for command, text in (["check", "metrics"], metrics.read(counted).text), (["check", "rules", str(ALERTS)], ""):
        done = subprocess.run(["promtool", *command], input=text, text=True, capture_output=True, timeout=60)
        assert done.returncode == 0, done.stdout + done.stderr
