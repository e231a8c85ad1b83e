"""Usage that cannot be: the bill stays between nothing and the hold, says so in its flags, and says why in its counts."""

import pytest

import raw
from oracle import picos, price_of

EVENTS = {"headers": [["Content-Type", "text/event-stream"]], "framing": "chunked"}
OUTPUT = 200
MANY = 9_000_000_000_000_000


def plain(prompt, completion, total=None, **details):
    usage = {"prompt_tokens": prompt, "completion_tokens": completion}
    usage["total_tokens"] = prompt + completion if total is None else total
    if "cached" in details:
        usage["prompt_tokens_details"] = {"cached_tokens": details["cached"]}
    if "reasoning" in details:
        usage["completion_tokens_details"] = {"reasoning_tokens": details["reasoning"]}
    return usage


# name: the usage as JSON text or members, flags that must be on the bill.
LIES = {
    "a negative prompt": (plain(-5, 5, 0), {"implausible_usage", "estimated"}),
    "a negative completion": (plain(5, -5, 0), {"implausible_usage", "estimated"}),
    "the most negative": (plain(10, -(2**63), 10), {"implausible_usage", "estimated"}),
    "1e30": ('{"prompt_tokens":1e30,"completion_tokens":1e30,"total_tokens":2e30}', {"implausible_usage", "exceeded_hold"}),
    "2^64 - 1": ('{"prompt_tokens":18446744073709551615,"completion_tokens":1,"total_tokens":18446744073709551616}', {"implausible_usage", "exceeded_hold"}),
    "what wraps to a credit": ('{"prompt_tokens":18446744073686646784,"completion_tokens":5,"total_tokens":5}', {"implausible_usage"}),
    "1,000 digits": ('{"prompt_tokens":%s,"completion_tokens":5}' % ("9" * 1000), {"implausible_usage"}),
    "a sum beyond 64 bits": ('{"prompt_tokens":9223372036854775807,"completion_tokens":9223372036854775807}', {"implausible_usage", "exceeded_hold"}),
    "text": ('{"prompt_tokens":"10","completion_tokens":"5","total_tokens":"15"}', {"estimated"}),
    "fractions": ('{"prompt_tokens":10.5,"completion_tokens":5.5,"total_tokens":16}', {"estimated"}),
    "an array": ("[10,5]", {"estimated"}),
    "a string": ('"a lot"', {"estimated"}),
    "true": ("true", {"estimated"}),
    "an empty object": ("{}", {"estimated"}),
    "null": ("null", {"estimated"}),
    "members given twice": ('{"prompt_tokens":10,"prompt_tokens":0,"completion_tokens":5,"total_tokens":15}', {"estimated"}),
    "an object of 100 KB": ('{"prompt_tokens":10,"completion_tokens":5,"x":"%s"}' % ("y" * 100_000), {"estimated"}),
    "details that are text": ('{"prompt_tokens":10,"completion_tokens":5,"total_tokens":15,"prompt_tokens_details":"none"}', {"implausible_usage"}),
    "more output than was allowed": (plain(10, OUTPUT + 1), {"implausible_usage"}),
    "more than the model's context": (plain(10_000_000, 5), {"implausible_usage", "exceeded_hold"}),
    "more output than the hold": (plain(10, 900_000), {"implausible_usage", "exceeded_hold"}),
    "a total too large": (plain(10, 5, 99), {"implausible_usage"}),
    "a total too small": (plain(10, 5, 3), {"implausible_usage"}),
    "cached beyond the prompt": (plain(10, 5, cached=50), {"implausible_usage"}),
    "cached negative": (plain(10, 5, cached=-50), {"implausible_usage"}),
    "reasoning beyond the completion": (plain(10, 5, reasoning=50), {"implausible_usage"}),
}  # fmt: skip


@pytest.fixture(scope="module")
def lied_to(make_gateway):
    gateway = make_gateway("fake", {"name": "liar", "context_length": 8_000, "max_output_tokens": OUTPUT}, name="lies")
    yield gateway
    gateway.assert_sound()


def script(usage, stream):
    text = usage if isinstance(usage, str) else raw.json.dumps(usage)
    if stream:
        last = f'data: {{"id":"c","object":"chat.completion.chunk","choices":[],"usage":{text}}}\n\ndata: [DONE]\n\n'
        return EVENTS | {"chunks": [{"text": raw.WORD.decode() * 2 + last}]}
    body = '{"id":"c","object":"chat.completion","choices":[{"index":0,"message":{"role":"assistant","content":"two words"},"finish_reason":"stop"}],"usage":%s}'
    return {"chunks": [{"text": body % text}]}


@pytest.mark.parametrize("stream", [False, True], ids=["plain", "streamed"])
@pytest.mark.parametrize("name", LIES)
async def test_a_lie(lied_to, fake, name, stream):
    usage, flags = LIES[name]
    fake.script("liar", script(usage, stream))
    key = lied_to.anyone()
    answer = await raw.ask(lied_to.port, key, raw.chat("liar", stream=stream, usage=stream, max_tokens=OUTPUT))
    assert answer.status == 200 and answer.ended, "the client gets its answer"
    bill = lied_to.bill(key, answer.header("x-request-id"))
    assert bill["state"] == "captured" and flags <= set(bill["flags"]), bill["flags"]
    cost, hold = picos(bill["cost"]), picos(bill["hold"])
    assert 0 <= cost <= hold
    counts = [value for member, value in bill.items() if member.endswith("_tokens") and isinstance(value, int)]
    assert counts and min(counts) >= 0
    if "exceeded_hold" in flags:
        assert cost == hold
        assert "usage beyond the hold" in lied_to.child.log.read_text(), "the operator is told"
    if "estimated" in flags:
        assert cost > 0, "what was delivered is not free"
    lied_to.assert_sound(key)


@pytest.mark.parametrize(
    ("usage", "stream"), [(plain(0, 0), False), (plain(0, 0), True), (plain(7, 0), True), (plain(0, 3), False)]
)
async def test_an_explicit_zero_is_believed(lied_to, fake, usage, stream):
    fake.script("liar", script(usage, stream))
    key = lied_to.anyone()
    answer = await raw.ask(lied_to.port, key, raw.chat("liar", stream=stream, usage=stream))
    bill = lied_to.bill(key, answer.header("x-request-id"))
    assert (bill["state"], bill["flags"], picos(bill["cost"])) == ("captured", [], price_of(usage))


async def test_usage_that_grows_in_every_event(lied_to, fake):
    """Some providers restate the usage so far in each event: the last is the bill, not the sum."""
    word = raw.WORD.decode().rstrip()
    told = [word[:-1] + ',"usage":' + raw.json.dumps(plain(10, number)) + "}\n\n" for number in range(1, 8)]
    fake.script("liar", EVENTS | {"chunks": [{"text": event} for event in told] + [{"text": "data: [DONE]\n\n"}]})
    key = lied_to.anyone()
    answer = await raw.ask(lied_to.port, key, raw.chat("liar", stream=True, usage=True))
    bill = lied_to.bill(key, answer.header("x-request-id"))
    assert answer.has_done and (bill["input_tokens"], bill["output_tokens"], bill["flags"]) == (10, 7, [])
    assert picos(bill["cost"]) == price_of(plain(10, 7))
