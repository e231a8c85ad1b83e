"""A provider that answers with an error, or points elsewhere: no secret of ours comes through, and the call costs nothing."""

import base64
import gzip
import json
import socket

import pytest

import raw
from oracle import picos

SECRET = "sk-provider/CANARY+9f3b2c1d7e6a"
# What the client is told for each status of the provider: faults between it and us are a 503, not the client's.
STATUSES = {400: 400, 401: 503, 402: 503, 403: 503, 404: 404, 408: 408, 409: 409, 413: 413, 422: 422, 429: 429}
STATUSES |= {status: status for status in (500, 502, 503, 504, 520, 529)}


def envelope(message):
    return json.dumps({"error": {"message": message, "type": "invalid_request_error", "param": None, "code": None}})


JSON = [["Content-Type", "application/json"]]
ESCAPED = "".join(f"\\u{ord(letter):04x}" for letter in SECRET)
# How a provider may let the key slip into its error: name → (headers, body).
LEAKS = {
    "whole": (JSON, envelope(f"Incorrect API key provided: {SECRET}.")),
    "its start": (JSON, envelope(f"Incorrect API key provided: {SECRET[:9]}****.")),
    "its end": (JSON, envelope(f"Incorrect API key provided: ****{SECRET[-8:]}.")),
    "slashes escaped": (JSON, envelope("echo").replace("echo", SECRET.replace("/", "\\/"))),
    "every character escaped": (JSON, envelope("echo").replace("echo", ESCAPED)),
    "in HTML": ([["Content-Type", "text/html"]], f"<html><pre>Authorization: Bearer {SECRET}</pre></html>"),
    "in a header": (JSON + [["X-Debug-Request", f"Authorization: Bearer {SECRET}"]], envelope("no")),
    "behind 200 KB": (JSON, envelope("x" * 200_000 + SECRET)),
    "without an envelope": (JSON, json.dumps({"detail": SECRET})),
}


def shown(answer):
    """All that the client got, escapes undone."""
    text = f"{answer.headers}{answer.body.decode('latin-1')}"
    return text + text.replace("\\/", "/") + text.encode().decode("unicode_escape", "replace")


def assert_no_secret(answer):
    text = shown(answer)
    assert SECRET[:8] not in text and SECRET[-8:] not in text


@pytest.fixture(scope="module")
def leaky(make_gateway, fake):
    provider = {"name": "leaky", "dialect": "openai", "base_url": f"http://127.0.0.1:{fake.port}/v1", "api_key": SECRET}
    model = {"name": "leak", "provider": "leaky", "max_output_tokens": 200}
    gateway = make_gateway("fake", model, name="leaky", providers=[provider], deadlines_upstream_idle="1s")
    yield gateway
    gateway.assert_sound()


async def refused(gateway, fake, script, stream=False):
    """One call that this script answers; returns the answer after its books were looked at."""
    fake.script("leak", script)
    key = gateway.anyone()
    answer = await raw.ask(gateway.port, key, raw.chat("leak", stream=stream), timeout=20)
    assert answer.ended and set(answer.json()["error"]) >= {"message", "type", "param", "code"}
    assert_no_secret(answer)
    bill = gateway.bill(key, answer.header("x-request-id"))
    assert bill["state"] == "voided" and picos(bill["cost"]) == 0 and picos(answer.header("x-tokenaudit-cost")) == 0
    assert float(gateway.quota(key)["held_quota"]) == 0 and fake.counters("leak")["arrived"] == 1
    return answer


def alerts(gateway, answer):
    """Provider and status of each line that tells the operator that the provider refused this call."""
    lines = [json.loads(line) for line in gateway.child.log.read_text().splitlines() if line.startswith("{")]
    found = [line for line in lines if line["message"] == "a provider refuses us" and line["request_id"] == answer.header("x-request-id")]
    assert all(line["level"] == "error" for line in found)
    return [(line["provider"], line["status"]) for line in found]


def stored_status(gateway, answer):
    return gateway.bill(gateway.anyone(), answer.header("x-request-id"))["status_code"]


@pytest.mark.parametrize("stream", [False, True], ids=["plain", "streamed"])
@pytest.mark.parametrize("status", STATUSES)
async def test_an_error_status(leaky, fake, status, stream):
    """With nothing to hide the provider's own error is passed on; a word of our key in it, and it is told in ours."""
    fine = await refused(leaky, fake, {"status": status, "chunks": [{"text": envelope("its own words")}]}, stream)
    assert fine.status == STATUSES[status] == stored_status(leaky, fine)
    assert alerts(leaky, fine) == ([("leaky", str(status))] if STATUSES[status] != status else [])
    assert ("its own words" in fine.json()["error"]["message"]) == (fine.status == status)
    headers, body = LEAKS["whole"]
    leak = await refused(leaky, fake, {"status": status, "headers": headers, "chunks": [{"text": body}]}, stream)
    assert leak.status == STATUSES[status]


@pytest.mark.parametrize("leak", LEAKS)
async def test_how_a_key_slips_into_an_error(leaky, fake, leak):
    headers, body = LEAKS[leak]
    answer = await refused(leaky, fake, {"status": 400, "headers": headers, "chunks": [{"text": body}]})
    assert answer.status == (502 if leak == "behind 200 KB" else 400)


async def test_an_exhausted_account_of_ours_is_not_the_clients(leaky, fake):
    body = json.dumps({"error": {"message": "pay", "type": "insufficient_quota", "param": None, "code": "insufficient_quota"}})
    answer = await refused(leaky, fake, {"status": 429, "chunks": [{"text": body}]})
    assert answer.status == 503 and answer.json()["error"]["code"] == "upstream_unavailable"
    assert alerts(leaky, answer) == [("leaky", "429")]


@pytest.mark.parametrize("stream", [False, True], ids=["plain", "streamed"])
@pytest.mark.parametrize("after", [0, 1], ids=["first", "after output"])
async def test_an_error_inside_an_answer_of_200(leaky, fake, stream, after):
    """The error text is never billed as output, and our key in it does not get through."""
    body = LEAKS["whole"][1]
    if stream:
        text = raw.WORD.decode() * after + f"data: {body}\n\n"
        script = {"headers": [["Content-Type", "text/event-stream"]], "framing": "chunked", "chunks": [{"text": text}]}
    else:
        script = {"chunks": [{"text": body}]}
    fake.script("leak", script)
    key = leaky.anyone()
    answer = await raw.ask(leaky.port, key, raw.chat("leak", stream=stream), timeout=20)
    assert_no_secret(answer)
    assert not answer.has_done
    bill = leaky.bill(key, answer.header("x-request-id"))
    if stream and after:
        assert bill["state"] == "captured" and bill["output_tokens"] <= 2, "one word, and nothing of the error"
    else:
        assert bill["state"] == "voided" and picos(bill["cost"]) == 0
    leaky.assert_sound(key)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_not_followed(leaky, fake, status):
    """Nobody else gets the request, the prompt or the key, and the client does not learn where it pointed."""
    with socket.create_server(("127.0.0.1", 0)) as elsewhere:
        elsewhere.setblocking(False)
        target = f"http://127.0.0.1:{elsewhere.getsockname()[1]}/v1/chat/completions"
        answer = await refused(leaky, fake, {"status": status, "headers": [["Location", target]]})
        with pytest.raises(BlockingIOError):
            elsewhere.accept()
    assert answer.status == 502 and answer.header("location") is None and target not in answer.body.decode()
    assert stored_status(leaky, answer) == 502


async def test_an_error_in_an_encoding_is_told_in_our_words_without_it(leaky, fake):
    headers = JSON + [["Content-Encoding", "gzip"], ["ETag", '"theirs"'], ["Retry-After", "7"]]
    body = base64.b64encode(gzip.compress(envelope("packed").encode())).decode()
    answer = await refused(leaky, fake, {"status": 429, "headers": headers, "chunks": [{"base64": body}]})
    assert answer.status == 429 and answer.header("retry-after") == "7"
    assert answer.header("content-encoding") is None and answer.header("etag") is None


@pytest.mark.parametrize("status", [400, 401, 500])
async def test_an_error_whose_body_never_ends(leaky, fake, status):
    body = {"status": status, "framing": "chunked", "chunks": [{"text": '{"error":'}], "end": "hang"}
    assert (await refused(leaky, fake, body)).status == 504
    flood = {"status": status, "framing": "chunked", "chunks": [{"text": "x" * 65536, "times": 4000}], "end": "hang"}
    before = leaky.resident_bytes()
    answer = await refused(leaky, fake, flood)
    assert answer.status == (503 if status == 401 else 502)
    assert alerts(leaky, answer) == ([("leaky", "401")] if status == 401 else [])
    assert leaky.resident_bytes() - before < 32 << 20
