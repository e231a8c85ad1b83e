"""Calls as they happen, over one connection: server-sent events of a real gateway, whichever replica served the call."""

import asyncio
import json
import time

import engines
import pytest
import raw
from servers import Gateway
from test_administration import Browser, create_admin
from test_quotas import call, new_user

EVENTS = {"headers": [["Content-Type", "text/event-stream"]], "framing": "chunked"}
WORD = raw.WORD.decode()
LAST = (raw.usage_event(10, 2) + raw.DONE).decode()
# The per-user limit of LiveBoard.Limits.
MOST = 6


class Stream:
    """A reader of server-sent events; `head` is the answer's first lines."""

    @classmethod
    async def open(cls, gateway, browser, path):
        stream = cls()
        stream.reader, stream.writer = await asyncio.open_connection("127.0.0.1", gateway.port, limit=1 << 24)
        data = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {browser.access}\r\n\r\n"
        stream.writer.write(data.encode())
        head = (await asyncio.wait_for(stream.reader.readuntil(b"\r\n\r\n"), 20)).decode()
        stream.status = int(head.split(" ")[1])
        lines = [line.split(": ", 1) for line in head.split("\r\n")[1:] if line]
        stream.headers = {name.lower(): value for name, value in lines}
        stream.text = b""
        if stream.status == 200:
            assert await stream.block() == {"comment": "listening"}
        return stream

    async def block(self):
        """The next event as a dict, or a comment; None at the end."""
        while b"\n\n" not in self.text:
            size = int(await self.reader.readuntil(b"\r\n"), 16)
            if size == 0:
                await self.reader.readexactly(2)
                return None
            self.text += await self.reader.readexactly(size)
            await self.reader.readexactly(2)
        block, self.text = self.text.split(b"\n\n", 1)
        lines = block.decode().split("\n")
        if lines[0].startswith(": "):
            return {"comment": lines[0][2:]}
        event = dict(line.split(": ", 1) for line in lines)
        return event | {"data": json.loads(event["data"])}

    async def ended(self, request_id, seconds=20):
        """The row of the call when it has ended, and all that was told until then."""
        told = []
        async with asyncio.timeout(seconds):
            while True:
                event = await self.block()
                assert event is not None, "the stream ended"
                told.append(event)
                if event.get("id") == request_id and event["data"]["ended_at"]:
                    return event["data"], told

    async def end(self, seconds=20):
        async with asyncio.timeout(seconds):
            while await self.block() is not None:
                pass

    def close(self):
        self.writer.close()


@pytest.fixture(scope="module")
def followed(make_gateway, tmp_path_factory):
    gateway = make_gateway("fake", "slow", name="followed")
    create_admin(gateway, "root@example.com", tmp_path_factory.mktemp("secret"))
    yield gateway
    gateway.verify()
    gateway.assert_grants_hold()
    assert gateway.stop() == 0


@pytest.fixture(scope="module")
def root(followed):
    browser = Browser(followed)
    assert browser.sign_in("root@example.com")[0] == 200
    return browser


def someone(followed, root, name):
    user, key, _ = new_user(root, name)
    person = Browser(followed)
    assert person.sign_in(user["email"])[0] == 200
    return person, key


async def test_a_call_is_in_the_stream_within_two_seconds_and_anothers_never(followed, root):
    ann, key = someone(followed, root, "ann")
    _, other = someone(followed, root, "bob")
    own = await Stream.open(followed, ann, "/api/me/requests/live/")
    everybody = await Stream.open(followed, root, "/api/admin/requests/live")
    only = await Stream.open(followed, root, f"/api/admin/requests/live/?key={other['id']}")
    assert own.headers["content-type"] == "text/event-stream" and own.headers["x-accel-buffering"] == "no"
    assert "no-cache" in own.headers["cache-control"]
    theirs = (await call(followed, other["api_key"])).header("x-request-id")
    mine = (await call(followed, key["api_key"])).header("x-request-id")
    begun = time.monotonic()
    row, told = await own.ended(mine)
    assert time.monotonic() - begun < 2
    assert {event["id"] for event in told} == {mine}
    status, listed = ann.ask("GET", "/api/me/requests/")
    assert status == 200 and listed["results"] == [row]
    row, told = await everybody.ended(mine)
    assert theirs in {event["id"] for event in told} and "provider_cost" in row
    assert {event["id"] for event in (await only.ended(theirs))[1]} == {theirs}
    for stream in (own, everybody, only):
        stream.close()


async def test_a_call_is_told_when_it_begins_too(followed, fake, root):
    ann, key = someone(followed, root, "cecily")
    fake.script("slow", EVENTS | {"chunks": [{"text": WORD}, {"text": WORD + LAST, "gate": "live"}]})
    stream = await Stream.open(followed, ann, "/api/me/requests/live/")
    data = raw.request(key["api_key"], raw.chat("slow", stream=True, usage=True))
    task = asyncio.ensure_future(raw.exchange(followed.port, data, 60))
    async with asyncio.timeout(20):
        event = await stream.block()
    assert event["event"] == "request" and event["data"]["state"] == "open" and event["data"]["ended_at"] is None
    await asyncio.to_thread(fake.open, "live")
    answer = await task
    row, _ = await stream.ended(answer.header("x-request-id"))
    assert row["state"] == "captured" and row["request_id"] == event["id"]
    stream.close()


async def test_too_many_streams_of_a_user_wait_for_one_to_go(followed, root):
    ann, _ = someone(followed, root, "dora")
    streams = [await Stream.open(followed, ann, "/api/me/requests/live/") for _ in range(MOST)]
    refused = await Stream.open(followed, ann, "/api/me/requests/live/")
    assert refused.status == 429 and int(refused.headers["retry-after"]) > 0
    # A tab that is closed makes room at once, though nothing is being told.
    streams.pop().close()
    for _ in range(100):
        again = await Stream.open(followed, ann, "/api/me/requests/live/")
        if again.status == 200:
            break
        await asyncio.sleep(0.02)
    else:
        pytest.fail("there is no room")
    # Everybody else has rooms of their own.
    bob, _ = someone(followed, root, "edgar")
    streams += [again, await Stream.open(followed, bob, "/api/me/requests/live/")]
    assert streams[-1].status == 200
    for stream in streams:
        stream.close()


@pytest.mark.parametrize("how", ["logout", "role", "inactive"])
async def test_a_stream_ends_with_its_session_within_two_seconds(followed, root, how):
    email = f"{how}@example.com"
    user, _, _ = new_user(root, how)
    assert root.ask("PATCH", f"/api/admin/users/{user['id']}/", {"role": "auditor"})[0] == 200
    person = Browser(followed)
    assert person.sign_in(email)[0] == 200
    stream = await Stream.open(followed, person, "/api/admin/requests/live/")
    if how == "logout":
        assert person.ask("POST", "/api/auth/logout/")[0] == 204
    else:
        change = {"role": "user"} if how == "role" else {"is_active": False}
        assert root.ask("PATCH", f"/api/admin/users/{user['id']}/", change)[0] == 200
    begun = time.monotonic()
    await stream.end()
    assert time.monotonic() - begun < 2


async def test_more_than_a_stream_has_room_for_is_counted(followed, root):
    ann, key = someone(followed, root, "fay")
    stream = await Stream.open(followed, ann, "/api/me/requests/live/")
    for _ in range(20):
        answers = await asyncio.gather(*(call(followed, key["api_key"]) for _ in range(20)))
        assert all(answer.status == 200 for answer in answers)
    told, skipped = set(), 0
    async with asyncio.timeout(30):
        while len(told) + skipped < 400:
            event = await stream.block()
            if event.get("event") == "request" and event["data"]["ended_at"]:
                told.add(event["id"])
            elif event.get("event") == "skipped":
                assert event["data"]["is_exact"]
                skipped += event["data"]["count"]
    assert len(told) + skipped == 400 and len(told) >= 50
    stream.close()


async def test_a_stop_waits_for_no_stream(make_gateway, tmp_path_factory):
    gateway = make_gateway("fake", name="stopped")
    create_admin(gateway, "root@example.com", tmp_path_factory.mktemp("secret"))
    root = Browser(gateway)
    root.sign_in("root@example.com")
    streams = [await Stream.open(gateway, root, "/api/admin/requests/live/") for _ in range(MOST)]
    begun = time.monotonic()
    gateway.terminate()
    for stream in streams:
        await stream.end(5)
    assert time.monotonic() - begun < 1
    assert await asyncio.to_thread(gateway.child.process.wait, 30) == 0
    # An idle connection stays open for a second.
    assert time.monotonic() - begun < 4
    gateway.verify()


@pytest.mark.parametrize("engine", [name for name in engines.CHOSEN if name != "sqlite"])
async def test_a_call_that_another_replica_served_is_told(make_gateway, fake, engine, tmp_path, tmp_path_factory):
    first = make_gateway("fake", name="here", engine=engine)
    create_admin(first, "root@example.com", tmp_path_factory.mktemp("secret"))
    root = Browser(first)
    assert root.sign_in("root@example.com")[0] == 200
    second = Gateway(tmp_path, fake.port, beside=first).start()
    try:
        _, key, _ = new_user(root, "replicated")
        stream = await Stream.open(first, root, "/api/admin/requests/live/")
        answer = await call(second, key["api_key"])
        begun = time.monotonic()
        await stream.ended(answer.header("x-request-id"))
        assert time.monotonic() - begun < 2
        stream.close()
    finally:
        assert second.stop() == 0
    first.verify()
