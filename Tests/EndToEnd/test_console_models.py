"""The console's models and prices: what is made there is what the API has, and no price changes what was billed."""

import json
from decimal import Decimal

import pytest
from selenium.webdriver.common.by import By

from staff import EMAILS, PASSWORD, signed_in


@pytest.fixture
def root(staffed):
    return signed_in(staffed, "super_admin")


def make(root, name, **members):
    provider = root.ask("GET", "/api/admin/providers/?search=fake")[1]["results"][0]["id"]
    status, model = root.ask("POST", "/api/admin/models/", {"name": name, "provider": provider, "context_length": 8_192, **members})
    assert status == 201, model
    return model


def test_a_model_and_its_prices(console, root):
    console.sign_in(EMAILS["admin"], PASSWORD)
    console.open("/models", "Models & prices")
    console.assert_accessible()
    console.click("Add model")
    console.wait(lambda: console.all("dialog[open] [name=context_length]"), "the form")
    console.assert_accessible()
    console.fill("name", "by hand")
    console.fill("context_length", "many")
    console.click("Add model", within="dialog")
    console.wait(lambda: console.all("dialog[open] .field-error"), "what is wrong, at its field")
    console.fill("context_length", "16000")
    console.fill("cost_input_price_per_1k", "1.5")
    console.fill("cost_output_price_per_1k", "2")
    console.click("Add model", within="dialog")
    console.settle("by hand")
    console.see("Without a price its calls are refused.", "16,000")
    model = int(console.driver.current_url.rsplit("/", 1)[1])

    console.click("New price")
    console.assert_accessible()
    console.fill("input_price_per_1k", "3")
    console.fill("output_price_per_1k", "4")
    # 1,000 × 3 and 1,000 × 3 and 500 × 4 of a million.
    console.see("Sample bill: $0.008")
    console.click("New price", within="dialog")
    console.wait(lambda: not console.all("dialog[open]"), "the dialog to close")
    console.settle("by hand")
    console.see("in force", "50%")
    price = root.ask("GET", f"/api/admin/prices/?model={model}")[1]["results"][0]
    assert Decimal(price["input_price_per_1k"]) == Decimal("0.003") and Decimal(price["sample_bill"]["total"]) == Decimal("0.008")
    told = root.ask("GET", f"/api/admin/models/{model}/")[1]
    assert Decimal(told["cost_input_price_per_1k"]) == Decimal("0.0015")

    # One to come, by the person's clock; it can be taken back.
    console.click("New price")
    console.fill("output_price_per_1k", "5")
    field = console.field("effective_from")
    console.driver.execute_script(
        "const set = Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value').set;"
        "set.call(arguments[0], '2090-01-02T03:04'); arguments[0].dispatchEvent(new Event('input', {bubbles: true}))",
        field,
    )
    console.click("New price", within="dialog")
    console.wait(lambda: not console.all("dialog[open]"), "the dialog to close")
    console.see("to come", "Jan 2, 2090, 3:04")
    console.settle()
    assert len(console.all(".plot")) == 1
    console.assert_accessible()
    console.click("Remove")
    console.click("Remove", within="dialog")
    console.see("The price to come is removed.")
    console.wait(lambda: "to come" not in [badge.text for badge in console.all(".badge")], "it to go")
    assert root.ask("GET", f"/api/admin/prices/?model={model}")[1]["count"] == 1
    console.settle()
    console.click("Deactivate")
    console.see("by hand cannot be called any more.")
    console.assert_quiet()


def test_importing_a_table(console, root, tmp_path):
    make(root, "import-new")
    make(root, "import-free")
    make(root, "import-other")
    table = tmp_path / "prices.json"
    entry = {"input_cost_per_token": 0.0000025, "output_cost_per_token": 0.00001, "mode": "chat"}
    free = {"input_cost_per_token": 0, "output_cost_per_token": 0}
    table.write_text(json.dumps({"import-new": entry, "import-free": free, "vendor/other": entry}))
    console.sign_in(EMAILS["admin"], PASSWORD)
    console.open("/models")
    console.click("Import prices")
    console.settle("Import prices")
    console.fill("table", "no table")
    console.click("Compare")
    console.see("It is no JSON")
    console.driver.find_element(By.NAME, "file").send_keys(str(table))
    console.wait(lambda: "import-new" in console.field("table").get_attribute("value"), "the file to be read")
    console.click("Compare")
    console.see("What it would change")
    assert "no price so far" in console.row("import-new").text and "$10.00" in console.row("import-new").text
    assert "refused" in console.row("import-free").text and "free" in console.row("import-free").text
    assert "not in the table" in console.row("import-other").text
    console.assert_accessible()
    box = console.row("import-other").find_element(By.CSS_SELECTOR, "input:not([type=checkbox])")
    box.clear()
    box.send_keys("vendor/other")
    console.click("Compare again")
    console.wait(lambda: "no price so far" in console.row("import-other").text, "the entry that was named")
    for name in ["import-new", "import-other"]:
        chosen = console.row(name).find_element(By.CSS_SELECTOR, "input[type=checkbox]")
        assert chosen.is_selected()
        if name == "import-other":
            chosen.click()
    console.click("Apply to 1 model")
    console.see("1 model has a new price.")
    console.wait(lambda: "unchanged" in console.row("import-new").text, "the new comparison")
    prices = {row["name"]: row["price"] for row in root.ask("GET", "/api/admin/models/?search=import-")[1]["results"]}
    assert prices["import-new"] and prices["import-free"] is None and prices["import-other"] is None
    console.assert_quiet()


def test_models_of_a_provider_beside_those_here(console, root, fake):
    """Its one model has the name of one that is here: that is told, and nothing is made."""
    _, provider = root.ask("POST", "/api/admin/providers/", {"name": "Offers", "base_url": f"http://127.0.0.1:{fake.port}/v1"})
    console.sign_in(EMAILS["admin"], PASSWORD)
    console.open(f"/providers/{provider['id']}")
    console.click("Test")
    console.see("has 1 model.")
    console.click("Compare models")
    console.see("New there (1)")
    console.assert_accessible()
    console.click("Add 1 model")
    console.see("Not added: fake")
    console.assert_accessible()
    console.click("Close", within="dialog")
    assert root.ask("GET", f"/api/admin/models/?provider={provider['id']}")[1]["count"] == 0
    assert root.ask("PATCH", f"/api/admin/providers/{provider['id']}/", {"is_active": False})[0] == 200


def test_auditors_look_and_change_nothing(console):
    console.prefer(language="zh-CN", theme="dark")
    console.sign_in(EMAILS["auditor"], PASSWORD)
    console.open("/models?search=fake-usage", "模型与价格")
    assert "添加模型" not in console.text() and "导入价格" not in console.text()
    console.row("fake-usage").find_element(By.CSS_SELECTOR, "a").click()
    console.settle("fake-usage-1000-200-50-10")
    console.see("当前价格", "缓存读取", "生效中")
    for name in ["编辑", "停用", "新价格"]:
        assert name not in [button.text for button in console.all("main button")]
    console.assert_accessible()
    console.open("/models/999999")
    console.see("没有这个模型。")
    console.assert_quiet()
