"""OpenAI's own client, as a developer uses it: only `base_url` and the key are ours."""

import openai
import pytest

from oracle import picos, price_of
from servers import until

QUESTION = [{"role": "user", "content": "Hello"}]
TOOL = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "The weather",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
    },
}


@pytest.fixture
def client(gateway, key):
    with openai.OpenAI(base_url=f"http://127.0.0.1:{gateway.port}/v1", api_key=key, max_retries=0) as client:
        yield client


def assert_billed(gateway, key, request_id, usage, state="captured"):
    bill = gateway.bill(key, request_id)
    assert bill["state"] == state
    assert picos(bill["cost"]) == price_of(usage.model_dump() if hasattr(usage, "model_dump") else usage)
    return bill


def test_a_plain_call(gateway, key, client):
    answer = client.chat.completions.with_raw_response.create(model="fake", messages=QUESTION, max_tokens=100)
    parsed = answer.parse()
    assert parsed.choices[0].message.content.startswith("The quick brown fox")
    bill = assert_billed(gateway, key, answer.headers["x-request-id"], parsed.usage)
    assert picos(answer.headers["x-tokenaudit-cost"].lstrip("$")) == picos(bill["cost"])
    assert (bill["input_tokens"], bill["output_tokens"]) == (34, 40)
    assert sum(picos(line["amount"]) for line in bill["lines"]) == picos(bill["cost"])


def test_a_streamed_call_with_usage(gateway, key, client):
    with client.chat.completions.with_streaming_response.create(
        model="fake-stream-100",
        messages=QUESTION,
        max_tokens=200,
        stream=True,
        stream_options={"include_usage": True},
    ) as response:
        chunks = list(response.parse())
        request_id = response.headers["x-request-id"]
    assert "".join(c.choices[0].delta.content or "" for c in chunks if c.choices).endswith(" word99")
    assert_billed(gateway, key, request_id, chunks[-1].usage)


def test_a_streamed_call_without_usage_is_billed_and_shows_none(gateway, key, client):
    with client.chat.completions.with_streaming_response.create(
        model="fake-stream-100", messages=QUESTION, max_tokens=200, stream=True
    ) as response:
        chunks = list(response.parse())
        request_id = response.headers["x-request-id"]
    assert all(chunk.usage is None and chunk.choices for chunk in chunks)
    bill = gateway.bill(key, request_id)
    assert bill["state"] == "captured" and bill["output_tokens"] == 100 and bill["flags"] == []


async def test_the_async_client_streams_many_at_once(gateway, key):
    import asyncio

    async with openai.AsyncOpenAI(base_url=f"http://127.0.0.1:{gateway.port}/v1", api_key=key, max_retries=0) as client:

        async def one():
            stream = await client.chat.completions.create(
                model="fake-stream-20-5ms",
                messages=QUESTION,
                max_tokens=50,
                stream=True,
                stream_options={"include_usage": True},
            )
            return [chunk async for chunk in stream][-1].usage

        usages = await asyncio.gather(*[one() for _ in range(50)])
    assert picos(gateway.quota(key)["used_quota"]) == sum(price_of(usage.model_dump()) for usage in usages)


@pytest.mark.parametrize("stream", [False, True])
def test_tools(gateway, key, client, stream):
    asked = {"model": "fake", "messages": QUESTION, "max_tokens": 100, "tools": [TOOL], "tool_choice": "auto"}
    if stream:
        chunks = list(client.chat.completions.create(**asked, stream=True))
        calls = [call for chunk in chunks for call in (chunk.choices[0].delta.tool_calls or [])]
        assert chunks[-1].choices[0].finish_reason == "tool_calls"
    else:
        calls = client.chat.completions.create(**asked).choices[0].message.tool_calls
    assert calls[0].function.name == "get_weather" and calls[0].function.arguments == '{"city":"Wien"}'
    assert gateway.usage(key)["totals"]["requests"] == 1


@pytest.mark.parametrize("stream", [False, True])
def test_two_choices(gateway, key, client, stream):
    asked = {"model": "fake", "messages": QUESTION, "max_tokens": 100, "n": 2}
    if stream:
        seen = {chunk.choices[0].index for chunk in client.chat.completions.create(**asked, stream=True)}
    else:
        seen = {choice.index for choice in client.chat.completions.create(**asked).choices}
    assert seen == {0, 1}
    one = gateway.usage(key)["recent"][0]
    client.chat.completions.create(**asked | {"n": 1})
    other = gateway.usage(key)["recent"][0]
    assert picos(one["hold"]) - picos(other["hold"]) >= picos("0.0006") * 100 // 1000, "a second choice is held too"


def test_embeddings(gateway, key, client):
    answer = client.embeddings.with_raw_response.create(model="fake", input="Hello")
    parsed = answer.parse()
    assert parsed.data[0].embedding[:2] == [0.25, -0.5]
    bill = assert_billed(gateway, key, answer.headers["x-request-id"], parsed.usage.model_dump())
    assert (bill["input_tokens"], bill["output_tokens"]) == (34, 0)


def test_completions(gateway, key, client):
    answer = client.completions.with_raw_response.create(model="fake", prompt="Hello", max_tokens=100)
    assert_billed(gateway, key, answer.headers["x-request-id"], answer.parse().usage)


def test_models(client):
    names = {model.id for model in client.models.list()}
    assert {"fake", "fake-stream-100"} <= names


def test_a_timeout_of_the_client_leaves_no_hold_behind(gateway, key, client, fake):
    fake.script("fake-nulls", {"never": True})
    try:
        with pytest.raises(openai.APITimeoutError):
            client.with_options(timeout=0.4).chat.completions.create(model="fake-nulls", messages=QUESTION)
        gateway.wait_until_nothing_is_held(key, seconds=30)
        bill = gateway.usage(key)["recent"][0]
        assert bill["state"] in ("captured", "voided") and picos(bill["cost"]) <= picos(bill["hold"])
    finally:
        fake.post("/_script/fake-nulls", [])


def test_the_clients_own_retries_are_calls_of_their_own(gateway, key, client, fake):
    error = {"status": 500, "chunks": [{"text": '{"error":{"message":"oops","type":"server_error","param":null,"code":null}}'}]}
    fine = {"chunks": [{"text": '{"id":"x","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,'
            '"message":{"role":"assistant","content":"fine"},"finish_reason":"stop"}],'
            '"usage":{"prompt_tokens":10,"completion_tokens":2,"total_tokens":12}}'}]}  # fmt: skip
    fake.script("fake-nulls", error, error, fine)
    try:
        answer = client.with_options(max_retries=2).chat.completions.create(model="fake-nulls", messages=QUESTION)
        assert answer.choices[0].message.content == "fine"
        states = [bill["state"] for bill in gateway.usage(key)["recent"]]
        assert states == ["captured", "voided", "voided"]
        assert picos(gateway.quota(key)["used_quota"]) == price_of({"prompt_tokens": 10, "completion_tokens": 2})
    finally:
        fake.post("/_script/fake-nulls", [])


def test_an_empty_quota_is_an_error_the_client_does_not_retry(gateway, fake):
    key = gateway.user(quota="0.000000000001")
    with openai.OpenAI(base_url=f"http://127.0.0.1:{gateway.port}/v1", api_key=key, max_retries=3) as client:
        before = fake.counters("fake")["arrived"]
        with pytest.raises(openai.RateLimitError) as error:
            client.chat.completions.create(model="fake", messages=QUESTION, max_tokens=100)
    assert error.value.code == "insufficient_quota"
    assert error.value.response.headers["x-should-retry"] == "false"
    assert fake.counters("fake")["arrived"] == before
    assert gateway.usage(key)["recent"] == []


def test_hanging_up_in_a_stream_still_bills_what_the_upstream_says(gateway, key, client):
    stream = client.chat.completions.create(model="fake-stream-40-25ms", messages=QUESTION, max_tokens=100, stream=True)
    next(iter(stream))
    stream.close()
    bill = until(
        lambda: next((b for b in gateway.usage(key)["recent"] if b["state"] == "captured"), None), "the drained bill", 20
    )
    assert bill["output_tokens"] == 40 and "client_gone" in bill["flags"]
    assert picos(bill["cost"]) == price_of(
        {"prompt_tokens": 34, "prompt_tokens_details": {"cached_tokens": 5}, "completion_tokens": 40}
    )
