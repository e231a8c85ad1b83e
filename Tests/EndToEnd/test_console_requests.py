"""The request log in a real browser: found, explained to the last digit, proven in the browser, followed live, refunded."""

import decimal
import uuid

import openai
import pytest
import staff
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select
from servers import until
from staff import EMAILS, PASSWORD, signed_in
from test_audit import wait_until_signed



def newest(gateway, role="auditor", **query):
    """The newest calls, as the API lists them."""
    text = "&".join(f"{name}={value}" for name, value in query.items())
    status, answer = signed_in(gateway, role).ask("GET", f"/api/admin/requests/?{text}")
    assert status == 200, answer
    return answer["results"]


def amount(text):
    return decimal.Decimal(text.replace("$", "").replace(",", "").replace("−", "-"))


def outcomes(console):
    return [item.get_attribute("data-outcome") for item in console.all(".steps li")]


def verify(console):
    console.click("Verify in this browser")
    console.wait(lambda: outcomes(console), "steps of the proof")


def test_calls_are_found_by_what_they_were(console, staffed):
    calls = newest(staffed, page_size=200)
    streamed = next(call for call in calls if call["is_streamed"])
    console.sign_in(EMAILS["auditor"], PASSWORD)
    console.open("/requests", "Requests")
    console.wait(lambda: len(console.all("tbody tr")) == min(50, len(calls)), "a row a call")
    console.see("Charged · 200", "fake-usage-1000-200-50-10", EMAILS["user"], "workshop")
    console.assert_accessible()

    search = console.one("input[type=search]")
    search.send_keys(streamed["request_id"][:23])
    console.wait(lambda: [row.get_attribute("data-row") for row in console.all("tbody tr")] == [streamed["request_id"]], "the one")
    assert f"search={streamed['request_id'][:23]}" in console.driver.current_url
    console.click("Clear filters")
    console.wait(lambda: len(console.all("tbody tr")) > 1, "all of them again")

    console.click("More filters")
    box = console.driver.find_element(By.XPATH, "//label[.='Model']/..//input")
    box.click()
    box.send_keys("usage-1000")
    console.wait(lambda: [item.text for item in console.all("[role=option]")] == ["fake-usage-1000-200-50-10"], "the model found")
    console.assert_accessible()
    box.send_keys(Keys.ENTER)
    console.wait(lambda: all("fake-usage-1000" in row.text for row in console.all("tbody tr")), "its calls alone")
    address = console.driver.current_url
    assert "model=" in address
    # The address is all there is to a view.
    console.open(address.removeprefix(console.address), "Requests")
    assert all("fake-usage-1000" in row.text for row in console.all("tbody tr"))
    console.open("/requests?min_cost=5", "Requests")
    console.see("No call matches.")
    console.assert_quiet()


def test_a_charge_is_explained_and_proven(console, staffed):
    staff.call(staffed)
    wait_until_signed(staffed)
    call = next(call for call in newest(staffed) if call["model_name"] == "fake-usage-1000-200-50-10")
    console.sign_in(EMAILS["auditor"], PASSWORD)
    console.open(f"/requests/{call['request_id']}", "Request")
    rows = [[cell.text for cell in row.find_elements(By.CSS_SELECTOR, "th, td")] for row in console.all(".explain tbody tr")]
    assert len(rows) >= 3
    for _, count, price, product in rows:
        assert amount(count) * amount(price.removeprefix("× ")) / 1_000_000 == amount(product)
    charge = amount(console.one(".explain tfoot .strong .number").text)
    assert charge == sum(amount(row[-1]) for row in rows) == amount(call["total_cost"])
    console.see("Worked out again from counts and prices: the same, to the last digit.", "To the first byte")

    verify(console)
    console.see("Proven: this bill is in the log that was signed.")
    assert outcomes(console) == ["checked"] * 4
    console.assert_accessible()
    # Who changes nothing is offered no change.
    assert "Refund" not in [button.text for button in console.all("button")]
    console.resize(320)
    console.assert_fits()
    console.resize(1_360)
    console.assert_quiet()


def test_a_user_sees_own_calls_without_what_the_provider_took(console, staffed):
    wait_until_signed(staffed)
    console.sign_in(EMAILS["user"], PASSWORD)
    console.open("/requests", "Requests")
    console.click("More filters")
    choice = Select(console.driver.find_element(By.XPATH, "//label[.='Model']/..//select"))
    choice.select_by_visible_text("fake-usage-1000-200-50-10")
    console.wait(lambda: all("fake-usage-1000" in row.text for row in console.all("tbody tr")), "its calls alone")
    console.one("tbody tr a").click()
    console.settle("Request")
    assert "At the provider" not in console.text() and "Margin" not in console.text()
    verify(console)
    console.see("Proven", "told to staff alone")
    assert sorted(outcomes(console)) == ["checked", "checked", "skipped", "skipped"]
    console.assert_quiet()


def test_a_changed_row_is_not_proven(console, make_gateway, tmp_path, chrome):
    gateway = make_gateway(*staff.MODELS, name="tampered")
    staff.hire(gateway, tmp_path)
    wait_until_signed(gateway)
    call = newest(gateway)[0]
    raw = uuid.UUID(call["request_id"]).bytes
    other = type(console)(chrome, gateway)
    other.sign_in(EMAILS["auditor"], PASSWORD)
    gateway.books.execute("UPDATE api_requests SET charge = charge + 1000000 WHERE id = ?", raw)
    other.open(f"/requests/{call['request_id']}", "Request")
    # What the database says does not even follow from its own counts.
    other.see("it comes to something else")
    verify(other)
    other.see("Not proven: a step failed.", "is another one than in the log")
    assert outcomes(other).count("failed") == 1
    gateway.books.execute("UPDATE api_requests SET charge = charge - 1000000 WHERE id = ?", raw)
    other.click("Request")
    other.click("Verify again")
    other.see("Proven")
    assert gateway.stop() == 0


def test_a_refund_goes_back_to_the_quota(console, staffed):
    staff.call(staffed)
    call = next(call for call in newest(staffed, state="captured") if float(call["total_cost"]) > 0)
    console.sign_in(EMAILS["admin"], PASSWORD)
    console.open(f"/requests/{call['request_id']}", "Request")
    console.click("Refund")
    console.assert_accessible()
    console.fill("amount", "1000")
    console.fill("reason", "a test of refunds")
    console.click("Refund", within="dialog")
    console.wait(lambda: console.all("dialog .field-error") or console.all("dialog .notice.bad"), "why it is too much")
    console.fill("amount", call["total_cost"])
    console.click("Refund", within="dialog")
    console.wait(lambda: not console.all("dialog"), "the dialog closed")
    console.see("a test of refunds", "The user pays", "to the last digit")
    assert amount(newest(staffed, search=call["request_id"])[0]["total_cost"]) == 0
    # A refund is no part of the bill's leaf: it stays proven.
    wait_until_signed(staffed)
    verify(console)
    console.see("Proven")
    console.assert_quiet()


def test_all_that_is_asked_for_as_a_file(console, staffed, tmp_path):
    console.driver.execute_cdp_cmd("Browser.setDownloadBehavior", {"behavior": "allow", "downloadPath": str(tmp_path)})
    console.sign_in(EMAILS["auditor"], PASSWORD)
    console.open("/requests?state=captured", "Requests")
    console.click("Export CSV")
    file = tmp_path / "requests.csv"
    until(lambda: file.exists() and file.read_text().count("\n") > 5, "the file")
    head, *rows = file.read_text().splitlines()
    assert "request_id" in head and "provider_cost" in head and all(",captured," in row for row in rows)
    console.assert_quiet()


def test_in_the_other_language(console, staffed):
    console.prefer(language="zh-CN", theme="dark", time_zone="Asia/Shanghai")
    console.sign_in(EMAILS["auditor"], PASSWORD)
    wait_until_signed(staffed)
    console.open(f"/requests/{newest(staffed, state='captured')[0]['request_id']}", "请求")
    console.see("解释这笔费用", "一致，精确到最后一位")
    console.click("在此浏览器中验证")
    console.see("已证明")
    console.assert_accessible()
    console.assert_quiet()


@pytest.mark.parametrize("role", ["auditor", "user"])
def test_calls_appear_as_they_happen(console, staffed, role):
    console.sign_in(EMAILS[role], PASSWORD)
    console.open("/requests", "Requests")
    console.click("Live")
    console.see("Live: calls appear as they begin and end.")
    before = {row.get_attribute("data-row") for row in console.all("tbody tr")}
    staff.call(staffed)
    newer = lambda: {row.get_attribute("data-row") for row in console.all("tbody tr")} - before  # noqa: E731
    console.wait(lambda: len(newer()) >= 10, "the new calls")
    console.assert_accessible()
    console.click("Pause")
    count = len(console.all("tbody tr"))
    staff.call(staffed)
    console.wait(lambda: "Standing still" in console.text() and "Standing still; 0" not in console.text(), "calls that wait")
    assert len(console.all("tbody tr")) == count
    console.click("Go on")
    console.wait(lambda: len(newer()) >= 20, "those that waited")
    # One connection, however many calls.
    asked = console.driver.execute_script("return performance.getEntriesByType('resource').map(e => e.name).filter(n => n.includes('/api/'))")
    assert sum("/requests/live/" in name for name in asked) <= 1 and sum("/requests/?" in name or name.endswith("/requests/") for name in asked) <= 3, asked
    console.click("Live")
    console.assert_quiet()


def test_what_was_said_is_looked_at_on_purpose_and_noted(console, staffed):
    root = signed_in(staffed, "super_admin")
    user = next(row["id"] for row in root.ask("GET", "/api/admin/users/")[1]["results"] if row["email"] == EMAILS["user"])
    status, key = root.ask("POST", "/api/admin/keys/", {"user": user, "name": "recorded", "capture": "full"})
    assert status == 201, key
    client = openai.OpenAI(base_url=f"http://127.0.0.1:{staffed.port}/v1", api_key=key["api_key"], max_retries=0)
    client.chat.completions.create(model="fake", messages=[{"role": "user", "content": "<b>A secret question</b>"}])
    client.close()
    (call,) = newest(staffed, key=key["id"])
    body = f"/api/admin/requests/{call['request_id']}/"
    until(lambda: root.ask("GET", body)[1]["body"], "the bodies kept")
    console.sign_in(EMAILS["admin"], PASSWORD)
    console.open(f"/requests/{call['request_id']}", "Request")
    assert "A secret question" not in console.driver.page_source

    def looks():
        return len(root.ask("GET", "/api/admin/audit-log/?kind=body")[1]["results"])

    before = looks()
    console.click("Look at it")
    console.see("is noted in the audit log for good")
    console.assert_accessible()
    assert looks() == before
    console.click("Look, and note it")
    console.see("<b>A secret question</b>", "Answer, put together")
    assert looks() == before + 1
    console.assert_accessible()
    console.click("Erase")
    console.click("Erase", within="dialog")
    console.see("Erased.")
    assert "A secret question" not in console.text() and root.ask("GET", body)[1]["body"] is None
    console.assert_quiet()
