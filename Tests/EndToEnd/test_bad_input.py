"""Whatever is sent: a clear answer in OpenAI's four fields, nothing held, nothing billed, and the process goes on."""

import asyncio
import gzip

import pytest

import raw
from servers import new_key, until

OK = raw.chat("fake")


def changed(model="fake", **members):
    return raw.chat(model, **members)


def text(body):
    return body.encode() if isinstance(body, str) else body


MESSAGES = '"messages":[{"role":"user","content":"x"}]'

BAD_BODIES = {
    "empty": b"",
    "not JSON": b"hello",
    "an array": b"[]",
    "cut": b'{"model":"fake",',
    "trailing comma": text('{"model":"fake",%s,}' % MESSAGES),
    "two values": text('{"model":"fake",%s}{}' % MESSAGES),
    "NaN": text('{"model":"fake",%s,"temperature":NaN}' % MESSAGES),
    "duplicate key": text('{"model":"fake","max_tokens":1,"max_tokens":99999,%s}' % MESSAGES),
    "escaped duplicate": text('{"model":"fake","max_tokens":1,"max\\u005ftokens":99999,%s}' % MESSAGES),
    "duplicate model": text('{"model":"fake","model":"other",%s}' % MESSAGES),
    "byte order mark": b"\xef\xbb\xbf" + text('{"model":"fake",%s}' % MESSAGES),
    "bad UTF-8": b'{"model":"fake","messages":[{"role":"user","content":"\xff\xfe"}]}',
    "overlong UTF-8": b'{"model":"fake","messages":[{"role":"user","content":"\xc0\xaf"}]}',
    "lone surrogate": text('{"model":"fake","messages":[{"role":"user","content":"\\ud800"}]}'),
    "raw control character": b'{"model":"fake","messages":[{"role":"user","content":"\x01"}]}',
    "too deep": text('{"model":"fake",%s,"x":%s}' % (MESSAGES, "[" * 100_000 + "]" * 100_000)),
    "a long number": text('{"model":"fake",%s,"max_tokens":%s}' % (MESSAGES, "9" * 1_000_000)),
    "model is a number": text('{"model":1,%s}' % MESSAGES),
    "model is null": text('{"model":null,%s}' % MESSAGES),
    "model is missing": text("{%s}" % MESSAGES),
    "stream is a string": text('{"model":"fake",%s,"stream":"yes"}' % MESSAGES),
    "stream_options is a string": text('{"model":"fake",%s,"stream":true,"stream_options":"x"}' % MESSAGES),
}
for number in ("-1", "0", "9223372036854775808", "18446744073686646784", "1e18", "1.5", '"5"', "true", "[]"):
    for member in ("max_tokens", "max_completion_tokens", "n"):
        BAD_BODIES[f"{member} {number}"] = text('{"model":"fake",%s,"%s":%s}' % (MESSAGES, member, number))
for member in ('"Max_Tokens":5', '"N":8', '"tools":[{"type":"function","Type":"web_search"}]'):
    BAD_BODIES[member] = text('{"model":"fake",%s,"max_tokens":1,%s}' % (MESSAGES, member))
for member in ('"service_tier":"priority"', '"web_search_options":{}', '"modalities":["text","audio"]'):
    BAD_BODIES[member] = text('{"model":"fake",%s,%s}' % (MESSAGES, member))

NAMED = {"max_tokens": "max_tokens", "max_completion_tokens": "max_completion_tokens", "n ": "n", '"service_tier': "service_tier"}


def assert_envelope(answer, status):
    assert answer.ended, "the answer is whole"
    assert answer.status == status, answer.body
    assert answer.header("content-type").startswith("application/json")
    assert answer.header("x-request-id")
    error = answer.json()["error"]
    assert set(error) == {"message", "type", "param", "code"}
    assert isinstance(error["message"], str) and error["message"] and isinstance(error["type"], str)
    return error


@pytest.mark.parametrize("name", BAD_BODIES)
async def test_a_body_that_is_wrong(gateway, key, fake, name):
    before = fake.counters("fake")["arrived"]
    answer = await raw.ask(gateway.port, key, BAD_BODIES[name])
    error = assert_envelope(answer, 400)
    for start, member in NAMED.items():
        if name.startswith(start):
            assert error["param"] == member
    assert fake.counters("fake")["arrived"] == before
    assert gateway.usage(key)["recent"] == []


@pytest.mark.parametrize("member", ["max_tokens", "max_completion_tokens", "n", "stream", "stream_options"])
async def test_null_is_as_absent(gateway, key, member):
    members = {"max_tokens": ...} if member == "max_completion_tokens" else {}
    answer = await raw.ask(gateway.port, key, changed(**members | {member: None}))
    assert answer.status == 200, answer.body


async def test_an_upstream_is_never_asked_for_more_than_was_held(gateway, key, fake):
    """An absent output limit is injected."""
    await raw.ask(gateway.port, key, changed(max_tokens=..., user="marker-4713"))
    body = next(request["body"] for request in fake.received() if "marker-4713" in request["body"])
    assert '"max_tokens":' in body or '"max_completion_tokens":' in body


@pytest.mark.parametrize("member", ["max_completion_tokens", "n_predict"])
async def test_a_limit_that_the_upstream_may_not_know_goes_beside_one_that_it_does(gateway, key, fake, member):
    marker = f"marker-{member}"
    await raw.ask(gateway.port, key, changed(max_tokens=..., user=marker, **{member: 7}))
    body = next(raw.json.loads(request["body"]) for request in fake.received() if marker in request["body"])
    assert (body["max_tokens"], body[member]) == (7, 7)


@pytest.mark.parametrize("headers", [[], [("Authorization", "Basic abc")], [("X-Api-Key", "")]])
async def test_no_key(gateway, headers):
    assert_envelope(await raw.ask(gateway.port, None, OK, headers=headers), 401)


@pytest.mark.parametrize(
    "key", [new_key(), "sk-audit-short", "sk-other", "' OR 1=1 --", "%_%", "x" * 5000, "é" * 20, "sk-audit-" + "0" * 31 + "\x7f"]
)
async def test_a_wrong_key(gateway, key):
    answer = await raw.exchange(gateway.port, raw.request(None, OK, headers=[("Authorization", f"Bearer {key}")]))
    assert answer.status in (400, 401) and key not in answer.body.decode("latin-1")
    assert_envelope(answer, answer.status)


@pytest.mark.parametrize("header", ["Authorization", "x-api-key", "api-key", "X-API-KEY"])
@pytest.mark.parametrize("path", ["/v1/chat/completions", "/api/v1/chat/completions"])
async def test_where_a_key_may_stand(gateway, key, header, path):
    value = f"Bearer {key}" if header == "Authorization" else key
    answer = await raw.ask(gateway.port, None, OK, headers=[(header, value)], path=path)
    assert answer.status == 200


# Which of several fields holds the key; `{}` is a good one.
FIELDS = {
    "the scheme in any case, any number of spaces": ([("authorization", "bEARER   {}")], 200),
    "another scheme beside a key": ([("Authorization", "Basic abc"), ("x-api-key", "{}")], 200),
    "another scheme, then ours": ([("Authorization", "Basic abc"), ("Authorization", "Bearer {}")], 200),
    "an empty field beside a key": ([("x-api-key", ""), ("api-key", "{}")], 200),
    "a wrong key first": ([("Authorization", "Bearer sk-audit-wrong"), ("x-api-key", "{}")], 401),
    "another scheme alone": ([("Authorization", "Basic {}")], 401),
}


@pytest.mark.parametrize("name", FIELDS)
async def test_both_planes_find_the_same_key(gateway, key, name):
    fields, status = FIELDS[name]
    headers = [(field, value.format(key)) for field, value in fields]
    assert (await raw.ask(gateway.port, None, OK, headers=headers)).status == status
    models = raw.request(None, b"", path="/v1/models", method="GET", headers=headers)
    assert (await raw.exchange(gateway.port, models)).status == status


@pytest.mark.parametrize("path", ["/healthz", "/v1/models", "/api/v1/usage", "/nothing"])
async def test_head_on_a_connection_that_stays(gateway, path):
    """An answer to HEAD has no body, errors neither: the next answer begins where it should."""
    reader, writer = await asyncio.open_connection("127.0.0.1", gateway.port)
    writer.write(raw.request(None, b"", path=path, method="HEAD") + raw.request(None, b"", path="/healthz", method="GET"))
    first = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 10)
    assert first.startswith(b"HTTP/1.1 ") and b"content-length: " in first.lower()
    answer = await asyncio.wait_for(raw.read_answer(reader), 10)
    assert (answer.status, answer.json()) == (200, {"status": "ok"})
    writer.close()


@pytest.mark.parametrize("name", ["unknown", "fake'--", "..", "fake\\u0000", "a" * 10_000, "ﬀake", "FAKE", ""])
async def test_an_unknown_model(gateway, key, name):
    body = text('{"model":"%s",%s}' % (name, MESSAGES))
    answer = await raw.ask(gateway.port, key, body)
    assert_envelope(answer, answer.status)
    assert answer.status in ((400, 404) if name in ("", "fake\\u0000", "a" * 10_000) else (404,))


async def test_a_model_of_another_group_is_not_there(gateway, key):
    gateway.apply(
        models=[gateway.model("private", upstream_model="fake")],
        model_groups=[{"name": "others", "models": ["private"], "price_multiplier": "1.0"}],
    )
    error = assert_envelope(await raw.ask(gateway.port, key, changed(model="private")), 404)
    unknown = assert_envelope(await raw.ask(gateway.port, key, changed(model="no-such")), 404)
    assert error["code"] == unknown["code"], "which models exist elsewhere is not told"


async def test_a_model_without_a_price_is_refused(make_gateway):
    gateway = make_gateway("fake", {"name": "unpriced", "upstream_model": "fake", "prices": None}, name="unpriced")
    key = gateway.user()
    assert_envelope(await raw.ask(gateway.port, key, changed(model="unpriced")), 503)
    assert gateway.usage(key)["recent"] == []
    assert "unpriced" in gateway.child.log.read_text(), "the operator is told"


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/v1/chat/completions", 405),
        ("PUT", "/v1/chat/completions", 405),
        ("DELETE", "/v1/embeddings", 405),
        ("POST", "/v1/models", 405),
        ("POST", "/v1/nothing", 404),
        ("GET", "/v1/nothing", 404),
        ("POST", "/v1", 404),
        ("POST", "/v1/", 404),
        ("POST", "/v1/chat/completions/../../models", 404),
        ("POST", "/v1/chat/%63ompletions", 404),
        ("POST", "//v1/chat/completions", 404),
        ("POST", "/v1/chat/completions;x", 404),
        ("POST", "/v1/chat/completions%00", 404),
        ("POST", "/v1/images/generations", 404),
        ("POST", "/v1/audio/speech", 404),
        ("POST", "/v1/files", 404),
    ],
)
async def test_paths(gateway, key, fake, method, path, status):
    before = len(fake.received())
    answer = await raw.ask(gateway.port, key, OK, path=path, method=method)
    assert answer.status == status, answer.body
    if path.startswith("/v1"):
        assert_envelope(answer, status)
    assert len(fake.received()) == before and gateway.usage(key)["recent"] == []


async def test_a_body_too_large(gateway, key):
    size = 100 * 1024 * 1024
    head = raw.request(key, b"").replace(b"Content-Length: 0", b"Content-Length: %d" % size)
    assert_envelope(await raw.exchange(gateway.port, head + b"{" * 1000), 413)


async def test_a_chunked_body_too_large(gateway, key):
    head = raw.request(key, b"").replace(b"Content-Length: 0", b"Transfer-Encoding: chunked")
    chunk = b"100000\r\n" + b" " * 0x100000 + b"\r\n"
    assert_envelope(await raw.exchange(gateway.port, head + chunk * 40), 413)


async def test_a_chunked_body_is_fine(gateway, key):
    head = raw.request(key, b"").replace(b"Content-Length: 0", b"Transfer-Encoding: chunked")
    body = raw.request(key, OK).split(b"\r\n\r\n", 1)[1]
    chunks = b"".join(b"1\r\n" + body[i : i + 1] + b"\r\n" for i in range(len(body))) + b"0\r\n\r\n"
    assert (await raw.exchange(gateway.port, head + chunks)).status == 200


@pytest.mark.parametrize(
    "headers",
    [[("X-Big", "x" * 81_000)], [(f"X-{number}", "y") for number in range(300)], [("X-Big", "x" * 20_000)]],
    ids=["81 KB in one", "300 of them", "20 KB in one"],
)
async def test_headers_too_large(gateway, key, headers):
    assert_envelope(await raw.ask(gateway.port, key, OK, headers=headers), 431)


async def test_a_compressed_body_is_refused(gateway, key):
    body = gzip.compress(raw.request(key, OK).split(b"\r\n\r\n", 1)[1])
    assert_envelope(await raw.ask(gateway.port, key, body, headers=[("Content-Encoding", "gzip")]), 415)


SMUGGLING = {
    "both lengths": b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
    "two lengths": b"Content-Length: 5\r\nContent-Length: 6\r\n",
    "a folded header": b"X-A: b\r\n c\r\nContent-Length: 0\r\n",
    "a bad length": b"Content-Length: +5\r\n",
    "a negative length": b"Content-Length: -1\r\n",
    "a space before the colon": b"X-A : b\r\nContent-Length: 0\r\n",
    "another coding": b"Transfer-Encoding: gzip, chunked\r\n",
}


@pytest.mark.parametrize("name", SMUGGLING)
async def test_smuggling_is_refused_and_the_connection_ends(gateway, key, fake, name):
    head = b"POST /v1/chat/completions HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer " + key.encode() + b"\r\n"
    smuggled = raw.request(key, changed(user="marker-smuggled"))
    answer = await raw.exchange(gateway.port, head + SMUGGLING[name] + b"\r\n" + b"0\r\n\r\n" + smuggled)
    assert answer.status in (400, 411, 415, 501), answer.body
    assert not [request for request in fake.received() if "marker-smuggled" in request["body"]]
    assert gateway.usage(key)["recent"] == []


async def test_garbage_for_a_request(gateway):
    for data in (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 64, b"GET\r\n\r\n", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"):
        answer = await raw.exchange(gateway.port, data + b"\r\n\r\n", timeout=20)
        assert answer.status in (0, 400, 505)


async def test_a_deep_or_wide_body_is_answered_quickly(gateway, key):
    loop = asyncio.get_running_loop()
    wide = b'{"model":"fake",' + b",".join(b'"k%d":1' % number for number in range(1_000_000)) + b"}"
    for body in (BAD_BODIES["too deep"], BAD_BODIES["a long number"], wide):
        start = loop.time()
        answer = await raw.ask(gateway.port, key, body)
        assert answer.status in (200, 400, 413)
        assert loop.time() - start < 10, "a debug build, hence generous"


async def test_expect_100_continue(gateway, key):
    reader, writer = await asyncio.open_connection("127.0.0.1", gateway.port)
    head, body = raw.request(key, OK, headers=[("Expect", "100-continue")]).split(b"\r\n\r\n", 1)
    writer.write(head + b"\r\n\r\n")
    assert (await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 10)).startswith(b"HTTP/1.1 100")
    writer.write(body)
    assert (await asyncio.wait_for(raw.read_answer(reader), 20)).status == 200
    writer.close()


async def test_expect_100_continue_over_http_1_0(gateway, key):
    """It knows no interim answers, and gets none."""
    data = raw.request(key, OK, headers=[("Expect", "100-continue")]).replace(b"HTTP/1.1", b"HTTP/1.0")
    assert (await raw.exchange(gateway.port, data)).status == 200


async def test_expect_100_continue_without_a_key_is_refused_before_the_body(gateway):
    reader, writer = await asyncio.open_connection("127.0.0.1", gateway.port)
    head = raw.request(new_key(), OK, headers=[("Expect", "100-continue")]).split(b"\r\n\r\n", 1)[0]
    writer.write(head + b"\r\n\r\n")
    assert (await asyncio.wait_for(raw.read_answer(reader), 10)).status == 401
    writer.close()


async def test_a_slow_head_is_closed_by_its_deadline(make_gateway):
    gateway = make_gateway("fake", name="slow", deadlines_header="1s", deadlines_body="1s")
    key = gateway.user()
    for data in (b"POST /v1/chat/comp", raw.request(key, OK)[:-5]):
        reader, writer = await asyncio.open_connection("127.0.0.1", gateway.port)
        writer.write(data)
        answer = await asyncio.wait_for(raw.read_answer(reader), 15)
        assert answer.status in (0, 408)
        assert await asyncio.wait_for(reader.read(), 15) == b"", "and the connection is closed"
        writer.close()
    assert gateway.usage(key)["recent"] == []


async def test_pipelined_requests_are_answered_in_order(gateway, key):
    reader, writer = await asyncio.open_connection("127.0.0.1", gateway.port)
    models = b"GET /v1/models HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer " + key.encode() + b"\r\n\r\n"
    stream = raw.request(key, raw.chat("fake-stream-20-5ms", stream=True))
    writer.write(stream + models + raw.request(key, OK) + models)
    answers = [await asyncio.wait_for(raw.read_answer(reader), 20) for _ in range(4)]
    assert [answer.status for answer in answers] == [200] * 4
    assert answers[0].has_done and answers[1].json()["object"] == "list"
    assert answers[2].json()["object"] == "chat.completion" and answers[3].json()["object"] == "list"
    writer.close()
    until(lambda: len(gateway.usage(key)["recent"]) == 2, "two bills")
