"""What an upstream can do wrong: the client gets an error or what came, the bill stays within the hold, nothing stays held."""

import base64
import gzip

import pytest

import raw
from oracle import picos
from servers import ROOT

EVENTS = {"headers": [["Content-Type", "text/event-stream"]], "framing": "chunked"}
WORD = 'data: {"id":"c","object":"chat.completion.chunk","choices":[{"index":0,"delta":{"content":"word "},"finish_reason":null}]}\n\n'


def usage_event(usage):
    return f'data: {{"id":"c","object":"chat.completion.chunk","choices":[],"usage":{usage}}}\n\n'


def answer_with(usage):
    return {"chunks": [{"text": '{"id":"c","object":"chat.completion","choices":[{"index":0,"message":'
            '{"role":"assistant","content":"fine"},"finish_reason":"stop"}],"usage":%s}' % usage}]}  # fmt: skip


def raw_bytes(text):
    return {"framing": "raw", "chunks": [{"text": text}], "end": "close"}


NORMAL = '{"prompt_tokens":10,"completion_tokens":5,"total_tokens":15}'
DONE = "data: [DONE]\n\n"

# name: (script, streamed, status the client may see, state of the call)
CASES = {
    "400": ({"status": 400, "chunks": [{"text": '{"error":{"message":"bad","type":"invalid_request_error","param":"x","code":null}}'}]}, False, {400}, {"voided"}),
    "401": ({"status": 401, "chunks": [{"text": '{"error":{"message":"Incorrect API key provided: upstream-secret-key","type":"invalid_request_error","param":null,"code":"invalid_api_key"}}'}]}, False, {503}, {"voided"}),
    "403": ({"status": 403, "chunks": [{"text": "{}"}]}, False, {503}, {"voided"}),
    "404": ({"status": 404, "chunks": [{"text": '{"error":{"message":"no model","type":"invalid_request_error","param":null,"code":null}}'}]}, False, {404, 502, 503}, {"voided"}),
    "429": ({"status": 429, "chunks": [{"text": '{"error":{"message":"slow down","type":"rate_limit","param":null,"code":null}}'}]}, False, {429}, {"voided"}),
    "429 insufficient_quota": ({"status": 429, "chunks": [{"text": '{"error":{"message":"pay","type":"insufficient_quota","param":null,"code":"insufficient_quota"}}'}]}, False, {503}, {"voided"}),
    "500": ({"status": 500, "chunks": [{"text": '{"error":{"message":"oops","type":"server_error","param":null,"code":null}}'}]}, False, {500, 502}, {"voided"}),
    "529": ({"status": 529, "chunks": [{"text": "overloaded"}], "headers": [["Content-Type", "text/plain"]]}, False, {529, 502, 503}, {"voided"}),
    "302": ({"status": 302, "headers": [["Location", "http://127.0.0.1:1/"]]}, False, {502, 503}, {"voided"}),
    "cut before an answer": ({"framing": "raw", "chunks": [], "end": "reset"}, False, {502, 503}, {"voided"}),
    "cut in the head": (raw_bytes("HTTP/1.1 200 OK\r\nContent-Ty"), False, {502, 503}, {"voided"}),
    "cut in the body": (raw_bytes("HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{\"id\":"), False, {502}, {"voided", "captured"}),
    "garbage for a head": (raw_bytes("garbage\r\n\r\n"), False, {502, 503}, {"voided"}),
    "HTML with 200": ({"headers": [["Content-Type", "text/html"]], "chunks": [{"text": "<html>hello</html>"}]}, False, {200, 502}, {"voided", "captured"}),
    "both lengths": (raw_bytes("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"), False, {200, 502, 503}, {"voided", "captured"}),
    "10,000 headers": (raw_bytes("HTTP/1.1 200 OK\r\n" + "X-A: b\r\n" * 10_000 + "Content-Length: 2\r\n\r\n{}"), False, {502, 503}, {"voided"}),
    "a gzip bomb": ({"headers": [["Content-Type", "application/json"], ["Content-Encoding", "gzip"]], "chunks": [{"base64": base64.b64encode(gzip.compress(b" " * 50_000_000)).decode()}]}, False, {200, 502}, {"voided", "captured"}),
    "usage negative": (answer_with('{"prompt_tokens":-5,"completion_tokens":-9223372036854775808,"total_tokens":1}'), False, {200}, {"captured"}),
    "usage enormous": (answer_with('{"prompt_tokens":1e30,"completion_tokens":99999999999999999999,"total_tokens":1}'), False, {200}, {"captured"}),
    "usage text": (answer_with('{"prompt_tokens":"10","completion_tokens":null}'), False, {200}, {"captured"}),
    "usage beyond the hold": (answer_with('{"prompt_tokens":10,"completion_tokens":900000,"total_tokens":900010}'), False, {200}, {"captured"}),
    "cached beyond prompt": (answer_with('{"prompt_tokens":10,"completion_tokens":5,"total_tokens":15,"prompt_tokens_details":{"cached_tokens":50}}'), False, {200}, {"captured"}),
    "no usage": (answer_with("null"), False, {200}, {"captured"}),
    "stream cut": (EVENTS | {"chunks": [{"text": WORD}, {"text": WORD}], "end": "close"}, True, {200}, {"captured"}),
    "stream reset": (EVENTS | {"chunks": [{"text": WORD}, {"text": WORD, "delay_ms": 50}, {"text": WORD, "delay_ms": 50}], "end": "reset"}, True, {200}, {"captured"}),
    "stream without usage": (EVENTS | {"chunks": [{"text": WORD * 3 + DONE}]}, True, {200}, {"captured"}),
    "stream with an error first": (EVENTS | {"chunks": [{"text": 'data: {"error":{"message":"no","type":"server_error","param":null,"code":null}}\n\n'}]}, True, {200, 500, 502, 503}, {"voided"}),
    "stream with an error later": (EVENTS | {"chunks": [{"text": WORD + 'data: {"error":{"message":"no","type":"server_error","param":null,"code":null}}\n\n'}]}, True, {200}, {"captured"}),
    "stream of garbage": (EVENTS | {"chunks": [{"base64": base64.b64encode(bytes(range(256)) * 8).decode()}]}, True, {200, 502}, {"captured", "voided"}),
    "a line without an end": (EVENTS | {"chunks": [{"text": "data: "}, {"text": "x" * 65536, "times": 400}]}, True, {200, 502}, {"captured", "voided"}),
}  # fmt: skip


@pytest.fixture(scope="module")
def faulty(make_gateway):
    model = {"name": "fault", "max_output_tokens": 200}
    return make_gateway("fake", model, name="faults", deadlines_first_byte="2s", deadlines_upstream_idle="2s")


@pytest.mark.parametrize("name", CASES)
async def test_a_fault(faulty, fake, name):
    script, stream, statuses, states = CASES[name]
    fake.script("fault", script)
    key = faulty.user()
    answer = await raw.ask(faulty.port, key, raw.chat("fault", stream=stream, max_tokens=150), timeout=60)
    assert answer.status in statuses, (answer.status, answer.body[:500])
    if answer.status >= 400:
        assert {"message", "type", "param", "code"} <= set(answer.json()["error"])
    assert b"upstream-secret-key" not in answer.body
    faulty.wait_until_nothing_is_held(key)
    recent = faulty.usage(key)["recent"]
    assert len(recent) >= 1
    assert {bill["state"] for bill in recent} <= states
    for bill in recent:
        assert 0 <= picos(bill["cost"]) <= picos(bill["hold"])
        if bill["state"] == "voided":
            assert picos(bill["cost"]) == 0
    assert sum(bill["state"] == "captured" for bill in recent) <= 1
    if stream and recent[0]["state"] == "captured" and name != "a line without an end":
        assert picos(recent[0]["cost"]) > 0, "what was delivered is not free"
    if stream and name not in ("stream without usage",):
        assert not answer.has_done, "a stream that failed does not say [DONE]"
    fine = await raw.ask(faulty.port, key, raw.chat("fake"))
    assert fine.status == 200, "and the next call is fine"


async def test_explicit_zero_usage_is_zero(gateway, key):
    answer = await raw.ask(gateway.port, key, raw.chat("fake-usage-0-0-0-0"))
    bill = gateway.bill(key, answer.header("x-request-id"))
    assert bill["state"] == "captured" and picos(bill["cost"]) == 0 and bill["flags"] == []


async def test_of_two_usage_events_the_last_counts(faulty, fake):
    second = '{"prompt_tokens":10,"completion_tokens":7,"total_tokens":17}'
    fake.script("fault", EVENTS | {"chunks": [{"text": WORD + usage_event(NORMAL) + usage_event(second) + DONE}]})
    key = faulty.user()
    answer = await raw.ask(faulty.port, key, raw.chat("fault", stream=True, usage=True))
    bill = faulty.bill(key, answer.header("x-request-id"))
    assert answer.has_done and (bill["input_tokens"], bill["output_tokens"]) == (10, 7)


@pytest.mark.parametrize("stream", [False, True])
async def test_an_upstream_that_never_answers(faulty, fake, stream):
    fake.script("fault", {"never": True})
    key = faulty.user()
    answer = await raw.ask(faulty.port, key, raw.chat("fault", stream=stream))
    assert answer.status in (502, 503, 504) and answer.json()["error"]["message"]
    faulty.wait_until_nothing_is_held(key)
    assert {bill["state"] for bill in faulty.usage(key)["recent"]} == {"voided"}


async def test_a_stream_that_stalls(faulty, fake):
    fake.script("fault", EVENTS | {"chunks": [{"text": WORD}], "end": "hang"})
    key = faulty.user()
    answer = await raw.ask(faulty.port, key, raw.chat("fault", stream=True))
    assert answer.status == 200 and WORD.encode() in answer.body and not answer.has_done
    faulty.wait_until_nothing_is_held(key)
    bill = faulty.usage(key)["recent"][0]
    assert bill["state"] == "captured" and picos(bill["cost"]) > 0 and bill["flags"]


async def test_a_refused_connection(make_gateway):
    gone = {"name": "gone", "dialect": "openai", "base_url": "http://127.0.0.1:9/v1", "api_key": None}
    gateway = make_gateway("fake", {"name": "gone", "provider": "gone"}, name="refused", providers=[gone])
    key = gateway.user()
    answer = await raw.ask(gateway.port, key, raw.chat("gone"))
    assert answer.status in (502, 503) and answer.json()["error"]["message"]
    assert [bill["state"] for bill in gateway.usage(key)["recent"]] == ["voided"]


def recorded(name):
    return (ROOT / "Tests" / "DialectsTests" / "Recordings" / f"{name}.http").read_bytes()


async def test_a_recorded_stream_cut_anywhere_is_never_free_and_never_beyond_its_hold(faulty, fake):
    """The recording is llama.cpp's; its body is framed here again, so that a cut shows as one."""
    body = recorded("llamacpp-openai-chat-stream-usage").split(b"\r\n\r\n", 1)[1].replace(b"\r\n", b"\n")
    first_word = body.index(b"\n\n") + 2
    key = faulty.user()
    for offset in list(range(0, len(body) - 1, 211)) + [len(body) - 20, len(body) - 8]:
        chunk = {"base64": base64.b64encode(body[:offset]).decode()}
        fake.script("fault", EVENTS | {"chunks": [chunk] if offset else [], "end": "close"})
        answer = await raw.ask(faulty.port, key, raw.chat("fault", stream=True, usage=True, max_tokens=150))
        faulty.wait_until_nothing_is_held(key)
        bill = faulty.usage(key, limit=1)["recent"][0]
        assert picos(bill["cost"]) <= picos(bill["hold"])
        if offset >= first_word:
            assert bill["state"] == "captured" and picos(bill["cost"]) > 0, f"free when cut at {offset}"
        assert not (answer.has_done and answer.ended and offset < len(body) - 14)
    faulty.verify()
