"""The console's providers: made, tested, compared and put aside; their keys are only ever written."""

from staff import EMAILS, PASSWORD, signed_in


def test_a_provider_from_its_making_to_its_end(console, staffed, fake):
    console.sign_in(EMAILS["admin"], PASSWORD)
    console.open("/providers", "Providers")
    console.assert_accessible()
    console.click("Add provider")
    console.assert_accessible()
    console.fill("name", "Second")
    console.fill("base_url", "nowhere")
    console.click("Add provider", within="dialog")
    console.see("Must be http or https")
    console.fill("base_url", f"http://127.0.0.1:{fake.port}/v1")
    console.fill("api_key", "sk-very-secret-1234")
    console.click("Add provider", within="dialog")
    console.settle("Second")
    console.see("kept:", "Models by this provider", "No model leads here yet.")
    assert "very-secret" not in console.driver.page_source
    console.assert_accessible()

    # Its key is for its address alone.
    console.click("Edit")
    console.fill("base_url", f"http://127.0.0.1:{fake.port}/v2")
    console.see("Another address clears the stored key")
    console.assert_accessible()
    console.click("Save")
    console.wait(lambda: not console.all("dialog[open]"), "the dialog to close")
    console.settle("Second")
    console.see("/v2", "Second is changed.")
    provider = int(console.driver.current_url.rsplit("/", 1)[1])
    root = signed_in(staffed, "admin")
    assert root.ask("GET", f"/api/admin/providers/{provider}/")[1]["api_key_state"] == "none"

    console.click("Deactivate")
    console.see("Second gets no calls any more.", "inactive")
    console.click("Undo")
    console.see("Second gets calls again.")
    console.wait(lambda: root.ask("GET", f"/api/admin/providers/{provider}/")[1]["is_active"], "it to be active again")
    console.settle()
    console.click("Deactivate")
    console.wait(lambda: not root.ask("GET", f"/api/admin/providers/{provider}/")[1]["is_active"], "it to be put aside")
    console.open("/providers?is_active=false")
    assert len(console.all("tbody tr")) == 1
    console.open("/providers?search=no-such")
    console.see("Nothing matches.")
    console.assert_quiet()


def test_somebody_else_was_quicker(console, staffed):
    root = signed_in(staffed, "admin")
    _, made = root.ask("POST", "/api/admin/providers/", {"name": "Raced", "base_url": "http://127.0.0.1:9/v1", "is_active": False})
    console.sign_in(EMAILS["admin"], PASSWORD)
    console.open(f"/providers/{made['id']}")
    console.click("Edit")
    console.fill("name", "Mine")
    assert root.ask("PATCH", f"/api/admin/providers/{made['id']}/", {"name": "Theirs"})[0] == 200
    console.click("Save")
    console.see("Somebody else changed this meanwhile.")
    # The address answers nothing: that is told in words.
    console.click("Cancel")
    console.click("Test")
    console.wait(lambda: console.all(".notice.bad"), "why it cannot be called")
    console.see("It cannot be called")


def test_auditors_look_and_change_nothing(console):
    console.prefer(language="zh-CN", theme="dark")
    console.sign_in(EMAILS["auditor"], PASSWORD)
    console.open("/providers", "提供商")
    row = console.row("fake")
    assert "启用" in row.text and "%" in row.text
    assert "添加提供商" not in console.text()
    row.find_element("css selector", "a").click()
    console.settle("fake")
    for name in ["编辑", "停用", "测试", "比对模型"]:
        assert name not in [button.text for button in console.all("main button")]
    console.assert_accessible()
    console.open("/providers/999999")
    console.see("没有这个提供商。")
    console.assert_quiet()
