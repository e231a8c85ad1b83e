"""A provider whose HTTP is wrong, or whose answer is larger or other than it says: bounded, never relayed, never mixed up."""

import asyncio
import base64
import gzip
import zlib

import pytest

import raw
from oracle import picos, price_of

EVENTS = {"headers": [["Content-Type", "text/event-stream"]], "framing": "chunked"}
BODY = '{"id":"c","object":"chat.completion","choices":[{"index":0,"message":{"role":"assistant","content":"fine"},"finish_reason":"stop"}],"usage":{"prompt_tokens":10,"completion_tokens":5,"total_tokens":15}}'
HEAD = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: "
FINE = f"{HEAD}{len(BODY)}\r\n\r\n{BODY}"
FORGED = f"{HEAD}{len(BODY) + 2}\r\n\r\n{BODY}".replace("fine", "FORGED")


def raw_bytes(text, end="close"):
    return {"framing": "raw", "chunks": [{"base64": base64.b64encode(text.encode("latin-1")).decode()}], "end": end}


def with_head(*lines, body=BODY, end="close"):
    return raw_bytes("\r\n".join(("HTTP/1.1 200 OK",) + lines) + "\r\n\r\n" + body, end)


LENGTH = f"Content-Length: {len(BODY)}"


@pytest.fixture(scope="module")
def odd(make_gateway):
    model = {"name": "odd", "max_output_tokens": 200}
    gateway = make_gateway("fake", model, name="odd", deadlines_first_byte="1s", deadlines_upstream_idle="1s")
    yield gateway
    gateway.assert_sound()


async def called(gateway, fake, script, timeout=20, **members):
    """One call, its bill, and a healthy call after it."""
    fake.script("odd", script)
    key = gateway.anyone()
    answer = await raw.ask(gateway.port, key, raw.chat("odd", max_tokens=150, **members), timeout=timeout)
    gateway.assert_sound(key)
    fine = await raw.ask(gateway.port, key, raw.chat("fake"))
    assert fine.status == 200 and b"FORGED" not in fine.body
    return answer, gateway.bill(key, answer.header("x-request-id"))


# What no client can be answered with: our own 502, and nothing to pay.
UNUSABLE = {
    "two lengths": with_head("Content-Length: 2", LENGTH),
    "length and chunked": with_head("Content-Length: 2", "Transfer-Encoding: chunked", body="2\r\n{}\r\n0\r\n\r\n"),
    "a negative length": with_head("Content-Length: -1"),
    "a length beyond all numbers": with_head("Content-Length: 99999999999999999999"),
    "a length longer than what comes": with_head("Content-Length: 5000"),
    "another transfer coding": with_head("Transfer-Encoding: gzip, chunked"),
    "a chunk size that overflows": with_head("Transfer-Encoding: chunked", body="fffffffffffffffff\r\n" + BODY),
    "a chunk size that is no number": with_head("Transfer-Encoding: chunked", body="zz\r\n" + BODY),
    "a chunk longer than it says": with_head("Transfer-Encoding: chunked", body="2\r\n" + BODY + "\r\n0\r\n\r\n"),
    "chunks without their end": with_head("Transfer-Encoding: chunked", body=f"{len(BODY):x}\r\n{BODY}\r\n"),
    "10,000 fields": with_head(*["X-A: b"] * 10_000, LENGTH),
    "a field of 1 MB": with_head("X-A: " + "b" * 1_000_000, LENGTH),
    "a status of 1 MB": raw_bytes("HTTP/1.1 200 " + "O" * 1_000_000 + "\r\n\r\n"),
    "a status that is no number": raw_bytes("HTTP/1.1 abc OK\r\n\r\n"),
    "no HTTP at all": raw_bytes("220 mail.example.com ESMTP\r\n"),
    "TLS": raw_bytes("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + "\0" * 64),
    "200,000 trailers": with_head("Transfer-Encoding: chunked", body=f"{len(BODY):x}\r\n{BODY}\r\n0\r\n" + "X-T: y\r\n" * 200_000),
    "10 MB of leading zeros": with_head("Transfer-Encoding: chunked", body="0" * 10_000_000 + f"{len(BODY):x}\r\n{BODY}\r\n0\r\n\r\n"),
    "a zero byte in a field": with_head("X-A: b\0c", LENGTH),
    "a folded field": with_head("X-A: b\r\n c", LENGTH),
    "a name with a space": with_head("X A: b", LENGTH),
    "switching protocols": raw_bytes("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n"),
    "no content": raw_bytes("HTTP/1.1 204 No Content\r\n\r\n"),
    "an empty body": with_head("Content-Length: 0", body=""),
    "HTML": with_head("Content-Type: text/html", "Content-Length: 18", body="<html>hello</html>"),
    "bytes that are no text": with_head("Content-Length: 256", body="".join(map(chr, range(256)))),
    "JSON that is no object": with_head("Content-Length: 4", body="[1] "),
    "JSON cut off": with_head("Content-Length: 40", body=BODY[:40]),
}  # fmt: skip


@pytest.mark.parametrize("name", UNUSABLE)
async def test_what_is_no_answer(odd, fake, name):
    answer, bill = await called(odd, fake, UNUSABLE[name])
    assert answer.ended and answer.status == 502, (answer.status, answer.body[:300])
    assert answer.json()["error"]["code"] in ("upstream_interrupted", "upstream_invalid_response")
    assert bill["state"] == "voided" and picos(bill["cost"]) == 0
    assert {name for name, _ in answer.headers} <= {"content-type", "content-length", "x-request-id", "x-tokenaudit-cost", "connection"}


# Unusual and right: the answer comes through whole and is billed exactly.
USABLE = {
    "an answer of HTTP/1.0": raw_bytes("HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n" + BODY),
    "until the connection closes": with_head("Content-Type: application/json"),
    "lines that end in LF": raw_bytes(f"HTTP/1.1 200 OK\nContent-Type: application/json\n{LENGTH}\n\n{BODY}"),
    "continue, then the answer": raw_bytes("HTTP/1.1 100 Continue\r\n\r\n" * 5 + "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + FINE),
    "trailers": with_head("Content-Type: application/json", "Transfer-Encoding: chunked", body=f"{len(BODY):x};ext=1\r\n{BODY}\r\n0\r\nX-Trailer: canary\r\n\r\n"),
    "a chunk a byte": {"framing": "chunked", "chunks": [{"text": BODY, "split": 1}]},
    "byte by byte": {"framing": "raw", "chunks": [{"text": FINE, "split": 1}]},
}  # fmt: skip


@pytest.mark.parametrize("name", USABLE)
async def test_what_is_an_answer_all_the_same(odd, fake, name):
    answer, bill = await called(odd, fake, USABLE[name])
    if name == "lines that end in LF" and answer.status == 502:
        assert bill["state"] == "voided"
        return
    assert (answer.status, answer.body.decode(), answer.ended) == (200, BODY, True)
    assert picos(bill["cost"]) == price_of(answer.usage()) == picos(answer.header("x-tokenaudit-cost"))
    assert not any("canary" in value for _, value in answer.headers)


async def test_an_answer_longer_than_its_length(odd, fake):
    """What follows the declared end is nobody's answer: not this client's, not the next one's."""
    fake.script("odd", raw_bytes(FINE + FORGED * 3, end="keep"))
    key = odd.anyone()
    for _ in range(10):
        answer = await raw.ask(odd.port, key, raw.chat("odd", max_tokens=150), timeout=20)
        assert answer.status == 200 and answer.ended and answer.body.decode() == BODY
    odd.assert_sound(key)


@pytest.mark.parametrize("breaker", ["\r", "\n", "\r\n", "\0", "\x1b"], ids=["CR", "LF", "CRLF", "NUL", "ESC"])
async def test_a_field_that_would_break_a_line(odd, fake, breaker):
    """Whatever the parser makes of it, the client never gets a field, or a second answer, that the provider smuggled."""
    script = with_head(f"X-A: b{breaker}Set-Cookie: canary=1", f"X-B: c{breaker}{breaker}{FORGED}", LENGTH)
    answer, _ = await called(odd, fake, script)
    assert answer.header("set-cookie") is None and not answer.body.startswith(b"HTTP/1.1")
    for name, value in answer.headers:
        assert breaker not in name + value
    if answer.status == 200:
        assert b"FORGED" not in answer.body or answer.ended


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd", "gzip, identity"])
@pytest.mark.parametrize("stream", [False, True], ids=["plain", "streamed"])
async def test_an_encoding_nobody_asked_for(odd, fake, coding, stream):
    """Nothing is unpacked, so there is no bomb; what cannot be metered is not passed on."""
    bomb = zlib.compress(b" " * 50_000_000) if coding == "deflate" else gzip.compress(b" " * 50_000_000)
    content = "text/event-stream" if stream else "application/json"
    script = {
        "headers": [["Content-Type", content], ["Content-Encoding", coding]],
        "chunks": [{"base64": base64.b64encode(bomb).decode(), "times": 20}],
    }
    before = odd.resident_bytes()
    answer, bill = await called(odd, fake, script, stream=stream)
    assert answer.status == 502 and bill["state"] == "voided"
    assert odd.resident_bytes() - before < 48 << 20


LINE = 'data: {"id":"c","object":"chat.completion.chunk","choices":[{"index":0,"delta":{"content":"Grüße 華 🦊"},"finish_reason":null}]}'


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"], ids=["LF", "CRLF", "CR"])
@pytest.mark.parametrize("split", [1, 5, 1_000_000])
async def test_line_ends_of_a_stream(odd, fake, end, split):
    lines = [": comment", "", LINE, "", "event: message", LINE, "id: 7", "retry: 10", "", raw.usage_event(21, 9).decode().rstrip("\n"), "", "data: [DONE]", "", ""]  # fmt: skip
    text = end.join(lines)
    answer, bill = await called(odd, fake, EVENTS | {"chunks": [{"text": text, "split": split}]}, stream=True, usage=True)
    assert answer.ended and answer.body.decode() == text
    assert (bill["input_tokens"], bill["output_tokens"], bill["flags"]) == (21, 9, [])


# Streams that do not end: what is kept of them is bounded, and the upstream is let go.
ENDLESS = {
    "a line": [{"text": "data: "}, {"text": "x" * 65536, "times": 16_384}],
    "a field name": [{"text": "x" * 65536, "times": 16_384}],
    "an event of short lines": [{"text": "data: x\n" * 8192, "times": 16_384}],
    "text in an event": [{"text": raw.WORD.decode()}, {"text": 'data: {"choices":[{"delta":{"content":"'}, {"text": "y" * 65536, "times": 16_384}],
    "words beyond the hold": [{"text": raw.WORD.decode() * 512, "times": 16_384}],
    "what follows the end": [{"text": (raw.WORD + raw.usage_event(3, 1) + raw.DONE).decode()}, {"text": ": x\n\n" * 8192, "times": 16_384}],
}  # fmt: skip


@pytest.mark.parametrize("name", ENDLESS)
async def test_a_stream_without_an_end(odd, fake, name):
    """A gigabyte on offer; what is read of it is a small part."""
    before = odd.resident_bytes()
    answer, bill = await called(odd, fake, EVENTS | {"chunks": ENDLESS[name], "end": "hang"}, stream=True, usage=True)
    assert odd.resident_bytes() - before < 64 << 20
    assert len(answer.body) < 8 << 20
    counters = fake.counters("odd")
    assert counters == {"arrived": 1, "finished": 0, "aborted": 1}, "the upstream was cut off"
    assert bill["state"] == "captured" and picos(bill["cost"]) <= picos(bill["hold"])
    if name == "what follows the end":
        assert raw.DONE in answer.body and answer.ended and (bill["input_tokens"], bill["output_tokens"]) == (3, 1)
    else:
        assert not answer.has_done and not answer.ended
        code = "output_limit_exceeded" if name == "words beyond the hold" else "upstream_interrupted"
        assert answer.json_error()["code"] == code


async def test_many_streams_without_an_end_at_once(odd, fake):
    """50 of them: what each may keep is bounded, so the process is too."""
    fake.script("odd", EVENTS | {"chunks": ENDLESS["a line"], "end": "hang"})
    key = odd.anyone()
    before = odd.resident_bytes()
    answers = await asyncio.gather(*[raw.ask(odd.port, key, raw.chat("odd", stream=True), timeout=60) for _ in range(50)])
    assert all(answer.json_error()["code"] == "upstream_interrupted" for answer in answers)
    assert odd.resident_bytes() - before < 200 << 20
    odd.assert_sound(key)
