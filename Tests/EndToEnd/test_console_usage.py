"""The console's usage and cost page: every figure it shows is one of the statistics', whatever it is narrowed to."""

from decimal import Decimal

import pytest
from selenium.webdriver.support.ui import Select

from staff import EMAILS, MODELS, PASSWORD, signed_in


@pytest.fixture
def usage(console):
    console.prefer(time_zone="Asia/Kathmandu")
    return console


def choose(console, label, value):
    select = console.driver.find_element("xpath", f"//label[normalize-space(.)='{label}']/following-sibling::select")
    Select(select).select_by_value(value)
    console.settle()


def test_bars_and_what_each_came_to(usage, staffed):
    usage.sign_in(EMAILS["auditor"], PASSWORD)
    usage.open("/usage", "Usage & cost")
    _, statistics = signed_in(staffed, "auditor").ask("GET", "/api/admin/stats/billing/?group_by=model")
    assert len(statistics["groups"]) >= len(MODELS)
    for group in statistics["groups"]:
        row = next(row for row in usage.all("tbody tr") if row.find_element("css selector", "td").text == group["name"])
        assert str(group["totals"]["requests"]) in row.text
        exact = row.find_element("css selector", "[title^='$']").get_attribute("title")
        assert Decimal(exact.removeprefix("$")) == Decimal(group["totals"]["spend"])
    usage.assert_accessible()
    # By provider there is one group, and it is all of it.
    choose(usage, "By", "provider")
    assert "by=provider" in usage.driver.current_url
    assert "100%" in usage.row("fake").text
    choose(usage, "Measure", "requests")
    usage.click("View as table")
    usage.see("Day")
    assert usage.all(".plot .table-frame tbody tr")
    usage.assert_accessible()
    usage.assert_quiet()


def test_narrowing_and_back(usage, staffed):
    usage.sign_in(EMAILS["admin"], PASSWORD)
    usage.open("/usage?range=7d")
    usage.click("fake-usage-1000-200-50-10", within="table")
    usage.settle()
    usage.see("Model: fake-usage-1000-200-50-10")
    assert "model=" in usage.driver.current_url and "range=7d" in usage.driver.current_url
    usage.click("Tokens")
    usage.settle()
    _, answer = signed_in(staffed, "admin").ask("GET", "/api/admin/stats/billing/?group_by=model")
    totals = next(group["totals"] for group in answer["groups"] if group["name"] == "fake-usage-1000-200-50-10")
    # Classes are disjoint: 1000 of input are 800 and 200 from the cache, 50 of output are 40 and 10 of reasoning.
    for title, name in [
        ("Input", "input_tokens"),
        ("Read from cache", "cache_read_tokens"),
        ("Output", "output_tokens"),
        ("Reasoning", "reasoning_tokens"),
    ]:
        assert f"{totals[name]:,}" in usage.row(title).text
    assert totals["input_tokens"] == 4 * totals["cache_read_tokens"] and totals["output_tokens"] == 4 * totals["reasoning_tokens"]
    usage.click("Show all again")
    usage.settle()
    assert "model=" not in usage.driver.current_url
    # The choice sticks for the next visit; the way back leads through what was chosen.
    usage.open("/")
    usage.open("/usage")
    usage.wait(lambda: "view=classes" in usage.driver.current_url, "the kept choice")
    usage.assert_quiet()


def test_a_bar_leads_to_its_hours_and_an_hour_to_its_calls(usage):
    usage.sign_in(EMAILS["admin"], PASSWORD)
    usage.open("/usage?range=7d")
    usage.driver.execute_script(
        "const bars = document.querySelectorAll('.bar'); bars[bars.length - 1].dispatchEvent(new MouseEvent('click', {bubbles: true}))"
    )
    usage.wait(lambda: "range=custom" in usage.driver.current_url, "the day's hours")
    usage.settle()
    usage.see("Choose a bar for its calls.")
    usage.driver.execute_script(
        "[...document.querySelectorAll('.bar')].find(bar => bar.querySelectorAll('rect').length > 1)"
        ".dispatchEvent(new MouseEvent('click', {bubbles: true}))"
    )
    usage.wait(lambda: "/requests?from=" in usage.driver.current_url, "the hour's calls")
    usage.settle()


def test_every_view_in_chinese_as_a_user_asks_once(usage):
    usage.prefer(language="zh-CN", theme="dark")
    usage.sign_in(EMAILS["user"], PASSWORD)
    usage.open("/usage", "用量与费用")
    for view in ["走势", "Token", "速度与错误", "时段分布", "本月", "流向"]:
        usage.driver.execute_script("performance.clearResourceTimings()")
        usage.click(view)
        usage.settle()
        usage.assert_accessible()
        asked = usage.driver.execute_script("return performance.getEntriesByType('resource').map(e => e.name).filter(n => n.includes('/api/'))")
        assert len(asked) <= 1 and all("/api/me/" in name for name in asked), asked
        usage.resize(320)
        usage.assert_fits()
        usage.resize(1_360)
    usage.open("/usage?view=hours")
    usage.see("近 28 天合计")
    usage.click("以表格查看")
    assert len(usage.all("tbody tr")) == 7 and len(usage.all("thead th")) == 25
    usage.open("/usage?view=month")
    usage.see("目前已花费")
    usage.assert_quiet()


def test_the_flow_leads_on(usage, staffed):
    """From users by their keys to models and providers; each of them is a way on."""
    _, answer = signed_in(staffed, "auditor").ask("GET", "/api/admin/stats/flow/")
    assert {node["kind"] for node in answer["nodes"]} == {"user", "key", "model", "provider"}
    usage.sign_in(EMAILS["auditor"], PASSWORD)
    usage.open("/usage?view=flow")
    assert len(usage.all("svg .flow")) == len(answer["links"]) and len(usage.all("svg .node")) == len(answer["nodes"])
    usage.assert_accessible()
    usage.click("View as table")
    assert len(usage.all(".plot tbody tr")) == len(answer["links"])
    usage.click("View as plot")
    usage.resize(320)
    usage.assert_fits()
    usage.resize(1_360)
    usage.driver.find_element("css selector", ".flow-nodes section:last-child a").click()
    usage.settle()
    usage.see("Provider: fake")
    assert "provider=" in usage.driver.current_url and "view=flow" not in usage.driver.current_url
    usage.assert_quiet()
