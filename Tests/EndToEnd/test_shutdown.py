"""SIGTERM: running streams end and are billed; what outlasts the grace period is cut, and billed too."""

import asyncio

import raw
from oracle import picos

EVENTS = {"headers": [["Content-Type", "text/event-stream"]], "framing": "chunked"}
WORD = 'data: {"id":"c","object":"chat.completion.chunk","choices":[{"index":0,"delta":{"content":"word "},"finish_reason":null}]}\n\n'
LAST = (
    'data: {"id":"c","object":"chat.completion.chunk","choices":[],'
    '"usage":{"prompt_tokens":10,"completion_tokens":2,"total_tokens":12}}\n\ndata: [DONE]\n\n'
)


async def open_streams(gateway, key, model, count):
    """`count` streams past their heads; returns their tasks."""
    begun = asyncio.Semaphore(0)
    data = raw.request(key, raw.chat(model, stream=True, usage=True))
    tasks = [asyncio.ensure_future(raw.exchange(gateway.port, data, 60, lambda _: begun.release())) for _ in range(count)]
    for _ in range(count):
        await asyncio.wait_for(begun.acquire(), 30)
    return tasks


async def test_streams_end_after_sigterm(make_gateway, fake):
    gateway = make_gateway("fake", "slow", name="term")
    key = gateway.user()
    fake.script("slow", EVENTS | {"chunks": [{"text": WORD}, {"text": WORD + LAST, "gate": "term"}]})
    tasks = await open_streams(gateway, key, "slow", 200)
    gateway.terminate()
    for _ in range(100):  # no new connection is served once the signal has come through
        refused = (await raw.exchange(gateway.port, raw.request(key, raw.chat("fake")), 5)).status == 0
        if refused:
            break
        await asyncio.sleep(0.05)
    assert refused
    assert not any(task.done() for task in tasks), "running streams are left alone"
    await asyncio.to_thread(fake.open, "term")
    answers = await asyncio.gather(*tasks)
    assert all(answer.ended and answer.has_done for answer in answers)
    assert await asyncio.to_thread(gateway.child.process.wait, 30) == 0
    gateway.verify()
    calls = gateway.calls()
    for answer in answers:
        assert calls[answer.header("x-request-id")]["state"] == "captured"
    assert {row["state"] for row in calls.values()} == {"captured"}
    gateway.assert_grants_hold()


async def test_what_outlasts_the_grace_period_is_cut_and_billed(make_gateway, fake):
    gateway = make_gateway("fake", "endless", name="grace", deadlines_grace="1s", deadlines_upstream_idle="60s")
    key = gateway.user()
    fake.script("endless", EVENTS | {"chunks": [{"text": WORD}], "end": "hang"})
    tasks = await open_streams(gateway, key, "endless", 20)
    gateway.terminate()
    answers = await asyncio.gather(*tasks)
    assert not any(answer.has_done for answer in answers)
    assert await asyncio.to_thread(gateway.child.process.wait, 30) == 0
    gateway.verify()
    rows = gateway.calls().values()
    assert {row["state"] for row in rows} == {"captured"} and all(0 < row["charge"] <= row["hold"] for row in rows)
    gateway.assert_grants_hold()


async def test_a_second_sigterm_ends_the_grace_period(make_gateway, fake):
    gateway = make_gateway("fake", "endless", name="again", deadlines_grace="600s", deadlines_upstream_idle="600s")
    key = gateway.user()
    fake.script("endless", EVENTS | {"chunks": [{"text": WORD}], "end": "hang"})
    tasks = await open_streams(gateway, key, "endless", 20)
    gateway.terminate()
    await asyncio.to_thread(gateway.child.wait_for_line, '"shutting down"')
    assert not any(task.done() for task in tasks), "the first signal cuts nothing"
    gateway.terminate()
    answers = await asyncio.gather(*tasks)
    assert not any(answer.has_done for answer in answers)
    assert await asyncio.to_thread(gateway.child.process.wait, 30) == 0
    gateway.verify()
    rows = gateway.calls().values()
    assert {row["state"] for row in rows} == {"captured"} and all(0 < row["charge"] <= row["hold"] for row in rows)
    gateway.assert_grants_hold()


async def test_a_killed_drain_leaves_nothing_unexplained(make_gateway, fake):
    """SIGKILL while draining: at the next start the calls are resolved by policy, visibly."""
    gateway = make_gateway("fake", "endless", name="killed", deadlines_upstream_idle="60s")
    key = gateway.user()
    fake.script("endless", EVENTS | {"chunks": [{"text": WORD}], "end": "hang"})
    tasks = await open_streams(gateway, key, "endless", 20)
    gateway.terminate()
    await asyncio.sleep(0.3)
    gateway.kill()
    await asyncio.gather(*tasks)
    gateway.verify()
    gateway.start()
    bills = gateway.usage(key)["recent"]
    assert len(bills) == 20 and all(0 <= picos(bill["cost"]) <= picos(bill["hold"]) for bill in bills)
    assert all(bill["state"] != "open" and "charged_by_policy" in bill["flags"] for bill in bills)
    gateway.verify()
    gateway.assert_grants_hold()


async def test_a_request_that_is_still_being_sent_is_refused_at_the_end_of_the_grace_period(make_gateway, fake):
    gateway = make_gateway("fake", name="uploads", deadlines_grace="1s", deadlines_body="600s")
    key = gateway.user()
    head, body = raw.request(key, raw.chat("fake"), headers=[("Expect", "100-continue")]).split(b"\r\n\r\n", 1)
    reader, writer = await asyncio.open_connection("127.0.0.1", gateway.port)
    writer.write(head + b"\r\n\r\n")
    await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 10)
    writer.write(body[:-1])
    gateway.terminate()
    answer = await asyncio.wait_for(raw.read_answer(reader), 20)
    assert answer.status == 503 and answer.json()["error"]["code"] == "server_shutting_down"
    writer.close()
    assert await asyncio.to_thread(gateway.child.process.wait, 30) == 0
    gateway.verify()
    assert gateway.calls() == {}
