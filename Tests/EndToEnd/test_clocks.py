"""Wall clocks that are wrong by days, set back and forth, and different from replica to replica: the ledger's time is the
database's, and nobody waits by a clock that can be set."""

import asyncio
import datetime
import re

import pytest

import clocks
import raw
from loads import MODELS, Load, served_on
from servers import ROOT, Gateway, until
from test_administration import Browser, create_admin

SERVERS = ["postgres", "mysql"]
DAY = 86_400
MICROSECONDS = 1_000_000


class Replicas:
    """Three over one database, each with a wall clock of its own."""

    def __init__(self, directory, fake, engine):
        library = clocks.build(directory)
        settings = {"uncertain_after": "8s"}
        self.first = Gateway(directory / "1", fake.port, engine=engine, **settings)
        self.all = [self.first] + [Gateway(directory / str(n), fake.port, beside=self.first, **settings) for n in (2, 3)]
        self.first.apply_catalogue([self.first.model(name) for name in [*MODELS, "gated"]])
        # By its own clock a replica chooses a price; these are older than any clock here is wrong.
        self.first.books.execute("UPDATE price_versions SET effective_from = effective_from - ?", 10 * DAY * MICROSECONDS)
        create_admin(self.first, "root@example.com", directory)
        self.clocks = [clocks.WallClock(directory / f"clock-{n}", library) for n in (1, 2, 3)]
        for gateway, clock in zip(self.all, self.clocks):
            gateway.environment |= clock.environment
            gateway.start()

    def set(self, *seconds):
        for clock, ahead in zip(self.clocks, seconds):
            clock.set(ahead)

    def beats(self):
        return {row["id"]: row["beat"] for row in self.first.rows("SELECT id, beat FROM replicas WHERE ended_at IS NULL")}

    def wait_until_all_beat(self, seconds=10):
        before = self.beats()
        assert len(before) == 3, "nobody was taken for dead"
        until(lambda: all(beat >= before.get(id, beat) + 2 for id, beat in self.beats().items()), "all beat", seconds)

    def stop(self):
        self.set(0, 0, 0)
        for gateway in reversed(self.all):
            gateway.discard()


@pytest.fixture(scope="module", params=SERVERS)
def made(request, fake, tmp_path_factory):
    replicas = Replicas(tmp_path_factory.mktemp("clocks"), fake, request.param)
    yield replicas
    replicas.stop()


@pytest.fixture
def replicas(made):
    made.set(0, 0, 0)
    yield made
    made.set(0, 0, 0)


# Seconds that each clock is ahead; at each step they are set while calls run.
STEPS = {
    "five minutes apart": [(300, -300, 0)],
    "a day ahead and back": [(DAY, 0, 0), (0, 0, 0)],
    "a day behind and on": [(-DAY, -DAY, -DAY), (0, 0, 0)],
    "backwards again and again": [(-1, -2, -3), (-60, -3_600, -7_200), (-DAY, -2 * DAY, -3 * DAY)],
    "a leap second": [(-1, 0, 1), (0, -1, 0)],
    "summer time in somebody's local time": [(3_600, 3_600, 0), (0, 3_600, -3_600)],
}


@pytest.mark.parametrize("steps", STEPS.values(), ids=STEPS)
async def test_clocks_that_are_set_under_load(replicas, steps):
    gateway = replicas.first
    # Shorter than any of the clocks is wrong, longer than the test.
    end = datetime.datetime.now(datetime.UTC) + datetime.timedelta(minutes=30)
    key = gateway.user(quota="1000.00", expires_at=end.isoformat(timespec="seconds").replace("+00:00", "Z"))
    loads = [Load(each.port, key, clients=4) for each in replicas.all]
    running = [asyncio.ensure_future(load.run()) for load in loads]
    try:
        for step in steps:
            for load in loads:
                await served_on(load)
            await asyncio.to_thread(replicas.set, *step)
            await asyncio.to_thread(replicas.wait_until_all_beat)
        for load in loads:
            await served_on(load)
    finally:
        for load in loads:
            load.stopping = True
        await asyncio.gather(*running)
    for load in loads:
        assert not load.failed, f"nothing ends early: {load.failed}"
        assert load.slowest < 10
        load.assert_billed(gateway)
    assert len(replicas.beats()) == 3
    gateway.assert_sound(key)


async def test_a_grant_ends_by_the_databases_clock_on_every_replica(replicas):
    replicas.set(DAY, -DAY, 300)
    end = datetime.datetime.now(datetime.UTC) + datetime.timedelta(seconds=8)
    key = replicas.first.user(quota="5.00", expires_at=end.isoformat(timespec="milliseconds").replace("+00:00", "Z"))

    async def statuses():
        return {(await raw.ask(each.port, key, raw.chat("fake"))).status for each in replicas.all}

    assert await statuses() == {200}
    assert datetime.datetime.now(datetime.UTC) < end, "held before it ended"
    await asyncio.sleep((end - datetime.datetime.now(datetime.UTC)).total_seconds() + 0.1)
    assert await statuses() == {429}
    replicas.first.assert_sound(key)


def far_from_midnight():
    """A time zone where no day begins within hours."""
    hour = datetime.datetime.now(datetime.UTC).hour
    # Its sign is the other way around.
    ahead = (12 - hour) % 24
    return f"Etc/GMT-{ahead}" if ahead <= 12 else f"Etc/GMT+{24 - ahead}"


async def test_a_day_is_renewed_once_and_never_early(replicas):
    gateway = replicas.first
    replicas.set(DAY, -DAY, 2 * DAY)
    root = Browser(gateway)
    replicas.clocks[0].set(0)
    assert root.sign_in("root@example.com")[0] == 200
    person = {"email": f"daily-{gateway.books.name}@example.com", "name": "Daily", "password": "correct horse battery"}
    status, user = root.ask("POST", "/api/admin/users/", person)
    assert status == 201, user
    new = {
        "user": user["id"], "model_group": 1, "total_quota": "5.00", "renewal": "daily",
        "renewal_time_zone": far_from_midnight(), "renewal_amount": "5.00",
    }  # fmt: skip
    status, quota = root.ask("POST", "/api/admin/quotas/", new)
    assert status == 201, quota
    replicas.set(DAY, -DAY, 2 * DAY)

    def periods():
        return gateway.rows("SELECT starts_at, ends_at FROM quota_grants WHERE quota_id = ? ORDER BY ordinal", quota["id"])

    (first,) = periods()
    # Looked for every twenty seconds.
    await asyncio.sleep(22)
    assert periods() == [first], "a clock that is ahead renews nothing early"
    # Its day is over; whoever renews has a clock that is wrong, whichever of them it is.
    now = gateway.rows("SELECT MAX(beat_at) AS now FROM replicas")[0]["now"]
    gateway.books.execute("UPDATE quota_grants SET ends_at = ? WHERE quota_id = ?", now - MICROSECONDS, quota["id"])
    await asyncio.to_thread(until, lambda: len(periods()) == 2, "it is renewed", 30)
    await asyncio.sleep(22)
    before, after = periods()
    assert before["ends_at"] == after["starts_at"] and after["ends_at"] > now


def test_an_access_token_is_taken_with_half_a_minute_between_clocks_and_not_more(replicas):
    issuer, other = Browser(replicas.first), Browser(replicas.all[1])
    for ahead, expected in [(0, 200), (25, 200), (300, 401), (-25, 200)]:
        replicas.set(ahead, 0, 0)
        assert issuer.sign_in("root@example.com")[0] == 200
        other.access = issuer.access
        assert other.ask("GET", "/api/auth/me/")[0] == expected, ahead
    # Ten minutes are over.
    replicas.set(0, 0, 0)
    assert issuer.sign_in("root@example.com")[0] == 200
    other.access = issuer.access
    for ahead, expected in [(600 - 5, 200), (600 + 25, 200), (600 + 35, 401)]:
        replicas.set(0, ahead, 0)
        assert other.ask("GET", "/api/auth/me/")[0] == expected, ahead


def test_nobody_waits_by_a_clock_that_can_be_set():
    """On Linux the waits of Dispatch's semaphores and of conditions end by the wall clock, unless they are told otherwise."""
    waits = re.compile(r"\.wait\((wallT|t)imeout:|DispatchWallTime|NSCondition|wallDeadline")
    found = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in (ROOT / "Sources").rglob("*.swift")
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if waits.search(line)
    ]
    assert found == []
