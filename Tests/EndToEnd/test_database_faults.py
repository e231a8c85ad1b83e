"""The database server fails in every way that one can: nothing is admitted without a hold, nothing that ended is unbilled."""

import asyncio
import json
import time
import urllib.error
import urllib.request

import pytest

import raw
from loads import MODELS, Load, served_on
from oracle import price_of
from servers import Gateway, until
from wires import Wire

SERVERS = ["postgres", "mysql"]
USAGE = {"prompt_tokens": 70, "completion_tokens": 30, "total_tokens": 100}
PLAIN = json.dumps({"id": "c", "choices": [], "usage": USAGE})
ADMITS, SETTLES = b"INSERT INTO api_requests", b"INSERT INTO audit_leaves"
# The longest that anybody waits for an answer, whatever the database does.
PATIENCE = 25


@pytest.fixture(scope="module", params=SERVERS)
def books(request, fake, tmp_path_factory):
    """A gateway that has never run, with a wire to its database."""
    gateway = Gateway(tmp_path_factory.mktemp("database"), fake.port, engine=request.param, deadlines_grace="2s")
    gateway.apply_catalogue([gateway.model(name) for name in [*MODELS, "gated"]])
    gateway.wire = Wire(*gateway.books.address)
    gateway.environment["TOKENAUDIT_DATABASE"] = gateway.books.url_through(gateway.wire.port)
    yield gateway
    gateway.wire.mend()
    gateway.discard()
    gateway.wire.stop()


@pytest.fixture
def gateway(books):
    """It serves, and its database is there."""
    books.wire.mend()
    if not (books.child and books.child.is_running()):
        books.start()
    wait_until_ready(books)
    yield books
    books.wire.mend()


def wait_until_ready(gateway):
    gateway.child.wait_for_http(f"http://127.0.0.1:{gateway.port}/readyz", 30)


def get(gateway, path, key=None):
    """Status and body, whatever they are."""
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    request = urllib.request.Request(f"http://127.0.0.1:{gateway.port}{path}", headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


async def ask(gateway, key, model="fake"):
    return await raw.ask(gateway.port, key, raw.chat(model), timeout=PATIENCE)


async def gated(gateway, fake, key, gate, count=5):
    """So many calls that have their holds and wait for their provider."""
    fake.script("gated", {"chunks": [{"text": PLAIN}], "head_gate": f"{gate}-{gateway.books.name}"})
    before = fake.counters("gated")["arrived"]
    calls = [asyncio.ensure_future(ask(gateway, key, "gated")) for _ in range(count)]
    await asyncio.to_thread(fake.wait_for_arrivals, "gated", before + count)
    return calls


def open_gate(gateway, fake, gate):
    fake.open(f"{gate}-{gateway.books.name}")


def assert_billed_once(gateway, key, answers):
    ids = {answer.header("x-request-id") for answer in answers}
    assert len(ids) == len(answers)

    def all_captured():
        bills = gateway.net_charges()
        return all(bills[name] == ("captured", price_of(USAGE)) for name in ids)

    until(all_captured, "all are billed", 40)
    until(lambda: gateway.books.rows("SELECT 1 FROM api_requests WHERE state IN (0, 3)") == [], "nothing is open", 40)
    wait_until_ready(gateway)
    gateway.assert_sound(key)


def test_away_at_the_start(books):
    books.wire.cut()
    began = time.monotonic()
    books.start(wait=False)
    assert books.child.process.wait(PATIENCE) != 0 and time.monotonic() - began < PATIENCE
    (line,) = [line for line in books.child.log_tail().splitlines() if "the database failed" in line]
    host = f"127.0.0.1:{books.wire.port}"
    assert host in line, line
    password = books.environment["TOKENAUDIT_DATABASE"].split("@")[0].rsplit(":", 1)[1]
    assert password not in books.child.log_tail(1000)
    books.wire.mend()


async def test_away_at_a_hold(gateway, fake):
    key = gateway.user()
    assert (await ask(gateway, key)).status == 200
    before = fake.counters("fake")["arrived"]
    gateway.wire.cut()
    answers = await asyncio.gather(*[ask(gateway, key) for _ in range(20)])
    assert {answer.status for answer in answers} == {503}
    assert all(answer.json()["error"]["code"] for answer in answers)
    assert fake.counters("fake")["arrived"] == before

    def told():
        status, body = get(gateway, "/readyz")
        return status == 503 and body["database"] == "does not answer"

    await asyncio.to_thread(until, told, "readiness says why")
    assert get(gateway, "/healthz")[0] == 200
    gateway.wire.mend()
    await asyncio.to_thread(wait_until_ready, gateway)
    assert (await ask(gateway, key)).status == 200
    gateway.assert_sound(key)


@pytest.mark.parametrize("next", ["comes back", "killed", "stopped"])
async def test_away_at_a_capture(gateway, fake, next):
    key, gate = gateway.user(), next.replace(" ", "-")
    calls = await gated(gateway, fake, key, gate)
    gateway.wire.cut()
    open_gate(gateway, fake, gate)
    answers = await asyncio.gather(*calls)
    assert all(answer.status == 200 and answer.ended for answer in answers), "each is durable in the spool"
    (spool,) = (gateway.directory / "spool").glob("*.spool-*")
    assert spool.read_bytes()[:4] != bytes(4)
    if next == "killed":
        gateway.kill()
    if next == "stopped":
        gateway.terminate()
        assert await asyncio.to_thread(gateway.child.process.wait, PATIENCE) == 0
        told = [line for line in gateway.child.log_tail().splitlines() if "stay in the spool" in line]
        assert len(told) == 1 and f'"{len(answers)}"' in told[0], gateway.child.log_tail()
    gateway.wire.mend()
    if next != "comes back":
        gateway.start()
    await asyncio.to_thread(assert_billed_once, gateway, key, answers)


async def test_the_answer_to_an_admissions_commit_is_lost(gateway, fake):
    key = gateway.user()
    assert (await ask(gateway, key)).status == 200
    before = fake.counters("fake")["arrived"]
    gateway.wire.lose_commit_of(ADMITS)
    assert (await ask(gateway, key)).status == 503
    assert gateway.wire.has_lost.is_set()
    assert fake.counters("fake")["arrived"] == before
    await asyncio.to_thread(wait_until_ready, gateway)
    await asyncio.to_thread(gateway.assert_sound, key)
    states = [bill["state"] for bill in gateway.usage(key)["recent"]]
    assert sorted(states) == ["captured", "voided"], "its hold was committed, and given back"


async def test_the_answer_to_a_settlements_commit_is_lost(gateway, fake):
    key = gateway.user()
    calls = await gated(gateway, fake, key, "before-loss")
    open_gate(gateway, fake, "before-loss")
    answers = await asyncio.gather(*calls)
    calls = await gated(gateway, fake, key, "loss")
    gateway.wire.lose_commit_of(SETTLES)
    open_gate(gateway, fake, "loss")
    answers += await asyncio.gather(*calls)
    assert gateway.wire.has_lost.is_set()
    await asyncio.to_thread(wait_until_ready, gateway)
    calls = await gated(gateway, fake, key, "after-loss")
    open_gate(gateway, fake, "after-loss")
    answers += await asyncio.gather(*calls)
    assert all(answer.status == 200 and answer.ended for answer in answers)
    await asyncio.to_thread(assert_billed_once, gateway, key, answers)
    assert gateway.books.rows("SELECT 1 FROM quarantine") == []


def slow(wire):
    wire.delay = 5


def stalled(wire):
    wire.stall()


@pytest.mark.parametrize("fault", [slow, stalled])
async def test_a_database_that_hardly_answers(gateway, fake, fault):
    key = gateway.user()
    calls = await gated(gateway, fake, key, fault.__name__)
    before = fake.counters("fake")["arrived"]
    fault(gateway.wire)
    open_gate(gateway, fake, fault.__name__)
    asked = await asyncio.gather(*[ask(gateway, key) for _ in range(50)])
    assert {answer.status for answer in asked} <= {200, 503}
    good = [answer for answer in asked if answer.status == 200]
    assert fake.counters("fake")["arrived"] == before + len(good)
    answers = await asyncio.gather(*calls)
    assert all(answer.status == 200 and answer.ended for answer in answers)
    assert (await asyncio.to_thread(get, gateway, "/healthz"))[0] == 200
    assert (await asyncio.to_thread(get, gateway, "/readyz"))[0] == 503
    gateway.wire.mend()
    await asyncio.to_thread(assert_billed_once, gateway, key, answers)


async def test_reports_take_nothing_from_calls(gateway, fake):
    key = gateway.user()
    with gateway.books.locked("model_groups"):
        reports = [
            asyncio.ensure_future(
                raw.exchange(gateway.port, raw.request(key, b"", "/v1/usage", method="GET"), PATIENCE)
            )
            for _ in range(40)
        ]
        for _ in range(10):
            began = time.monotonic()
            assert (await ask(gateway, key)).status == 200
            assert time.monotonic() - began < 5, "no call waits for the reports"
        assert {answer.status for answer in await asyncio.gather(*reports)} == {503}
    await asyncio.to_thread(gateway.assert_sound, key)


async def under_load(gateway, act):
    key = gateway.user(quota="1000.00")
    load = Load(gateway.port, key)
    running = asyncio.ensure_future(load.run())
    try:
        await served_on(load)
        await act(load)
    finally:
        load.stopping = True
        await running
    await asyncio.to_thread(wait_until_ready, gateway)
    open_calls = "SELECT 1 FROM api_requests WHERE state IN (0, 3)"
    await asyncio.to_thread(until, lambda: gateway.books.rows(open_calls) == [], "nothing is open", 40)
    load.assert_billed(gateway)
    gateway.assert_sound(key)


async def test_sessions_ended_by_an_administrator(gateway):
    async def end_all(load):
        for _ in range(5):
            await asyncio.to_thread(gateway.books.end_sessions)
            await served_on(load)

    await under_load(gateway, end_all)
    assert gateway.books.rows("SELECT 1 FROM quarantine") == []


async def test_a_third_of_the_transactions_has_to_be_done_again(gateway):
    gateway.stop()
    gateway.start(fail="journal.contended:30:percent")

    async def serve(load):
        for _ in range(4):
            await served_on(load)

    await under_load(gateway, serve)
    assert gateway.books.rows("SELECT 1 FROM quarantine") == []
    gateway.stop()
