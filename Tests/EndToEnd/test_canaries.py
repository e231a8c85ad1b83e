"""Secrets planted everywhere turn up nowhere: not in the log at its most talkative, not in an answer, not in the books."""

import asyncio
import base64
import json
import re
import secrets
import uuid

import metrics
import pytest

import raw
from servers import new_key

PROVIDER_KEY = "sk-CANARYprovider" + secrets.token_hex(12)
PROMPT = "CANARYprompt" + secrets.token_hex(12)
ANSWER = "CANARYanswer" + secrets.token_hex(12)
GARBAGE = "CANARYgarbage" + secrets.token_hex(12)
FOREIGN_KEY = "sk-audit-CANARYforeign" + secrets.token_hex(9) + "q"
EVENTS = {"headers": [["Content-Type", "text/event-stream"]], "framing": "chunked"}


def error(message):
    return json.dumps({"error": {"message": message, "type": "server_error", "param": None, "code": None}})


WORD = raw.WORD.decode().replace("word ", ANSWER)
BODY = '{"id":"c","object":"chat.completion","choices":[{"index":0,"message":{"role":"assistant","content":"%s"},"finish_reason":"stop"}],"usage":{"prompt_tokens":10,"completion_tokens":5,"total_tokens":15}}' % ANSWER
LEAK = f"Authorization: Bearer {PROVIDER_KEY} said {PROMPT}"
RAW = {"framing": "raw", "end": "close"}
# Everything a provider may do with what it knows: name → script.
UPSTREAMS = {
    "fine": {"chunks": [{"text": BODY}]},
    "stream": EVENTS | {"chunks": [{"text": WORD + raw.usage_event(10, 1).decode() + raw.DONE.decode()}]},
    **{str(status): {"status": status, "chunks": [{"text": error(LEAK)}]} for status in (400, 401, 403, 404, 429, 500, 529)},
    "html": {"status": 500, "headers": [["Content-Type", "text/html"]], "chunks": [{"text": f"<pre>{LEAK}</pre>"}]},
    "redirect": {"status": 302, "headers": [["Location", f"http://127.0.0.1:1/?key={PROVIDER_KEY}"]]},
    "garbage": RAW | {"chunks": [{"text": f"{LEAK}\r\n\r\n"}]},
    "bad field": RAW | {"chunks": [{"text": f"HTTP/1.1 200 OK\r\nX {LEAK}: y\r\n\r\n"}]},
    "cut": RAW | {"chunks": [{"text": f"HTTP/1.1 200 OK\r\nX-Leak: {LEAK}\r\nContent-Length: 900\r\n\r\n{LEAK}"}]},
    "unreadable": {"chunks": [{"text": f"[{LEAK}"}]},
    "stream cut": EVENTS | {"chunks": [{"text": WORD}], "end": "reset"},
    "stream stalls": EVENTS | {"chunks": [{"text": WORD}], "end": "hang"},
    "stream of garbage": EVENTS | {"chunks": [{"text": f"<pre>{PROMPT}\n\n"}]},
    "stream error": EVENTS | {"chunks": [{"text": f"data: {error(LEAK)}\n\n"}]},
    "stream error later": EVENTS | {"chunks": [{"text": WORD + f"data: {error(LEAK)}\n\n"}]},
    "endless line": EVENTS | {"chunks": [{"text": LEAK * 500, "times": 100}]},
    "never": {"never": True},
    "lies": {"chunks": [{"text": BODY.replace(":10,", ":1e30,")}]},
}  # fmt: skip


@pytest.fixture(scope="module")
def told(make_gateway, fake):
    """A gateway at log level `trace` that has met every fault; with it, what its clients were answered."""
    models = [{"name": f"canary-{name.replace(' ', '-')}", "provider": "canary"} for name in UPSTREAMS]
    provider = {"name": "canary", "dialect": "openai", "base_url": f"http://127.0.0.1:{fake.port}/v1", "api_key": PROVIDER_KEY}
    gone = {"name": "gone", "dialect": "openai", "base_url": "http://127.0.0.1:9/v1", "api_key": PROVIDER_KEY}
    gateway = make_gateway(
        "fake", *models, {"name": "gone", "provider": "gone"}, name="canaries", providers=[provider, gone],
        log_level="trace", deadlines_first_byte="500ms", deadlines_upstream_idle="500ms", deadlines_body="500ms",
    )  # fmt: skip
    for model, script in zip(models, UPSTREAMS.values(), strict=True):
        fake.script(model["name"], script)
    key = gateway.user()
    poor = gateway.user(quota="0.000000000001")
    names = [model["name"] for model in models] + ["gone"]
    questions = [
        raw.request(key, raw.chat(name, stream=stream, messages=[{"role": "user", "content": PROMPT}], user=PROMPT))
        for name in names
        for stream in (False, True)
    ]
    asked = {"model": "fake", "messages": [{"role": "user", "content": PROMPT}]}
    body = json.dumps(asked).encode()
    questions += [
        raw.request(poor, asked),
        raw.request(FOREIGN_KEY, asked),
        raw.request(None, asked),
        raw.request(key, body[:-3]),
        raw.request(key, body.replace(b'"messages"', b'"model":"fake","messages"')),
        raw.request(key, asked | {"max_tokens": GARBAGE}),
        raw.request(key, asked | {"n": -1, "user": GARBAGE}),
        raw.request(key, asked | {"service_tier": GARBAGE}),
        raw.request(key, asked, path=f"/v1/{GARBAGE}"),
        raw.request(key, asked, path=f"/v1/chat/completions?key={FOREIGN_KEY}"),
        raw.request(key, asked, headers=[("Cookie", GARBAGE), ("X-Big", GARBAGE * 2000)]),
        raw.request(key, asked, headers=[("Content-Encoding", GARBAGE)]),
        raw.request(key, asked, headers=[(GARBAGE + " ", "x")]),
        raw.request(key, asked, headers=[("Expect", GARBAGE)]),
        raw.request(key, asked, method=GARBAGE),
        raw.request(key, asked, method="PUT"),
        raw.request(key, asked, method="GET", path=f"/v1/usage?since={GARBAGE}&limit={GARBAGE}"),
        raw.request(FOREIGN_KEY, asked, method="GET", path="/v1/usage"),
        raw.request(key, asked).replace(b"HTTP/1.1", b"HTTP/" + GARBAGE.encode()),
        raw.request(key, asked).replace(b"Content-Length: ", b"Content-Length: -"),
        raw.request(key, asked)[:-5],
        GARBAGE.encode() + b"\r\n\r\n",
    ]
    schemes = ["Bearer {}", "Basic {}", "{}", "Bearer  {}", "bearer {}", "Bearer ' OR '{}'='", "Bearer %00{}", "Digest {}\t"]
    for value in (GARBAGE, FOREIGN_KEY, base64.b64encode(f"user:{GARBAGE}".encode()).decode()):
        questions += [raw.request(None, asked, headers=[("Authorization", scheme.format(value))]) for scheme in schemes]
        questions += [raw.request(None, asked, headers=[(name, value)]) for name in ("x-api-key", "api-key")]

    async def run():
        return await asyncio.gather(*[raw.exchange(gateway.port, question, 30) for question in questions])

    answers = asyncio.run(run())
    gateway.assert_sound(key, poor)
    return gateway, key, answers


def findings(text, *names):
    """Which secrets stand in `text`, whole or by their random part."""
    return [name for name in names if name in text or name[-16:] in text]


def test_every_fault_was_met(told):
    _, _, answers = told
    seen = {answer.status for answer in answers}
    assert {200, 400, 401, 404, 405, 408, 415, 429, 431, 502, 503, 504} <= seen, sorted(seen)


def test_nothing_secret_is_logged(told):
    gateway, key, _ = told
    log = gateway.child.log.read_text(errors="replace")
    assert '"level":"' in log and len(log.splitlines()) > 20, "the log does say something"
    assert findings(log, key, PROVIDER_KEY, PROMPT, ANSWER, GARBAGE, FOREIGN_KEY) == []
    master = (gateway.directory / "master.key").read_bytes()
    for form in (master.hex(), base64.b64encode(master).decode(), master.decode("latin-1").strip()):
        assert form not in log


def test_nothing_secret_is_answered(told):
    """A provider's own words pass where they are output; our keys never do, and errors repeat nothing they were sent."""
    _, key, answers = told
    for answer in answers:
        text = f"{answer.headers}{answer.body.decode('latin-1')}"
        assert findings(text, key, PROVIDER_KEY, FOREIGN_KEY) == [], (answer.status, text)
        if answer.status >= 400:
            assert findings(text, PROMPT, ANSWER) == [], (answer.status, text)
        if answer.status == 401:
            assert findings(text, GARBAGE) == []


def test_nothing_secret_is_stored(told):
    """Keys of clients as digests, of providers sealed; prompts and answers nowhere."""
    gateway, key, _ = told
    files = [path for path in gateway.directory.iterdir() if path.name.startswith("tokenaudit.sqlite")]
    assert len(files) >= 2
    for path in files:
        assert findings(path.read_bytes().decode("latin-1"), key, PROVIDER_KEY, PROMPT, ANSWER, GARBAGE, FOREIGN_KEY) == []


def test_nothing_secret_is_a_metric(told):
    """Nothing but what administrators named: neither what was sent, nor whose it was, nor what went wrong in whose words."""
    gateway, key, _ = told
    text = metrics.read(gateway).text
    assert 'model="canary-fine"' in text and findings(text, key, PROVIDER_KEY, PROMPT, ANSWER, GARBAGE, FOREIGN_KEY) == []
    assert "@example.com" not in text and "127.0.0.1" not in text


def test_nothing_secret_is_shown_by_commands(told):
    gateway, key, _ = told
    for command in (["config", "show"], ["ledger", "verify"], ["ledger", "quarantine", "list"]):
        done = gateway.run(*command)
        assert findings(done.stdout + done.stderr, key, PROVIDER_KEY, PROMPT, GARBAGE) == []


def test_a_file_that_is_wrong_is_told_without_its_secrets(told):
    """`apply` says where and what, and repeats no key."""
    gateway, _, _ = told
    client, provider = new_key(), "sk-CANARYfile" + secrets.token_hex(12)
    user = {"email": f"{uuid.uuid4().hex}@example.com", "name": "T", "role": "user", "api_key": client}
    channel = {"name": "p", "dialect": "openai", "base_url": "http://127.0.0.1:1/v1", "api_key": provider}
    wrong = [
        {"users": [user | {"role": "nobody"}], "providers": [channel]},
        {"users": [user | {"api_key": client + "!"}], "providers": [channel | {"base_url": f"http://{provider}@x/"}]},
        {"users": [user], "providers": [channel | {"api_key": [provider]}]},
        {"users": [user | {client: 1}], "providers": [channel | {"dialect": "none"}]},
    ]
    for number, lists in enumerate(wrong):
        path = gateway.directory / f"wrong-{number}.yaml"
        path.write_text(json.dumps(lists))
        done = gateway.run("apply", path, check=False)
        assert done.returncode != 0
        told_text = re.sub(r"\s+", "", done.stdout + done.stderr)
        assert provider not in told_text, told_text
        if number != 3:
            assert client not in told_text, told_text
