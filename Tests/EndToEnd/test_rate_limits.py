"""Rates, as OpenAI's own client meets them, and how soon a running server learns of others."""

import json
import time

import openai
import pytest

from servers import new_key, until
from test_administration import Browser, create_admin

# A second of streaming.
SLOW = {"name": "slow", "upstream_model": "fake-stream-40-25ms"}
QUESTION = [{"role": "user", "content": "Hello"}]


@pytest.fixture(scope="module")
def gateway(make_gateway):
    return make_gateway("fake", {"name": "rare", "upstream_model": "fake", "requests_per_minute": 1}, SLOW, name="rates")


def user(gateway, **members):
    """A user with rates of their own; returns key and email."""
    key = new_key()
    email = f"{key[-12:].lower()}@example.com"
    quota = {"model_group": "default", "total_quota": "10.00", "expires_at": None}
    gateway.apply(users=[{"email": email, "api_key": key, "quotas": [quota], **members}])
    return key, email


def client(gateway, key, retries=0):
    return openai.OpenAI(base_url=f"http://127.0.0.1:{gateway.port}/v1", api_key=key, max_retries=retries)


def ask(client, model="fake", **members):
    return client.chat.completions.with_raw_response.create(
        model=model, messages=QUESTION, max_tokens=50, **members
    )


def limit_key(gateway, email, **columns):
    """Writes the columns of a user's key, and into the change feed that it did, as the administration does."""
    names = ", ".join(f"{name} = ?" for name in columns)
    found = gateway.rows("SELECT k.id FROM api_keys k JOIN users u ON u.id = k.user_id WHERE u.email = ?", email)
    row = found[0]["id"]
    gateway.books.execute(f"UPDATE api_keys SET {names} WHERE id = ?", *columns.values(), row)
    gateway.books.execute("INSERT INTO change_feed (kind, row_id, created_at) VALUES ('api_key', ?, 1)", row)


def test_the_client_sees_its_rate_and_a_rate_limit_error(gateway, fake):
    key, _ = user(gateway, requests_per_minute=2, tokens_per_minute=100_000)
    with client(gateway, key) as asking:
        for left in ("1", "0"):
            headers = ask(asking).headers
            assert headers["x-ratelimit-limit-requests"] == "2"
            assert headers["x-ratelimit-remaining-requests"] == left
            assert headers["x-ratelimit-limit-tokens"] == "100000"
            assert headers["x-ratelimit-reset-requests"].endswith("s")
        arrived = fake.counters("fake")["arrived"]
        rows = gateway.rows("SELECT COUNT(*) AS n FROM api_requests")[0]["n"]
        with pytest.raises(openai.RateLimitError) as refused:
            ask(asking)
        error = refused.value
        assert error.status_code == 429 and error.code == "rate_limit_exceeded" and error.type == "rate_limit_error"
        assert 1 <= int(error.response.headers["retry-after"]) <= 30
        assert 1 <= int(error.response.headers["retry-after-ms"]) <= 30_000
        assert "Please try again in" in error.message
        # Neither the provider nor the books know of it.
        assert fake.counters("fake")["arrived"] == arrived
        assert gateway.rows("SELECT COUNT(*) AS n FROM api_requests")[0]["n"] == rows


def test_the_client_waits_as_it_is_told_and_gets_through(gateway):
    key, _ = user(gateway, requests_per_minute=120)
    with client(gateway, key) as asking:
        refused = None
        while refused is None:
            try:
                ask(asking)
            except openai.RateLimitError as error:
                refused = error
        assert int(refused.response.headers["retry-after-ms"]) <= 500
    with client(gateway, key, retries=5) as patient:
        for _ in range(2):
            assert ask(patient).status_code == 200


def test_tokens_are_put_right_by_what_was_used(gateway):
    # 34 + 40 tokens a call; the reservation of the first is some 60.
    key, _ = user(gateway, tokens_per_minute=1_000)
    with client(gateway, key) as asking:
        first = ask(asking).headers
        assert 1_000 - int(first["x-ratelimit-remaining-tokens"]) < 74
        second = ask(asking).headers
        # As much as both used, but for what has come back since.
        assert int(second["x-ratelimit-remaining-tokens"]) < 1_000 - 74


def test_calls_at_a_time(gateway, fake):
    key, _ = user(gateway, concurrent_calls=1)
    with client(gateway, key) as asking:
        with asking.chat.completions.create(model="slow", messages=QUESTION, max_tokens=100, stream=True) as stream:
            next(stream)
            with pytest.raises(openai.RateLimitError, match="1 concurrent calls") as refused:
                ask(asking)
            assert refused.value.response.headers["retry-after"] == "1"
            assert sum(1 for _ in stream) > 10
        assert ask(asking).status_code == 200


def test_a_models_rate_is_everybodys(gateway):
    first, second = user(gateway)[0], user(gateway)[0]
    with client(gateway, first) as one, client(gateway, second) as other:
        ask(one, model="rare")
        with pytest.raises(openai.RateLimitError, match="this model: 1 requests per minute"):
            ask(other, model="rare")
        ask(other)


def test_a_running_server_learns_of_a_keys_limits_within_two_seconds(gateway):
    key, email = user(gateway)
    with client(gateway, key) as asking:
        assert "x-ratelimit-limit-requests" not in ask(asking).headers
        changed = time.monotonic()
        limit_key(gateway, email, requests_per_minute=1_000_000)
        until(lambda: ask(asking).headers.get("x-ratelimit-limit-requests") == "1000000", "the limit", seconds=2)
        assert time.monotonic() - changed < 2
        limit_key(gateway, email, allowed_addresses=json.dumps(["203.0.113.0/24"]))

        def is_refused():
            try:
                ask(asking)
            except openai.PermissionDeniedError as error:
                return error.code == "ip_not_authorized"

        until(is_refused, "the address", seconds=2)
        # Spoofing helps nobody who is no trusted proxy.
        with pytest.raises(openai.PermissionDeniedError):
            ask(asking, extra_headers={"X-Forwarded-For": "203.0.113.7"})
        with pytest.raises(openai.PermissionDeniedError):
            asking.models.list()
        limit_key(gateway, email, allowed_addresses=json.dumps(["127.0.0.1", "::1"]))
        until(lambda: not is_refused(), "the address again", seconds=2)


def test_a_trusted_proxy_tells_where_a_call_comes_from(make_gateway):
    gateway = make_gateway("fake", name="proxied", trusted_proxies="127.0.0.0/8")
    key = gateway.user()
    with client(gateway, key) as asking:
        answer = ask(asking, extra_headers={"X-Forwarded-For": "198.51.100.1, 203.0.113.7"})
        call = gateway.calls()[answer.headers["x-request-id"]]
        assert call["ip_address"] == "203.0.113.7"
    assert gateway.stop() == 0


def test_nothing_was_written_of_what_was_refused(gateway):
    assert gateway.rows("SELECT COUNT(*) AS n FROM api_requests WHERE status_code = 429")[0]["n"] == 0
    gateway.verify()
    gateway.assert_grants_hold()


def test_a_users_rate_is_set_and_taken_away_over_the_api(gateway, tmp_path):
    create_admin(gateway, "root@example.com", tmp_path)
    root = Browser(gateway)
    assert root.sign_in("root@example.com")[0] == 200
    key, email = user(gateway)
    _, found = root.ask("GET", f"/api/admin/users/?search={email}")
    path = f"/api/admin/users/{found['results'][0]['id']}/"

    def is_refused():
        try:
            ask(asking)
        except openai.RateLimitError:
            return True
        return False

    with client(gateway, key) as asking:
        assert not is_refused()
        assert root.ask("PATCH", path, {"requests_per_minute": 1})[1]["requests_per_minute"] == 1
        until(is_refused, "a second call in a minute is refused")
        assert root.ask("PATCH", path, {"requests_per_minute": None})[0] == 200
        until(lambda: not is_refused(), "there is no rate any more")
    gateway.assert_sound(key)
