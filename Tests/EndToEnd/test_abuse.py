"""What people try: SQL in every string, requests that two servers read differently, input that is not in the body."""

import asyncio
import json
import shutil
import urllib.error
import urllib.parse
import urllib.request

import pytest

import raw
from children import Child, free_port
from oracle import picos
from servers import until
from test_bad_input import SMUGGLING, assert_envelope, changed

SQL = [
    "'; DROP TABLE api_requests; --",
    "' OR '1'='1",
    '" OR 1=1 --',
    "1); DELETE FROM quota_grants; --",
    "') UNION SELECT value FROM secrets --",
    "%' OR id LIKE '%",
    "_" * 40,
    "%" * 40,
    "\\'; ATTACH DATABASE '/tmp/x' AS x; --",
    "x' AND randomblob(1000000000) --",
]


@pytest.mark.parametrize("text", SQL)
async def test_sql_in_every_string(gateway, key, fake, text):
    """It is text: kept, sent on or refused, and run nowhere."""
    before = {table: gateway.rows(f"SELECT count(*) AS n FROM {table}")[0]["n"] for table in ("users", "api_keys", "secrets", "quota_grants")}
    headers = [("User-Agent", text), ("X-Client-Request-Id", text), ("X-Anything", text)]
    answer = await raw.ask(gateway.port, key, changed(user=text, metadata={text: text}), headers=headers)
    assert answer.status == 200, answer.body
    bill = gateway.bill(key, answer.header("x-request-id"))
    assert bill["state"] == "captured"
    assert any(json.loads(request["body"]).get("user") == text for request in fake.received() if '"user"' in request["body"])
    assert_envelope(await raw.ask(gateway.port, key, changed(model=text)), 404)
    for name in ("Authorization", "x-api-key", "api-key"):
        value = f"Bearer {text}" if name == "Authorization" else text
        assert_envelope(await raw.ask(gateway.port, None, changed(), headers=[(name, value)]), 401)
    for member in ("limit", "cursor", "request_id", "start", "end", "model"):
        url = f"http://127.0.0.1:{gateway.port}/v1/usage?{member}={urllib.parse.quote(text)}"
        request = urllib.request.Request(url, headers={"Authorization": f"Bearer {key}"})
        try:
            with await asyncio.to_thread(urllib.request.urlopen, request, timeout=20) as got:
                assert got.status == 200
        except urllib.error.HTTPError as error:
            assert error.code in (400, 404) and text not in error.read().decode()
    after = {table: gateway.rows(f"SELECT count(*) AS n FROM {table}")[0]["n"] for table in before}
    assert after == before
    gateway.assert_sound(key)


@pytest.fixture(scope="module")
def nginx(gateway, tmp_path_factory):
    """The real nginx in front, connections kept alive on both sides; returns its port."""
    directory = tmp_path_factory.mktemp("nginx")
    (directory / "tmp").mkdir()
    port = free_port()
    temporary = "".join(f"{kind}_temp_path {directory}/tmp/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    configuration = directory / "nginx.conf"
    configuration.write_text(f"""
daemon off; worker_processes 1; pid {directory}/nginx.pid; error_log {directory}/error.log;
events {{ worker_connections 256; }}
http {{
    access_log off; {temporary}
    upstream gateway {{ server 127.0.0.1:{gateway.port}; keepalive 1; }}
    server {{
        listen 127.0.0.1:{port};
        location / {{ proxy_pass http://gateway; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_buffering off; }}
    }}
}}
""")
    binary = shutil.which("nginx") or "/usr/sbin/nginx"
    child = Child("nginx", [binary, "-p", directory, "-c", configuration], directory / "nginx.log")
    child.wait_for_http(f"http://127.0.0.1:{port}/healthz")
    yield port
    child.stop()


@pytest.mark.parametrize("name", SMUGGLING)
async def test_nginx_and_the_gateway_see_the_same_requests(nginx, gateway, key, fake, name):
    """One request smuggled behind another: refused by either, or answered once to its sender; the next client of the
    shared connection gets its own answer."""
    head = b"POST /v1/chat/completions HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer " + key.encode() + b"\r\n"
    smuggled = raw.request(key, changed(user="marker-through-nginx-" + name))
    before = len([request for request in fake.received() if "marker-through-nginx-" + name in request["body"]])
    await raw.exchange(nginx, head + SMUGGLING[name] + b"\r\n" + b"0\r\n\r\n" + smuggled, timeout=20)
    other = gateway.user()
    for _ in range(3):
        answer = await raw.ask(nginx, other, changed(user="marker-innocent"))
        assert answer.status == 200 and answer.ended
    assert len(gateway.usage(other)["recent"]) == 3, "each client's calls are its own"
    after = len([request for request in fake.received() if "marker-through-nginx-" + name in request["body"]])
    assert after - before == len(gateway.usage(key)["recent"]), "what reached the upstream is billed to who sent it"
    gateway.assert_sound(key, other)


async def test_streams_through_nginx(nginx, gateway, key, fake):
    answer = await raw.ask(nginx, key, changed(model="fake-stream-20-5ms", stream=True, usage=True))
    assert answer.status == 200 and answer.has_done
    assert gateway.bill(key, answer.header("x-request-id"))["state"] == "captured"


IMAGE = {"type": "image_url", "image_url": {"url": "https://example.com/huge.png"}}
HIDDEN = {
    "an image by address": {"messages": [{"role": "user", "content": [{"type": "text", "text": "?"}, IMAGE]}]},
    "a file by id": {"messages": [{"role": "user", "content": [{"type": "file", "file": {"file_id": "file-1"}}]}]},
    "a web search": {"web_search_options": {}},
    "audio output": {"modalities": ["text", "audio"], "audio": {"voice": "alloy", "format": "wav"}},
    "another tier": {"service_tier": "priority"},
    "another provider": {"provider": {"order": ["dear"]}},
    "a template that writes more": {"chat_template": "{% for i in range(99999) %}x{% endfor %}"},
    "an hour in a cache": {"messages": [{"role": "user", "content": "?", "cache_control": {"type": "ephemeral", "ttl": "1h"}}]},
}  # fmt: skip


async def test_a_header_that_changes_the_price(gateway, key, fake):
    before = len(fake.received())
    answer = await raw.ask(gateway.port, key, changed(), headers=[("Anthropic-Beta", "context-1m-2025-08-07")])
    assert assert_envelope(answer, 400)["param"] == "anthropic-beta"
    assert len(fake.received()) == before and gateway.usage(key)["recent"] == []


@pytest.mark.parametrize("name", HIDDEN)
async def test_input_that_is_not_in_the_body(gateway, key, fake, name):
    """It is held for as a full context, or refused by name; never held for as the few bytes it is."""
    before = len(fake.received())
    answer = await raw.ask(gateway.port, key, changed(**HIDDEN[name]))
    if answer.status == 400:
        error = assert_envelope(answer, 400)
        assert error["param"] or error["message"]
        assert len(fake.received()) == before and gateway.usage(key)["recent"] == []
    else:
        assert answer.status == 200, answer.body
        bill = gateway.bill(key, answer.header("x-request-id"))
        whole_context = 100_000 * picos("0.0000001")  # the cheapest price of any class in these tests, at least
        assert picos(bill["hold"]) > whole_context, bill
    gateway.assert_sound(key)


async def test_a_revoked_key_is_refused_within_two_seconds(make_gateway):
    gateway = make_gateway("fake", name="revoked")
    key = gateway.user()
    assert (await raw.ask(gateway.port, key, changed())).status == 200
    user = gateway.rows("SELECT u.email FROM users u JOIN api_keys k ON k.user_id = u.id")[0]["email"]
    gateway.apply(users=[{"email": user, "name": "Tester", "role": "user", "is_active": False}])
    await asyncio.to_thread(
        until, lambda: asyncio.run(raw.ask(gateway.port, key, changed())).status == 401, "the key refused", 2.5
    )
    assert_envelope(await raw.ask(gateway.port, key, changed()), 401)
    gateway.verify()


AMOUNTS = ["1,5", "12abc", "1e-7", " 1", "١", "-0", "-1", "0.0000000000001", "NaN", "99999999999999999999", ""]


@pytest.mark.parametrize("amount", AMOUNTS)
def test_an_amount_that_is_none(gateway, amount):
    """In a quota and in a price: refused with file, line and reason, and nothing of the file is applied."""
    price = gateway.directory / "price.yaml"
    price.write_text(
        "models:\n  - name: odd\n    provider: fake\n    upstream_model: fake\n    context_length: 10\n"
        f"    max_output_tokens: 10\n    input_price_per_1k: \"{amount}\"\n    output_price_per_1k: \"0.1\"\n"
    )
    quota = gateway.directory / "quota.yaml"
    quota.write_text(
        "users:\n  - email: odd@example.com\n    name: Odd\n    role: user\n    quotas:\n"
        f"      - {{model_group: default, total_quota: \"{amount}\", expires_at: null}}\n"
    )
    for path in (price, quota):
        done = gateway.run("apply", path, check=False)
        said = done.stdout + done.stderr
        assert done.returncode != 0, said
        assert f"{path}:" in said and any(f":{line}:" in said for line in (6, 7)), said
    assert not gateway.rows("SELECT 1 FROM ai_models WHERE name = 'odd'")
    assert not gateway.rows("SELECT 1 FROM users WHERE email = 'odd@example.com'")
