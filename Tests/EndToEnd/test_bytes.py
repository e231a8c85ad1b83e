"""An answer through the gateway is the upstream's answer, byte for byte."""

import json

import pytest

import raw
from conftest import BUILT_IN

PATHS = ["/v1/chat/completions", "/v1/completions"]


def question(path, model, stream, usage, **members):
    asked = raw.chat(model, stream=stream, usage=usage, **members)
    if path.endswith("/chat/completions"):
        return asked
    asked["prompt"] = asked.pop("messages")[0]["content"]
    return asked


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    ("model", "how"),
    # Usage that was forced shows as `"usage":null` in the chunks of fake-nulls; the next test looks at that.
    [(m, how) for m in BUILT_IN for how in ("plain", "streamed", "streamed with usage") if (m, how) != ("fake-nulls", "streamed")],
)
async def test_answers_are_equal(gateway, key, fake, path, model, how):
    stream, usage = how != "plain", how == "streamed with usage"
    asked = question(path, model, stream, usage)
    direct = await raw.ask(fake.port, None, asked, path=path)
    through = await raw.ask(gateway.port, key, asked, path=path)
    assert direct.ended and through.ended and (direct.status, through.status) == (200, 200), through.body
    assert through.body == direct.body
    assert through.header("content-type") == direct.header("content-type")
    assert through.header("x-request-id") and through.header("x-request-id") != direct.header("x-request-id")


async def test_forced_usage_is_not_shown(gateway, key):
    through = await raw.ask(gateway.port, key, raw.chat("fake-nulls", stream=True))
    assert through.has_done
    events = [json.loads(event) for event in through.events() if event != b"[DONE]"]
    assert len(events) == 11 and all(event["choices"] and not event.get("usage") for event in events)


@pytest.mark.parametrize("model", ["fake", "fake-stream-7-usage-333-111-77-33"])
@pytest.mark.parametrize("members", [{"n": 3}, {"tools": [{"type": "function", "function": {"name": "f"}}]}])
async def test_choices_and_tools_are_equal(gateway, key, fake, model, members):
    for stream in (False, True):
        asked = raw.chat(model, stream=stream, usage=stream, **members)
        direct = await raw.ask(fake.port, None, asked)
        through = await raw.ask(gateway.port, key, asked)
        assert through.ended and through.body == direct.body


@pytest.mark.parametrize("split", [1, 2, 3, 7, 64])
async def test_how_a_stream_is_cut_changes_nothing(gateway, key, fake, split):
    """Characters and events split over chunks: the same bytes, the same bill."""
    text = "".join(
        f'data: {{"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[{{"index":0,'
        f'"delta":{{"content":"{word}"}},"finish_reason":null}}]}}\n\n'
        for word in ["Grüße", "華苗", "🦊", "\\u00fc"]
    )
    usage = {"prompt_tokens": 21, "completion_tokens": 9, "total_tokens": 30}
    text += f'data: {{"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[],"usage":{json.dumps(usage)}}}\n\n'
    text += "data: [DONE]\n\n"
    events = {"headers": [["Content-Type", "text/event-stream"]], "framing": "chunked"}
    fake.script("fake-nulls", events | {"chunks": [{"text": text, "split": split}]})
    try:
        through = await raw.ask(gateway.port, key, raw.chat("fake-nulls", stream=True, usage=True))
        assert through.ended and through.body == text.encode()
        bill = gateway.bill(key, through.header("x-request-id"))
        assert (bill["input_tokens"], bill["output_tokens"], bill["flags"]) == (21, 9, [])
    finally:
        fake.post("/_script/fake-nulls", [])


async def test_unknown_members_reach_the_upstream_verbatim(gateway, key, fake):
    body = (
        b'{ "x_unknown" : {"deep": [1, 2.50, 1e2, "\\u00e9"]},"model":"fake", "max_tokens": 100,\n'
        b' "messages":[{"role":"user","content":"marker-4711"}], "seed":1}'
    )
    answer = await raw.ask(gateway.port, key, body)
    assert answer.status == 200
    received = [request for request in fake.received() if "marker-4711" in request["body"]]
    assert len(received) == 1
    assert received[0]["body"] == body.decode()


async def test_only_what_may_reaches_the_upstream(gateway, key, fake):
    """Credentials, hop-by-hop headers and forwarding headers of the client stay here."""
    canary = [
        ("Cookie", "session=canary"), ("X-Api-Key", "canary"), ("Forwarded", "for=canary"), ("X-Forwarded-For", "canary"),
        ("OpenAI-Organization", "canary"), ("OpenAI-Project", "canary"), ("Proxy-Authorization", "canary"),
        ("TE", "canary"), ("Accept-Encoding", "gzip"), ("Connection", "keep-alive, X-Hop"), ("X-Hop", "canary"),
    ]  # fmt: skip
    asked = raw.chat("fake", user="marker-4712")
    answer = await raw.ask(gateway.port, key, asked, headers=[h for h in canary if h[0] != "X-Api-Key"])
    assert answer.status == 200
    head = next(request["head"] for request in fake.received() if "marker-4712" in request["body"])
    assert "canary" not in head and key not in head
    assert "authorization: bearer upstream-secret-key" in head.lower()
    assert "accept-encoding: identity" in head.lower()


async def test_only_what_may_comes_back(gateway, key, fake):
    given = [
        ["Content-Type", "application/json"], ["Set-Cookie", "a=canary"], ["X-RateLimit-Remaining-Tokens", "canary"],
        ["OpenAI-Organization", "canary"], ["X-Request-Id", "upstream-id-1"], ["X-Fine", "yes"],
        ["OpenAI-Project", "canary"], ["Connection", "keep-alive, X-Hop"], ["X-Hop", "canary"], ["Alt-Svc", "canary"],
        ["Strict-Transport-Security", "canary"], ["NEL", "canary"], ["Report-To", "canary"], ["Clear-Site-Data", "canary"],
    ]  # fmt: skip
    body = '{"id":"x","choices":[],"usage":{"prompt_tokens":1,"completion_tokens":1,"total_tokens":2}}'
    fake.script("fake-nulls", {"headers": given, "chunks": [{"text": body}]})
    try:
        answer = await raw.ask(gateway.port, key, raw.chat("fake-nulls"))
    finally:
        fake.post("/_script/fake-nulls", [])
    assert answer.status == 200 and answer.body == body.encode()
    assert not [value for _, value in answer.headers if "canary" in value]
    assert answer.header("x-request-id") != "upstream-id-1"
    assert "upstream-id-1" in [value for _, value in answer.headers], "the upstream's id is kept under another name"
