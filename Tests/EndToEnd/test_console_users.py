"""Users in the browser: made, changed, turned off and on again."""

from staff import EMAILS, PASSWORD, signed_in


def test_an_administrator_keeps_a_user(console, staffed):
    console.sign_in(EMAILS["admin"], PASSWORD)
    console.open("/users", "Users")
    console.click("New user")
    console.assert_accessible()
    assert "super_admin" not in [option.get_attribute("value") for option in console.all("dialog select[name=role] option")]
    console.fill("email", EMAILS["user"])
    console.fill("name", "Ada")
    console.fill("password", "short")
    console.click("Create", "dialog")
    console.wait(lambda: console.all('dialog [name="password"][aria-invalid="true"]'), "the field's error")
    console.fill("email", "ada@example.com")
    console.fill("password", PASSWORD)
    console.fill("concurrent_calls", "3")
    console.click("Create", "dialog")
    console.settle("Ada")
    console.see("ada@example.com", "Calls at a time: 3", "No quotas: this user's calls are refused.", "No keys.")
    console.assert_accessible()

    console.click("New quota")
    console.fill("model_group", "1")
    console.fill("total_quota", "5")
    console.click("Create", "dialog")
    console.see("$5.00 left of $5.00")
    console.click("New key")
    console.fill("name", "first")
    console.click("Create", "dialog")
    console.one("[data-secret]")
    console.click("Done")
    console.see("first")
    console.click("New default key")
    console.click("New default key", "dialog")
    console.one("[data-secret]")
    console.click("Done")

    console.click("Edit")
    console.fill("name", "Ada L.")
    console.fill("role", "auditor")
    console.click("Save", "dialog")
    console.settle("Ada L.")
    console.see("auditor")
    console.click("Deactivate")
    console.see("Ada L. was deactivated.", "deactivated")
    console.click("Undo")
    console.button("Deactivate")
    root = signed_in(staffed, "super_admin")
    assert root.ask("GET", "/api/admin/users/?search=ada@example.com")[1]["results"][0]["is_active"] is True
    console.assert_quiet()


def test_who_may_change_whom(console):
    console.sign_in(EMAILS["admin"], PASSWORD)
    console.open("/users?search=root@")
    console.see(EMAILS["super_admin"])
    assert "Deactivate" not in console.row(EMAILS["super_admin"]).text
    console.open("/users/1")
    assert "Edit" not in console.text()
    console.open("/users/2")
    console.click("Edit")
    console.see("Your own password is changed in the settings.")
    assert not console.all('dialog [name="password"]') and not console.all('dialog [name="is_active"]')
    console.assert_quiet()


def test_auditors_look_in_the_other_language(console):
    console.prefer(language="zh-CN")
    console.sign_in(EMAILS["auditor"], PASSWORD)
    console.open("/users?role=user", "用户")
    console.see(EMAILS["user"])
    week = console.row(EMAILS["user"]).find_element("css selector", "svg.sparkline").get_attribute("aria-label")
    assert week.startswith("最近 7 天：$0."), week
    assert EMAILS["admin"] not in console.one("main").text and "新建用户" not in console.text()
    console.click(EMAILS["user"], "main")
    console.see("配额", "密钥", "最近 30 天费用", "workshop")
    assert "编辑" not in console.text()
    console.resize(320)
    console.assert_fits()
    console.resize(1_360)
    console.assert_accessible()
    console.assert_quiet()
