"""Calls are told of to a collector by OTLP, the logs by the same ids, and nothing that was said or secret to either."""

import json
import secrets

import pytest
import raw
from receivers import Receiver
from servers import until

import metrics

TRACE = secrets.token_hex(16)
HEADER = "CANARY-collector-" + secrets.token_hex(8)
PROMPT = "CANARYprompt" + secrets.token_hex(12)


def traceparent(flags="01", trace=TRACE):
    return ("traceparent", f"00-{trace}-b7ad6b7169203331-{flags}")


def spans(posts):
    """Every span that arrived, with its attributes as plain values."""
    found = []
    for _, _, body in posts:
        for span in json.loads(body)["resourceSpans"][0]["scopeSpans"][0]["spans"]:
            facts = {fact["key"]: next(iter(fact["value"].values())) for fact in span["attributes"]}
            found.append(span | {"facts": facts})
    return found


@pytest.fixture
def collector():
    receiver = Receiver()
    yield receiver
    receiver.stop()


@pytest.fixture
def traced(make_gateway, collector):
    return make_gateway(
        "fake", "refusing", name="traced", log_level="debug", traces_endpoint=collector.url("/v1/traces"),
        traces_headers=f"x-collector={HEADER}",
    )  # fmt: skip


async def test_a_trace_goes_through_the_call_and_its_logs(traced, collector, fake):
    key = traced.user()
    question = raw.chat("fake", messages=[{"role": "user", "content": PROMPT}])
    asked = await raw.ask(traced.port, key, question, headers=[traceparent()])
    await raw.ask(traced.port, key, question, headers=[traceparent("00", "1" * 32)])
    await raw.ask(traced.port, key, question)
    fake.script("refusing", {"status": 401, "chunks": [{"text": '{"error":{"message":"no","type":"x"}}'}]})
    refused = await raw.ask(traced.port, key, raw.chat("refusing"), headers=[traceparent()])
    assert asked.status == 200 and refused.status == 503
    until(lambda: len(spans(collector.at("/v1/traces"))) == 4, "two calls of two spans each")
    posts = collector.at("/v1/traces")
    assert all(headers["x-collector"] == HEADER and headers["content-type"] == "application/json" for _, headers, _ in posts)
    server, client, failed_server, failed_client = spans(posts)
    assert {span["traceId"] for span in spans(posts)} == {TRACE}
    assert server["parentSpanId"] == "b7ad6b7169203331" and client["parentSpanId"] == server["spanId"]
    assert server["facts"]["tokenaudit.request_id"] == asked.header("x-request-id")
    assert client["name"] == "chat fake" and client["facts"]["gen_ai.usage.input_tokens"] == str(asked.usage()["prompt_tokens"])
    assert failed_client["facts"]["error.type"] == "refuses_us" and failed_server["facts"]["http.response.status_code"] == "503"
    told = "".join(body.decode() for _, _, body in posts)
    log = traced.child.log.read_text()
    for secret in (key, PROMPT, "upstream-secret-key", HEADER):
        assert secret not in told and secret not in log
    lines = [json.loads(line) for line in log.splitlines() if line.startswith("{")]
    of_call = [line for line in lines if line.get("request_id") == refused.header("x-request-id")]
    assert {line["message"] for line in of_call} == {"a provider refuses us", "call ended"}
    assert all(line["trace_id"] == TRACE for line in of_call)
    assert metrics.read(traced)("tokenaudit_traces_exported_total") == 2
    assert traced.stop() == 0


async def test_the_last_traces_arrive_before_the_server_ends(traced, collector):
    key = traced.user()
    assert (await raw.ask(traced.port, key, raw.chat("fake"), headers=[traceparent()])).status == 200
    assert traced.stop() == 0
    assert len(spans(collector.at("/v1/traces"))) == 2


@pytest.mark.parametrize("answer", [(500, b"no"), (302, b"")], ids=["error", "redirect"])
async def test_a_collector_that_takes_nothing_costs_no_call(traced, collector, answer):
    collector.answers["/v1/traces"] = [answer]
    key = traced.user()
    for _ in range(3):
        assert (await raw.ask(traced.port, key, raw.chat("fake"), headers=[traceparent()])).status == 200
    until(lambda: metrics.read(traced)("tokenaudit_traces_dropped_total") == 3, "all of them dropped and counted")
    assert not collector.at("/elsewhere") and '"traces are not taken"' in traced.child.log.read_text()
    traced.assert_sound(key)
    assert traced.stop() == 0
