"""The console's door and shell, and what holds for all of its pages, in a real browser."""

import gzip
import json
import re
import urllib.error
import urllib.request

import pytest

from servers import ROOT
from staff import EMAILS, PASSWORD

PAGES = re.findall(r'path: "(/[a-z]*)", name: "(\w+)".*?least: "(\w+)"', (ROOT / "Console/src/pages.ts").read_text())
RANKS = ["user", "auditor", "admin", "super_admin"]


def fetch(gateway, path, **headers):
    request = urllib.request.Request(f"http://127.0.0.1:{gateway.port}{path}", headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.headers, error.read()


def test_the_page_is_at_every_address_that_the_console_reads(staffed):
    assert len(PAGES) >= 16
    for path, _, _ in PAGES:
        status, headers, body = fetch(staffed, path)
        assert status == 200 and headers["Content-Type"] == "text/html; charset=utf-8", path
        assert headers["Cache-Control"] == "no-cache" and b'<div id="root">' in body
        policy = headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy and "unsafe" not in policy and "script-src 'self'" in policy
    assert fetch(staffed, "/requests/019aebd7-0000-7000-8000-000000000000")[0] == 200
    assert fetch(staffed, "/nowhere")[0] == 404
    assert b"<script>" not in fetch(staffed, "/")[2]


def test_files_are_packed_and_kept(staffed):
    names = set(re.findall(r"/(assets/[\w.-]+)", fetch(staffed, "/")[2].decode()))
    assert len(names) >= 4
    for name in names:
        status, headers, plain = fetch(staffed, f"/{name}", **{"Accept-Encoding": "identity"})
        assert status == 200 and "Content-Encoding" not in headers and "immutable" in headers["Cache-Control"]
        _, headers, packed = fetch(staffed, f"/{name}", **{"Accept-Encoding": "br, gzip;q=0.8"})
        assert headers["Content-Encoding"] == "gzip" and gzip.decompress(packed) == plain
        status, _, body = fetch(staffed, f"/{name}", **{"If-None-Match": headers["ETag"]})
        assert status == 304 and body == b""
    assert fetch(staffed, "/assets/main-XXXXXXXX.js")[0] == 404
    assert fetch(staffed, "/assets/..%2findex.html")[0] == 404


def test_signing_in_and_out(console):
    console.open("/", "Sign in")
    console.assert_accessible()
    console.fill("email", EMAILS["user"])
    console.fill("password", "not the password")
    console.click("Sign in")
    console.wait(lambda: console.all(".notice.bad"), "the refusal")
    console.fill("password", PASSWORD)
    console.click("Sign in")
    console.wait(lambda: console.all("nav a"), "the shell")
    console.see(EMAILS["user"])
    kept = console.driver.execute_script("return JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie])")
    assert "eyJ" not in kept and "sk-audit" not in kept and "access" not in kept, kept
    console.open("/")
    console.see(EMAILS["user"])
    console.click("Sign out")
    console.wait(lambda: "Sign in" in [item.text for item in console.all("h1")], "the door")
    console.assert_quiet()


@pytest.mark.parametrize("role", EMAILS)
def test_each_role_sees_its_pages(console, role):
    console.sign_in(EMAILS[role], PASSWORD)
    shown = {link.get_attribute("href").removeprefix(console.address) for link in console.all("nav a")}
    assert shown == {path for path, _, least in PAGES if RANKS.index(role) >= RANKS.index(least)}
    for path, _, least in PAGES:
        console.open(path)
        assert (RANKS.index(role) >= RANKS.index(least)) != ("does not see this page" in console.text()), path
    console.assert_quiet()


@pytest.mark.parametrize("language", ["en", "zh-CN"])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_page_is_accessible_and_fits(console, language, theme):
    console.prefer(language=language, theme=theme)
    console.sign_in(EMAILS["super_admin"], PASSWORD)
    for path, _, _ in PAGES:
        console.open(path)
        console.assert_still()
        console.assert_accessible()
        console.resize(320)
        console.assert_fits()
        console.resize(1_360)
        console.assert_fits()
    console.assert_quiet()


def test_what_the_first_page_loads(console, staffed):
    """At most 150 KiB of packed script, nothing from elsewhere."""
    console.sign_in(EMAILS["user"], PASSWORD)
    console.open("/")
    loaded = json.loads(
        console.driver.execute_script(
            "return JSON.stringify(performance.getEntriesByType('resource').map(e => [e.name, e.initiatorType, e.encodedBodySize]))"
        )
    )
    assert all(name.startswith(console.address) for name, _, _ in loaded)
    scripts = {name for name, _, _ in loaded if name.endswith(".js")}
    packed = sum(len(fetch(staffed, name.removeprefix(console.address), **{"Accept-Encoding": "gzip"})[2]) for name in scripts)
    assert 40_000 < packed < 150 * 1024, packed
    asked = [name for name, _, _ in loaded if "/api/" in name]
    assert len(asked) == 2, asked  # who it is, and what the page shows
