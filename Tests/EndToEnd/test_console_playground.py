"""The console's playground: a call as any client makes it, streamed, stopped, refused, and what it cost."""

import subprocess
import sys
from decimal import Decimal

import pytest

from staff import EMAILS, PASSWORD, signed_in


@pytest.fixture
def playground(console):
    console.sign_in(EMAILS["user"], PASSWORD)
    console.open("/playground", "Playground")
    console.wait(lambda: console.all("[name=message]"), "somewhere to write")
    return console


def say(console, text, model):
    console.fill("model", model)
    console.fill("message", text)
    console.click("Send")


def last(console, selector):
    return console.driver.find_elements("css selector", f".turn:last-of-type {selector}")


def wait_for_cost(console):
    return console.wait(lambda: next((item.text for item in last(console, "[data-cost]") if "$" in item.text), None), "what it cost")


def test_turns_and_what_they_cost(playground, staffed):
    playground.assert_accessible()
    say(playground, "Hello", "fake-stream-20-5ms")
    cost = wait_for_cost(playground)
    turn = playground.one(".turn")
    assert "word19" in turn.find_element("css selector", "[data-answer]").text
    link = turn.find_element("link text", "This call").get_attribute("href")
    user = signed_in(staffed, "user")
    status, call = user.ask("GET", f"/api/me/requests/{link.rsplit('/', 1)[1]}/")
    assert status == 200 and Decimal(cost.removeprefix("Cost $")) == Decimal(call["total_cost"]) > 0
    # The next turn carries the first one; not streamed, its cost comes with its head.
    playground.driver.execute_script("document.querySelector('[name=stream]').click()")
    say(playground, "And then?", "fake-usage-1000-200-50-10")
    playground.wait(lambda: len(playground.all("[data-cost]")) == 2, "the second answer")
    assert wait_for_cost(playground) != cost
    assert "1,000 in, 50 out" in playground.text()
    assert "model=fake-usage" in playground.driver.current_url and "stream=false" in playground.driver.current_url
    playground.assert_accessible()
    # The key is in memory alone.
    kept = playground.driver.execute_script("return JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie, location.href])")
    assert "sk-" not in kept and "sk-" not in playground.driver.page_source
    playground.click("Start again")
    playground.see("Say something to the model.")
    playground.resize(320)
    playground.assert_fits()
    playground.resize(1_360)
    playground.assert_quiet()


def add_model(gateway, name, **members):
    """To the group that the user has a quota for."""
    root = signed_in(gateway, "super_admin")
    _, provider = root.ask("GET", "/api/admin/providers/?search=fake")
    made = {"name": name, "provider": provider["results"][0]["id"], "context_length": 100_000, **members}
    status, model = root.ask("POST", "/api/admin/models/", made)
    assert status == 201, model
    group = root.ask("GET", "/api/admin/model-groups/?search=default")[1]["results"][0]
    assert root.ask("PATCH", f"/api/admin/model-groups/{group['id']}/", {"models": [*group["models"], model["id"]]})[0] == 200


def test_stopping_an_answer(console, staffed):
    """What had come until then stays, and is what is paid for."""
    add_model(staffed, "fake-stream-400-10ms", input_price_per_1k="0.001", output_price_per_1k="0.002")
    console.sign_in(EMAILS["user"], PASSWORD)
    console.open("/playground")
    console.wait(lambda: console.all("[name=message]"), "somewhere to write")
    say(console, "A long one", "fake-stream-400-10ms")
    console.wait(lambda: "word9" in console.one("[data-answer]").text, "some of it")
    console.assert_accessible()
    console.click("Stop")
    console.see("Stopped; what had come is paid for.")
    assert "word399" not in console.one("[data-answer]").text
    assert 0 < Decimal(wait_for_cost(console).removeprefix("Cost $")) < Decimal("0.8")
    console.click("Try again")
    console.wait(lambda: "word9" in console.one("[data-answer]").text, "another answer")
    console.click("Stop")
    wait_for_cost(console)
    assert len(console.all(".turn")) == 1


def test_a_refusal_is_told_in_words(console, staffed):
    add_model(staffed, "dear", upstream_model="fake", input_price_per_1k="900", output_price_per_1k="900", allow_high_price=True)
    console.prefer(language="zh-CN")
    console.sign_in(EMAILS["user"], PASSWORD)
    console.open("/playground?model=dear")
    console.wait(lambda: console.all("[name=message]"), "somewhere to write")
    console.fill("message", "你好")
    console.click("发送")
    refused = console.wait(lambda: last(console, ".notice.bad"), "why it was refused")
    assert len(refused[0].text) > 10
    assert not last(console, "[data-cost]")
    console.assert_accessible()
    # Another model answers the same question.
    console.fill("model", "fake")
    console.click("重试")
    wait_for_cost(console)
    console.assert_quiet()


def test_somebody_without_a_quota(console):
    console.prefer(language="zh-CN", theme="dark")
    console.sign_in(EMAILS["admin"], PASSWORD)
    console.open("/playground", "试用台")
    console.see("没有您可以调用的模型。")
    console.assert_accessible()
    console.assert_quiet()


def test_copied_calls_run(playground, staffed, tmp_path):
    """What is copied is a call: Python runs it with the user's key."""
    playground.driver.execute_script(
        "window.copied = []; navigator.clipboard.writeText = text => { window.copied.push(text); return Promise.resolve(); }"
    )
    playground.fill("system", "It's \"quoted\" — 中文\nnext line")
    playground.fill("model", "fake")
    playground.click("Copy as Python")
    playground.click("Copy as curl")
    python, curl = playground.driver.execute_script("return window.copied")
    environment = {"TOKENAUDIT_API_KEY": staffed.key, "PATH": "/usr/bin:/bin"}
    ran = subprocess.run([sys.executable, "-c", python], env=environment, capture_output=True, text=True, timeout=60, check=True)
    assert "Hello" in ran.stdout
    ran = subprocess.run(["bash", "-c", curl.replace("curl ", "curl -sS ", 1)], env=environment, capture_output=True, text=True, timeout=60, check=True)
    assert "data: [DONE]" in ran.stdout
