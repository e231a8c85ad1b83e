"""The primary is lost and a standby promoted: with a synchronous one nothing that was acknowledged is, with another one what it
lacks is found out and named."""

import asyncio
import json

import psycopg
import pytest

import raw
from loads import MODELS, Load, served_on
from oracle import price_of
from servers import Gateway, until
from standbys import Pair

USAGE = {"prompt_tokens": 70, "completion_tokens": 30, "total_tokens": 100}
PLAIN = json.dumps({"id": "c", "choices": [], "usage": USAGE})
OPEN = "SELECT 1 FROM api_requests WHERE state IN (0, 3)"


class Served:
    """Replicas over a primary and its standby, found by one URL."""

    def __init__(self, directory, fake, waits_for_standby):
        self.directory, self.fake = directory, fake
        self.pair = Pair(waits_for_standby)
        self.first = Gateway(directory / "1", fake.port, engine=self.pair.books, uncertain_after="20s")
        self.all = [self.first]
        self.first.apply_catalogue([self.first.model(name) for name in [*MODELS, "gated"]])
        self.first.start()

    def another(self):
        gateway = Gateway(self.directory / str(len(self.all) + 1), self.fake.port, beside=self.first, uncertain_after="20s")
        self.all.append(gateway)
        return gateway.start()

    def wait_until_replicated(self):
        with psycopg.connect(self.pair.primary.url("postgres"), autocommit=True) as connection:
            behind = "SELECT 1 FROM pg_stat_replication WHERE replay_lsn < pg_current_wal_lsn() OR replay_lsn IS NULL"
            until(lambda: not connection.execute(behind).fetchone(), "the standby has all", 20)

    def wait_until_ready(self):
        for gateway in self.all:
            gateway.child.wait_for_http(f"http://127.0.0.1:{gateway.port}/readyz", 60)

    def stop(self):
        for gateway in reversed(self.all):
            gateway.discard()
        self.pair.stop()


@pytest.fixture
def served(fake, tmp_path):
    made = []

    def make(**options):
        made.append(Served(tmp_path, fake, **options))
        return made[-1]

    yield make
    for each in made:
        each.stop()


async def test_no_acknowledged_bill_is_lost_with_a_synchronous_standby(served):
    here = await asyncio.to_thread(served, waits_for_standby=True)
    here.another()
    key = here.first.user(quota="1000.00")
    loads = [Load(gateway.port, key, clients=8) for gateway in here.all]
    running = [asyncio.ensure_future(load.run()) for load in loads]
    try:
        for load in loads:
            await served_on(load)
        await asyncio.to_thread(here.pair.fail_over)
        await asyncio.to_thread(here.wait_until_ready)
        for load in loads:
            await served_on(load)
    finally:
        for load in loads:
            load.stopping = True
        await asyncio.gather(*running)
    await asyncio.to_thread(until, lambda: not here.first.rows(OPEN), "all closed", 60)
    for load in loads:
        assert load.ended
        load.assert_billed(here.first)
    here.first.assert_sound(key)
    assert here.first.rows("SELECT 1 FROM quarantine") == []
    assert not any("not in the books" in gateway.child.log_tail(100_000) for gateway in here.all)
    here.first.run("audit", "verify")


async def test_what_a_lagging_standby_lacks_is_booked_whole_and_named(served, fake):
    """What ended while it lagged is lost with the primary, as any asynchronous standby loses it; what runs is not."""
    here = await asyncio.to_thread(served, waits_for_standby=False)
    gateway, key = here.first, here.first.user(quota="1000.00")

    async def ask(on, model="fake"):
        return await raw.ask(on.port, key, raw.chat(model))

    replicated = await asyncio.gather(*[ask(gateway) for _ in range(10)])
    assert {answer.status for answer in replicated} == {200}
    await asyncio.to_thread(here.wait_until_replicated)
    here.pair.standby.wire.cut()
    # A replica that the standby has never heard of, leaves and calls that it lacks.
    later = here.another()
    lost = await asyncio.gather(*[ask(each) for each in here.all for _ in range(10)])
    assert {answer.status for answer in lost} == {200}
    fake.script("gated", {"chunks": [{"text": PLAIN}], "head_gate": "failover"})
    before = fake.counters("gated")["arrived"]
    held = [asyncio.ensure_future(ask(each, "gated")) for each in here.all for _ in range(3)]
    await asyncio.to_thread(fake.wait_for_arrivals, "gated", before + 6)
    await asyncio.to_thread(here.pair.fail_over)
    assert gateway.rows(OPEN) == [], "their holds are not in the books any more"
    await asyncio.to_thread(fake.open, "failover")
    ended = await asyncio.gather(*held)
    assert all(answer.status == 200 and answer.ended for answer in ended)
    await asyncio.to_thread(here.wait_until_ready)

    def booked():
        calls = gateway.calls()
        return all(calls.get(answer.header("x-request-id"), {}).get("state") == "captured" for answer in ended)

    await asyncio.to_thread(until, booked, "what ran is booked", 40)
    for answer in ended:
        name = answer.header("x-request-id")
        assert gateway.net_charges()[name] == ("captured", price_of(USAGE))
        assert "orphan" in gateway.bill(key, name)["flags"]
    calls = gateway.calls()
    for answer in replicated:
        assert answer.header("x-request-id") in calls
    assert not any(answer.header("x-request-id") in calls for answer in lost)
    # Each beats under its own number, and serves.
    def both_beat():
        rows = gateway.rows("SELECT id, beat FROM replicas WHERE ended_at IS NULL")
        return len(rows) == 2 and {row["id"]: row["beat"] for row in rows}

    beats = await asyncio.to_thread(until, both_beat, "both are in the books", 20)

    def all_beat():
        now = {row["id"]: row["beat"] for row in gateway.rows("SELECT id, beat FROM replicas")}
        return all(now[id] > beat for id, beat in beats.items())

    await asyncio.to_thread(until, all_beat, "they beat", 20)
    for each in (gateway, later):
        assert {answer.status for answer in await asyncio.gather(*[ask(each) for _ in range(10)])} == {200}
    assert gateway.rows("SELECT 1 FROM quarantine") == []
    gateway.assert_sound(key)
