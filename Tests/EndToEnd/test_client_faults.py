"""What a client can do wrong, or to us: leave at any point, read nothing, send slowly, send twice, or only sit there."""

import asyncio
import pathlib
import resource
import socket
import struct
import time

import pytest

import raw
from oracle import picos, price_of
from servers import until

EVENTS = {"headers": [["Content-Type", "text/event-stream"]], "framing": "chunked"}
USAGE = {"prompt_tokens": 10, "completion_tokens": 3, "total_tokens": 13}
PLAIN = '{"id":"c","object":"chat.completion","choices":[{"index":0,"message":{"role":"assistant","content":"fine"},"finish_reason":"stop"}],"usage":%s}'
TAIL = (raw.usage_event(10, 3) + raw.DONE).decode()


@pytest.fixture(scope="module")
def patient(make_gateway):
    model = {"name": "watched", "max_output_tokens": 200}
    settings = {"header": "1s", "body": "1s", "idle": "2s", "write_stall": "1s", "drain": "1s", "discard": "500ms"}
    settings = {f"deadlines_{name}": value for name, value in settings.items()}
    gateway = make_gateway("fake", model, name="clients", **settings)
    yield gateway
    gateway.assert_sound()


def script(stream, head_gate=None, body_gate=None):
    if not stream:
        return {"chunks": [{"text": PLAIN % raw.json.dumps(USAGE), "gate": body_gate}], "head_gate": head_gate}
    chunks = [{"text": raw.WORD.decode()}, {"text": raw.WORD.decode() * 2 + TAIL, "gate": body_gate}]
    return EVENTS | {"chunks": chunks, "head_gate": head_gate}


async def connect(port, limit=1 << 20):
    return await asyncio.open_connection("127.0.0.1", port, limit=limit)


def hang_up(writer, reset):
    """Ends a connection: with a FIN, or with a RST that drops what is unread."""
    if reset:
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort() if reset else writer.close()


ENDS = pytest.mark.parametrize("reset", [False, True], ids=["closed", "reset"])
KINDS = pytest.mark.parametrize("stream", [False, True], ids=["plain", "streamed"])


async def sole_bill(gateway, key):
    """The bill of the only call of this key, once it is there."""
    await asyncio.to_thread(until, lambda: gateway.usage(key)["recent"] and float(gateway.quota(key)["held_quota"]) == 0, "a bill")
    (bill,) = gateway.usage(key)["recent"]
    gateway.assert_sound(key)
    return bill


@ENDS
@pytest.mark.parametrize("part", [0.1, 0.5, 0.99])
async def test_leaving_within_the_request(patient, fake, reset, part):
    """No hold, no call upstream, no row."""
    key = patient.user()
    fake.script("watched", script(False))
    data = raw.request(key, raw.chat("watched"))
    _, writer = await connect(patient.port)
    writer.write(data[: int(len(data) * part)])
    await writer.drain()
    hang_up(writer, reset)
    fine = await raw.ask(patient.port, key, raw.chat("fake"))
    assert fine.status == 200 and fake.counters("watched")["arrived"] == 0
    assert [bill["request_id"] for bill in patient.usage(key)["recent"]] == [fine.header("x-request-id")]


@ENDS
@KINDS
async def test_leaving_right_after_the_request(patient, fake, stream, reset):
    """Before, during or after the hold: at most one call, and whatever was held is settled once."""
    key = patient.user()
    fake.script("watched", script(stream))
    data = raw.request(key, raw.chat("watched", stream=stream))
    for _ in range(20):
        _, writer = await connect(patient.port)
        writer.write(data)
        await writer.drain()
        hang_up(writer, reset)
    await raw.ask(patient.port, key, raw.chat("fake"))
    await asyncio.to_thread(patient.wait_until_nothing_is_held, key)
    bills = [bill for bill in patient.usage(key)["recent"] if bill["model"] == "watched"]
    assert len(bills) <= 20 and {bill["state"] for bill in bills} <= {"captured", "voided"}
    assert {picos(bill["cost"]) for bill in bills if bill["state"] == "captured"} <= {price_of(USAGE)}
    assert sum(bill["state"] == "captured" for bill in bills) <= fake.counters("watched")["arrived"] <= len(bills)
    patient.assert_sound(key)


@ENDS
@KINDS
@pytest.mark.parametrize("stage", ["head", "body"])
async def test_leaving_while_the_provider_works(patient, fake, stream, stage, reset):
    """Before the head or in the middle: the answer is read to its usage all the same, and billed exactly."""
    gate = f"leave-{stream}-{stage}-{reset}"
    fake.script("watched", script(stream, **{f"{stage}_gate": gate}))
    key = patient.user()
    reader, writer = await connect(patient.port)
    writer.write(raw.request(key, raw.chat("watched", stream=stream)))
    await asyncio.to_thread(fake.wait_for_arrivals, "watched", 1)
    if stream and stage == "body":
        await asyncio.wait_for(reader.readuntil(b"word "), 10)
    hang_up(writer, reset)
    await asyncio.to_thread(fake.open, gate)
    bill = await sole_bill(patient, key)
    assert (bill["state"], picos(bill["cost"])) == ("captured", price_of(USAGE))
    assert set(bill["flags"]) <= {"client_gone"}


@pytest.mark.parametrize("size", [6 << 20, 12 << 20], ids=["held", "too large to hold"])
async def test_leaving_a_large_answer(patient, fake, size):
    """Larger than `limits.drain`, which is for streams: read to its usage, and billed exactly."""
    gate = f"leave-large-{size}"
    text = PLAIN.replace("fine", "y" * size) % raw.json.dumps(USAGE)
    fake.script("watched", {"chunks": [{"text": text[: size // 2]}, {"text": text[size // 2 :], "gate": gate}]})
    key = patient.user()
    _, writer = await connect(patient.port)
    writer.write(raw.request(key, raw.chat("watched")))
    await asyncio.to_thread(fake.wait_for_arrivals, "watched", 1)
    hang_up(writer, True)
    await asyncio.to_thread(fake.open, gate)
    bill = await sole_bill(patient, key)
    assert (bill["state"], picos(bill["cost"])) == ("captured", price_of(USAGE))


@pytest.mark.parametrize("stage", ["for a head", "before the head", "body"])
async def test_leaving_a_stream_that_goes_on_for_ever(patient, fake, stage):
    """Drained for `deadlines.drain`, then cut: void if no head ever came, else by `disconnect_unknown`, here the hold."""
    endless = EVENTS | {"chunks": [{"text": raw.WORD.decode()}], "end": "hang"}
    scripts = {"for a head": {"never": True}, "before the head": endless | {"head_gate": "leave-endless"}, "body": endless}
    fake.script("watched", scripts[stage])
    key = patient.user()
    reader, writer = await connect(patient.port)
    writer.write(raw.request(key, raw.chat("watched", stream=True)))
    await asyncio.to_thread(fake.wait_for_arrivals, "watched", 1)
    if stage == "body":
        await asyncio.wait_for(reader.readuntil(b"word "), 10)
    hang_up(writer, True)
    if stage == "before the head":
        await asyncio.to_thread(fake.open, "leave-endless")
    bill = await sole_bill(patient, key)
    if stage == "for a head":
        assert (bill["state"], picos(bill["cost"])) == ("voided", 0) and "unknown_cost" in bill["flags"]
    else:
        assert bill["state"] == "captured" and picos(bill["cost"]) == picos(bill["hold"])
        assert {"client_gone", "unknown_output", "estimated"} <= set(bill["flags"])
    assert fake.counters("watched") == {"arrived": 1, "finished": 0, "aborted": 1}


def narrow_socket(port):
    """A connection whose receive buffer is small, so that not reading shows soon."""
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.connect(("127.0.0.1", port))
    client.settimeout(20)
    return client


@KINDS
async def test_a_reader_that_stops_reading(patient, fake, stream):
    """The provider is held back, memory stays flat, and after `deadlines.write_stall` the connection is closed."""
    piece = ": " + "x" * 65_000 + "\n\n" if stream else "x" * 65_536
    chunks = [{"text": piece, "times": 4_000}]
    fake.script("watched", (EVENTS if stream else {"framing": "chunked"}) | {"chunks": chunks, "end": "hang"})
    key = patient.user()
    before = patient.resident_bytes()
    clients = [narrow_socket(patient.port) for _ in range(5)]
    for client in clients:
        client.sendall(raw.request(key, raw.chat("watched", stream=stream)))
    most = 0

    def watch():
        nonlocal most
        most = max(most, patient.resident_bytes())
        return fake.counters("watched")["aborted"] == 5

    await asyncio.to_thread(until, watch, "five calls cut off")
    # Up to 8 MB of an answer that is not streamed are held for its cost; twice that while they are joined.
    assert most - before < (32 if stream else 200) << 20
    await asyncio.to_thread(patient.wait_until_nothing_is_held, key)
    bills = patient.usage(key)["recent"]
    assert len(bills) == 5 and all(bill["state"] == "captured" and "client_gone" in bill["flags"] for bill in bills)
    for client in clients:
        client.close()
    patient.assert_sound(key)


@KINDS
async def test_a_reader_that_is_only_slow(patient, fake, stream):
    """Who keeps taking something is not stalled, however long the whole takes: 6 MB in more than two stall deadlines."""
    size = 6 << 20
    if stream:
        words = size // len(raw.WORD)
        usage = raw.usage_event(10, words).decode()
        model = {"max_tokens": 10_000}
        chunks = [{"text": ": " + "x" * 65_000 + "\n\n", "times": size // 65_000}, {"text": raw.WORD.decode() + usage + raw.DONE.decode()}]
        fake.script("watched", EVENTS | {"chunks": chunks})
    else:
        model = {}
        text = (PLAIN % raw.json.dumps(USAGE)).replace("fine", "y" * size)
        fake.script("watched", {"chunks": [{"text": text}]})
    key = patient.user()
    client = narrow_socket(patient.port)
    client.sendall(raw.request(key, raw.chat("watched", stream=stream, usage=stream, **model), headers=[("Connection", "close")]))
    received = bytearray()

    def read_slowly():
        start = time.monotonic()
        while piece := client.recv(65_536):
            received.extend(piece)
            # The reader's own pace, 2.5 s for the whole.
            time.sleep(max(0, start + 2.5 * len(received) / size - time.monotonic()))

    await asyncio.to_thread(read_slowly)
    client.close()
    assert len(received) > size - 65_000, "all of it came"
    assert received.endswith(b"0\r\n\r\n" if stream else b"}")
    bill = await sole_bill(patient, key)
    assert bill["state"] == "captured" and "client_gone" not in bill["flags"]


@KINDS
async def test_a_reader_that_pauses_longer_than_a_provider_may(make_gateway, fake, stream):
    """While it does not read it is the provider that waits for us: `deadlines.upstream_idle` counts from when it reads on."""
    model = {"name": "awaited", "max_output_tokens": 200}
    gateway = make_gateway(model, name="pauses", deadlines_upstream_idle="1s", deadlines_write_stall="20s")
    size = 24 << 20
    if stream:
        chunks = [{"text": ": " + "x" * 65_000 + "\n\n", "times": size // 65_000}, {"text": raw.WORD.decode() + TAIL}]
        fake.script("awaited", EVENTS | {"chunks": chunks})
    else:
        fake.script("awaited", {"chunks": [{"text": PLAIN.replace("fine", "y" * size) % raw.json.dumps(USAGE)}]})
    key = gateway.user()
    client = socket.create_connection(("127.0.0.1", gateway.port), timeout=20)
    client.sendall(raw.request(key, raw.chat("awaited", stream=stream), headers=[("Connection", "close")]))

    def read_with_a_pause():
        received = bytearray(client.recv(65_536))
        time.sleep(2.5)  # the reader's own pause
        while piece := client.recv(1 << 20):
            received.extend(piece)
        return received

    received = await asyncio.to_thread(read_with_a_pause)
    client.close()
    assert received.endswith(b"0\r\n\r\n" if stream else b"}") and b"upstream_timeout" not in received[-2_000:]
    bill = await sole_bill(gateway, key)
    assert (bill["state"], picos(bill["cost"]), bill["flags"]) == ("captured", price_of(USAGE), [])


@pytest.mark.parametrize("where", ["head", "body", "control"])
async def test_a_slow_loris(patient, fake, where):
    """A byte now and then extends no deadline; 200 of them disturb nobody."""
    key = patient.user()
    data = raw.request(key, raw.chat("fake"), path="/v1/usage" if where == "control" else "/v1/chat/completions")
    start = data.index(b"\r\n\r\n") + 5 if where != "head" else 10

    async def drip():
        reader, writer = await connect(patient.port)
        writer.write(data[:start])
        ended = asyncio.ensure_future(raw.read_answer(reader))
        for position in range(start, len(data) - 1):
            if ended.done():
                break
            try:
                writer.write(data[position : position + 1])
                await writer.drain()
            except ConnectionError:
                break
            await asyncio.wait([ended], timeout=0.2)
        answer = await asyncio.wait_for(ended, 5)
        writer.close()
        return answer

    drips = [asyncio.ensure_future(drip()) for _ in range(200)]
    fine = await raw.ask(patient.port, key, raw.chat("fake"))
    assert fine.status == 200
    answers = await asyncio.wait_for(asyncio.gather(*drips), 20)
    assert {answer.status for answer in answers} <= {0, 405, 408}
    assert len(patient.usage(key)["recent"]) == 1
    patient.assert_sound(key)


async def test_ten_thousand_idle_connections(make_gateway):
    """They cost little, calls go on beside them, and `deadlines.idle` clears them away."""
    if resource.getrlimit(resource.RLIMIT_NOFILE)[0] < 11_000:
        pytest.skip("this process may not open so many files")
    gateway = make_gateway("fake", name="idle", deadlines_idle="20s")
    key = gateway.user()
    await raw.ask(gateway.port, key, raw.chat("fake"))
    files, before = gateway.open_files(), gateway.resident_bytes()
    connections = []
    # No more at a time than the port's backlog takes.
    for _ in range(10):
        connections += await asyncio.gather(*[connect(gateway.port) for _ in range(1000)])
    await asyncio.to_thread(until, lambda: gateway.open_files() >= files + 10_000, "all of them are open")
    answers = await asyncio.gather(*[raw.ask(gateway.port, key, raw.chat("fake")) for _ in range(50)])
    assert all(answer.status == 200 for answer in answers)
    assert gateway.resident_bytes() - before < 250 << 20
    ends = await asyncio.wait_for(asyncio.gather(*[reader.read() for reader, _ in connections]), 40)
    assert set(ends) == {b""}, "closed without a word"
    for _, writer in connections:
        writer.close()
    await asyncio.to_thread(until, lambda: gateway.open_files() <= files + 60, "the files of idle connections closed")
    gateway.assert_sound(key)


async def test_more_connections_than_files(make_gateway, fake):
    """Out of files: who is connected is served or told, nothing leaks, and it is over once connections close."""
    gateway = make_gateway("fake", name="files", deadlines_idle="60s")
    key = gateway.user()
    reader, writer = await connect(gateway.port)
    writer.write(raw.request(key, raw.chat("fake")))
    assert (await raw.read_answer(reader)).status == 200
    limit = gateway.open_files() + 40
    resource.prlimit(gateway.child.pid, resource.RLIMIT_NOFILE, (limit, limit))
    crowd = await asyncio.gather(*[connect(gateway.port) for _ in range(120)])
    await asyncio.to_thread(until, lambda: gateway.open_files() >= limit - 1, "all files taken")
    for _ in range(5):
        writer.write(raw.request(key, raw.chat("fake")))
        answer = await asyncio.wait_for(raw.read_answer(reader), 20)
        assert answer.status in (200, 502, 503) and answer.ended
    for _, other in crowd:
        other.close()

    async def is_well():
        return (await raw.ask(gateway.port, key, raw.chat("fake"), timeout=5)).status == 200

    for _ in range(100):
        if await is_well():
            break
    assert await is_well()
    writer.close()
    gateway.assert_sound(key)


async def test_the_same_request_twice(gateway, key, fake):
    """A request that a proxy sends again is another call with another bill; `Idempotency-Key` is the provider's to honour."""
    headers = [("Idempotency-Key", "marker-7001"), ("X-Client-Request-Id", "same")]
    data = raw.request(key, raw.chat("fake"), headers=headers)
    answers = await asyncio.gather(*[raw.exchange(gateway.port, data) for _ in range(10)])
    ids = {answer.header("x-request-id") for answer in answers}
    assert len(ids) == 10 and all(answer.status == 200 for answer in answers)
    bills = gateway.usage(key)["recent"]
    assert {bill["request_id"] for bill in bills} == ids
    assert picos(gateway.usage(key)["totals"]["cost"]) == 10 * price_of(answers[0].usage())
    assert sum("marker-7001" in request["head"] for request in fake.received()) == 10


def bytes_on_their_way(port):
    """Sent to this port and not read there yet, as the kernel counts them."""
    waiting = 0
    for line in pathlib.Path("/proc/net/tcp").read_text().splitlines()[1:]:
        _, local, remote, _, queues = line.split()[:5]
        sent, received = (int(queue, 16) for queue in queues.split(":"))
        waiting += received if int(local.split(":")[1], 16) == port else 0
        waiting += sent if int(remote.split(":")[1], 16) == port else 0
    return waiting


async def test_many_large_bodies_at_once(make_gateway, fake):
    """Together they are bounded by `limits.request_bodies`: who comes too late is told to come again, and memory comes back."""
    settings = {"limits_request_bodies": "16MiB", "deadlines_body": "5s", "deadlines_discard": "5s"}
    gateway = make_gateway("fake", name="bodies", **settings)
    key = gateway.user()
    data = raw.request(key, raw.chat("fake", messages=[{"role": "user", "content": "x" * 3_000_000}]))
    before = gateway.resident_bytes()
    held = []
    for _ in range(5):  # 15 MB that wait for their last byte
        reader, writer = await connect(gateway.port)
        writer.write(data[:-1])
        await writer.drain()
        held.append((reader, writer))
    await asyncio.to_thread(until, lambda: bytes_on_their_way(gateway.port) == 0, "all of it read")
    answer = await raw.exchange(gateway.port, data)
    assert answer.status == 503 and answer.json()["error"]["code"] == "server_is_overloaded"
    late = await asyncio.gather(*[raw.exchange(gateway.port, data) for _ in range(20)])
    assert {answer.status for answer in late} == {503}
    assert (await raw.ask(gateway.port, key, raw.chat("fake"))).status == 200, "small ones still fit"
    assert gateway.resident_bytes() - before < 100 << 20
    for reader, writer in held:
        writer.write(data[-1:])
        assert (await asyncio.wait_for(raw.read_answer(reader), 20)).status == 200
        writer.close()
    assert (await raw.exchange(gateway.port, data)).status == 200
    gateway.assert_sound(key)


async def test_many_large_answers_at_once(make_gateway, fake):
    """Together they are bounded by `limits.held_answers`: who comes too late gets the answer as it comes, without its cost."""
    size, count = 4 << 20, 20
    gateway = make_gateway({"name": "large", "max_output_tokens": 200}, name="answers", limits_held_answers="16MiB")
    key = gateway.user()
    text = PLAIN.replace("fine", "y" * size) % raw.json.dumps(USAGE)
    fake.script("large", {"chunks": [{"text": text[:size]}, {"text": text[size:], "gate": "many-large"}]})
    begun = asyncio.Semaphore(0)
    data = raw.request(key, raw.chat("large"))
    before = gateway.resident_bytes()
    calls = [asyncio.ensure_future(raw.exchange(gateway.port, data, 60, lambda _: begun.release())) for _ in range(count)]
    for _ in range(count - (16 << 20) // size):  # no more than four of them fit
        await asyncio.wait_for(begun.acquire(), 30)
    await asyncio.to_thread(fake.wait_for_arrivals, "large", count)
    await asyncio.to_thread(fake.open, "many-large")
    answers = await asyncio.gather(*calls)
    assert all(answer.status == 200 and answer.ended and answer.body == text.encode() for answer in answers)
    assert sum(answer.header("x-tokenaudit-cost") is not None for answer in answers) <= 4
    assert gateway.resident_bytes() - before < 100 << 20
    assert {picos(bill["cost"]) for bill in gateway.usage(key)["recent"]} == {price_of(USAGE)}
    fake.script("large", {"chunks": [{"text": text}]})
    for _ in range(5):
        answer = await raw.exchange(gateway.port, data)
        assert answer.status == 200 and answer.header("x-tokenaudit-cost"), "what was taken is given back"
    gateway.assert_sound(key)


@pytest.mark.parametrize("where", ["target", "method", "field", "trailers", "one trailer", "a chunk's extension"])
async def test_a_flood_outside_the_body(patient, where):
    """10 MB where none belong: refused or skipped, never kept."""
    key = patient.user()
    head, body = raw.request(key, raw.chat("fake")).split(b"\r\n\r\n", 1)
    chunked = head[: head.index(b"Content-Length")] + b"Transfer-Encoding: chunked\r\n\r\n%x" % len(body)
    flood = b"y" * 10_000_000
    data = {
        "target": b"POST /v1/chat/completions?" + flood + b" HTTP/1.1\r\n\r\n",
        "method": flood + head,
        "field": head + b"\r\nX: " + flood + b"\r\n\r\n" + body,
        "trailers": chunked + b"\r\n" + body + b"\r\n0\r\n" + b"X-T: yyyyyyyyy\r\n" * 600_000 + b"\r\n",
        "one trailer": chunked + b"\r\n" + body + b"\r\n0\r\nX-T: " + flood + b"\r\n\r\n",
        "a chunk's extension": chunked + b";" + flood + b"\r\n" + body + b"\r\n0\r\n\r\n",
    }[where]
    before = patient.resident_bytes()
    answer = await raw.exchange(patient.port, data, 20)
    assert answer.status in ((200,) if where == "a chunk's extension" else (0, 400, 431))
    assert patient.resident_bytes() - before < 32 << 20
    assert len(patient.usage(key)["recent"]) == (answer.status == 200)
    patient.assert_sound(key)


async def test_a_flood_of_pipelined_requests(patient, fake):
    """200 requests at once on one connection, answers unread: one call at a time, bounded, each billed once."""
    key = patient.user()
    client = socket.create_connection(("127.0.0.1", patient.port))
    client.settimeout(20)
    one = raw.request(key, raw.chat("fake"))
    before = patient.resident_bytes()
    client.sendall(one * 200)
    received = b""
    while received.count(b"HTTP/1.1 200") < 200 or not received.endswith(b"}"):
        piece = client.recv(1 << 20)
        assert piece
        received += piece
    client.close()
    assert patient.resident_bytes() - before < 32 << 20
    assert len(patient.usage(key)["recent"]) == 200
    patient.assert_sound(key)
