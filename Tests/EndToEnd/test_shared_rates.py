"""Rates over three replicas of one database: together they let through what one process would, within a tenth."""

import asyncio
import time

import pytest

import raw
from servers import new_key, until
from test_replicas import SERVERS, Replicas

QUESTION = raw.chat("fake", max_tokens=50)
# A second of streaming.
SLOW = raw.chat("fake-stream-40-25ms", stream=True, usage=True, max_tokens=100)
# What each of the replicas is asked with, in clients.
EVENLY, SKEWED = [6, 6, 6], [16, 1, 1]


@pytest.fixture(scope="module", params=SERVERS)
def replicas(request, fake, tmp_path_factory):
    made = Replicas(tmp_path_factory.mktemp("rates"), fake, request.param, [{"name": "fake"}, {"name": "fake-stream-40-25ms"}])
    yield made
    made.stop()


def user(replicas, **rates):
    key = new_key()
    quota = {"model_group": "default", "total_quota": "1000.00", "expires_at": None}
    email = f"{key[-12:].lower()}@example.com"
    replicas.first.apply(users=[{"email": email, "api_key": key, "quotas": [quota], **rates}])
    return key


@pytest.fixture(params=[EVENLY, SKEWED], ids=["evenly", "skewed"])
def clients(request, replicas):
    """Each costs half a minute of a test: one on each server."""
    if (request.param is EVENLY) != (replicas.first.books.name == "postgres"):
        pytest.skip("the other server's")
    return request.param


class Hammer:
    """Clients that ask without pause; those who are refused come again at once."""

    def __init__(self, replicas, key, clients, question=QUESTION):
        self.replicas, self.key, self.clients = replicas, key, clients
        self.request = raw.request(key, question)
        self.passed, self.refused, self.tokens, self.others = 0, 0, 0, []

    async def run(self, seconds):
        """Returns for how long it really was."""
        began = time.monotonic()
        self.until = began + seconds
        await asyncio.gather(*[
            self.client(gateway.port) for gateway, count in zip(self.replicas.all, self.clients) for _ in range(count)
        ])
        return time.monotonic() - began

    async def client(self, port):
        while time.monotonic() < self.until:
            answer = await raw.exchange(port, self.request)
            if answer.status == 200:
                self.passed += 1
                self.tokens += answer.usage()["total_tokens"]
            elif answer.status == 429:
                self.refused += 1
                await asyncio.sleep(0.02)
            else:
                self.others.append((answer.status, answer.body))


async def emptied(replicas, key):
    """The bucket of the only user of rates, once it is there, without anything in it."""
    answer = await raw.exchange(replicas.port, raw.request(key, QUESTION))
    assert answer.status == 200, answer.body
    # What is in hand goes back after a second.
    await asyncio.sleep(1.5)
    rows = await asyncio.to_thread(replicas.first.rows, "SELECT MAX(id) AS id FROM rate_buckets")
    empty = "UPDATE rate_buckets SET level = 0, refilled_at = ? WHERE id = ?"
    await asyncio.to_thread(replicas.first.books.execute, empty, time.time_ns() // 1000, rows[0]["id"])


def assert_within_a_tenth(found, expected, slack=1):
    assert expected * 0.9 - slack <= found <= expected * 1.1 + slack, f"{found} instead of {expected:.0f}"


async def test_a_small_limit_is_exact(replicas, clients):
    key = user(replicas, requests_per_minute=30)
    hammer = Hammer(replicas, key, clients)
    seconds = await hammer.run(20)
    assert not hammer.others, hammer.others[:3]
    # A minute's at once, as from one process, and what has come back since.
    assert_within_a_tenth(hammer.passed, 30 + 0.5 * seconds)
    assert hammer.refused > 100


async def test_a_large_limit_holds_within_a_tenth(replicas, clients):
    # As many as a debug build on a busy machine can be asked for.
    key = user(replicas, requests_per_minute=1800)
    await emptied(replicas, key)
    hammer = Hammer(replicas, key, clients)
    seconds = await hammer.run(20)
    assert not hammer.others and hammer.refused, hammer.others[:3]
    assert_within_a_tenth(hammer.passed, 30 * seconds)


async def test_tokens_hold_within_a_tenth(replicas, clients):
    key = user(replicas, tokens_per_minute=120_000)
    await emptied(replicas, key)
    hammer = Hammer(replicas, key, clients)
    seconds = await hammer.run(20)
    assert not hammer.others, hammer.others[:3]
    assert_within_a_tenth(hammer.tokens, 2000 * seconds, slack=100)


async def test_calls_at_a_time_are_counted_together(replicas, clients):
    key = user(replicas, concurrent_calls=5)
    hammer = Hammer(replicas, key, clients, SLOW)
    running = asyncio.ensure_future(hammer.run(12))
    most = 0
    while not running.done():
        open_calls = await asyncio.to_thread(replicas.first.rows, "SELECT COUNT(*) AS n FROM api_requests WHERE state = 0")
        most = max(most, open_calls[0]["n"])
        await asyncio.sleep(0.02)
    await running
    assert not hammer.others, hammer.others[:3]
    assert most == 5
    # A call takes a second, and a place that is free is soon found.
    assert hammer.passed >= 5 * 12 * 0.6


async def test_headers_tell_what_all_have_left(replicas):
    key = user(replicas, requests_per_minute=5, tokens_per_minute=100_000)
    for call in range(5):
        answer = await raw.ask(replicas.all[call % 3].port, key, QUESTION)
        assert answer.status == 200
        assert answer.header("x-ratelimit-limit-requests") == "5"
        assert answer.header("x-ratelimit-remaining-requests") == str(4 - call)
        assert int(answer.header("x-ratelimit-remaining-tokens")) <= 100_000 - 34 * (call + 1)
    for gateway in replicas.all:
        answer = await raw.ask(gateway.port, key, QUESTION)
        assert answer.status == 429 and answer.json()["error"]["code"] == "rate_limit_exceeded"
        assert 1 <= int(answer.header("retry-after")) <= 12


async def test_without_the_database_a_limited_call_is_refused_in_bounded_time(replicas):
    key = user(replicas, requests_per_minute=60)
    port = replicas.all[1].port
    assert (await raw.ask(port, key, QUESTION)).status == 200
    replicas.wires[1].cut()
    try:
        began = time.monotonic()
        answer = await raw.ask(port, key, QUESTION)
        # Or not even the key can be looked up.
        assert answer.status == 503
        assert answer.json()["error"]["code"] in ("ledger_unavailable", "server_is_overloaded")
        assert time.monotonic() - began < 5
        # The others go on.
        assert (await raw.ask(replicas.all[0].port, key, QUESTION)).status == 200
    finally:
        replicas.wires[1].mend()

    async def is_served():
        return (await raw.ask(port, key, QUESTION)).status == 200

    for _ in range(200):
        if await is_served():
            break
        await asyncio.sleep(0.1)
    else:
        raise AssertionError("rates are not counted again")
    await asyncio.to_thread(until, lambda: not replicas.first.rows("SELECT 1 FROM api_requests WHERE state IN (0, 3)"), "all closed", 60)


async def test_what_is_refused_asks_no_database(replicas):
    key = user(replicas, requests_per_minute=1)
    assert (await raw.ask(replicas.all[0].port, key, QUESTION)).status == 200
    before = await asyncio.to_thread(replicas.first.rows, "SELECT refilled_at FROM rate_buckets ORDER BY id DESC LIMIT 1")
    seen = set()
    hammer = Hammer(replicas, key, [6, 0, 0])
    running = asyncio.ensure_future(hammer.run(5))
    while not running.done():
        row = await asyncio.to_thread(replicas.first.rows, "SELECT refilled_at FROM rate_buckets ORDER BY id DESC LIMIT 1")
        seen.add(row[0]["refilled_at"])
        await asyncio.sleep(0.02)
    await running
    assert hammer.passed <= 1 and hammer.refused > 50
    assert len(seen - {before[0]["refilled_at"]}) <= 7, "a look at the database a second"


async def test_places_of_a_killed_replica_are_free_after_ten_seconds(replicas):
    key = user(replicas, concurrent_calls=2)
    killed, port = replicas.all[2], replicas.all[0].port
    running = [asyncio.ensure_future(raw.ask(killed.port, key, SLOW)) for _ in range(2)]
    open_calls = "SELECT COUNT(*) AS n FROM api_requests WHERE state = 0"
    await asyncio.to_thread(until, lambda: replicas.first.rows(open_calls)[0]["n"] == 2, "both run")
    await asyncio.to_thread(killed.kill)
    try:
        began = time.monotonic()
        assert (await raw.ask(port, key, QUESTION)).status == 429
        while (await raw.ask(port, key, QUESTION)).status != 200:
            assert time.monotonic() - began < 20, "nobody has them"
            await asyncio.sleep(0.1)
        assert time.monotonic() - began > 5
    finally:
        await asyncio.gather(*running)
        await asyncio.to_thread(killed.start)
