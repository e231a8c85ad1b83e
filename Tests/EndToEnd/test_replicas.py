"""Three replicas over one database behind the project's nginx: what holds for one process holds for all of them together."""

import asyncio
import random
import signal
import threading

import pytest

import raw
from oracle import dollars, hold_of, picos, price_of
from proxies import Nginx
from servers import Gateway, until

CALLS = 1000
K = 37
CONTEXT, OUTPUT = 100, 10
HOLD = hold_of(CONTEXT, OUTPUT)
MODELS = ["fake", "fake-stream-20-5ms", "fake-usage-1000-200-50-10", "fake-stream-7-usage-333-111-77-33"]
SERVERS = ["postgres", "mysql"]


class Wire:
    """A way to the database server that can be cut, and mended."""

    def __init__(self, host, port):
        self.target = (host, port)
        self.loop = asyncio.new_event_loop()
        self.writers, self.is_cut = set(), False
        ready = threading.Event()
        self.thread = threading.Thread(target=self.run, args=(ready,), daemon=True)
        self.thread.start()
        ready.wait(10)

    def run(self, ready):
        async def begin():
            self.server = await asyncio.start_server(self.serve, "127.0.0.1", 0)
            self.port = self.server.sockets[0].getsockname()[1]
            ready.set()

        self.loop.create_task(begin())
        self.loop.run_forever()

    async def serve(self, reader, writer):
        if self.is_cut:
            writer.close()
            return
        try:
            far_reader, far_writer = await asyncio.open_connection(*self.target)
        except OSError:
            writer.close()
            return
        self.writers |= {writer, far_writer}
        await asyncio.gather(self.pump(reader, far_writer), self.pump(far_reader, writer))
        self.writers -= {writer, far_writer}

    async def pump(self, reader, writer):
        try:
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
        except OSError:
            pass
        writer.close()

    def cut(self):
        def close():
            self.is_cut = True
            for writer in self.writers:
                writer.transport.abort()

        self.loop.call_soon_threadsafe(close)

    def mend(self):
        self.is_cut = False

    def stop(self):
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(10)


class Replicas:
    """Gateways over one database, each with its own wire to it, and nginx before them."""

    def __init__(self, directory, fake, engine, models, **settings):
        self.first = Gateway(directory / "1", fake.port, engine=engine, **settings)
        self.first.apply_catalogue([self.first.model(**model) for model in models])
        self.all = [self.first] + [Gateway(directory / str(n), fake.port, beside=self.first, **settings) for n in (2, 3)]
        host, port = self.first.books.address
        self.wires = [Wire(host, port) for _ in self.all]
        for gateway, wire in zip(self.all, self.wires):
            gateway.environment["TOKENAUDIT_DATABASE"] = self.first.books.url_through(wire.port)
        for gateway in self.all:
            gateway.start()
        self.nginx = Nginx(directory / "nginx", self.all).start()
        self.port = self.nginx.port

    def stop(self):
        self.nginx.stop()
        for gateway in reversed(self.all):
            gateway.discard()
        for wire in self.wires:
            wire.stop()

    def net_charges(self):
        """What each call came to: its charge, its correction, and what the provider lost with it."""
        rows = self.first.calls()
        corrections = self.first.books.rows(
            "SELECT call_id, SUM(amount) AS amount FROM ledger_entries WHERE lane = 1 AND kind = 6 GROUP BY call_id"
        )
        by_call = {bytes(row["call_id"]): int(row["amount"]) for row in corrections}
        return {
            name: (row["state"], row["charge"] + by_call.get(bytes(row["id"]), 0) + row["excess"])
            for name, row in rows.items()
        }

    def assert_holds_now(self):
        """What must be so at any time, of one state of the database."""
        (now,) = self.first.books.rows(
            "SELECT (SELECT SUM(held) FROM quota_grants) AS held,"
            " (SELECT COALESCE(SUM(hold), 0) FROM api_requests WHERE state IN (0, 3)) AS holds,"
            " (SELECT COUNT(*) FROM quota_grants WHERE funded <> available + held + captured + forfeited"
            " OR available < 0 OR held < 0 OR captured < 0 OR forfeited < 0) AS broken"
        )
        assert now["held"] == now["holds"] and now["broken"] == 0, now

    def assert_sound(self, key):
        self.first.wait_until_nothing_is_held(key)
        self.first.assert_grants_hold()
        self.first.verify()


@pytest.fixture(scope="module", params=SERVERS)
def replicas(request, fake, tmp_path_factory):
    race = {"name": "race", "context_length": CONTEXT, "max_output_tokens": OUTPUT}
    models = [race] + [{"name": name} for name in MODELS]
    made = Replicas(
        tmp_path_factory.mktemp("replicas"), fake, request.param, models, quota_clamp="never", uncertain_after="6s"
    )
    yield made
    made.stop()


@pytest.mark.parametrize("missing", [0, 1], ids=["exactly k holds", "one pico-dollar less"])
async def test_exactly_the_holds_that_fit(replicas, fake, missing):
    gate = f"replicas-{missing}"
    expected = K - missing
    usage = '{"prompt_tokens":7,"completion_tokens":3,"total_tokens":10}'
    fake.script("race", {"chunks": [{"text": f'{{"id":"c","choices":[],"usage":{usage}}}'}], "head_gate": gate})
    before = fake.counters("race")["arrived"]
    key = replicas.first.user(quota=dollars(K * HOLD - missing))
    asked = raw.request(key, raw.chat("race", max_tokens=OUTPUT))
    refused, answered = [], []

    async def one():
        answer = await raw.exchange(replicas.port, asked, timeout=90)
        (answered if answer.status == 200 else refused).append(answer)

    running = [asyncio.ensure_future(one()) for _ in range(CALLS)]
    try:
        for _ in range(3000):
            if len(refused) >= CALLS - expected:
                break
            await asyncio.sleep(0.02)
        assert len(refused) == CALLS - expected and not answered
        await asyncio.to_thread(fake.wait_for_arrivals, "race", before + expected)
        quota = await asyncio.to_thread(replicas.first.quota, key)
        assert picos(quota["held_quota"]) == expected * HOLD
    finally:
        await asyncio.to_thread(fake.open, gate)
        await asyncio.gather(*running)
    assert len(answered) == expected and all(answer.ended for answer in answered)
    assert fake.counters("race")["arrived"] == before + expected, "nothing more reached the upstream"
    assert {answer.status for answer in refused} == {429}
    replicas.assert_sound(key)


class Load:
    """Clients that ask without pause and remember every answer that ended, with what it must have cost."""

    def __init__(self, port, key, clients=18):
        self.port, self.key, self.clients = port, key, clients
        self.random = random.Random(7)
        self.ended, self.stopping, self.good_since = {}, False, 0

    async def run(self):
        await asyncio.gather(*[self.client() for _ in range(self.clients)])

    async def client(self):
        while not self.stopping:
            stream = self.random.random() < 0.5
            question = raw.chat(self.random.choice(MODELS), stream=stream, usage=stream, max_tokens=200)
            try:
                answer = await raw.ask(self.port, self.key, question, timeout=60)
            except (OSError, asyncio.IncompleteReadError):
                answer = None
            if answer and answer.status == 200 and answer.ended and (answer.has_done or not stream):
                request_id = answer.header("x-request-id")
                assert request_id not in self.ended, "a request id came twice"
                self.ended[request_id] = price_of(answer.usage())
                self.good_since += 1
            else:
                await asyncio.sleep(0.02)


async def kill(replicas, load):
    await asyncio.to_thread(replicas.all[1].kill)
    await served_on(load)
    await asyncio.to_thread(replicas.all[1].start)


async def pause(replicas, load):
    """Longer than others take it to be alive; then it goes on with what it had admitted."""
    replicas.all[1].child.send(signal.SIGSTOP)
    try:
        await asyncio.sleep(9)
        await served_on(load)
    finally:
        replicas.all[1].child.send(signal.SIGCONT)


async def cut(replicas, load):
    replicas.wires[1].cut()
    await served_on(load)
    await asyncio.sleep(2)
    replicas.wires[1].mend()


async def served_on(load):
    load.good_since = 0
    for _ in range(1500):
        if load.good_since >= 30:
            return
        await asyncio.sleep(0.02)
    raise AssertionError("the others do not serve on")


async def watch(replicas):
    while True:
        await asyncio.to_thread(replicas.assert_holds_now)
        await asyncio.sleep(0.05)


@pytest.mark.parametrize("fault", [kill, pause, cut], ids=lambda fault: fault.__name__)
async def test_the_books_hold_when_a_replica_fails(replicas, fault):
    key = replicas.first.user(quota="1000.00")
    load = Load(replicas.port, key)
    running = asyncio.ensure_future(load.run())
    watching = asyncio.ensure_future(watch(replicas))
    try:
        await served_on(load)
        for _ in range(2):
            await fault(replicas, load)
            assert not running.done(), running.exception()
            assert not watching.done(), watching.exception()
    finally:
        load.stopping = True
        await running
        watching.cancel()
    ready = f"http://127.0.0.1:{replicas.all[1].port}/readyz"
    await asyncio.to_thread(replicas.all[1].child.wait_for_http, ready)
    await asyncio.to_thread(until, lambda: not replicas.first.rows("SELECT 1 FROM api_requests WHERE state IN (0, 3)"), "all closed", 60)
    charges = replicas.net_charges()
    for request_id, expected in load.ended.items():
        assert charges.get(request_id) == ("captured", expected), request_id
    replicas.assert_sound(key)
