"""Three replicas over one database behind the project's nginx: what holds for one process holds for all of them together."""

import asyncio
import signal

import pytest

import raw
from loads import MODELS, Load, served_on
from oracle import dollars, hold_of, picos
from proxies import Nginx
from servers import Gateway, until
from wires import Wire

CALLS = 1000
K = 37
CONTEXT, OUTPUT = 100, 10
HOLD = hold_of(CONTEXT, OUTPUT)
SERVERS = ["postgres", "mysql"]


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
    gate = f"replicas-{replicas.first.books.name}-{missing}"
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
    load.assert_billed(replicas.first)
    replicas.assert_sound(key)
