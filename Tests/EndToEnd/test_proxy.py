"""Deploy/nginx in front of two gateways: streams come piece by piece, a call is sent once, and who asks is who asked."""

import asyncio
import json
import ssl

import pytest

import raw
from proxies import Nginx
from servers import new_key, until

EVENTS = {"headers": [["Content-Type", "text/event-stream"]], "framing": "chunked"}
WORD = raw.WORD.decode()
TAIL = (raw.usage_event(10, 3) + raw.DONE).decode()
# Not the address that the gateways trust: nginx's own.
CLIENT = ("127.0.0.2", 0)


class Proxied:
    """Two gateways, nginx in front of them, and a key that both know."""

    def __init__(self, make_gateway, directory, name, **settings):
        settings = {"trusted_proxies": "127.0.0.1", "deadlines_drain": "1s", **settings}
        models = ["fake", "scripted", "dying"]
        self.gateways = [make_gateway(*models, name=f"{name}-{number}", **settings) for number in (1, 2)]
        self.key = new_key()
        for gateway in self.gateways:
            quota = {"model_group": "default", "total_quota": "1000.00", "expires_at": None}
            user = {"email": "dev@example.com", "name": "Dev", "role": "user", "api_key": self.key, "quotas": [quota]}
            gateway.apply(users=[user])
        self.nginx = Nginx(directory, self.gateways).start()

    async def ask(self, question, **options):
        return await self.exchange(raw.request(self.key, question, **options))

    async def exchange(self, data, timeout=30):
        reader, writer = await asyncio.open_connection("127.0.0.1", self.nginx.port, limit=1 << 26, local_addr=CLIENT)
        try:
            try:
                writer.write(data)
                await writer.drain()
            except ConnectionError:
                pass  # an early refusal may have been sent already
            return await asyncio.wait_for(raw.read_answer(reader), timeout)
        finally:
            writer.close()

    def bill(self, request_id):
        """The call's row, of whichever gateway had it."""
        rows = [gateway.calls().get(request_id) for gateway in self.gateways]
        (row,) = [row for row in rows if row]
        return row

    def sole_call(self):
        """The only call that has not ended: whichever gateway runs it, and its id."""

        def found():
            return [(gateway, id) for gateway in self.gateways for id, row in gateway.calls().items() if row["state"] == "open"]

        return until(found, "a call that runs")[0]

    def assert_sound(self):
        for gateway in self.gateways:
            gateway.assert_sound(self.key)


@pytest.fixture(scope="module")
def proxied(make_gateway, tmp_path_factory):
    made = Proxied(make_gateway, tmp_path_factory.mktemp("nginx"), "proxied")
    yield made
    made.assert_sound()
    assert made.nginx.child.is_running()
    made.nginx.stop()


async def test_a_stream_comes_piece_by_piece(proxied, fake):
    chunks = [{"text": WORD}, {"text": WORD, "gate": "second"}, {"text": TAIL, "gate": "third"}]
    fake.script("scripted", EVENTS | {"chunks": chunks})
    reader, writer = await asyncio.open_connection("127.0.0.1", proxied.nginx.port)
    writer.write(raw.request(proxied.key, raw.chat("scripted", stream=True, usage=True)))
    seen = b""
    for count, gate in ((1, "second"), (2, "third")):
        while seen.count(b"word ") < count:
            piece = await asyncio.wait_for(reader.read(65_536), 20)
            assert piece, seen
            seen += piece
        assert seen.count(b"word ") == count, "what is sent later has not come yet"
        await asyncio.to_thread(fake.open, gate)
    while b"[DONE]" not in seen:
        piece = await asyncio.wait_for(reader.read(65_536), 20)
        assert piece, seen
        seen += piece
    writer.close()


async def test_a_stream_comes_piece_by_piece_over_http_2(proxied, fake, tmp_path):
    fake.script("scripted", EVENTS | {"chunks": [{"text": WORD}, {"text": TAIL, "gate": "h2"}]})
    question = json.dumps(raw.chat("scripted", stream=True, usage=True))
    curl = await asyncio.create_subprocess_exec(
        "curl", "-sN", "--http2", "--cacert", proxied.nginx.certificate, "--resolve", f"localhost:{proxied.nginx.tls_port}:127.0.0.1",
        "-H", f"Authorization: Bearer {proxied.key}", "-H", "Content-Type: application/json", "-d", question,
        "-w", "\nversion %{http_version}\n", f"https://localhost:{proxied.nginx.tls_port}/v1/chat/completions",
        stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert b"word " in await asyncio.wait_for(curl.stdout.readuntil(b"\n\n"), 20)
    await asyncio.to_thread(fake.open, "h2")
    rest = (await asyncio.wait_for(curl.communicate(), 20))[0]
    assert b"[DONE]" in rest and rest.endswith(b"version 2\n")


async def test_a_client_that_hangs_up_is_seen_by_the_gateway(proxied, fake):
    # A minute of words, well within what is held for them.
    fake.script("scripted", EVENTS | {"chunks": [{"text": WORD, "delay_ms": 20}] * 3_000})
    reader, writer = await asyncio.open_connection("127.0.0.1", proxied.nginx.port)
    writer.write(raw.request(proxied.key, raw.chat("scripted", stream=True, usage=True, max_tokens=9_000)))
    await asyncio.wait_for(reader.readuntil(b"word "), 20)
    gateway, call = await asyncio.to_thread(proxied.sole_call)
    writer.close()
    # After deadlines.drain, long before the upstream has said all.
    await asyncio.to_thread(until, lambda: gateway.calls()[call]["state"] == "captured", "its bill", 30)
    await asyncio.to_thread(until, lambda: fake.counters("scripted")["aborted"] == 1, "the upstream was let go")


async def test_a_call_is_never_sent_again_when_its_gateway_dies(make_gateway, fake, tmp_path):
    proxied = Proxied(make_gateway, tmp_path / "nginx", "dying")
    fake.script("dying", {"head_gate": "never", "chunks": [{"text": "{}"}]})
    asked = asyncio.ensure_future(proxied.ask(raw.chat("dying")))
    gateway, call = await asyncio.to_thread(proxied.sole_call)
    await asyncio.to_thread(fake.wait_for_arrivals, "dying", 1)
    await asyncio.to_thread(gateway.kill)
    answer = await asked
    assert answer.status == 502 and answer.json()["error"]["type"] == "upstream_unavailable"
    # Nobody listens there any more: such calls were not sent, and others take them.
    for _ in range(10):
        assert (await proxied.ask(raw.chat("fake"))).status == 200
    assert fake.counters("dying")["arrived"] == 1
    gateway.start()
    assert proxied.bill(call)["state"] == "captured", "resolved by policy"
    proxied.assert_sound()
    for each in proxied.gateways:
        await asyncio.to_thread(each.stop)
    answer = await proxied.ask(raw.chat("fake"))
    assert answer.status == 502 and answer.header("content-type") == "application/json" and answer.json()["error"]["message"]
    proxied.nginx.stop()


@pytest.mark.parametrize(
    "megabytes, status, kind", [(20, 200, None), (32.5, 413, "invalid_request_error"), (40, 413, "request_too_large")]
)
async def test_a_large_body_goes_through_or_is_refused_in_json(proxied, megabytes, status, kind):
    question = raw.chat("fake", user="x" * int(megabytes * (1 << 20)))
    answer = await proxied.ask(question)
    assert answer.status == status, answer.body[:300]
    assert kind is None or answer.json()["error"]["type"] == kind, answer.body
    assert proxied.nginx.bodies_on_disk() == [], "prompts lie in no file of nginx's"


async def test_long_headers_go_through_up_to_the_gateways_own_limit(proxied):
    assert (await proxied.ask(raw.chat("fake"), headers=[("X-Long", "x" * 15_000)])).status == 200
    answer = await proxied.ask(raw.chat("fake"), headers=[("X-Long", "x" * 17_000)])
    assert answer.status == 431 and answer.json()["error"]["type"] == "request_too_large"


async def test_who_asks_is_who_connects_whatever_it_says_of_itself(proxied):
    lies = [("X-Forwarded-For", "203.0.113.7"), ("X-Forwarded-For", "198.51.100.1"), ("X-Real-IP", "203.0.113.8"),
            ("Forwarded", "for=203.0.113.9")]  # fmt: skip
    answer = await proxied.ask(raw.chat("fake"), headers=lies)
    assert proxied.bill(answer.header("x-request-id"))["ip_address"] == CLIENT[0]
    # Past nginx nobody is believed who is not trusted.
    gateway = proxied.gateways[0]
    reader, writer = await asyncio.open_connection("127.0.0.1", gateway.port, local_addr=CLIENT)
    writer.write(raw.request(proxied.key, raw.chat("fake"), headers=lies))
    answer = await asyncio.wait_for(raw.read_answer(reader), 20)
    writer.close()
    assert gateway.calls()[answer.header("x-request-id")]["ip_address"] == CLIENT[0]


@pytest.mark.parametrize(
    "framing",
    [
        b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n",
        b"Transfer-Encoding: chunked\r\nContent-Length: 4\r\n",
        b"Content-Length: 4\r\nContent-Length: 5\r\n",
        b"Content-Length: 4, 4\r\n",
        b"Content-Length: +4\r\n",
        b"Transfer-Encoding: chunked, identity\r\n",
        b"Transfer-Encoding: xchunked\r\n",
        b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
        b"Transfer-Encoding : chunked\r\n",
        b"Content-Length: 4\r\n Transfer-Encoding: chunked\r\n",
    ],
)
async def test_no_request_hides_in_another(proxied, fake, framing):
    before = sum(len(gateway.calls()) for gateway in proxied.gateways)
    hidden = raw.request(proxied.key, raw.chat("fake"))
    head = b"POST /v1/chat/completions HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer " + proxied.key.encode() + b"\r\n"
    reader, writer = await asyncio.open_connection("127.0.0.1", proxied.nginx.port)
    writer.write(head + framing + b"\r\n0\r\n\r\n" + hidden)
    answer = await asyncio.wait_for(raw.read_answer(reader), 20)
    assert answer.status in (400, 411, 501), answer.status
    # Nothing of what came behind it was taken for a request.
    assert (await asyncio.wait_for(raw.read_answer(reader), 20)).status in (0, 400, 411, 501)
    writer.close()
    assert sum(len(gateway.calls()) for gateway in proxied.gateways) == before


@pytest.mark.parametrize("path", ["/metrics", "/metrics/", "/%6detrics", "//metrics", "/v1/../metrics"])
async def test_metrics_stay_inside(proxied, path):
    request = b"GET " + path.encode() + b" HTTP/1.1\r\nHost: a\r\n\r\n"
    answer = await proxied.exchange(request)
    assert answer.status == 404 and answer.header("x-request-id") is None and b"nginx" in answer.body


async def test_passwords_are_taken_over_tls_only(proxied):
    body = {"email": "dev@example.com", "password": "not the password"}
    plain = await proxied.exchange(raw.request(None, body, path="/api/auth/login/"))
    assert plain.status == 403
    context = ssl.create_default_context(cafile=proxied.nginx.certificate)
    reader, writer = await asyncio.open_connection(
        "127.0.0.1", proxied.nginx.tls_port, ssl=context, server_hostname="localhost"
    )
    writer.write(raw.request(None, body, path="/api/auth/login/"))
    answer = await asyncio.wait_for(raw.read_answer(reader), 20)
    writer.close()
    assert answer.status == 401 and answer.header("strict-transport-security")


async def test_nginx_writes_down_neither_keys_nor_queries(proxied):
    answer = await proxied.exchange(raw.request(proxied.key, raw.chat("fake"), path="/v1/chat/completions?canary=yes"))
    assert answer.status == 200
    line = until(
        lambda: [line for line in proxied.nginx.log.read_text().splitlines() if answer.header("x-request-id") in line], "a line"
    )
    entry = json.loads(line[0])
    assert entry["status"] == 200 and entry["path"] == "/v1/chat/completions" and entry["gateway"].startswith("127.0.0.1:")
    log = proxied.nginx.log.read_text()
    assert proxied.key not in log and "canary" not in log
