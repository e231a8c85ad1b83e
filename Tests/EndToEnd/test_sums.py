"""The sum of the bills is the upstream's own usage × price, to the pico-dollar, by four ways of reading it."""

import asyncio
import random
import urllib.request
from fractions import Fraction

import pytest

import raw
from oracle import PRICES, picos, price_of
from servers import until

# Longer, in bytes, than any prompt the upstream reports here in tokens: what a hold covers.
LONG = [{"role": "user", "content": "x" * 3200}]


async def test_bills_add_up_to_the_upstreams_usage(make_gateway):
    random.seed(20260)
    models = ["fake-usage-{}-{}-{}-{}-stream-{}".format(*numbers) for numbers in random_usages(24)]
    models += ["fake-usage-{}-{}-{}-{}".format(*numbers[:4]) for numbers in random_usages(24)]
    gateway = make_gateway(*models, name="sums")
    key = gateway.user()
    gate = asyncio.Semaphore(40)

    async def one(model, stream):
        async with gate:
            asked = raw.chat(model, stream=stream, usage=stream, max_tokens=1000, messages=LONG)
            return await raw.ask(gateway.port, key, asked)

    answers = await asyncio.gather(*[one(model, stream) for model in models * 4 for stream in (False, True)])
    assert all(answer.ended and answer.status == 200 for answer in answers)
    expected = {answer.header("x-request-id"): price_of(answer.usage()) for answer in answers}
    assert len(expected) == len(answers)
    total = sum(expected.values())

    reported = {bill["request_id"]: picos(bill["cost"]) for bill in gateway.usage(key)["recent"]}
    assert reported == expected
    for bill in gateway.usage(key)["recent"]:
        lines = sum(picos(line["amount"]) for line in bill["lines"])
        assert lines == picos(bill["cost"]), "a bill's lines add up to it"
    assert picos(gateway.usage(key)["totals"]["cost"]) == total
    quota = gateway.quota(key)
    assert picos(quota["used_quota"]) == total and picos(quota["held_quota"]) == 0
    assert picos(quota["remaining_quota"]) == picos(quota["total_quota"]) - total
    stored = {call: row["charge"] for call, row in gateway.calls().items()}
    assert stored == expected
    gateway.assert_grants_hold()
    gateway.verify()


def random_usages(count):
    for _ in range(count):
        prompt, output = random.randint(0, 3000), random.randint(0, 900)
        yield prompt, random.randint(0, prompt), output, random.randint(0, output), random.randint(1, 30)


@pytest.mark.parametrize("path", ["/v1/embeddings", "/v1/completions"])
async def test_a_batch_is_held_and_billed_whole(make_gateway, path):
    """Each prompt of a batch may fill the model's context: the hold covers all of them, and so does the bill."""
    name = "fake-usage-9000-0-0-0"
    gateway = make_gateway({"name": name, "context_length": 100, "max_output_tokens": 10}, name="batch")
    key = gateway.user()
    texts = ["x" * 100] * 100
    question = {"model": name} | ({"input": texts} if path.endswith("embeddings") else {"prompt": texts, "max_tokens": 1})
    answer = await raw.ask(gateway.port, key, question, path=path)
    assert answer.status == 200, answer.body
    bill = gateway.bill(key, answer.header("x-request-id"))
    assert picos(bill["cost"]) == price_of(answer.usage()) == 9000 * picos("0.00015") // 1000
    assert bill["flags"] == [] and picos(bill["cost"]) < picos(bill["hold"]) <= 13_000 * picos("0.0006") // 1000 + picos("0.01")
    gateway.assert_sound(key)


async def test_a_multiplier_is_exact(make_gateway):
    gateway = make_gateway("fake-usage-1000-200-50-10", name="multiplier")
    gateway.apply(model_groups=[{"name": "default", "models": ["fake-usage-1000-200-50-10"], "price_multiplier": "1.2345"}])
    key = gateway.user()
    expected = price_of(
        {"prompt_tokens": 1000, "prompt_tokens_details": {"cached_tokens": 200}, "completion_tokens": 50,
         "completion_tokens_details": {"reasoning_tokens": 10}},
        Fraction(12345, 10000),
    )  # fmt: skip

    def has_it():
        data = raw.request(key, raw.chat("fake-usage-1000-200-50-10", messages=LONG)).split(b"\r\n\r\n", 1)[1]
        asked = urllib.request.Request(
            f"http://127.0.0.1:{gateway.port}/v1/chat/completions",
            data,
            {"Authorization": f"Bearer {key}", "Content-Type": "application/json"},
        )
        with urllib.request.urlopen(asked, timeout=20) as answer:
            return picos(gateway.bill(key, answer.headers["x-request-id"])["cost"]) == expected

    until(has_it, "the new multiplier in a running server", 5, pause=0.2)
    gateway.verify()


def told(prompt, completion, total=None, prompt_details=None, completion_details=None, **more):
    usage = {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": total or prompt + completion} | more
    if prompt_details:
        usage["prompt_tokens_details"] = prompt_details
    if completion_details:
        usage["completion_tokens_details"] = completion_details
    return usage


# What providers say, and the disjoint classes that are billed: input, cached, output, reasoning.
VECTORS = {
    "plain": (told(100, 20), (100, 0, 20, 0)),
    "cached and reasoning are parts": (told(100, 50, None, {"cached_tokens": 64}, {"reasoning_tokens": 30}), (36, 64, 20, 30)),
    "all cached, all reasoning": (told(64, 30, None, {"cached_tokens": 64}, {"reasoning_tokens": 30}), (0, 64, 0, 30)),
    "details of null": (told(100, 20, None, {"cached_tokens": None}, {"reasoning_tokens": None}), (100, 0, 20, 0)),
    "reasoning beside the completion, by its total": (told(100, 20, 150, None, {"reasoning_tokens": 30}), (100, 0, 20, 30)),
    "cache hits by another name": (told(100, 20, None, prompt_cache_hit_tokens=64, prompt_cache_miss_tokens=36), (36, 64, 20, 0)),
    "rejected predictions are output": (told(100, 50, None, None, {"accepted_prediction_tokens": 5, "rejected_prediction_tokens": 25}), (100, 0, 50, 0)),
    "three choices, summed by the provider": (told(100, 60), (100, 0, 60, 0)),
}  # fmt: skip


@pytest.mark.parametrize("stream", [False, True], ids=["plain", "streamed"])
async def test_what_providers_say_is_billed_by_class(gateway, fake, stream):
    key = gateway.user()
    member = ("input", "cache_read", "output", "reasoning")
    total = 0
    try:
        for name, (usage, counts) in VECTORS.items():
            if stream:
                text = raw.WORD.decode() + f'data: {{"id":"c","choices":[],"usage":{raw.json.dumps(usage)}}}\n\ndata: [DONE]\n\n'
                script = {"headers": [["Content-Type", "text/event-stream"]], "framing": "chunked", "chunks": [{"text": text}]}
            else:
                script = {"chunks": [{"text": raw.json.dumps({"id": "c", "choices": [], "usage": usage})}]}
            fake.script("fake-nulls", script)
            asked = raw.chat("fake-nulls", stream=stream, usage=stream, messages=LONG, n=3)
            answer = await raw.ask(gateway.port, key, asked)
            bill = gateway.bill(key, answer.header("x-request-id"))
            expected = sum(count * picos(PRICES[kind]) for kind, count in zip(member, counts, strict=True))
            assert (picos(bill["cost"]) * 1000, bill["flags"]) == (expected, []), name
            total += picos(bill["cost"])
    finally:
        fake.post("/_script/fake-nulls", [])
    assert picos(gateway.usage(key)["totals"]["cost"]) == total
