"""Keys in the browser: made, tried, changed, rotated and revoked by those who may."""

import openai
import pytest

from staff import EMAILS, MODELS, PASSWORD


def answers(console, secret, model=MODELS[0]):
    client = openai.OpenAI(base_url=console.address + "/v1", api_key=secret, max_retries=0)
    try:
        client.chat.completions.create(model=model, messages=[{"role": "user", "content": "Hello!"}])
        return 200
    except openai.APIStatusError as error:
        return error.status_code
    finally:
        client.close()


def test_an_administrator_keeps_a_key(console):
    console.sign_in(EMAILS["admin"], PASSWORD)
    console.open("/keys", "Keys")
    console.see("workshop", EMAILS["user"])
    week = console.row("workshop").find_element("css selector", "svg.sparkline").get_attribute("aria-label")
    assert week.startswith("Last 7 days: $0.") and week.endswith(" calls"), week
    console.click("New key")
    console.assert_accessible()
    console.fill("name", "night job")
    console.fill("user", "nobody@example.com")
    console.click("Create", "dialog")
    console.see("There is no such user.")
    console.fill("user", EMAILS["user"])
    console.fill("spending_limit", "a lot")
    console.click("Create", "dialog")
    console.wait(lambda: console.all('dialog [name="spending_limit"][aria-invalid="true"]'), "the field's error")
    console.fill("spending_limit", "0.5")
    console.fill("expires_at", "12312035\t0930AM")
    console.fill("isLimited", "chosen")
    console.fill(f"allowed_models:{MODELS[0]}", True)
    console.fill("allowed_addresses", "127.0.0.0/8\n10.0.0.0/8")
    console.fill("requests_per_minute", "60")
    console.fill("capture", "metadata")
    console.click("Create", "dialog")
    secret = console.one("[data-secret]").text
    assert secret.startswith("sk-audit-") and len(secret) == 41
    assert secret in console.one("dialog pre").text
    console.assert_accessible()
    assert answers(console, secret) == 200 and answers(console, secret, MODELS[1]) == 404
    console.click("Done")
    console.see("night job")
    kept = console.driver.execute_script("return JSON.stringify([{...localStorage}, {...sessionStorage}, location.href])")
    assert secret not in kept and secret not in console.driver.page_source

    console.click("night job", "main")
    console.settle("night job")
    console.see("Dec 31, 2035", "10.0.0.0/8", "What is left", "Without texts", MODELS[0])
    console.assert_accessible()
    console.click("Edit")
    console.fill("name", "day job")
    console.fill("spending_limit", "0.75")
    console.click("Save", "dialog")
    console.settle("day job")
    console.see("$0.75")

    console.click("Rotate")
    console.assert_accessible()
    console.fill("grace_seconds", "3600")
    console.click("Rotate", "dialog")
    second = console.one("[data-secret]").text
    assert second != secret
    console.click("Done")
    console.see("The old secret works until")
    assert answers(console, second) == 200 and answers(console, secret) == 200

    console.click("Revoke")
    console.assert_accessible()
    console.click("Revoke", "dialog")
    console.see("Key “day job” was revoked.", "revoked")
    console.wait(lambda: answers(console, second) == 401, "the key to end")
    console.assert_quiet()


def test_users_keep_their_own_and_see_no_others(console):
    console.sign_in(EMAILS["user"], PASSWORD)
    console.open("/keys", "Keys")
    console.click("New key")
    assert not console.all('dialog [name="user"]') and not console.all('dialog [name="capture"]')
    console.fill("name", "laptop")
    console.fill("isLimited", "chosen")
    console.see(MODELS[1])
    console.fill("isLimited", "all")
    console.click("Create", "dialog")
    secret = console.one("[data-secret]").text
    console.click("Done")
    assert answers(console, secret) == 200
    console.click("laptop", "main")
    console.settle("laptop")
    console.see("Spend, last 30 days")
    console.click("Revoke")
    console.click("Revoke", "dialog")
    console.see("revoked")
    console.assert_quiet()


@pytest.mark.parametrize("path", ["/keys", "/keys/1"])
def test_auditors_change_nothing(console, path):
    console.sign_in(EMAILS["auditor"], PASSWORD)
    console.open(path)
    console.see("workshop")
    assert not {"New key", "Rotate", "Revoke", "Edit"} & {button.text for button in console.all("main button")}
    console.assert_quiet()


def test_the_list_is_searched_and_filtered_by_its_address(console):
    console.prefer(language="zh-CN", theme="dark")
    console.sign_in(EMAILS["super_admin"], PASSWORD)
    console.open("/keys?search=workshop&is_active=true", "密钥")
    console.see("workshop", "有效")
    console.open("/keys?search=nothing-like-it")
    console.see("没有匹配的内容。")
    console.click("清除筛选")
    console.see("workshop")
    assert "search" not in console.driver.current_url
    console.click("workshop", "main")
    console.see("最近 30 天费用", "全部密钥")
    console.resize(320)
    console.assert_fits()
    console.assert_accessible()
    console.resize(1_360)
    console.assert_quiet()
