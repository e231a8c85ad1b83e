"""Quotas and model groups in the browser: granted, moved, ended; what a multiplier does to a price."""

from staff import EMAILS, MODELS, PASSWORD


def test_an_administrator_keeps_a_quota(console):
    console.sign_in(EMAILS["admin"], PASSWORD)
    console.open("/quotas", "Quotas")
    console.see("$100.00", EMAILS["user"])
    console.click("New quota")
    console.assert_accessible()
    console.fill("user", EMAILS["auditor"])
    console.click("Create", "dialog")
    console.wait(lambda: console.all('dialog [name="model_group"][aria-invalid="true"]'), "the field's error")
    console.fill("model_group", "1")
    console.fill("total_quota", "20")
    console.fill("name", "monthly budget")
    console.fill("renewal", "monthly")
    console.fill("renewal_amount", "25")
    console.click("Create", "dialog")
    console.settle("monthly budget")
    console.see("$20.00 left of $20.00", "every first of the month", "$25.00", "opening")
    console.see("Nothing was spent in the last days")
    console.assert_accessible()

    console.click("Top up")
    console.assert_accessible()
    console.fill("amount", "5.5")
    console.click("Top up", "dialog")
    console.wait(lambda: console.all('dialog [name="reason"][aria-invalid="true"]'), "the field's error")
    console.fill("reason", "workshop in May")
    console.click("Top up", "dialog")
    console.see("$25.50 left of $25.50", "top-up", "workshop in May")
    console.click("Lower")
    console.fill("amount", "0.5")
    console.fill("reason", "booked twice")
    console.click("Lower", "dialog")
    console.see("$25.00 left of $25.00", "reduction")
    console.click("Edit")
    console.fill("warning_percents", "50, 90")
    console.click("Save", "dialog")
    console.see("50%, 90%")
    console.click("Deactivate")
    console.assert_accessible()
    console.click("Deactivate", "dialog")
    console.see("“monthly budget” was deactivated.", "deactivation")
    console.click("Activate")
    console.see("is active again")
    console.assert_quiet()


def test_users_see_how_long_their_own_lasts(console):
    console.prefer(language="zh-CN")
    console.sign_in(EMAILS["user"], PASSWORD)
    console.open("/quotas", "配额")
    console.see("剩余")
    assert EMAILS["auditor"] not in console.text() and "新建配额" not in console.text()
    console.click("default", "main")
    console.see("剩余额度", "账本条目", "开立", "按最近几天每天")
    assert "充值" not in [button.text for button in console.all("main button")]
    console.resize(320)
    console.assert_fits()
    console.resize(1_360)
    console.assert_accessible()
    console.assert_quiet()


def test_an_administrator_keeps_a_model_group(console):
    console.sign_in(EMAILS["admin"], PASSWORD)
    console.open("/groups", "Model groups")
    console.click("New group")
    console.assert_accessible()
    console.fill("name", "partners")
    console.fill(f"models:{MODELS[0]}", True)
    console.fill("price_multiplier", "1.2")
    console.see(f"A million input tokens of {MODELS[0]}: $0.15 by the list, $0.18 here.")
    console.click("Create", "dialog")
    console.settle("partners")
    console.see("× 1.2", MODELS[0])
    assert "$0.18" in console.row(MODELS[0]).text and "$0.72" in console.row(MODELS[0]).text
    console.assert_accessible()
    console.click("Edit")
    console.fill("price_multiplier", "0.5")
    console.click("Save", "dialog")
    console.see("× 0.5")
    console.click("Deactivate")
    console.assert_accessible()
    console.click("Deactivate", "dialog")
    console.see("“partners” was deactivated.")
    console.click("Undo")
    console.button("Deactivate")
    console.assert_quiet()


def test_auditors_change_no_group_and_no_quota(console):
    console.sign_in(EMAILS["auditor"], PASSWORD)
    for path in ("/groups/1", "/quotas/1"):
        console.open(path)
        console.see("default")
        assert not {"Top up", "Lower", "Edit", "End now", "Deactivate"} & {item.text for item in console.all("main button")}
    console.assert_quiet()
