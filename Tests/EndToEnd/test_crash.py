"""SIGKILL at chosen points and at random under load: the books hold each time, every answer that ended has one exact bill."""

import asyncio
import os
import random
import re

import pytest

import raw
from oracle import price_of
from servers import ROOT, until

MODELS = [
    "fake",
    "fake-stream-20-5ms",
    "fake-stream-100",
    "fake-usage-1000-200-50-10",
    "fake-stream-7-usage-333-111-77-33",
]
KILLS = int(os.environ.get("TOKENAUDIT_SOAK_KILLS", "0"))
# A process that was killed may have sent a commit that the server carries out later: its calls are closed by the next watch.
SHARED = {"uncertain_after": "6s"}


def settings(engine):
    return {"engine": engine} | ({} if engine == "sqlite" else SHARED)


class Load:
    """Clients that ask without pause and remember every answer that ended, with what it must have cost."""

    def __init__(self, gateway, key, clients=24, seed=1):
        self.gateway, self.key, self.clients = gateway, key, clients
        self.random = random.Random(seed)
        self.ended = {}
        self.asked = 0
        self.stopping = False

    async def run(self):
        await asyncio.gather(*[self.client() for _ in range(self.clients)])

    async def client(self):
        while not self.stopping:
            stream = self.random.random() < 0.6
            question = raw.chat(self.random.choice(MODELS), stream=stream, usage=stream, max_tokens=200)
            self.asked += 1
            try:
                answer = await raw.ask(self.gateway.port, self.key, question, timeout=30)
            except asyncio.TimeoutError:
                raise AssertionError("an answer took 30 s") from None
            if answer.status == 200 and answer.ended and (answer.has_done or not stream):
                request_id = answer.header("x-request-id")
                assert request_id not in self.ended, "a request id came twice"
                self.ended[request_id] = price_of(answer.usage())
            elif answer.status != 200:
                await asyncio.sleep(0.02)

    def assert_billed(self, resolved=True):
        """Every answer that ended: one captured row, exact. Every other row: void, or resolved by policy, within its hold."""
        if resolved and self.gateway.books.name != "sqlite":
            until(lambda: not self.gateway.rows("SELECT 1 FROM api_requests WHERE state IN (0, 3)"), "all closed", 30)
        calls = self.gateway.calls()
        for request_id, expected in self.ended.items():
            row = calls.get(request_id)
            assert row is not None, f"{request_id} ended and has no bill"
            assert (row["state"], row["charge"]) == ("captured", expected), request_id
        for request_id, row in calls.items():
            assert 0 <= row["charge"] <= row["hold"]
            if resolved:
                assert row["state"] not in ("open", "uncertain"), f"{request_id} is open though its process is dead"
        self.gateway.assert_grants_hold()


async def test_random_kills_under_load(make_gateway, engine):
    count = KILLS or (20 if engine == "sqlite" else 6)
    gateway = make_gateway(*MODELS, name="crash", **settings(engine))
    key = gateway.user(quota="1000.00")
    load = Load(gateway, key, seed=42)
    kills = random.Random(4711)
    running = asyncio.ensure_future(load.run())
    try:
        for number in range(count):
            await asyncio.sleep(kills.uniform(0.15, 0.9))
            assert not running.done(), running.exception()
            await asyncio.to_thread(gateway.kill)
            await asyncio.to_thread(gateway.verify)
            await asyncio.to_thread(gateway.start)
            if number % 20 == 19:
                print(f"{number + 1} of {count} kills, {len(load.ended)} answers ended of {load.asked} asked", flush=True)
        await asyncio.sleep(0.5)
    finally:
        load.stopping = True
        await running
    assert len(load.ended) > count, "the load did come through in between"
    if engine == "sqlite":
        assert await asyncio.to_thread(gateway.stop) == 0
    gateway.verify()
    await asyncio.to_thread(load.assert_billed)
    assert await asyncio.to_thread(gateway.stop) == 0
    rows = gateway.calls().values()
    print(f"{count} kills: {load.asked} asked, {len(load.ended)} ended, {len(rows)} calls in the books")


def failpoints():
    """Every failpoint of a server: one that is added is tested, or this fails because it is never hit."""
    names = set()
    for path in (ROOT / "Sources").rglob("*.swift"):
        names |= set(re.findall(r'Failpoint\.hit\("([^"]+)"\)', path.read_text()))
    # Of commands, with tests of their own (test_master_key.py, test_database_copy.py).
    return sorted(names - {"storage.rewrapped", "copy.rows"})


# What a database server adds is the same at every hit, and nearly the same on each: one meets each point once.
SERVERS = ["postgres", "mysql"]
HITS = {"postgres": 1, "mysql": 4}
POLICIES = {"postgres": "charge_input", "mysql": "charge_hold"}
# An engine that was chosen meets all of them.
IS_CHOSEN = "TOKENAUDIT_TEST_ENGINE" in os.environ


@pytest.mark.parametrize("hit", [1, 4])
@pytest.mark.parametrize("name", failpoints())
async def test_a_kill_at_a_chosen_point(make_gateway, engine, fake, name, hit):
    if engine in SERVERS and not IS_CHOSEN:
        if engine != SERVERS[failpoints().index(name) % 2] or hit != HITS[engine]:
            pytest.skip("another server's, or at another hit")
    gateway = make_gateway(*MODELS, "hanging", start=False, name="point", **settings(engine))
    key = gateway.user()
    load = Load(gateway, key, clients=4, seed=hit)
    if name.startswith("recovery"):
        await leave_open_calls(gateway, key, fake, 6)
        gateway.start(fail=f"{name}:1:kill", wait=False)
    elif name.startswith("audit"):
        # The first round may come before anybody is served.
        gateway.start(fail=f"{name}:{hit}:kill", wait=False)
    else:
        gateway.start(fail=f"{name}:{hit}:kill")
    running = asyncio.ensure_future(load.run())
    try:
        status = await asyncio.to_thread(gateway.child.process.wait, 20)
        assert status == -9, f"{name} ended with {status}:\n{gateway.child.log_tail()}"
    finally:
        load.stopping = True
        gateway.kill()
        await running
    gateway.verify()
    gateway.start()
    await asyncio.to_thread(load.assert_billed)
    after = await raw.ask(gateway.port, key, raw.chat("fake"))
    assert after.status == 200
    gateway.verify()
    assert gateway.stop() == 0
    gateway.assert_grants_hold()


async def leave_open_calls(gateway, key, fake, count):
    """A gateway that dies while `count` calls wait for their upstream."""
    gateway.start()
    fake.script("hanging", {"never": True})
    before = fake.counters("hanging")["arrived"]
    tasks = [asyncio.ensure_future(raw.ask(gateway.port, key, raw.chat("hanging"))) for _ in range(count)]
    await asyncio.to_thread(fake.wait_for_arrivals, "hanging", before + count)
    gateway.kill()
    await asyncio.gather(*tasks)
    assert sum(row["state"] == "open" for row in gateway.calls().values()) == count


EVENTS = {"headers": [["Content-Type", "text/event-stream"]], "framing": "chunked"}
WORD = 'data: {"id":"c","object":"chat.completion.chunk","choices":[{"index":0,"delta":{"content":"word "},"finish_reason":null}]}\n\n'
USAGE = 'data: {"id":"c","choices":[],"usage":{"prompt_tokens":10,"completion_tokens":2,"total_tokens":12}}\n\n'

POINTS = {
    "before the upstream answers": {"never": True},
    "after the upstream's head": EVENTS | {"chunks": [], "end": "hang"},
    "in the middle of a stream": EVENTS | {"chunks": [{"text": WORD}], "end": "hang"},
    "after the usage, before the end": EVENTS | {"chunks": [{"text": WORD + USAGE}], "end": "hang"},
}


@pytest.mark.parametrize("policy", ["charge_input", "charge_hold"])
@pytest.mark.parametrize("point", POINTS)
async def test_a_kill_at_each_point_of_a_calls_life(make_gateway, engine, fake, point, policy):
    if engine in SERVERS and policy != POLICIES[engine] and not IS_CHOSEN:
        pytest.skip("another server's")
    gateway = make_gateway("fake", "stuck", name="life", engine=engine, uncertain_policy=policy)
    key = gateway.user()
    fake.script("stuck", POINTS[point])
    before = fake.counters("stuck")["arrived"]
    task = asyncio.ensure_future(raw.ask(gateway.port, key, raw.chat("stuck", stream=True)))
    await asyncio.to_thread(fake.wait_for_arrivals, "stuck", before + 1)
    await asyncio.sleep(0.2)  # what the upstream did send is through
    gateway.kill()
    answer = await task
    assert not answer.has_done
    gateway.verify()
    gateway.start()
    (bill,) = gateway.usage(key)["recent"]
    row = next(iter(gateway.calls().values()))
    assert bill["state"] in ("captured", "uncertain", "voided") and "charged_by_policy" in bill["flags"]
    if policy == "charge_hold":
        assert row["charge"] == row["hold"]
    else:
        assert row["charge"] == row["estimated_input_price"] <= row["hold"]
    gateway.verify()
    gateway.stop()
    gateway.assert_grants_hold()


async def test_two_servers_never_share_one_file(make_gateway):
    gateway = make_gateway("fake", name="flock", engine="sqlite")
    environment = gateway.environment | {"TOKENAUDIT_LISTEN": "127.0.0.1:0"}
    second = await asyncio.to_thread(gateway.run, "serve", check=False, environment=environment)
    assert second.returncode not in (0, -9, -11)
    assert gateway.child.is_running()
