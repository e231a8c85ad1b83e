"""What people write stays text: no name, agent, address or error becomes part of a page, whatever it says (fault 89)."""

import datetime
import json
import urllib.error
import urllib.parse
import urllib.request

import pytest
import staff
from selenium.common.exceptions import NoAlertPresentException
from servers import until
from staff import EMAILS, PASSWORD, signed_in

# Each would raise a dialog, make an element with this id, or leave this mark, if anything took it for more than text.
MARK = "data-canary"
CORPUS = {
    "script": "<script>alert(1)</script>",
    "image": f"<img src=x onerror=alert(1) {MARK}=1>",
    "vector": f"<svg/onload=alert(1) {MARK}=1>",
    "broken out of an attribute": f"\"'><b {MARK}=1 onmouseover=alert(1)>",
    "closed title": f"</title></style></textarea><iframe srcdoc='<script>parent.alert(1)</script>' {MARK}=1>",
    "address": "javascript:alert(1)",
    "template": "{{constructor.constructor('alert(1)')()}}${alert(1)}<%= alert(1) %>",
    "entity": "&lt;script&gt;alert(1)&lt;/script&gt;&#x3c;b&#x3e;",
    "formula": "=HYPERLINK(\"javascript:alert(1)\")",
    "placeholder": "{n} {name} {user}|{text}",
    "from right to left": "\u202etxt.exe\u202c \u2066hidden\u2069",
    "looks alike": "аdmіn ﹤script﹥ ＜img＞",
    "combining": "Z͑ͫ̓a̴l̵g̶o̷" + "\u0301" * 20,
    "wide": "W" * 90,
    "prototype": "__proto__",
}
# One line a person's client may send.
HEADER_SAFE = {name: text for name, text in CORPUS.items() if text.isascii()}
PAGES = {
    "super_admin": ["/", "/usage", "/requests", "/keys", "/users", "/quotas", "/groups", "/models", "/providers", "/bills", "/ledger", "/ledger/acts", "/alerts", "/alerts/channels", "/playground", "/connect", "/settings", "/start"],
    "user": ["/", "/usage", "/requests", "/keys", "/bills", "/alerts", "/playground", "/connect", "/settings"],
}  # fmt: skip
# Where what was written is to be read, so that the test looks at pages that show it.
NAMES = ["script", "image", "address"]
MONTH = datetime.datetime.now(datetime.UTC).strftime("%Y-%m")
SHOWN = {
    "super_admin": {"/requests": NAMES, "/users": NAMES, "/keys": NAMES, "/groups": NAMES, "/providers": NAMES, "/alerts/channels": NAMES, f"/bills/{MONTH}?by=key": NAMES},
    "user": {"/requests": NAMES, "/keys": NAMES, f"/bills/{MONTH}": NAMES},
}


def post(gateway, key, headers, body):
    """A call as a client sends it that no library is."""
    request = urllib.request.Request(
        f"http://127.0.0.1:{gateway.port}/v1/chat/completions",
        json.dumps(body).encode(),
        {"Content-Type": "application/json", "Authorization": f"Bearer {key}", **headers},
    )
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


@pytest.fixture(scope="module")
def written(make_gateway, tmp_path_factory):
    """A gateway where everything that takes text has been given all of it. Tells which texts were taken, and where."""
    gateway = make_gateway(*staff.MODELS, name="written")
    staff.hire(gateway, tmp_path_factory.mktemp("staff"))
    root = signed_in(gateway, "super_admin")
    taken = {}

    def write(place, path, body, method="POST"):
        status, answer = root.ask(method, path, body)
        assert status in (200, 201, 400, 422), (place, status, answer)
        if status < 400:
            taken[place] = taken.get(place, 0) + 1
        return answer if status < 400 else None

    ids = [row["id"] for row in root.ask("GET", "/api/admin/models/")[1]["results"]]
    user = next(row["id"] for row in root.ask("GET", "/api/admin/users/")[1]["results"] if row["email"] == EMAILS["user"])
    keys = []
    for index, text in enumerate(CORPUS.values()):
        made = write("key", "/api/admin/keys/", {"user": user, "name": text})
        if made:
            keys.append(made["api_key"])
        write("user", "/api/admin/users/", {"email": f"person{index}@example.com", "name": text, "password": PASSWORD, "role": "user"})
        write("model", f"/api/admin/models/{ids[index % len(ids)]}/", {"display_name": text}, "PATCH")
        group = write("group", "/api/admin/model-groups/", {"name": text, "description": text})
        if group:
            write("quota", "/api/admin/quotas/", {"user": user, "model_group": group["id"], "name": text, "total_quota": "1.00", "expires_at": None})
        write("provider", "/api/admin/providers/", {"name": text, "dialect": "openai", "base_url": "http://127.0.0.1:9/v1", "api_key": None})
        write("channel", "/api/admin/alert-channels/", {"name": text, "kind": "slack", "url": "http://127.0.0.1:9/hook", "is_active": False})
    ask = [{"role": "user", "content": "x"}]
    for index, text in enumerate(HEADER_SAFE.values()):
        key = keys[index % len(keys)]
        status, _ = post(gateway, key, {"User-Agent": text, "X-Client-Request-Id": text[:60], "X-Forwarded-For": text}, {"model": "fake", "messages": ask})
        assert status in (200, 400, 402, 403), status
        status, answer = post(gateway, key, {"User-Agent": text}, {"model": text, "messages": ask})
        assert status in (400, 403, 404) and "<script>" not in answer.replace("\\u003c", "").split("message")[0]
    quota = root.ask("GET", f"/api/admin/quotas/?user={user}")[1]["results"][0]["id"]
    for index, text in enumerate(CORPUS.values()):
        write("reason", f"/api/admin/quotas/{quota}/top-up/", {"amount": "0.01", "reason": text})
    yield gateway, taken
    gateway.verify()
    assert gateway.stop() == 0


def assert_text_alone(console, page):
    with pytest.raises(NoAlertPresentException):
        console.driver.switch_to.alert.text  # noqa: B018
    made = console.driver.execute_script(
        f"return [document.querySelectorAll('[{MARK}], iframe, object, embed, base, main script').length,"
        " [...document.querySelectorAll('[href], [src], [action], [formaction]')].map(e => e.href || e.src || e.action)"
        "   .filter(a => !/^https?:|^$|^blob:/.test(a)),"
        " [...document.querySelectorAll('*')].flatMap(e => e.getAttributeNames()).filter(n => n.startsWith('on') || n === 'srcdoc')]"
    )
    assert made == [0, [], []], (page, made)


def open_page(console, page):
    """Where its page is written, and whatever dialogs its rows open are the page's own."""
    console.driver.get(console.address + page)
    console.settle()
    assert_text_alone(console, page)


def watch(console):
    """What a policy keeps a page from doing is told, and is a fault here."""
    console.driver.execute_cdp_cmd(
        "Page.addScriptToEvaluateOnNewDocument",
        {"source": "window.reports = []; addEventListener('securitypolicyviolation', e => reports.push(e.violatedDirective + ' ' + e.sample))"},
    )


@pytest.fixture
def witness(chrome, written):
    from browsers import Console

    gateway, _ = written
    console = Console(chrome, gateway)
    watch(console)
    return console


def test_everything_that_takes_text_was_given_it(written):
    _, taken = written
    assert taken["user"] >= 10 and taken["key"] >= 10 and taken["reason"] >= 10, taken
    assert all(taken.get(place, 0) >= 1 for place in ["model", "group", "quota", "provider", "channel"]), taken


@pytest.mark.parametrize("role", PAGES)
def test_pages_keep_texts(witness, written, role):
    witness.sign_in(EMAILS[role], PASSWORD)
    for page in PAGES[role]:
        open_page(witness, page)
        assert witness.driver.execute_script("return window.reports") == [], page
    for page, place in SHOWN[role].items():
        open_page(witness, page)
        shown = witness.driver.execute_script("return document.querySelector('main').textContent")
        texts = [text for name, text in CORPUS.items() if name in place]
        assert texts and all(text in shown for text in texts), page
    witness.assert_quiet()


@pytest.mark.parametrize("role", ["super_admin", "user"])
def test_calls_keep_texts(witness, written, role):
    gateway, _ = written
    base = "/api/me/requests/" if role == "user" else "/api/admin/requests/"
    calls = signed_in(gateway, role).ask("GET", base + "?page_size=200")[1]["results"]
    agents = {call["user_agent"]: call["request_id"] for call in calls}
    witness.sign_in(EMAILS[role], PASSWORD)
    for text in [CORPUS["script"], CORPUS["image"], CORPUS["vector"], CORPUS["template"]]:
        open_page(witness, f"/requests/{agents[text]}")
        witness.see(text)
        assert witness.driver.execute_script("return window.reports") == []
    witness.assert_quiet()


def test_addresses_keep_texts(witness):
    """What somebody's link says is text too."""
    witness.sign_in(EMAILS["super_admin"], PASSWORD)
    for text in CORPUS.values():
        encoded = urllib.parse.quote(text)
        for page in [f"/requests?search={encoded}", f"/requests/{encoded}", f"/bills/{encoded}", f"/alerts/{encoded}?kind={encoded}"]:
            open_page(witness, page)
            assert witness.driver.execute_script("return window.reports") == [], page
    said = [entry["message"] for entry in witness.driver.get_log("browser") if entry["level"] == "SEVERE"]
    assert all("the server responded with a status of 4" in text for text in said), said


def test_a_name_in_a_file_is_no_formula(written):
    """Spreadsheets run what begins like one."""
    gateway, _ = written
    status, _ = signed_in(gateway, "auditor").ask("GET", "/api/admin/requests/?page_size=1")
    assert status == 200
    request = urllib.request.Request(
        f"http://127.0.0.1:{gateway.port}/api/admin/requests/export.csv", headers={"Authorization": f"Bearer {signed_in(gateway, 'auditor').access}"}
    )
    text = until(lambda: urllib.request.urlopen(request, timeout=20).read().decode(), "the file")
    assert ",=HYPERLINK" not in text and ",\"=HYPERLINK" not in text and "'=HYPERLINK" in text
