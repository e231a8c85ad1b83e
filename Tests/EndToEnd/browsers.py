"""The console in a real browser: Debian's Chromium, driven by Selenium, and what every page has to be."""

import base64
import importlib.util
import json
import pathlib

from selenium import webdriver
from selenium.common.exceptions import TimeoutException, WebDriverException
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select, WebDriverWait

AXE = pathlib.Path(importlib.util.find_spec("axe_playwright_python").submodule_search_locations[0]) / "axe.min.js"
WAIT_SECONDS = 20
# Said by the browser itself, of what tests do on purpose.
EXPECTED = ["the server responded with a status of 4"]


def chromium(width=1_360, height=900):
    options = webdriver.ChromeOptions()
    options.binary_location = "/usr/bin/chromium"
    for argument in [
        "--headless=new",
        "--no-sandbox",
        "--disable-dev-shm-usage",
        "--disable-gpu",
        "--disable-background-networking",
        "--force-color-profile=srgb",
        "--hide-scrollbars",
        "--lang=en-US",
        f"--window-size={width},{height}",
    ]:
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    return webdriver.Chrome(options, webdriver.ChromeService("/usr/bin/chromedriver"))


class Console:
    """One person at one gateway's console."""

    def __init__(self, driver, gateway):
        self.driver = driver
        self.address = f"http://127.0.0.1:{gateway.port}"
        self.driver.get(self.address + "/healthz")
        self.driver.delete_all_cookies()
        self.driver.execute_script("localStorage.clear(); sessionStorage.clear()")

    # --- Going about

    def prefer(self, language=None, theme=None, time_zone=None):
        """As the switches would set it; from the next page on."""
        for name, value in {"language": language, "theme": theme, "timeZone": time_zone}.items():
            if value is not None:
                self.driver.execute_script(f"localStorage.setItem('tokenaudit.{name}', arguments[0])", value)

    def resize(self, width, height=900):
        """Chromium has no window narrower than 500; what the page is told can be."""
        metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)

    def open(self, path, heading=None):
        self.driver.get(self.address + path)
        self.settle(heading)

    def sign_in(self, email, password):
        self.open("/")
        self.fill("email", email)
        self.fill("password", password)
        self.driver.find_element(By.CSS_SELECTOR, "button[type=submit]").click()
        self.wait(lambda: self.all("nav a"), "the shell")
        self.settle()

    def settle(self, heading=None):
        """Until a page has its heading and nothing is loading in it."""

        def is_settled():
            headings = [element.text for element in self.all("h1")]
            is_there = heading in headings if heading else headings
            return is_there and not self.all(".skeleton") and not self.all('[aria-busy="true"]')

        self.wait(is_settled, f"a settled page {heading or ''}")

    def wait(self, condition, what):
        try:
            return WebDriverWait(self.driver, WAIT_SECONDS, 0.05, ignored_exceptions=[WebDriverException]).until(
                lambda _: condition()
            )
        except TimeoutException:
            said = [entry["message"] for entry in self.driver.get_log("browser")]
            raise AssertionError(
                f"{what}: not within {WAIT_SECONDS} s at {self.driver.current_url}\n{self.text()[:2_000]}\n{said}"
            ) from None

    # --- Finding and doing

    def all(self, selector):
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    def one(self, selector):
        return self.wait(lambda: next(iter(self.all(selector)), None), selector)

    def text(self):
        return self.driver.find_element(By.TAG_NAME, "body").text

    def see(self, *texts):
        for text in texts:
            self.wait(lambda text=text: text in self.text(), repr(text))

    def button(self, name, within=""):
        """A button or link by what it says, or is called."""
        literal = json.dumps(name, ensure_ascii=False)
        path = (
            f"//*[self::button or self::a or @role='tab'][normalize-space(.)={literal} or @aria-label={literal}]"
            if not within
            else f"//{within}//*[self::button or self::a or @role='tab'][normalize-space(.)={literal} or @aria-label={literal}]"
        )
        found = lambda: [item for item in self.driver.find_elements(By.XPATH, path) if item.is_displayed() and item.is_enabled()]  # noqa: E731
        return self.wait(lambda: next(iter(found()), None), f"the button {name}")

    def click(self, name, within=""):
        element = self.button(name, within)
        self.driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", element)
        self.wait(lambda: element.click() is None, f"to click {name}")

    def row(self, text):
        """The row of a table that has this text."""
        return self.wait(lambda: next((row for row in self.all("tbody tr") if text in row.text), None), f"a row with {text}")

    def fill(self, name, value):
        """Writes into the field of this name, in the dialog on top if there is one."""
        element = self.field(name)
        if element.tag_name == "select":
            # What can be chosen may still be on its way.
            self.wait(lambda: Select(element).select_by_value(value) is None, f"the option {value} of {name}")
            return
        if element.get_attribute("type") == "checkbox":
            if element.is_selected() != value:
                element.click()
            return
        element.send_keys(Keys.CONTROL, "a")
        element.send_keys(Keys.DELETE)
        element.send_keys(value)

    def field(self, name):
        prefix = "dialog[open] " if self.all("dialog[open]") else ""
        return self.one(f"{prefix}[name='{name}']")

    # --- What holds on every page

    def assert_quiet(self):
        """No error and no warning in the browser's own log."""
        said = [entry for entry in self.driver.get_log("browser") if entry["level"] in ("SEVERE", "WARNING")]
        unexpected = [entry["message"] for entry in said if not any(text in entry["message"] for text in EXPECTED)]
        assert not unexpected, unexpected

    def assert_accessible(self):
        """axe finds nothing serious or critical (WCAG 2.2 AA)."""
        self.driver.execute_cdp_cmd("Runtime.evaluate", {"expression": AXE.read_text()})
        result = self.driver.execute_async_script(
            """
            const done = arguments[0];
            axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']})
               .then(done, error => done({violations: [{id: String(error), impact: 'critical', nodes: []}]}));
            """
        )
        found = [
            f"{item['id']} ({item['impact']}): {item['nodes'][0]['html'] if item['nodes'] else ''} "
            f"{item['nodes'][0].get('failureSummary', '') if item['nodes'] else ''}"
            for item in result["violations"]
            if item["impact"] in ("serious", "critical")
        ]
        assert not found, f"{self.driver.current_url}\n" + "\n".join(found)

    def assert_fits(self):
        """The page itself never scrolls sideways; what is wide scrolls inside itself."""
        wide, shown = self.driver.execute_script(
            "return [document.documentElement.scrollWidth, document.documentElement.clientWidth]"
        )
        assert wide <= shown, f"{self.driver.current_url}: {wide} px in a window of {shown}"

    def assert_still(self):
        """Nothing moved under somebody's hand while the page came (web.dev/cls: below 0.1 is good)."""
        moved = self.driver.execute_async_script(
            """
            const done = arguments[0];
            let sum = 0;
            const seen = entries => { for (const entry of entries) if (!entry.hadRecentInput) sum += entry.value; };
            new PerformanceObserver(list => seen(list.getEntries())).observe({type: 'layout-shift', buffered: true});
            requestAnimationFrame(() => requestAnimationFrame(() => done(sum)));
            """
        )
        assert moved < 0.1, f"{self.driver.current_url}: layout shift {moved}"

    def screenshot(self, path):
        path = pathlib.Path(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        kind = {"format": "webp", "quality": 80} if path.suffix == ".webp" else {"format": "png"}
        taken = self.driver.execute_cdp_cmd("Page.captureScreenshot", kind)
        path.write_bytes(base64.b64decode(taken["data"]))
