"""Alerts reach whom they are for: signed, once, after errors and kills; and tell no secret to anybody."""

import base64
import email
import email.policy
import hashlib
import hmac
import json
import secrets
import threading
import time
import urllib.parse

import pytest

import raw
from oracle import picos
from receivers import MailServer, Receiver
from servers import until
from test_administration import Browser, create_admin
from test_quotas import new_user

SECRET = secrets.token_bytes(32)
HOOK_SECRET = "whsec_" + base64.b64encode(SECRET).decode()
SIGN_SECRET = "SEC" + secrets.token_hex(16)
TOKEN = "CANARYtoken" + secrets.token_hex(12)


@pytest.fixture(scope="module")
def watched(make_gateway, fake, tmp_path_factory):
    models = ["fake", {"name": "shaky", "provider": "shaky"}, "fake-usage-50000-0-0-0"]
    shaky = {"name": "shaky", "dialect": "openai", "base_url": f"http://127.0.0.1:{fake.port}/v1", "api_key": "k"}
    gateway = make_gateway(*models, name="watched", providers=[shaky], log_level="trace")
    create_admin(gateway, "root@example.com", tmp_path_factory.mktemp("secret"))
    yield gateway
    gateway.verify()
    assert gateway.stop() == 0
    log = gateway.child.log.read_text(errors="replace")
    stored = b"".join(path.read_bytes() for path in gateway.directory.glob("tokenaudit.sqlite*"))
    for secret in (HOOK_SECRET, SIGN_SECRET, TOKEN, "mail-CANARY-password", HOOK_SECRET[6:]):
        assert secret not in log and secret.encode() not in stored, "a secret was told"


@pytest.fixture(scope="module")
def root(watched):
    browser = Browser(watched)
    assert browser.sign_in("root@example.com")[0] == 200
    return browser


@pytest.fixture
def receiver():
    server = Receiver()
    yield server
    server.stop()


@pytest.fixture
def channel(root):
    """Makes channels, and takes them away again."""
    made = []

    def make(kind, **members):
        body = {"name": f"{kind} {secrets.token_hex(4)}", "kind": kind} | members
        status, answer = root.ask("POST", "/api/admin/alert-channels/", body)
        assert status == 201, answer
        assert not any(secret in json.dumps(answer) for secret in (HOOK_SECRET, SIGN_SECRET, TOKEN, "mail-CANARY"))
        made.append(answer["id"])
        return answer

    yield make
    for number in made:
        assert root.ask("DELETE", f"/api/admin/alert-channels/{number}/")[0] == 204


async def use(gateway, root, name, share=85):
    """A user who has used `share` percent of a quota; returns the user and the quota."""
    user, key, quota = new_user(root, name + secrets.token_hex(4), total="50.00")
    answer = await raw.exchange(gateway.port, raw.request(key["api_key"], raw.chat("fake")), 20)
    assert answer.status == 200
    used = picos(answer.header("x-tokenaudit-cost"))
    total = used * 100 // share
    body = {"total_quota": f"0.{total:012}", "reason": "to have used most of it"}
    status, answer = root.ask("PATCH", f"/api/admin/quotas/{quota['id']}/", body)
    assert status == 200, answer
    return user, quota


def alerts(root, query=""):
    status, answer = root.ask("GET", f"/api/admin/alerts/?page_size=200{query}")
    assert status == 200, answer
    return answer["results"]


def check_webhook(post, secret=SECRET):
    """Standard Webhooks' check, by what its specification says and nothing of the gateway's."""
    _, headers, body = post
    headers = {name.lower(): value for name, value in headers.items()}
    signed = b".".join([headers["webhook-id"].encode(), headers["webhook-timestamp"].encode(), body])
    good = "v1," + base64.b64encode(hmac.new(secret, signed, hashlib.sha256).digest()).decode()
    assert hmac.compare_digest(headers["webhook-signature"], good)
    assert abs(time.time() - int(headers["webhook-timestamp"])) < 300
    return headers["webhook-id"], json.loads(body)


async def test_a_threshold_is_told_once_signed_and_again_until_it_is_taken(watched, root, receiver, channel):
    receiver.answers["/hook"] = [(500, b"no"), (302, b""), (200, b"ok")]
    channel("webhook", url=receiver.url(f"/hook?token={TOKEN}"), secret=HOOK_SECRET, kinds=["quota_threshold"])
    user, quota = await use(watched, root, "thrifty")
    posts = receiver.wait("/hook", 3)
    checked = [check_webhook(post) for post in posts]
    assert len({number for number, _ in checked}) == 1, "each attempt has the same id"
    event = checked[2][1]
    assert event["type"] == "quota_threshold" and event["data"]["threshold"] == 80
    assert event["data"]["user_email"] == user["email"] and event["data"]["subject"] == quota["id"]
    shown = root.ask("GET", f"/api/admin/quotas/{quota['id']}/")[1]
    assert (event["data"]["amount"], event["data"]["total"]) == (shown["used_quota"], shown["total_quota"])
    path = f"/api/admin/alerts/{event['data']['id']}/"
    done = until(lambda: root.ask("GET", path)[1]["deliveries"][0]["state"] == "delivered", "delivered")
    detail = root.ask("GET", path)[1]
    assert done and detail["deliveries"][0]["attempts"] == 3 and detail["deliveries"][0]["problem"] is None
    assert not receiver.at("/elsewhere"), "a redirect was followed"
    # Told to its owner under /api/me, and to nobody else there.
    person, stranger = Browser(watched), Browser(watched)
    person.sign_in(user["email"])
    assert [row["id"] for row in person.ask("GET", "/api/me/alerts/")[1]["results"]] == [detail["id"]]
    stranger.sign_in(new_user(root, "stranger" + secrets.token_hex(4))[0]["email"])
    assert stranger.ask("GET", "/api/me/alerts/")[1]["results"] == []
    assert stranger.ask("GET", path)[0] == 403
    # Nothing more comes of it: a marker that is raised later has arrived, and this one did not again.
    await use(watched, root, "marker")
    assert len(receiver.wait("/hook", 4)) == 4


async def test_a_kill_in_the_middle_of_a_delivery(watched, root, receiver, channel):
    gate = receiver.gates["/held"] = threading.Event()
    channel("webhook", url=receiver.url("/held"), secret=HOOK_SECRET, kinds=["quota_threshold"])
    _, quota = await use(watched, root, "killed")
    first = receiver.wait("/held", 1)[0]
    watched.kill()
    gate.set()
    watched.start()
    again = receiver.wait("/held", 2)[1]
    (number, event), (same, _) = check_webhook(first), check_webhook(again)
    assert number == same and event["data"]["subject"] == quota["id"]
    root.sign_in("root@example.com")
    assert len([row for row in alerts(root) if row["subject"] == quota["id"] and row["kind"] == "quota_threshold"]) == 1


async def test_a_receiver_that_does_not_answer_delays_nobody_else(watched, root, receiver, channel):
    receiver.gates["/stuck"] = threading.Event()
    channel("webhook", url=receiver.url("/stuck"), secret=HOOK_SECRET, kinds=["quota_threshold"])
    channel("webhook", url=receiver.url("/quick"), secret=HOOK_SECRET, kinds=["quota_threshold"])
    await use(watched, root, "one")
    receiver.wait("/stuck", 1)
    for name in ("two", "three"):
        await use(watched, root, name)
    # Nobody has answered the other one yet.
    assert len({check_webhook(post)[0] for post in receiver.wait("/quick", 3)}) == 3


@pytest.mark.parametrize("language, words", [("en", "used: quota"), ("zh-CN", "已用 80%")])
async def test_chats_get_their_own_forms_and_signatures(watched, root, receiver, channel, language, words):
    answers = {"feishu": b'{"code":0}', "dingtalk": b'{"errcode":0}', "wecom": b'{"errcode":0}', "slack": b"ok"}
    for kind, answer in answers.items():
        receiver.answers[f"/{kind}"] = [(200, answer)]
        secret = {"secret": SIGN_SECRET} if kind in ("feishu", "dingtalk") else {}
        url = receiver.url(f"/{kind}?access_token={TOKEN}")
        made = channel(kind, url=url, language=language, kinds=["quota_threshold"], **secret)
        status, tested = root.ask("POST", f"/api/admin/alert-channels/{made['id']}/test/")
        assert status == 200 and tested["ok"], tested
    await use(watched, root, "chatty")
    found = {kind: receiver.wait(f"/{kind}", 2)[1] for kind in answers}
    bodies = {kind: json.loads(post[2]) for kind, post in found.items()}
    feishu = bodies["feishu"]
    key = f"{feishu['timestamp']}\n{SIGN_SECRET}".encode()
    assert feishu["sign"] == base64.b64encode(hmac.new(key, b"", hashlib.sha256).digest()).decode()
    query = urllib.parse.parse_qs(urllib.parse.urlsplit(found["dingtalk"][0]).query)
    signed = f"{query['timestamp'][0]}\n{SIGN_SECRET}".encode()
    good = base64.b64encode(hmac.new(SIGN_SECRET.encode(), signed, hashlib.sha256).digest()).decode()
    assert query["sign"] == [good] and query["access_token"] == [TOKEN]
    assert abs(time.time() - int(query["timestamp"][0]) / 1000) < 300
    texts = {
        "feishu": feishu["content"]["text"],
        "dingtalk": bodies["dingtalk"]["markdown"]["text"],
        "wecom": bodies["wecom"]["markdown"]["content"],
        "slack": bodies["slack"]["text"],
    }
    assert all(words in text for text in texts.values()), texts


@pytest.mark.filterwarnings("ignore:Requiring AUTH")
@pytest.mark.parametrize("security", ["none", "starttls", "tls"])
async def test_mail_goes_to_operators_and_to_owners_who_want_it(watched, root, channel, tmp_path, security):
    server = MailServer(security, tmp_path)
    members = {
        "mail_host": "localhost" if security == "starttls" else "127.0.0.1",
        "mail_port": server.port,
        "mail_security": security,
        "mail_username": "gateway",
        "mail_from": "audit@example.com",
        "secret": "mail-CANARY-password",
        "kinds": ["quota_threshold"],
    }
    if security != "none":
        members["mail_authorities"] = server.certificate.read_text()
    try:
        channel("email", mail_recipients=["ops@example.com", "boss@example.com"], **members)
        channel("email", audience="owners", language="zh-CN", **members)
        user, _ = await use(watched, root, "mailed")
        mails = {tuple(mail[1]): mail for mail in server.wait(2)}
        for recipients in [("ops@example.com", "boss@example.com"), (user["email"],)]:
            sender, _, content, is_secure = mails[recipients]
            mail = email.message_from_bytes(content, policy=email.policy.default)
            words = "已用 80%" if len(recipients) == 1 else "80% used"
            assert sender == "audit@example.com" and mail["from"] == sender and is_secure == (security != "none")
            assert words in mail["subject"] and words in mail.get_content() and user["email"] in mail.get_content()
            assert mail["message-id"].startswith("<tokenaudit-delivery-")
        # Who wants none gets none: only the operators hear of it.
        other, key, quota = new_user(root, "silent" + secrets.token_hex(4), total="50.00")
        person = Browser(watched)
        person.sign_in(other["email"])
        assert person.ask("PATCH", "/api/me/alert-preferences/", {"by_mail": False}) == (200, {"by_mail": False})
        answer = await raw.exchange(watched.port, raw.request(key["api_key"], raw.chat("fake")), 20)
        total = picos(answer.header("x-tokenaudit-cost")) * 100 // 85
        root.ask("PATCH", f"/api/admin/quotas/{quota['id']}/", {"total_quota": f"0.{total:012}", "reason": "r"})
        await use(watched, root, "marker")
        receivers = [mail[1] for mail in server.wait(5)]
        assert [other["email"]] not in receivers and len(receivers) == 5
    finally:
        server.stop()


def test_a_mail_server_that_cannot_prove_itself_gets_neither_mail_nor_password(watched, root, channel, tmp_path):
    server = MailServer("starttls", tmp_path)
    try:
        members = {"mail_port": server.port, "mail_from": "a@example.com", "mail_username": "gateway"}
        members |= {"secret": "mail-CANARY-password", "mail_recipients": ["ops@example.com"], "is_active": True}
        for host, security, problem in [
            ("localhost", "starttls", "insecure"),
            ("127.0.0.1", "tls", "insecure"),
            ("192.0.2.1", "none", "insecure"),
        ]:
            made = channel("email", mail_host=host, mail_security=security, kinds=["test"], **members)
            answer = root.ask("POST", f"/api/admin/alert-channels/{made['id']}/test/")[1]
            assert answer["problem"] == problem, (host, security, answer)
        assert server.logins == [] and server.mails == []
    finally:
        server.stop()


async def test_a_provider_that_fails_and_recovers(watched, root, receiver, channel, fake):
    kinds = ["provider_failing", "provider_recovered"]
    channel("webhook", url=receiver.url("/providers"), secret=HOOK_SECRET, kinds=kinds)
    _, key, _ = new_user(root, "steady" + secrets.token_hex(4), total="50.00")
    fake.script("shaky", {"status": 500, "chunks": [{"text": "{}"}]})
    for _ in range(25):
        answer = await raw.exchange(watched.port, raw.request(key["api_key"], raw.chat("shaky")), 20)
        assert answer.status >= 500
    event = check_webhook(receiver.wait("/providers", 1)[0])[1]
    assert event["type"] == "provider_failing" and event["data"]["name"] == "shaky"
    assert event["data"]["failures"] >= 20 and event["data"]["severity"] == "critical"
    body = '{"id":"c","object":"chat.completion","choices":[{"index":0,"message":{"role":"assistant","content":"x"},"finish_reason":"stop"}],"usage":{"prompt_tokens":1,"completion_tokens":1,"total_tokens":2}}'
    fake.script("shaky", {"chunks": [{"text": body}]})
    for _ in range(80):
        answer = await raw.exchange(watched.port, raw.request(key["api_key"], raw.chat("shaky")), 20)
        assert answer.status == 200
    event = check_webhook(receiver.wait("/providers", 2)[1])[1]
    assert event["type"] == "provider_recovered" and event["data"]["name"] == "shaky"


async def test_what_a_provider_reports_beyond_a_hold_is_told_as_loss(watched, root, receiver, channel):
    channel("webhook", url=receiver.url("/loss"), secret=HOOK_SECRET, kinds=["provider_loss"])
    _, key, _ = new_user(root, "overrun" + secrets.token_hex(4), total="50.00")
    answer = await raw.exchange(watched.port, raw.request(key["api_key"], raw.chat("fake-usage-50000-0-0-0")), 20)
    assert answer.status == 200
    event = check_webhook(receiver.wait("/loss", 1)[0])[1]
    call = watched.calls()[answer.header("x-request-id")]
    assert call["excess"] > 0 and picos(event["data"]["amount"]) == call["excess"]
    assert event["data"]["name"] == "fake"
