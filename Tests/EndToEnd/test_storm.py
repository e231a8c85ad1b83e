"""Every fault at once, drawn by a seed: providers that fail in all ways under clients that leave, dawdle and stop reading."""

import asyncio
import os
import random
import socket
import struct

import raw
from oracle import picos, price_of
from servers import until

CALLS = int(os.environ.get("TOKENAUDIT_STORM_CALLS", "800"))
SEED = int(os.environ.get("TOKENAUDIT_STORM_SEED", "20261124"))
EVENTS = {"headers": [["Content-Type", "text/event-stream"]], "framing": "chunked"}
WORD, DONE = raw.WORD.decode(), raw.DONE.decode()
USAGE = raw.usage_event(12, 4).decode()
PLAIN = '{"id":"c","choices":[{"index":0,"message":{"role":"assistant","content":"%s"},"finish_reason":"stop"}],"usage":{"prompt_tokens":12,"completion_tokens":4,"total_tokens":16}}'
HEAD = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
COST = price_of({"prompt_tokens": 12, "completion_tokens": 4})

# name: (script, whether it is for a streamed call)
UPSTREAMS = {
    "plain": ({"chunks": [{"text": PLAIN % "fine"}]}, False),
    "late": ({"chunks": [{"text": PLAIN % "fine"}], "head_delay_ms": 30}, False),
    "large": ({"chunks": [{"text": PLAIN % ("x" * 300_000)}]}, False),
    "bytes": ({"framing": "chunked", "chunks": [{"text": PLAIN % "fine", "split": 7}]}, False),
    "refused": ({"status": 400, "chunks": [{"text": '{"error":{"message":"no","type":"x","param":null,"code":null}}'}]}, False),
    "down": ({"status": 503, "chunks": [{"text": "down"}]}, False),
    "never": ({"never": True}, False),
    "cut": ({"framing": "raw", "chunks": [{"text": HEAD + "Content-Length: 900\r\n\r\n{"}], "end": "reset"}, False),
    "wrong": ({"framing": "raw", "chunks": [{"text": "HTTP/9 what\r\n\r\n"}], "end": "close"}, False),
    "stream": (EVENTS | {"chunks": [{"text": WORD, "delay_ms": 2}] * 4 + [{"text": USAGE + DONE}]}, True),
    "burst": (EVENTS | {"chunks": [{"text": WORD * 4 + USAGE + DONE}]}, True),
    "split": (EVENTS | {"chunks": [{"text": WORD * 4 + USAGE + DONE, "split": 50}]}, True),
    "long": (EVENTS | {"chunks": [{"text": ": " + "x" * 5_000 + "\n\n", "times": 60}, {"text": WORD + USAGE + DONE}]}, True),
    "stalls": (EVENTS | {"chunks": [{"text": WORD}], "end": "hang"}, True),
    "breaks": (EVENTS | {"chunks": [{"text": WORD}, {"text": WORD, "delay_ms": 5}], "end": "reset"}, True),
    "fails": (EVENTS | {"chunks": [{"text": 'data: {"error":{"message":"no"}}\n\n'}]}, True),
    "endless": (EVENTS | {"chunks": [{"text": WORD * 50, "times": 10_000}], "end": "hang"}, True),
}
HONEST = {"plain", "late", "large", "bytes", "stream", "burst", "split", "long"}


class Client:
    """One call and what the client does to it; `answer` is set if it was read to its end."""

    def __init__(self, gateway, key, draw):
        self.gateway, self.draw = gateway, draw
        # Those that wait for a deadline are rarer, for the sake of the test's time.
        self.model = draw.choices(list(UPSTREAMS), [1 if name in ("never", "stalls") else 6 for name in UPSTREAMS])[0]
        stream = UPSTREAMS[self.model][1]
        self.data = raw.request(key, raw.chat(f"storm-{self.model}", stream=stream, usage=stream, max_tokens=50))
        self.manner = draw.choices(["polite", "leaves", "leaves while asking", "dawdles", "stops reading"], [6, 3, 1, 1, 1])[0]
        self.answer = None

    async def run(self):
        client = socket.socket()
        client.setblocking(False)
        if self.manner in ("dawdles", "stops reading"):
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        await asyncio.get_running_loop().sock_connect(client, ("127.0.0.1", self.gateway.port))
        reader, writer = await asyncio.open_connection(sock=client, limit=4096 if self.manner != "polite" else 1 << 20)
        try:
            await self.act(reader, writer)
        except (ConnectionError, asyncio.TimeoutError):
            pass
        finally:
            if self.draw.random() < 0.5:
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            writer.transport.abort()

    async def act(self, reader, writer):
        if self.manner == "leaves while asking":
            writer.write(self.data[: self.draw.randrange(len(self.data))])
            return await writer.drain()
        writer.write(self.data)
        await writer.drain()
        if self.manner == "leaves":
            await asyncio.wait([asyncio.ensure_future(reader.read(400))], timeout=self.draw.choice([0, 0.002, 0.02, 0.1]))
        elif self.manner == "stops reading":
            await asyncio.wait_for(reader.readexactly(100), 5)
            await asyncio.sleep(1)
        else:
            if self.manner == "dawdles":
                await asyncio.sleep(self.draw.random() / 5)
            self.answer = await asyncio.wait_for(raw.read_answer(reader), 20)


async def test_a_storm(make_gateway, fake):
    models = [{"name": f"storm-{name}", "max_output_tokens": 100} for name in UPSTREAMS]
    seconds = {"first_byte": "6s", "upstream_idle": "6s", "drain": "500ms", "write_stall": "500ms", "body": "1s"}
    gateway = make_gateway("fake", *models, name="storm", **{f"deadlines_{name}": value for name, value in seconds.items()})
    for name, (script, _) in UPSTREAMS.items():
        fake.script(f"storm-{name}", script)
    key = gateway.user()
    for _ in range(20):
        await raw.ask(gateway.port, key, raw.chat("fake"))
    files, memory = gateway.open_files(), gateway.resident_bytes()
    draw = random.Random(SEED)
    gate = asyncio.Semaphore(64)

    async def one():
        client = Client(gateway, key, random.Random(draw.random()))
        async with gate:
            await client.run()
        return client

    clients = await asyncio.gather(*[one() for _ in range(CALLS)])
    await asyncio.to_thread(gateway.wait_until_nothing_is_held, key)
    calls = {call: row for call, row in gateway.calls().items()}
    read = [client for client in clients if client.answer and client.answer.status]
    assert len(read) > CALLS // 3
    for client in read:
        row = calls.pop(client.answer.header("x-request-id"), None)
        assert row, f"{client.model}: an answer {client.answer.status} without its row"
        whole = client.answer.ended and client.answer.status == 200
        if whole and client.model in HONEST:
            assert (row["state"], row["charge"]) == ("captured", COST), client.model
        if client.answer.status >= 400:
            assert (row["state"], row["charge"]) == ("voided", 0), client.model
        if client.model in HONEST and client.manner == "polite":
            assert whole, f"{client.model}: {client.answer.status} {client.answer.body[-200:]}"
    for row in gateway.calls().values():
        assert row["state"] in ("captured", "voided") and 0 <= row["charge"] <= row["hold"]
    total = sum(row["charge"] for row in gateway.calls().values())
    assert picos(gateway.usage(key)["totals"]["cost"]) == total == picos(gateway.quota(key)["used_quota"])
    assert (await raw.ask(gateway.port, key, raw.chat("fake"))).status == 200
    await asyncio.to_thread(until, lambda: gateway.open_files() <= files + 80, "files closed")
    assert gateway.resident_bytes() - memory < 150 << 20
    gateway.assert_sound(key)
    assert await asyncio.to_thread(gateway.stop) == 0
