"""Three replicas over one database behind the project's nginx: what holds for one process holds for all of them together."""

import asyncio
import json
import pathlib
import signal

import pytest

import raw
from loads import MODELS, Load, served_on
from oracle import dollars, hold_of, picos, price_of
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

    def buried(self, number):
        """Whether the others have found this process dead."""
        return self.first.rows("SELECT 1 FROM replicas WHERE id = ? AND ended_at IS NOT NULL", number) != []

    def number(self, gateway):
        """What its newest process is called in the books: its spool is named after it."""
        return max(int(path.name.rsplit("-", 1)[1]) for path in (gateway.directory / "spool").glob("*.spool-*"))

    def wait_until_closed(self):
        ready = f"http://127.0.0.1:{self.all[1].port}/readyz"
        self.all[1].child.wait_for_http(ready)
        until(lambda: not self.first.rows("SELECT 1 FROM api_requests WHERE state IN (0, 3)"), "all closed", 60)

    def assert_sound(self, key):
        self.first.wait_until_nothing_is_held(key)
        self.first.assert_grants_hold()
        self.first.verify()


@pytest.fixture(scope="module", params=SERVERS)
def replicas(request, fake, tmp_path_factory):
    race = {"name": "race", "context_length": CONTEXT, "max_output_tokens": OUTPUT}
    models = [race] + [{"name": name} for name in MODELS]
    made = Replicas(
        tmp_path_factory.mktemp("replicas"),
        fake,
        request.param,
        models,
        quota_clamp="never",
        uncertain_after="6s",
        # Longer than a replica is stopped.
        deadlines_first_byte="60s",
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


def is_stopped(child):
    return pathlib.Path(f"/proc/{child.pid}/stat").read_text().rpartition(")")[2].split()[0] == "T"


async def kill(replicas, served):
    await asyncio.to_thread(replicas.all[1].kill)
    await served()
    await asyncio.to_thread(replicas.all[1].start)


async def pause(replicas, served):
    """Until the others have found it dead; then it goes on with what it had admitted."""
    number = replicas.number(replicas.all[1])
    replicas.all[1].child.send(signal.SIGSTOP)
    try:
        await asyncio.to_thread(until, lambda: replicas.buried(number), "it is found dead", 40)
        await served()
    finally:
        replicas.all[1].child.send(signal.SIGCONT)


async def cut(replicas, served):
    replicas.wires[1].cut()
    await served()
    await asyncio.sleep(2)
    replicas.wires[1].mend()


async def stopped_at(replicas, served, point):
    """Stopped inside a transaction, with rows locked, until the others have found it dead; then it goes on."""
    second = replicas.all[1]
    await asyncio.to_thread(second.kill)
    second.start(fail=f"{point}:15:stop", wait=False)
    await asyncio.to_thread(until, lambda: is_stopped(second.child), "it stops", 60)
    try:
        number = replicas.number(second)
        await asyncio.to_thread(until, lambda: replicas.buried(number), "it is found dead", 40)
        await served()
    finally:
        second.child.send(signal.SIGCONT)
    await asyncio.to_thread(until, lambda: not replicas.buried(number), "it beats again", 40)


async def stopped_in_an_admission(replicas, served):
    await stopped_at(replicas, served, "journal.before-admit-commit")


async def stopped_in_a_settlement(replicas, served):
    await stopped_at(replicas, served, "journal.before-settle-commit")


async def watch(replicas, most=None):
    """- most: how many calls may hold money at a time."""
    while True:
        await asyncio.to_thread(replicas.assert_holds_now)
        if most is not None:
            (now,) = await asyncio.to_thread(
                replicas.first.rows, "SELECT COUNT(*) AS holders FROM api_requests WHERE state IN (0, 3)"
            )
            assert now["holders"] <= most
        await asyncio.sleep(0.05)


FAULTS = [kill, pause, cut, stopped_in_an_admission, stopped_in_a_settlement]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
async def test_the_books_hold_when_a_replica_fails(replicas, fault):
    key = replicas.first.user(quota="1000.00")
    load = Load(replicas.port, key)
    running = asyncio.ensure_future(load.run())
    watching = asyncio.ensure_future(watch(replicas))
    try:
        await served_on(load)
        for _ in range(2):
            await fault(replicas, lambda: served_on(load))
            assert not running.done(), running.exception()
            assert not watching.done(), watching.exception()
    finally:
        load.stopping = True
        await running
        watching.cancel()
    await asyncio.to_thread(replicas.wait_until_closed)
    load.assert_billed(replicas.first)
    replicas.assert_sound(key)


@pytest.mark.parametrize("fault", [kill, pause, cut], ids=lambda fault: fault.__name__)
async def test_no_more_than_the_holds_that_fit_while_a_replica_fails(replicas, fake, fault):
    """Of 1,000 calls at once. What a replica held when it failed stays held until it is found dead, or ends its call."""
    gate = f"fault-{replicas.first.books.name}-{fault.__name__}"
    usage = '{"prompt_tokens":7,"completion_tokens":3,"total_tokens":10}'
    fake.script("race", {"chunks": [{"text": f'{{"id":"c","choices":[],"usage":{usage}}}'}], "head_gate": gate})
    before = fake.counters("race")["arrived"]
    key = replicas.first.user(quota=dollars(K * HOLD))
    known = len(replicas.first.calls())
    asked = raw.request(key, raw.chat("race", max_tokens=OUTPUT))
    running = [asyncio.ensure_future(raw.exchange(replicas.port, asked, timeout=120)) for _ in range(CALLS)]
    watching = asyncio.ensure_future(watch(replicas, most=K))
    done = lambda: sum(task.done() for task in running)  # noqa: E731

    async def the_others_refuse():
        """All that can be answered is; what the failed replica has may wait for it."""
        seen = -1
        while done() > seen:
            seen = done()
            await asyncio.sleep(1)

    try:
        await asyncio.to_thread(until, lambda: done() >= CALLS // 4, "a quarter is refused", 60)
        await fault(replicas, the_others_refuse)
        await the_others_refuse()
        # What a policy has closed waits for its answer still, and others may have what it gave back.
        assert done() >= CALLS - 2 * K
        assert not watching.done(), watching.exception()
    finally:
        await asyncio.to_thread(fake.open, gate)
        answers = await asyncio.gather(*running)
        watching.cancel()
    served = [answer for answer in answers if answer.status == 200 and answer.ended]
    assert served, "the others have served"
    assert {answer.status for answer in answers} <= {200, 429, 502, 503, 504, 0}
    await asyncio.to_thread(replicas.wait_until_closed)
    charges = replicas.first.net_charges()
    for answer in served:
        assert charges[answer.header("x-request-id")] == ("captured", price_of(answer.usage()))
    assert fake.counters("race")["arrived"] - before <= len(replicas.first.calls()) - known, "each had its hold"
    replicas.assert_sound(key)


async def test_a_zombie_holds_before_it_asks_and_settles_once(replicas, fake):
    """Stopped with five calls until the others have closed them by policy, then continued with twenty that waited for it."""
    second, key = replicas.all[1], replicas.first.user(quota="1000.00")
    gate = f"zombie-{replicas.first.books.name}"
    usage = {"prompt_tokens": 7, "completion_tokens": 3, "total_tokens": 10}
    plain = f'{{"id":"c","choices":[],"usage":{json.dumps(usage)}}}'
    fake.script("race", {"chunks": [{"text": plain}], "head_gate": gate})
    before = fake.counters("race")["arrived"]
    asked = raw.chat("race", max_tokens=OUTPUT)
    held = [asyncio.ensure_future(raw.ask(second.port, key, asked)) for _ in range(5)]
    await asyncio.to_thread(fake.wait_for_arrivals, "race", before + 5)
    number, others = replicas.number(second), fake.counters("fake")["arrived"]
    second.child.send(signal.SIGSTOP)
    try:
        waiting = [asyncio.ensure_future(raw.ask(second.port, key, raw.chat("fake"))) for _ in range(20)]
        await asyncio.to_thread(until, lambda: replicas.buried(number), "it is found dead", 40)
    finally:
        second.child.send(signal.SIGCONT)
    answers = await asyncio.gather(*waiting)
    good = [answer for answer in answers if answer.status == 200]
    assert {answer.status for answer in answers} <= {200, 503}
    assert fake.counters("fake")["arrived"] == others + len(good)
    await asyncio.to_thread(fake.open, gate)
    ended = await asyncio.gather(*held)
    assert all(answer.status == 200 and answer.ended for answer in ended)
    await asyncio.to_thread(replicas.wait_until_closed)
    bills, charges = replicas.first.calls(), replicas.first.net_charges()
    for answer in ended:
        name = answer.header("x-request-id")
        assert charges[name] == ("captured", price_of(usage))
        assert bills[name]["charge"] == bills[name]["estimated_input_price"], "closed by policy, then put right"
    for answer in good:
        assert charges[answer.header("x-request-id")] == ("captured", price_of(answer.usage()))
    assert (await raw.ask(second.port, key, raw.chat("fake"))).status == 200
    replicas.assert_sound(key)


@pytest.mark.parametrize("fault", ["cut", "stalled"])
async def test_a_replica_without_its_database_serves_nobody(replicas, fake, fault):
    second, wire, key = replicas.all[1], replicas.wires[1], replicas.first.user(quota="1000.00")
    assert (await raw.ask(second.port, key, raw.chat("fake"))).status == 200
    before, known = fake.counters("fake")["arrived"], len(replicas.first.calls())
    wire.cut() if fault == "cut" else wire.stall()
    try:
        answers = await asyncio.gather(*[raw.ask(second.port, key, raw.chat("fake"), timeout=25) for _ in range(50)])
        assert {answer.status for answer in answers} == {503}
        assert fake.counters("fake")["arrived"] == before, "no call without a hold"
        others = await asyncio.gather(*[raw.ask(replicas.first.port, key, raw.chat("fake")) for _ in range(10)])
        assert {answer.status for answer in others} == {200}
    finally:
        wire.mend()
    await asyncio.to_thread(replicas.wait_until_closed)
    assert (await raw.ask(second.port, key, raw.chat("fake"))).status == 200
    states = [row["state"] for row in list(replicas.first.calls().values())[known:]]
    assert states.count("captured") == 11 and set(states) <= {"captured", "voided"}
    replicas.assert_sound(key)
