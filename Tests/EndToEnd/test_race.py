"""A quota of exactly k holds lets exactly k of 1,000 concurrent calls through; one pico-dollar less, k - 1."""

import asyncio
import datetime

import pytest

import raw
from oracle import dollars, hold_of, picos, price_of
from servers import until

CALLS = 1000
K = 37
CONTEXT, OUTPUT = 100, 10
HOLD = hold_of(CONTEXT, OUTPUT)


@pytest.fixture(scope="module")
def never_clamping(make_gateway, engine):
    model = {"name": "race", "context_length": CONTEXT, "max_output_tokens": OUTPUT}
    return make_gateway("fake", model, name="race", engine=engine, quota_clamp="never")


def script(gate, stream):
    usage = '{"prompt_tokens":7,"completion_tokens":3,"total_tokens":10}'
    if stream:
        piece = 'data: {"id":"c","choices":[{"index":0,"delta":{"content":"x"},"finish_reason":null}]}\n\n'
        last = f'data: {{"id":"c","choices":[],"usage":{usage}}}\n\ndata: [DONE]\n\n'
        return {
            "headers": [["Content-Type", "text/event-stream"]],
            "framing": "chunked",
            "chunks": [{"text": piece, "gate": gate}, {"text": last}],
            "head_gate": gate,
        }
    return {"chunks": [{"text": f'{{"id":"c","choices":[],"usage":{usage}}}'}], "head_gate": gate}


@pytest.mark.parametrize("missing", [0, 1], ids=["exactly k holds", "one pico-dollar less"])
@pytest.mark.parametrize("stream", [False, True], ids=["plain", "streamed"])
async def test_exactly_the_holds_that_fit(never_clamping, fake, stream, missing):
    gateway = never_clamping
    gate = f"race-{gateway.books.name}-{stream}-{missing}"
    expected = K - missing
    fake.script("race", script(gate, stream))
    key = gateway.user(quota=dollars(K * HOLD - missing))
    asked = raw.request(key, raw.chat("race", stream=stream, max_tokens=OUTPUT))

    refused, answered = [], []
    least = [picos(gateway.quota(key)["remaining_quota"])]

    async def one():
        answer = await raw.exchange(gateway.port, asked, timeout=90)
        (answered if answer.status == 200 else refused).append(answer)
        return answer

    running = [asyncio.ensure_future(one()) for _ in range(CALLS)]
    try:
        # No call may end before every other one was refused: an ended call gives the rest of its hold back.
        for _ in range(3000):
            if len(refused) >= CALLS - expected:
                break
            await asyncio.sleep(0.02)
        assert len(refused) == CALLS - expected and not answered
        await asyncio.to_thread(fake.wait_for_arrivals, "race", expected)
        quota = await asyncio.to_thread(gateway.quota, key)
        least.append(picos(quota["remaining_quota"]))
        assert picos(quota["held_quota"]) == expected * HOLD and picos(quota["remaining_quota"]) == (K - expected) * HOLD - missing
    finally:
        await asyncio.to_thread(fake.open, gate)
        await asyncio.gather(*running)
    assert len(answered) == expected and all(answer.ended for answer in answered)
    assert fake.counters("race")["arrived"] == expected, "nothing more reached the upstream"
    for answer in refused:
        assert answer.status == 429, answer.body
        assert answer.json()["error"]["code"] in ("rate_limit_exceeded", "insufficient_quota")
    gateway.wait_until_nothing_is_held(key)
    bills = [bill for bill in gateway.usage(key)["recent"] if bill["state"] == "captured"]
    assert len(bills) == expected and min(least) >= 0
    gateway.assert_grants_hold()
    gateway.verify()


async def test_the_smallest_amount_there_is(make_gateway, engine, fake):
    """FAULTS: the same at $0.000000000001, a price of one pico-dollar a token."""
    prices = {kind: "0.000000001" for kind in ("input", "cache_read", "output", "reasoning")}
    model = {"name": "pico", "prices": prices, "context_length": 1, "max_output_tokens": 1}
    gateway = make_gateway(model, name="pico", engine=engine, quota_clamp="never")
    gate = f"pico-{engine}"
    fake.script("pico", script(gate, False))
    key = gateway.user(quota="0.000000000005")  # a hold is 1 + 1 pico-dollars: two fit, one is left over
    running = [asyncio.ensure_future(raw.ask(gateway.port, key, raw.chat("pico", max_tokens=1))) for _ in range(50)]
    try:
        await asyncio.to_thread(fake.wait_for_arrivals, "pico", 2)
        await asyncio.to_thread(until, lambda: sum(task.done() for task in running) == 48, "48 refusals")
        assert picos(gateway.quota(key)["remaining_quota"]) == 1
    finally:
        fake.open(gate)
        answers = await asyncio.gather(*running)
    assert sorted(answer.status for answer in answers) == [200] * 2 + [429] * 48
    gateway.wait_until_nothing_is_held(key)
    # The upstream says 7 + 3 tokens, 10 pico-dollars: more than was held is the provider's loss, never a debt.
    assert picos(gateway.quota(key)["remaining_quota"]) == 1
    gateway.verify()


@pytest.mark.parametrize("left", [0, 1], ids=["to the last", "one left over"])
async def test_a_thousand_calls_for_the_last_pico_dollars(make_gateway, engine, fake, left):
    """A hold of two pico-dollars, money for 37 of them: no rounding lets a 38th through, or keeps the 37th out."""
    prices = {kind: "0.000000001" for kind in ("input", "cache_read", "output", "reasoning")}
    model = {"name": "pico", "prices": prices, "context_length": 1, "max_output_tokens": 1}
    gateway = make_gateway(model, name="pico-race", engine=engine, quota_clamp="never")
    gate = f"pico-race-{engine}-{left}"
    usage = '{"prompt_tokens":1,"completion_tokens":0,"total_tokens":1}'
    fake.script("pico", {"chunks": [{"text": f'{{"id":"c","choices":[],"usage":{usage}}}'}], "head_gate": gate})
    key = gateway.user(quota=dollars(2 * K + left))
    asked = raw.request(key, raw.chat("pico", max_tokens=1))
    running = [asyncio.ensure_future(raw.exchange(gateway.port, asked, timeout=90)) for _ in range(CALLS)]
    try:
        await asyncio.to_thread(until, lambda: sum(task.done() for task in running) >= CALLS - K, "the refusals", 60)
        await asyncio.to_thread(fake.wait_for_arrivals, "pico", K)
        quota = await asyncio.to_thread(gateway.quota, key)
        assert (picos(quota["held_quota"]), picos(quota["remaining_quota"])) == (2 * K, left)
    finally:
        await asyncio.to_thread(fake.open, gate)
        answers = await asyncio.gather(*running)
    assert sorted(answer.status for answer in answers) == [200] * K + [429] * (CALLS - K)
    assert fake.counters("pico")["arrived"] == K
    gateway.wait_until_nothing_is_held(key)
    quota = gateway.quota(key)
    assert (picos(quota["used_quota"]), picos(quota["remaining_quota"])) == (K, K + left)
    gateway.assert_sound(key)


async def test_a_grant_that_ends_in_the_middle_of_a_stream(make_gateway, engine, fake):
    """Its running calls may still capture what they hold; the rest is forfeited, nothing is given back twice."""
    gateway = make_gateway("fake", "longer", name="expiry", engine=engine)
    gate = f"expiry-{engine}"
    fake.script("longer", script(gate, True))
    end = datetime.datetime.now(datetime.UTC) + datetime.timedelta(seconds=2)
    key = gateway.user(quota="5.00", expires_at=end.isoformat(timespec="milliseconds").replace("+00:00", "Z"))
    asked = raw.request(key, raw.chat("longer", stream=True, usage=True))
    running = [asyncio.ensure_future(raw.exchange(gateway.port, asked)) for _ in range(20)]
    try:
        await asyncio.to_thread(fake.wait_for_arrivals, "longer", 20)
        assert datetime.datetime.now(datetime.UTC) < end, "held while it ran"

        async def is_refused():
            return (await raw.ask(gateway.port, key, raw.chat("fake"))).status == 429

        while not await is_refused():
            assert datetime.datetime.now(datetime.UTC) < end + datetime.timedelta(seconds=10)
        assert not any(task.done() for task in running)
        gateway.assert_grants_hold()
        gateway.verify()
    finally:
        await asyncio.to_thread(fake.open, gate)
        answers = await asyncio.gather(*running)
    assert all(answer.status == 200 and answer.has_done for answer in answers)
    row = dict(gateway.rows("SELECT * FROM quota_grants")[0])
    served = [call for call in gateway.calls().values() if call["state"] == "captured"]
    assert row["captured"] == sum(call["charge"] for call in served) and row["held"] == 0
    for answer in answers:
        assert gateway.calls()[answer.header("x-request-id")]["charge"] == price_of(answer.usage())
    assert row["available"] + row["forfeited"] == row["funded"] - row["captured"]
    assert (await raw.ask(gateway.port, key, raw.chat("fake"))).status == 429, "what came back is not spendable"
    gateway.assert_sound()
