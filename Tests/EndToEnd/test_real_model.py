"""A real language model behind the gateway: the same content as asked directly, and its own usage × price."""

import openai
import pytest

from oracle import picos, price_of

PROMPT = [{"role": "user", "content": "Name three colours and say one sentence about each."}]
# Sampling without chance and without a cache from the call before, so that two answers can be compared.
FIXED = {"temperature": 0, "seed": 7, "max_tokens": 40, "extra_body": {"cache_prompt": False}}


@pytest.fixture(scope="module")
def real(make_gateway, real_model):
    local = {"name": "local", "dialect": "openai", "base_url": f"http://127.0.0.1:{real_model}/v1", "api_key": None}
    model = {"name": "smollm2", "provider": "local", "context_length": 4096, "max_output_tokens": 1024}
    # A real model takes the time it takes.
    return make_gateway(
        model, name="real", providers=[local], deadlines_first_byte="120s", deadlines_upstream_idle="120s"
    )


@pytest.fixture(scope="module")
def clients(real, real_model):
    key = real.user()
    through = openai.OpenAI(base_url=f"http://127.0.0.1:{real.port}/v1", api_key=key, max_retries=0)
    direct = openai.OpenAI(base_url=f"http://127.0.0.1:{real_model}/v1", api_key="none", max_retries=0)
    yield key, through, direct
    through.close()
    direct.close()


def test_the_same_content(real, clients):
    key, through, direct = clients
    wanted = direct.chat.completions.create(model="smollm2", messages=PROMPT, **FIXED)
    answer = through.chat.completions.with_raw_response.create(model="smollm2", messages=PROMPT, **FIXED)
    got = answer.parse()
    assert got.choices[0].message.content == wanted.choices[0].message.content
    assert got.usage.completion_tokens == wanted.usage.completion_tokens
    assert picos(real.bill(key, answer.headers["x-request-id"])["cost"]) == price_of(got.usage.model_dump())


@pytest.mark.parametrize("asks_usage", [True, False])
def test_the_same_stream(real, clients, asks_usage):
    key, through, direct = clients
    options = {"stream_options": {"include_usage": True}} if asks_usage else {}

    def content(client):
        with client.chat.completions.with_streaming_response.create(
            model="smollm2", messages=PROMPT, stream=True, **options, **FIXED
        ) as response:
            chunks = list(response.parse())
            text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
            return text, chunks[-1].usage, response.headers.get("x-request-id")

    wanted, wanted_usage, _ = content(direct)
    got, usage, request_id = content(through)
    assert got == wanted and len(got) > 20
    bill = real.bill(key, request_id)
    assert bill["state"] == "captured" and bill["flags"] == []
    if asks_usage:
        assert usage.completion_tokens == wanted_usage.completion_tokens
        assert picos(bill["cost"]) == price_of(usage.model_dump())
    else:
        assert bill["output_tokens"] == 40 and usage is None


def test_cached_tokens_are_billed_once(real, clients):
    """The second question shares its beginning with the first; the model says how much came from its cache."""
    key, through, _ = clients
    asked = {"model": "smollm2", "messages": PROMPT, "max_tokens": 8, "temperature": 0}
    through.chat.completions.create(**asked)
    answer = through.chat.completions.with_raw_response.create(**asked)
    usage = answer.parse().usage
    bill = real.bill(key, answer.headers["x-request-id"])
    assert picos(bill["cost"]) == price_of(usage.model_dump())
    lines = {line["class"]: line["count"] for line in bill["lines"]}
    cached = usage.prompt_tokens_details.cached_tokens
    assert lines.get("cache_read", 0) == cached and lines.get("input", 0) == usage.prompt_tokens - cached


def test_completions_and_two_choices(real, clients):
    key, through, _ = clients
    for answer in (
        through.completions.with_raw_response.create(model="smollm2", prompt="The sky is", max_tokens=8, temperature=0),
        through.chat.completions.with_raw_response.create(model="smollm2", messages=PROMPT, max_tokens=8, n=2),
    ):
        bill = real.bill(key, answer.headers["x-request-id"])
        assert picos(bill["cost"]) == price_of(answer.parse().usage.model_dump())


@pytest.mark.parametrize("name", ["chat", "one prompt", "two prompts"])
def test_streamed_choices_are_billed_each(real, clients, name):
    """The model states the usage of each choice when it ends."""
    key, through, _ = clients
    asked = {"model": "smollm2", "max_tokens": 12, "stream": True, "stream_options": {"include_usage": True}}
    if name == "chat":
        create = through.chat.completions.with_streaming_response.create
        asked |= {"messages": PROMPT, "n": 2}
    else:
        create = through.completions.with_streaming_response.create
        asked |= {"prompt": "The sky is", "n": 2} if name == "one prompt" else {"prompt": ["The sky is", "A fruit that I like is"]}
    with create(**asked) as response:
        stated = [chunk.usage for chunk in response.parse() if chunk and chunk.usage]
        request_id = response.headers["x-request-id"]
    bill = real.bill(key, request_id)
    assert len(stated) == 2 and bill["state"] == "captured" and bill["flags"] == []
    assert bill["output_tokens"] == sum(usage.completion_tokens for usage in stated)
    prompts = [usage.prompt_tokens for usage in stated]
    assert bill["input_tokens"] == (sum(prompts) if name == "two prompts" else prompts[0])


def test_the_sum_is_the_quota_used(real, clients):
    key, _, _ = clients
    bills = real.usage(key)["recent"]
    assert len(bills) >= 6
    assert picos(real.quota(key)["used_quota"]) == sum(picos(bill["cost"]) for bill in bills)
    real.verify()
