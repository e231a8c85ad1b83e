"""A provider that breaks off, or says nothing of its usage: what was delivered is charged, estimated and within the hold."""

import base64

import pytest

import raw
from oracle import PRICES, picos, price_of

EVENTS = {"headers": [["Content-Type", "text/event-stream"]], "framing": "chunked"}
WORD = raw.WORD.decode()
ANSWER = (
    '{"id":"c","object":"chat.completion","choices":[{"index":0,"message":{"role":"assistant","content":"%s"},'
    '"finish_reason":"stop"}]%s}'
)
HEAD = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


def bytes_then(end, text):
    return {"framing": "raw", "chunks": [{"text": text}], "end": end}


@pytest.fixture(scope="module")
def faulty(make_gateway):
    gateway = make_gateway("fake", {"name": "fault", "max_output_tokens": 200}, name="faults")
    yield gateway
    gateway.assert_sound()


async def called(gateway, fake, script, **members):
    """One call, its bill, and a healthy call after it."""
    fake.script("fault", script)
    key = gateway.anyone()
    answer = await raw.ask(gateway.port, key, raw.chat("fault", max_tokens=150, **members))
    gateway.assert_sound(key)
    assert (await raw.ask(gateway.port, key, raw.chat("fake"))).status == 200
    return answer, gateway.bill(key, answer.header("x-request-id"))


def estimate(bill, output):
    """The prompt as the gateway counted it and `output` tokens, in pico-dollars."""
    return (bill["input_tokens"] * picos(PRICES["input"]) + output * picos(PRICES["output"])) // 1000


# Nothing that could be delivered: the client's void, and unknown at the provider.
BROKEN = {
    "before an answer": bytes_then("close", ""),
    "in the status": bytes_then("close", "HTTP/1.1 20"),
    "in the head": bytes_then("close", HEAD + "X-A"),
    "in the body": bytes_then("close", HEAD + 'Content-Length: 500\r\n\r\n{"id":'),
    "in a chunk": bytes_then("close", HEAD + 'Transfer-Encoding: chunked\r\n\r\nff\r\n{"id":'),
}


@pytest.mark.parametrize("end", ["close", "reset"])
@pytest.mark.parametrize("stream", [False, True], ids=["plain", "streamed"])
@pytest.mark.parametrize("name", BROKEN)
async def test_broken_off_before_anything_was_delivered(faulty, fake, name, stream, end):
    answer, bill = await called(faulty, fake, BROKEN[name] | {"end": end}, stream=stream)
    assert answer.status == 502 and answer.json()["error"]["code"] == "upstream_interrupted"
    assert (bill["state"], bill["flags"], picos(bill["cost"])) == ("voided", ["unknown_cost"], 0)


@pytest.mark.parametrize("end", ["close", "reset"])
@pytest.mark.parametrize("words", [1, 2, 7])
async def test_a_stream_broken_off(faulty, fake, words, end):
    """The words that came, and no `[DONE]`: the client can tell, and pays for the words."""
    # The pause lets the words leave before a reset could overtake them.
    chunks = [{"text": WORD}] * words + [{"text": ": on\n\n", "delay_ms": 50}]
    answer, bill = await called(faulty, fake, EVENTS | {"chunks": chunks, "end": end}, stream=True)
    assert answer.status == 200 and not answer.ended and not answer.has_done
    assert answer.body.count(b"word ") == words and answer.json_error()["code"] == "upstream_interrupted"
    assert bill["state"] == "captured" and set(bill["flags"]) == {"estimated", "upstream_broken"}
    assert picos(bill["cost"]) == estimate(bill, -(-words * 5 // 4))


@pytest.mark.parametrize("is_whole", [True, False], ids=["whole", "broken off"])
async def test_a_stream_for_a_client_of_http_1_0(faulty, fake, is_whole):
    """Its end is the connection's: a FIN after the whole answer, a reset where some is missing."""
    fake.script("fault", EVENTS | {"chunks": [{"text": WORD * 3 + "data: [DONE]\n\n" * is_whole}], "end": "keep" if is_whole else "close"})
    key = faulty.anyone()
    data = raw.request(key, raw.chat("fault", stream=True)).replace(b"HTTP/1.1", b"HTTP/1.0")
    answer = await raw.exchange(faulty.port, data, 20)
    assert answer.status == 200 and answer.header("transfer-encoding") is None and answer.ended == is_whole
    faulty.assert_sound(key)


@pytest.mark.parametrize("length", [0, 1, 100, 100_000])
async def test_no_usage_in_an_answer(faulty, fake, length):
    """Four bytes a token, never above the hold."""
    answer, bill = await called(faulty, fake, {"chunks": [{"text": ANSWER % ("x" * length, "")}]})
    assert answer.status == 200 and answer.ended and "estimated" in bill["flags"]
    assert picos(bill["cost"]) == min(estimate(bill, -(-length // 4)), picos(bill["hold"]))


@pytest.mark.parametrize("words", [0, 1, 50])
async def test_no_usage_in_a_stream(faulty, fake, words):
    answer, bill = await called(faulty, fake, EVENTS | {"chunks": [{"text": WORD * words + "data: [DONE]\n\n"}]}, stream=True)
    assert answer.has_done and answer.ended and bill["flags"] == ["estimated"]
    assert picos(bill["cost"]) == estimate(bill, -(-words * 5 // 4))


async def test_a_stream_of_garbage(faulty, fake):
    """It passes as it came, as it would without us; the prompt is charged, for the provider did answer."""
    garbage = bytes(range(256)) * 8
    answer, bill = await called(faulty, fake, EVENTS | {"chunks": [{"base64": base64.b64encode(garbage).decode()}]}, stream=True)
    assert answer.status == 200 and not answer.has_done
    assert picos(bill["cost"]) <= estimate(bill, 0) and set(bill["flags"]) <= {"estimated", "upstream_broken"}


@pytest.mark.parametrize("usage", [True, False], ids=["told", "not told"])
async def test_an_answer_too_large_to_be_held(faulty, fake, usage):
    """20 MB: it passes while it comes, its usage is found at its end."""
    told = {"prompt_tokens": 10, "completion_tokens": 150, "total_tokens": 160}
    text = ANSWER % ("x" * (20 << 20), ',"usage":' + raw.json.dumps(told) if usage else "")
    before = faulty.resident_bytes()
    answer, bill = await called(faulty, fake, {"chunks": [{"text": text}]})
    assert answer.status == 200 and answer.ended and answer.body == text.encode()
    assert faulty.resident_bytes() - before < 100 << 20
    if usage:
        assert bill["flags"] == [] and picos(bill["cost"]) == price_of(told)
    else:
        assert "estimated" in bill["flags"] and picos(bill["cost"]) <= picos(bill["hold"])


async def test_more_calls_than_are_let_run(make_gateway, fake):
    """The sixth of five is refused at once, holds nothing, and there is room again when one has ended."""
    gateway = make_gateway("fake", "fault", name="full", limits_concurrent_calls="5")
    key = gateway.user()
    fake.script("fault", {"chunks": [{"text": ANSWER % ("fine", "")}], "head_gate": "full"})
    running = [raw.asyncio.ensure_future(raw.ask(gateway.port, key, raw.chat("fault"))) for _ in range(5)]
    await raw.asyncio.to_thread(fake.wait_for_arrivals, "fault", 5)
    refused = await raw.ask(gateway.port, key, raw.chat("fake"))
    assert refused.status == 503 and refused.json()["error"]["code"] == "server_is_overloaded" and refused.header("retry-after")
    await raw.asyncio.to_thread(fake.open, "full")
    assert {answer.status for answer in await raw.asyncio.gather(*running)} == {200}
    assert (await raw.ask(gateway.port, key, raw.chat("fake"))).status == 200
    assert len(gateway.usage(key)["recent"]) == 6
    gateway.assert_sound(key)
