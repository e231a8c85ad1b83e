"""Alerts in a real browser: what was raised and what came of it, its rules, and the channels that tell of it."""

import base64

import pytest
from receivers import Receiver
from staff import EMAILS, PASSWORD, signed_in

import openai


@pytest.fixture
def receiver():
    server = Receiver()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def raised(staffed):
    """Somebody who has used more of a quota than is warned of."""
    admin = signed_in(staffed, "admin")
    key = staffed.user(quota="0.005")
    quota = admin.ask("GET", "/api/admin/quotas/?ordering=-id&page_size=1")[1]["results"][0]["id"]
    status, answer = admin.ask("PATCH", f"/api/admin/quotas/{quota}/", {"warning_percents": [3]})
    assert status == 200, answer
    client = openai.OpenAI(base_url=f"http://127.0.0.1:{staffed.port}/v1", api_key=key, max_retries=0)
    client.chat.completions.create(model="fake-usage-1000-200-50-10", messages=[{"role": "user", "content": "x"}])
    client.close()
    return admin


def test_an_alert_is_acknowledged(console, staffed, raised):
    console.sign_in(EMAILS["admin"], PASSWORD)
    console.wait(lambda: raised.ask("GET", "/api/admin/alerts/")[1]["results"], "an alert")
    console.open("/alerts", "Alerts")
    console.see("used: quota")
    console.assert_accessible()
    console.one("tbody tr a").click()
    console.settle("Alert")
    console.see("Deliveries")
    console.assert_accessible()
    assert "/quotas/" in console.button("See what it is about").get_attribute("href")
    console.click("Acknowledge")
    console.click("Acknowledge", within="dialog")
    console.wait(lambda: console.all("dialog .field-error"), "that a reason is needed")
    console.assert_accessible()
    console.fill("reason", "Topped up.")
    console.click("Acknowledge", within="dialog")
    console.see("Acknowledged", "Topped up.")
    assert "Acknowledge" not in [button.text for button in console.all("button")]
    console.open("/alerts?is_acknowledged=true&kind=quota_threshold", "Alerts")
    assert len(console.all("tbody tr")) == 1
    console.assert_quiet()


def test_the_rules_are_changed_by_who_may(console, staffed):
    console.sign_in(EMAILS["admin"], PASSWORD)
    console.open("/alerts/rules", "Alerts")
    console.see("80 %, 95 %, 100 %")
    console.click("Edit")
    console.assert_accessible()
    console.fill("threshold_percents", "50, many")
    console.click("Edit", within="dialog")
    console.see("Whole numbers")
    console.fill("threshold_percents", "50, 500")
    console.click("Edit", within="dialog")
    console.wait(lambda: console.all("dialog .field-error, dialog .notice.bad"), "the server's refusal")
    console.fill("threshold_percents", "100，50")
    console.fill("failure_percent", "40")
    console.click("Edit", within="dialog")
    console.see("The rules are changed.", "50 %, 100 %", "40 %")
    console.assert_quiet()
    admin = signed_in(staffed, "admin")
    assert admin.ask("PATCH", "/api/admin/alert-rules/", {"threshold_percents": [80, 95, 100], "failure_percent": 50})[0] == 200


def test_a_channel_is_made_tested_and_switched_off(console, staffed, receiver):
    console.sign_in(EMAILS["super_admin"], PASSWORD)
    console.open("/alerts/channels", "Alerts")
    console.click("Add a channel")
    console.assert_accessible()
    console.fill("name", "Program")
    console.click("Add a channel", within="dialog")
    console.wait(lambda: console.all("dialog .field-error"), "that it needs an address")
    console.fill("url", receiver.url("/hook"))
    console.click("Add a channel", within="dialog")
    secret = console.one("[data-secret]").text
    assert secret.startswith("whsec_") and len(base64.b64decode(secret[6:])) == 32
    console.assert_accessible()
    console.click("Close", within="dialog")
    console.see("Program is made.", "127.0.0.1")
    stored = console.driver.execute_script("return JSON.stringify([{...localStorage}, {...sessionStorage}, location.href])")
    assert secret not in console.driver.page_source and secret[6:] not in stored
    console.click("Test")
    console.see("Program took the test.")
    (post,) = receiver.wait("/hook", 1)
    assert b"Program" in post[2]

    console.click("Edit")
    console.settle()
    console.fill("kinds_all", False)
    console.fill("kinds_quarantine", False)
    console.fill("language", "zh-CN")
    console.assert_accessible()
    console.click("Edit", within="dialog")
    console.see("8 kinds")
    console.click("Switch off")
    console.see("Program is switched off.")
    console.click("Undo")
    console.see("Program is switched on.")
    console.click("Switch off")
    console.wait(lambda: "Off" in console.row("Program").text, "that it is off")
    console.assert_quiet()


def test_mail_channels_have_fields_of_their_own(console, staffed):
    console.prefer(language="zh-CN", theme="dark")
    console.sign_in(EMAILS["admin"], PASSWORD)
    console.open("/alerts/channels", "告警")
    console.click("添加渠道")
    console.fill("name", "值班邮箱")
    console.fill("kind", "email")
    console.fill("mail_host", "127.0.0.1")
    console.fill("mail_from", "gateway@example.com")
    console.fill("mail_recipients", "one@example.com\ntwo@example.com")
    console.assert_accessible()
    console.click("添加渠道", within="dialog")
    console.see("值班邮箱 已创建。", "one@example.com, two@example.com", "127.0.0.1:587")
    console.click("停用", within="tr[contains(., '值班邮箱')]")
    console.see("值班邮箱 已停用。")
    console.assert_quiet()


def test_an_auditor_sees_and_changes_nothing(console, staffed, raised):
    console.sign_in(EMAILS["auditor"], PASSWORD)
    for path in ["/alerts", "/alerts/rules", "/alerts/channels"]:
        console.open(path, "Alerts")
        names = {button.text for button in console.all("main button")}
        assert not names & {"Edit", "Add a channel", "Test", "Switch off", "Switch on", "Acknowledge"}, names
    console.assert_quiet()


def test_a_user_has_own_alerts_and_a_switch_for_mails(console, staffed):
    console.sign_in(EMAILS["user"], PASSWORD)
    console.open("/alerts", "Alerts")
    console.see("That is good news.")
    console.fill("by_mail", False)
    console.see("Saved.")
    console.open("/alerts", "Alerts")
    assert not console.field("by_mail").is_selected()
    console.assert_accessible()
    console.fill("by_mail", True)
    console.see("Saved.")
    console.assert_quiet()
