"""Bills and the signed log in a real browser: sums that add up, and a log that may only grow."""

import csv
import datetime
import decimal
import io
import json

from selenium.webdriver.common.by import By
from servers import until
from staff import EMAILS, PASSWORD, call, signed_in
from test_audit import wait_until_signed
from test_console_requests import amount, outcomes


def this_month():
    return datetime.datetime.now(datetime.UTC).strftime("%Y-%m")


def billing(gateway, role, **query):
    text = "&".join(f"{name}={value}" for name, value in {"time_zone": "UTC", "from": f"{this_month()}-01", **query}.items())
    base = "/api/me/stats/billing/" if role == "user" else "/api/admin/stats/billing/"
    status, answer = signed_in(gateway, role).ask("GET", f"{base}?{text}")
    assert status == 200, answer
    return answer


def cells(row):
    return [cell.text for cell in row.find_elements(By.CSS_SELECTOR, "th, td")]


def test_a_month_as_its_user_is_billed(console, staffed, tmp_path):
    console.driver.execute_cdp_cmd("Browser.setDownloadBehavior", {"behavior": "allow", "downloadPath": str(tmp_path)})
    console.prefer(time_zone="UTC")
    console.sign_in(EMAILS["user"], PASSWORD)
    console.open("/bills", "Bills")
    console.see("so far")
    console.assert_accessible()
    console.one("tbody tr a").click()
    console.settle()
    assert console.driver.current_url.endswith(f"/bills/{this_month()}")
    told = billing(staffed, "user")["totals"]
    (row,) = [cells(row) for row in console.all("tbody tr")]
    total = cells(console.one("tfoot tr"))
    assert row[0].endswith("workshop") and row[1:] == total[1:]
    assert amount(total[5]) == decimal.Decimal(told["spend"]) and amount(total[6]) == decimal.Decimal(told["refunds"])
    assert amount(total[7]) == amount(total[5]) - amount(total[6])
    console.see("The rows add up to the total, to the last digit.", EMAILS["user"])
    assert "Margin" not in console.text() and "Providers' cost" not in console.text()
    console.click("CSV")
    file = tmp_path / f"bill-{this_month()}-key.csv"
    until(lambda: file.exists() and file.read_text().endswith("\n"), "the file")
    head, *rows = csv.reader(io.StringIO(file.read_text(encoding="utf-8-sig")))
    assert rows[-1][0] == "Total" and decimal.Decimal(rows[-1][5]) == decimal.Decimal(told["spend"]) and len(head) == 8
    console.assert_accessible()
    # On paper there is the bill and nothing to press.
    console.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    assert not console.one(".side").is_displayed() and not any(button.is_displayed() for button in console.all(".screen-head .button"))
    assert console.one("tfoot").is_displayed()
    console.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})
    console.assert_quiet()


def test_a_month_by_whatever_it_was_spent_on(console, staffed):
    console.prefer(time_zone="UTC", language="zh-CN")
    console.sign_in(EMAILS["auditor"], PASSWORD)
    console.open(f"/bills/{this_month()}")
    console.see("账单", "各行之和与合计一致")
    for by in ["user", "key", "model", "group", "provider"]:
        console.open(f"/bills/{this_month()}?by={by}")
        groups = billing(staffed, "auditor", group_by=by)["groups"]
        names = [cells(row)[0] for row in console.all("tbody tr")]
        assert names == [group["name"] for group in groups], by
        total = cells(console.one("tfoot tr"))
        assert amount(total[5]) == sum(decimal.Decimal(group["totals"]["spend"]) for group in groups)
    console.see("毛利")
    console.assert_accessible()
    # One user's, key by key.
    user = next(group["id"] for group in billing(staffed, "auditor", group_by="user")["groups"] if group["name"] == EMAILS["user"])
    console.open(f"/bills/{this_month()}?user={user}")
    told = billing(staffed, "user")["totals"]
    console.see(EMAILS["user"])
    assert [cells(row)[0].split(" / ")[-1] for row in console.all("tbody tr")] == ["workshop"]
    assert amount(cells(console.one("tfoot tr"))[5]) == decimal.Decimal(told["spend"])
    console.assert_quiet()


def kept(console):
    return json.loads(console.driver.execute_script("return localStorage.getItem('tokenaudit.log')") or "null")


def keep(console, **changes):
    console.driver.execute_script("localStorage.setItem('tokenaudit.log', arguments[0])", json.dumps({**kept(console), **changes}))


def test_the_log_only_grows(console, staffed):
    wait_until_signed(staffed)
    console.sign_in(EMAILS["auditor"], PASSWORD)
    wait_until_signed(staffed)
    console.open("/ledger", "Ledger & audit")
    console.see("for the first time", "Checked. The checkpoint is signed (Ed25519)", "audit verify --export")
    console.assert_accessible()
    first = kept(console)
    assert first["verifierKey"] in console.text() and int(first["size"]) > 10
    call(staffed)
    wait_until_signed(staffed)
    console.open("/ledger", "Ledger & audit")
    console.see("the log only grew", "are the beginning of the")
    assert outcomes(console) == ["checked"] * 4 and int(kept(console)["size"]) > int(first["size"])

    lies = {
        "another root": {"root": "00" * 32},
        "a longer log": {"size": str(10**9)},
        "another key": {"verifierKey": first["verifierKey"][:-4] + "AAA="},
        "another log": {"origin": "tokenaudit/0000000000000000"},
    }
    seen = kept(console)
    # A bill's proof is held against the same key.
    request = signed_in(staffed, "auditor").ask("GET", "/api/admin/requests/?state=captured&page_size=1")[1]["results"][0]["request_id"]
    for key, outcome in {seen["verifierKey"]: "checked", lies["another key"]["verifierKey"]: "failed"}.items():
        keep(console, **{**seen, "verifierKey": key})
        console.open(f"/requests/{request}", "Request")
        console.click("Verify in this browser")
        console.wait(lambda: outcomes(console), "steps of the proof")
        assert outcomes(console) == ["checked"] * 4 + [outcome]
    for name, lie in lies.items():
        keep(console, **{**seen, **lie})
        console.open("/ledger", "Ledger & audit")
        console.see("The log is not the one that this browser saw.")
        assert "failed" in outcomes(console), name
        # What was seen is kept for whoever looks into it.
        assert kept(console) == {**seen, **lie}, name
    console.assert_accessible()
    console.click("Forget what was seen")
    console.assert_accessible()
    console.click("Forget what was seen", within="dialog")
    console.see("for the first time")
    console.assert_quiet()


def test_acts_are_told_with_who_and_when(console, staffed):
    console.sign_in(EMAILS["auditor"], PASSWORD)
    console.open("/ledger/acts", "Ledger & audit")
    assert cells(console.all("tbody tr")[0])[1] == "Signed in" and EMAILS["auditor"] in cells(console.all("tbody tr")[0])[3]
    console.open("/ledger/acts?kind=api_key", "Ledger & audit")
    assert {cells(row)[1].split()[0] for row in console.all("tbody tr")} == {"Key"}
    assert console.all("tbody tr a")[0].get_attribute("href").split("/")[-2] == "keys"
    box = console.driver.find_element(By.XPATH, "//label[.='Who acted']/..//input")
    box.click()
    console.wait(lambda: any(item.text == EMAILS["user"] for item in console.all("[role=option]")), "who may have acted")
    next(item for item in console.all("[role=option]") if item.text == EMAILS["user"]).click()
    console.see("No act matches.")
    console.assert_accessible()
    console.assert_quiet()
