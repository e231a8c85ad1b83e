"""Somebody keeps rows locked for longer than a batch can wait: who needs them waits apart, and nobody else does."""

import asyncio
import json

import pytest

import raw
from oracle import price_of
from servers import Gateway, until

SERVERS = ["postgres", "mysql"]
USAGE = {"prompt_tokens": 70, "completion_tokens": 30, "total_tokens": 100}
PLAIN = json.dumps({"id": "c", "choices": [], "usage": USAGE})


@pytest.fixture(scope="module", params=SERVERS)
def gateway(request, fake, tmp_path_factory):
    made = Gateway(tmp_path_factory.mktemp("locked"), fake.port, engine=request.param)
    made.apply_catalogue([made.model(name) for name in ["fake", "gated"]])
    made.start()
    yield made
    made.discard()


def ask(gateway, key, model="fake"):
    return raw.ask(gateway.port, key, raw.chat(model), timeout=25)


async def stands_still(gateway, fake, key, gate):
    """A call that has its hold and waits for its provider."""
    fake.script("gated", {"chunks": [{"text": PLAIN}], "head_gate": gate})
    before = fake.counters("gated")["arrived"]
    call = asyncio.ensure_future(ask(gateway, key, "gated"))
    await asyncio.to_thread(fake.wait_for_arrivals, "gated", before + 1)
    return call


@pytest.mark.parametrize("which", ["grant", "call"])
async def test_only_those_wait_whose_rows_are_locked(gateway, fake, which):
    theirs, others, gate = gateway.user(), gateway.user(), f"locked-{gateway.books.name}-{which}"
    running = await stands_still(gateway, fake, theirs, gate)
    (row,) = gateway.rows("SELECT id, user_id FROM api_requests WHERE state = 0")
    lock, of = {
        "grant": ("SELECT id FROM quota_grants WHERE user_id = ? FOR UPDATE", row["user_id"]),
        "call": ("SELECT id FROM api_requests WHERE id = ? FOR UPDATE", row["id"]),
    }[which]
    with gateway.books.transaction(lock, of):
        fake.open(gate)
        mine = asyncio.ensure_future(ask(gateway, theirs))
        # For as long as somebody waits for what is locked, and then some more.
        answers, more = [], 5
        while more > 0:
            answers.append(await ask(gateway, others))
            if running.done() and mine.done():
                more -= 1
        assert {answer.status for answer in answers} == {200}
        assert mine.result().status == (503 if which == "grant" else 200)
        # What has ended is durable in the spool.
        assert running.result().status == 200 and running.result().ended
        assert gateway.rows("SELECT 1 FROM api_requests WHERE state = 0") != []
    until(lambda: gateway.rows("SELECT 1 FROM api_requests WHERE state IN (0, 3)") == [], "all are booked", 20)
    bill = gateway.net_charges()[running.result().header("x-request-id")]
    assert bill == ("captured", price_of(USAGE))
    assert (await ask(gateway, theirs)).status == 200
    assert gateway.rows("SELECT 1 FROM quarantine") == []
    gateway.assert_sound(theirs, others)
