"""Connecting, the API's reference and settings in the browser; snippets are run as the page shows them."""

import subprocess
import sys

from staff import EMAILS, MODELS, PASSWORD
from test_administration import Browser


def ran(command, **options):
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, **options)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_snippets_run_as_they_are_shown(console, tmp_path):
    console.sign_in(EMAILS["user"], PASSWORD)
    console.open("/connect", "Connect")
    console.see(console.address + "/v1", "sk-audit-…", MODELS[0])
    console.assert_accessible()
    console.click("New key")
    console.fill("name", "snippets")
    console.click("Create", "dialog")
    secret = console.one("[data-secret]").text
    console.click("Done")
    console.see("The snippets have the key that was just made.")
    code = console.one(".snippet pre").text
    assert secret in code
    assert '"choices"' in ran(["sh", "-c", code])
    console.click("Python")
    console.wait(lambda: "from openai import OpenAI" in console.one(".snippet pre").text, "the snippet")
    script = tmp_path / "snippet.py"
    script.write_text(console.one(".snippet pre").text)
    assert ran([sys.executable, script]).strip()
    console.click("Environment variables")
    console.wait(lambda: "OPENAI_BASE_URL" in console.one(".snippet pre").text, "the snippet")
    told = ran(["sh", "-c", console.one(".snippet pre").text + '\necho "$OPENAI_BASE_URL $OPENAI_API_KEY $OPENAI_MODEL"'])
    assert told.split() == [console.address + "/v1", secret, MODELS[0]]
    for way in ["JavaScript", "Swift", "LangChain"]:
        console.click(way)
        console.wait(lambda: secret in console.one(".snippet pre").text, way)
    console.assert_accessible()
    console.open("/connect")
    console.see("sk-audit-…")
    assert secret not in console.driver.page_source
    console.assert_quiet()


def test_the_reference_is_searched_and_linked_to(console):
    console.sign_in(EMAILS["user"], PASSWORD)
    console.open("/reference?operation=postAdminQuotasIdTopUp", "API reference")
    console.see("Adds money to the current period", "Idempotency-Key", "curl -X POST", '"amount":"1.00"', "From administrator up")
    console.assert_accessible()
    console.resize(320)
    console.assert_fits()
    console.resize(1_360)
    console.open("/reference?search=playground")
    console.see("/api/me/playground-key/")
    assert "/api/admin/quotas/" not in console.text()
    console.open("/reference?role=user")
    console.see("/api/me/keys/")
    assert "/api/admin/keys/" not in console.text()
    console.assert_quiet()


def test_people_change_their_name_password_and_looks(console, staffed):
    staffed_root = Browser(staffed)
    staffed_root.sign_in(EMAILS["super_admin"])
    status, _ = staffed_root.ask(
        "POST", "/api/admin/users/", {"email": "eve@example.com", "name": "Eve", "role": "user", "password": PASSWORD}
    )
    assert status == 201
    console.sign_in("eve@example.com", PASSWORD)
    console.open("/settings", "Settings")
    console.assert_accessible()
    console.fill("name", "Evelyn")
    console.click("Save")
    console.see("Saved.")
    console.fill("current_password", "not the password")
    console.fill("password", "another correct horse")
    console.fill("repeat", "another correct mule")
    console.click("Change the password")
    console.see("The two are not the same.")
    console.fill("repeat", "another correct horse")
    console.click("Change the password")
    console.see("Not the current password.")
    console.fill("current_password", PASSWORD)
    console.click("Change the password")
    console.wait(lambda: "Sign in" in [item.text for item in console.all("h1")], "the door")
    console.sign_in("eve@example.com", "another correct horse")
    console.open("/settings?tab=health", "Settings")
    assert "Health" not in console.text()
    console.assert_quiet()


def test_staff_see_health_and_super_administrators_change_settings(console):
    console.sign_in(EMAILS["super_admin"], PASSWORD)
    console.open("/settings?tab=health", "Settings & health")
    console.see("All is well", "sqlite", "Audit log signed", "What is kept for how long", "this one")
    console.assert_accessible()
    console.open("/settings?tab=settings")
    console.see("bodies.capture", "limits.request_body", "secret")
    row = console.row("bodies.retention")
    row.find_element("css selector", "button").click()
    console.assert_accessible()
    console.fill("value", "a while")
    console.click("Save", "dialog")
    console.wait(lambda: console.all('dialog [name="value"][aria-invalid="true"]'), "the field's error")
    console.fill("value", "12h")
    console.click("Save", "dialog")
    console.see("bodies.retention was changed.", "set here", "43200s")
    console.row("bodies.retention").find_element("css selector", "button").click()
    console.fill("value", "")
    console.click("Save", "dialog")
    console.see("2592000s")
    console.assert_quiet()


def test_auditors_see_settings_in_the_other_language(console):
    console.prefer(language="zh-CN", theme="dark")
    console.sign_in(EMAILS["auditor"], PASSWORD)
    console.open("/settings?tab=settings", "设置与健康")
    console.see("可在此修改", "bodies.capture")
    assert not console.all("main td button")
    meanings = dict(
        console.driver.execute_script(
            "return [...document.querySelectorAll('main tbody tr')].map(row => [row.cells[0].innerText, row.cells[row.cells.length - 1].innerText])"
        )
    )
    untold = [name for name, text in meanings.items() if not any("\u4e00" <= letter <= "\u9fff" for letter in text)]
    assert len(meanings) > 40 and not untold, untold
    console.open("/settings?tab=health")
    console.see("一切正常")
    console.resize(320)
    console.assert_fits()
    console.resize(1_360)
    console.assert_accessible()
    console.assert_quiet()
