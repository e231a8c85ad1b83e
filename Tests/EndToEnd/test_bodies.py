"""Bodies of calls are kept as the setting and the key say, shown to who may see them, and are nowhere else in clear."""

import json
import secrets
import time

import pytest
import raw
from servers import until
from test_administration import Browser, create_admin

CANARY = "CANARYbody" + secrets.token_hex(12)
SETTINGS = "/api/admin/settings/"


@pytest.fixture(scope="module")
def kept(make_gateway, tmp_path_factory):
    gateway = make_gateway("fake", "fake-stream-20-5ms", name="bodies", log_level="trace")
    create_admin(gateway, "root@example.com", tmp_path_factory.mktemp("secret"))
    root = Browser(gateway)
    assert root.sign_in("root@example.com")[0] == 200
    yield gateway, root
    gateway.verify()
    assert gateway.stop() == 0


def set_to(root, **values):
    """Changes settings, and returns once the server follows."""
    status, answer = root.ask("PATCH", SETTINGS, {f"bodies.{name}": value for name, value in values.items()})
    assert status == 200, answer


def key_id(root, key):
    """The key's number, by its last four letters."""
    _, page = root.ask("GET", "/api/admin/keys/?page_size=100")
    return next(item["id"] for item in page["results"] if item["api_key"].endswith(key[-4:]))


async def call(gateway, key, stream=False, **members):
    """One call. Returns its request id and what was answered."""
    model = "fake-stream-20-5ms" if stream else "fake"
    question = raw.chat(model, stream=stream, messages=[{"role": "user", "content": f"say {CANARY}"}], **members)
    answer = await raw.exchange(gateway.port, raw.request(key, question), 20)
    assert answer.status == 200 and answer.ended
    return answer.header("x-request-id"), question, answer


def body_of(root, call_id):
    """What is kept of a call, once it is written; None if nothing is."""
    status, answer = until(lambda: settled(root), "all is written") and root.ask("GET", f"/api/admin/requests/{call_id}/body/")
    if status == 404:
        assert answer["code"] == "body_not_captured", answer
        return None
    assert status == 200, answer
    return answer


def settled(root):
    status, figures = root.ask("GET", "/api/admin/bodies/")
    return status == 200 and figures["waiting"] == 0


async def until_body(gateway, root, key, condition, stream=False):
    """Calls until what is kept of a call is as wished. Returns that, and what was answered."""
    deadline = time.monotonic() + 20
    while True:
        call_id, _, answer = await call(gateway, key, stream)
        body = body_of(root, call_id)
        if condition(body):
            return body, answer
        assert time.monotonic() < deadline, f"kept as {body}"


async def until_kept_as(gateway, root, key, wish):
    """Calls until a call is kept so: a change reaches the data plane within two seconds."""
    await until_body(gateway, root, key, lambda body: (body and body["capture"]) == wish)


async def test_off_metadata_and_full_streamed_and_plain_and_what_a_key_says(kept):
    gateway, root = kept
    key, other = gateway.user(), gateway.user()
    call_id, _, _ = await call(gateway, key)
    assert body_of(root, call_id) is None, "off by default"

    set_to(root, capture="metadata")
    await until_kept_as(gateway, root, key, "metadata")
    for stream in (False, True):
        call_id, _, _ = await call(gateway, key, stream, temperature=0.5)
        body = body_of(root, call_id)
        assert body["capture"] == "metadata" and body["assembled"] is None and CANARY not in json.dumps(body)
        request, response = json.loads(body["request"]["text"]), json.loads(body["response"]["text"])
        assert request["temperature"] == 0.5 and request["messages"][0]["role"] == "user"
        assert request["messages"][0]["content_bytes"] == len(f"say {CANARY}")
        assert response["choices"][0]["finish_reason"] == "stop" and response["choices"][0]["content_bytes"] > 0

    set_to(root, capture="full")
    await until_kept_as(gateway, root, key, "full")
    for stream in (False, True):
        call_id, question, answer = await call(gateway, key, stream)
        body = body_of(root, call_id)
        assert json.loads(body["request"]["text"]) == question and not body["request"]["is_truncated"]
        assert body["response"]["text"].encode() == answer.body and body["is_streamed"] is stream
        choice = body["assembled"]["choices"][0]
        if stream:
            events = [json.loads(event) for event in answer.events() if event != b"[DONE]"]
            said = "".join(c["delta"].get("content") or "" for event in events for c in event["choices"])
        else:
            said = answer.json()["choices"][0]["message"]["content"]
        assert choice["content"] == said and choice["finish_reason"] == "stop"
        _, detail = root.ask("GET", f"/api/admin/requests/{call_id}/")
        assert detail["body"]["capture"] == "full" and detail["body"]["kept_until"] > detail["created_at"]

    # A key's own word goes before the setting.
    number = key_id(root, other)
    assert root.ask("PATCH", f"/api/admin/keys/{number}/", {"capture": "off"})[0] == 200
    await until_kept_as(gateway, root, other, None)
    call_id, _, _ = await call(gateway, key)
    assert body_of(root, call_id)["capture"] == "full"


async def test_what_is_longer_than_the_bound_is_cut_off_and_the_call_goes_on(kept):
    gateway, root = kept
    key = gateway.user()
    set_to(root, capture="full", max_bytes="1KiB")
    body, answer = await until_body(
        gateway, root, key, lambda body: body and body["response"]["is_truncated"], stream=True
    )
    assert len(body["response"]["text"]) == 1024 and body["response"]["bytes"] == len(answer.body)
    assert answer.has_done and body["assembled"]["choices"][0]["finish_reason"] is None
    set_to(root, max_bytes=None)


async def test_erased_for_good(kept):
    gateway, root = kept
    key = gateway.user()
    set_to(root, capture="full")
    await until_kept_as(gateway, root, key, "full")
    call_id, _, _ = await call(gateway, key)
    assert body_of(root, call_id)
    path = f"/api/admin/requests/{call_id}/body/"
    assert root.ask("DELETE", path)[0] == 204
    status, answer = root.ask("GET", path)
    assert status == 404 and answer["code"] == "body_erased"
    _, acts = root.ask("GET", "/api/admin/audit-log/?kind=body&page_size=100")
    mine = [act["act"] for act in acts["results"] if act["fields"] == [call_id]]
    assert mine == ["body erased", "body viewed"]


async def test_a_settings_file_pins_and_a_change_is_refused(make_gateway, tmp_path):
    gateway = make_gateway("fake", name="pinned", bodies_capture="metadata")
    create_admin(gateway, "root@example.com", tmp_path)
    root = Browser(gateway)
    assert root.sign_in("root@example.com")[0] == 200
    status, answer = root.ask("PATCH", SETTINGS, {"bodies.capture": "full"})
    assert status == 409 and "TOKENAUDIT_BODIES_CAPTURE" in answer["bodies.capture"][0]
    call_id, _, _ = await call(gateway, gateway.user())
    assert body_of(root, call_id)["capture"] == "metadata"
    assert gateway.stop() == 0


async def test_the_canary_is_in_no_log_export_or_file_in_clear(kept):
    gateway, root = kept
    key = gateway.user()
    set_to(root, capture="full")
    await until_kept_as(gateway, root, key, "full")
    call_id, _, _ = await call(gateway, key, stream=True)
    assert CANARY in json.dumps(body_of(root, call_id))
    for path in ("/api/admin/requests/", f"/api/admin/requests/{call_id}/", "/api/admin/audit-log/", SETTINGS, "/readyz"):
        status, answer = root.ask("GET", path)
        assert status == 200 and CANARY not in json.dumps(answer), path
    for end in ("csv", "jsonl"):
        request = raw.request(root.access, b"", method="GET", path=f"/api/admin/requests/export.{end}")
        export = await raw.exchange(gateway.port, request, 20)
        assert export.status == 200 and call_id.encode() in export.body and CANARY.encode() not in export.body
    gateway.run("audit", "export", gateway.directory / "export.sqlite")
    assert CANARY not in gateway.child.log.read_text(errors="replace")
    files = [path for path in gateway.directory.rglob("*") if path.is_file()]
    assert any(path.name.endswith(".bodies") for path in files)
    for path in files:
        assert CANARY.encode() not in path.read_bytes(), path


async def test_a_file_of_bodies_that_is_none_stops_no_call(make_gateway, tmp_path):
    gateway = make_gateway("fake", start=False, name="no-bodies", engine="sqlite", bodies_capture="full")
    (gateway.directory / "tokenaudit.sqlite.bodies").write_text("no database at all, and not an empty file either" * 9)
    gateway.start()
    key = gateway.user()
    for _ in range(3):
        await call(gateway, key)
    until(lambda: "bodies could not be kept" in gateway.child.log.read_text(), "it is told")
    assert gateway.child.log.read_text().count("bodies could not be kept") == 1
    gateway.assert_sound(key)
    assert gateway.stop() == 0
