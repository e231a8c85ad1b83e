"""A provider that takes its time: every wait has an end, and what the wait cost follows from what had come."""

import contextlib
import socket

import pytest

import raw
from oracle import PRICES, picos
from servers import new_key

EVENTS = {"headers": [["Content-Type", "text/event-stream"]], "framing": "chunked"}
HEAD = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n"


@contextlib.contextmanager
def deaf_port():
    """A port whose queue of connections is full: the kernel drops whoever knocks."""
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        for _ in range(4):
            knock = stack.enter_context(socket.socket())
            knock.setblocking(False)
            knock.connect_ex(listener.getsockname())
        yield listener.getsockname()[1]


@pytest.fixture(scope="module")
def hurried(make_gateway):
    with deaf_port() as port:
        deaf = {"name": "deaf", "dialect": "openai", "base_url": f"http://127.0.0.1:{port}/v1", "api_key": "x" * 20}
        nowhere = {"name": "nowhere", "dialect": "openai", "base_url": "http://no-such-host.invalid/v1", "api_key": None}
        closed = {"name": "closed", "dialect": "openai", "base_url": "http://127.0.0.1:9/v1", "api_key": None}
        gateway = make_gateway(
            "fake",
            {"name": "late", "max_output_tokens": 200},
            *[{"name": name, "provider": name} for name in ("deaf", "nowhere", "closed")],
            name="hurried",
            providers=[deaf, nowhere, closed],
            deadlines_connect="500ms",
            deadlines_first_byte="500ms",
            deadlines_upstream_idle="500ms",
            deadlines_total="2s",
        )
        yield gateway
        gateway.assert_sound()


async def called(gateway, fake, script, model="late", **members):
    """One call; returns the answer and its bill."""
    if script:
        fake.script(model, script)
    key = gateway.anyone()
    answer = await raw.ask(gateway.port, key, raw.chat(model, **members), timeout=20)
    gateway.assert_sound(key)
    return answer, gateway.bill(key, answer.header("x-request-id"))


@pytest.mark.parametrize("provider", ["deaf", "nowhere", "closed"])
async def test_a_connection_that_is_never_made(hurried, fake, provider):
    """No answer to the knock, no such name, refused: nothing was sent, so nothing is owed to anyone."""
    answer, bill = await called(hurried, fake, None, model=provider)
    assert answer.status in (502, 504) and answer.json()["error"]["code"] in ("upstream_unavailable", "upstream_timeout")
    assert (bill["state"], bill["flags"]) == ("voided", [])


# Sent, and nothing that could be delivered came back: void for the client, and marked as unknown at the provider.
VOID = {
    "nothing at all": {"never": True},
    "a head that drips": {"framing": "raw", "chunks": [{"text": HEAD, "split": 1, "delay_ms": 60}], "end": "hang"},
    "a reason without an end": {"framing": "raw", "chunks": [{"text": "HTTP/1.1 200 "}, {"text": "y" * 65_536, "times": 4_000}], "end": "hang"},
    "a chunk's extension without an end": {"end": "hang", "framing": "raw", "chunks": [{"text": HEAD.replace("Content-Length: 500", "Transfer-Encoding: chunked") + "5;"}, {"text": "y" * 65_536, "times": 4_000}]},
    "interim answers for ever": {"framing": "raw", "chunks": [{"text": "HTTP/1.1 100 Continue\r\n\r\n", "times": 50_000}], "end": "hang"},
    "a body that stalls": {"framing": "raw", "chunks": [{"text": HEAD + '{"id":"c"'}], "end": "hang"},
    "a body that drips": {"framing": "raw", "chunks": [{"text": HEAD + '{"id":"c"' + " " * 400, "split": 8, "delay_ms": 100}], "end": "hang"},
}  # fmt: skip


@pytest.mark.parametrize("name", VOID)
async def test_no_answer_in_time(hurried, fake, name):
    answer, bill = await called(hurried, fake, VOID[name])
    assert answer.status == 504 and answer.json()["error"]["code"] == "upstream_timeout"
    assert (bill["state"], bill["flags"], picos(bill["cost"])) == ("voided", ["unknown_cost"], 0)


async def test_a_provider_that_does_not_read(hurried):
    """20 MB that nobody takes wait for the first byte's deadline, and are let go then."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        provider = {"name": "stuck", "dialect": "openai", "base_url": f"http://127.0.0.1:{server.getsockname()[1]}/v1"}
        model = hurried.model("stuck", provider="stuck", context_length=100_000_000)
        group = {"name": "stuck", "models": ["stuck"], "price_multiplier": "1.0"}
        quota = {"model_group": "stuck", "total_quota": "1000.00", "expires_at": None}
        user = {"email": "stuck@example.com", "name": "T", "role": "user", "api_key": new_key(), "quotas": [quota]}
        hurried.apply(providers=[provider | {"api_key": None}], models=[model], model_groups=[group], users=[user])
        asked = raw.request(user["api_key"], raw.chat("stuck", messages=[{"role": "user", "content": "x" * 20_000_000}]))
        before = hurried.resident_bytes()
        for _ in range(100):  # until the new model is seen
            answer = await raw.exchange(hurried.port, asked, 20)
            if answer.status not in (401, 404):
                break
        assert answer.status == 504
    hurried.assert_sound(user["api_key"])
    assert hurried.resident_bytes() - before < 100 << 20


@pytest.mark.parametrize("words", [0, 1, 9])
async def test_a_stream_that_stalls_is_billed_by_what_came(hurried, fake, words):
    chunks = [{"text": raw.WORD.decode()}] * words
    answer, bill = await called(hurried, fake, EVENTS | {"chunks": chunks, "end": "hang"}, stream=True)
    assert answer.status == 200 and answer.body.count(b"word ") == words and not answer.has_done and not answer.ended
    assert answer.json_error()["code"] == "upstream_timeout"
    assert bill["state"] == "captured" and set(bill["flags"]) == {"estimated", "upstream_broken"}
    # Five letters an event: the larger of one token an event and a token per four bytes.
    estimate = bill["input_tokens"] * picos(PRICES["input"]) + -(-words * 5 // 4) * picos(PRICES["output"])
    assert picos(bill["cost"]) * 1000 == estimate and picos(bill["cost"]) <= picos(bill["hold"])


async def test_a_stream_that_stalls_after_its_usage_is_billed_exactly(hurried, fake):
    text = (raw.WORD * 3 + raw.usage_event(11, 3)).decode()
    answer, bill = await called(hurried, fake, EVENTS | {"chunks": [{"text": text}], "end": "hang"}, stream=True, usage=True)
    assert answer.status == 200 and (bill["input_tokens"], bill["output_tokens"]) == (11, 3)
    assert "estimated" not in bill["flags"]


@pytest.mark.parametrize("piece", [raw.WORD, b": still here\n\n"], ids=["words", "comments"])
async def test_a_stream_that_never_stalls_and_never_ends(hurried, fake, piece):
    """A piece every 100 ms keeps every wait short; the whole has its own deadline."""
    chunks = [{"text": piece.decode(), "delay_ms": 100}] * 100
    answer, bill = await called(hurried, fake, EVENTS | {"chunks": chunks}, stream=True)
    assert answer.status == 200 and 0 < answer.body.count(piece) < 40 and not answer.has_done
    assert bill["state"] == "captured" and picos(bill["cost"]) <= picos(bill["hold"])
    assert answer.json_error()["code"] == "upstream_timeout"
