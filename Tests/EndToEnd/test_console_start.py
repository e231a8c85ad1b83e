"""The first steps in the console: from an empty gateway to the streamed answer of a real model, and what it cost."""

from decimal import Decimal

import pytest

import browsers
from servers import Gateway
from test_administration import PASSWORD, Browser, create_admin

ROOT = "root@example.com"


@pytest.fixture
def empty(tmp_path):
    """Nobody but the first administrator, and nothing to call."""
    # A real model takes the time it takes.
    gateway = Gateway(tmp_path / "empty", 0, deadlines_first_byte="120s", deadlines_upstream_idle="120s")
    create_admin(gateway, ROOT, tmp_path)
    gateway.start()
    yield gateway
    gateway.verify()
    assert gateway.stop() == 0
    gateway.discard()


def is_done(console, step):
    return "done" in console.driver.find_element("xpath", f"//li[.//h2[normalize-space(.)='{step}']]").get_attribute("class").split()


def test_from_nothing_to_an_answer(chrome, empty, real_model):
    console = browsers.Console(chrome, empty)
    console.sign_in(ROOT, PASSWORD)
    console.see("No call has come through yet.")
    console.click("First steps", within="main")
    console.settle("First steps")
    console.assert_accessible()

    console.fill("name", "Here")
    console.fill("base_url", f"http://127.0.0.1:{real_model}/v1")
    console.click("Add provider")
    console.wait(lambda: is_done(console, "Add a provider"), "the provider")

    console.click("Test")
    console.wait(lambda: is_done(console, "Test it"), "the test")

    # Left, and taken up again where it was.
    console.open("/models")
    console.see("No model yet.")
    console.open("/start", "First steps")
    assert is_done(console, "Add a provider")
    console.click("Test")
    console.click("Add 1 model")
    console.wait(lambda: is_done(console, "Take over models"), "the model")
    console.settle()
    console.assert_accessible()

    console.fill("input_price_per_1k", "0.15")
    console.fill("output_price_per_1k", "0.6")
    console.see("Sample bill: $0.0006")
    console.click("New price")
    console.wait(lambda: is_done(console, "Set prices"), "the price")

    console.fill("name", "everybody")
    console.click("Make the group")
    console.wait(lambda: is_done(console, "Make a group"), "the group")

    console.fill("total_quota", "5")
    console.click("Give the quota")
    console.wait(lambda: is_done(console, "Give yourself a quota"), "the quota")

    console.click("Make the key")
    secret = console.one("[data-secret]").text
    assert secret.startswith("sk-")
    console.assert_accessible()
    console.click("Go on to the playground")

    console.settle("Playground")
    console.wait(lambda: console.all("[name=message]"), "somewhere to write")
    console.fill("max_tokens", "16")
    console.fill("message", "Name three colours.")
    console.click("Send")
    # It comes bit by bit, each bit in time: there are several lengths of it before it is whole.
    lengths = [0]

    def has_grown_or_ended():
        length = len(console.one("[data-answer]").text)
        if length > lengths[-1]:
            lengths.append(length)
            return "grown"
        return any("$" in item.text for item in console.all("[data-cost]")) and "ended"

    console.wait(lambda: console.all("[data-answer]"), "the turn")
    while console.wait(has_grown_or_ended, "more of the answer, or what it cost") != "ended":
        pass
    assert len(lengths) > 3 and lengths[-1] > 20, lengths
    cost = Decimal(console.one("[data-cost]").text.removeprefix("Cost $"))
    console.assert_accessible()
    console.click("This call")
    console.settle()
    root = Browser(empty)
    assert root.sign_in(ROOT)[0] == 200
    _, calls = root.ask("GET", "/api/admin/requests/")
    assert [Decimal(call["total_cost"]) for call in calls["results"]] == [cost] and cost > 0
    assert secret not in console.driver.page_source

    console.open("/start", "First steps")
    console.see("7 of 7 steps are done", "Everything is ready.")
    console.prefer(language="zh-CN", theme="dark")
    console.open("/start", "初始设置")
    console.see("一切就绪。")
    console.assert_accessible()
    console.resize(320)
    console.assert_fits()
    console.resize(1_360)
    console.assert_quiet()
