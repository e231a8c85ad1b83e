"""Every page over two months of somebody's calls, in both themes. `make screenshots` keeps the pictures in Docs/console/."""

import os
import pathlib
import sqlite3
import subprocess
import time

import pytest

from browsers import Console
from servers import DEBUG, Gateway
from staff import EMAILS, PASSWORD
from test_administration import Browser, create_admin
from test_console import PAGES

KEPT = os.environ.get("TOKENAUDIT_SCREENSHOTS")
NAMES = {
    "api_providers": ["openai", "anthropic", "deepseek", "local"],
    "model_groups": ["default", "research", "support", "coding", "evaluation"],
    "ai_models": ["gpt-4o-mini", "claude-haiku", "deepseek-chat", "smollm2", "gpt-4o", "claude-sonnet", "deepseek-r1", "qwen-7b"],
}
PEOPLE = ["Ada Lovelace", "Lin Wei", "Grace Hopper", "Zhang San", "Alan Turing", "Katherine Johnson"]


@pytest.fixture(scope="module")
def lived_in(fake, tmp_path_factory):
    """A gateway with a history, as the ledger itself wrote it."""
    gateway = Gateway(tmp_path_factory.mktemp("lived-in"), fake.port, engine="sqlite")
    generator = DEBUG / "history-generator"
    end = time.strftime("%Y-%m-%dT%H:00:00Z", time.gmtime())
    command = [generator, "--database", gateway.database, "--end", end, "--calls", 6_000, "--days", 60]
    command += ["--users", len(PEOPLE), "--models", len(NAMES["ai_models"])]
    subprocess.run([str(part) for part in command], check=True, timeout=120, capture_output=True)
    with sqlite3.connect(gateway.database) as books:
        for table, names in NAMES.items():
            books.executemany(f"UPDATE {table} SET name = ? WHERE id = ?", [(name, at + 1) for at, name in enumerate(names)])
        people = [(name, f"{name.split()[0].lower()}@example.com", at + 1) for at, name in enumerate(PEOPLE)]
        books.executemany("UPDATE users SET name = ?, email = ? WHERE id = ?", people)
    create_admin(gateway, EMAILS["super_admin"], tmp_path_factory.mktemp("secret"))
    gateway.start()
    # The one who looks may call models too.
    root = Browser(gateway)
    root.sign_in(EMAILS["super_admin"])
    who, group = root.ask("GET", "/api/auth/me/")[1]["id"], root.ask("GET", "/api/admin/model-groups/")[1]["results"][0]["id"]
    given = root.ask("POST", "/api/admin/quotas/", {"user": who, "model_group": group, "total_quota": "10.00"})
    assert given[0] == 201, given
    yield gateway
    gateway.stop()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_page_is_seen(chrome, lived_in, tmp_path, theme):
    folder = pathlib.Path(KEPT or tmp_path)
    root = Browser(lived_in)
    root.sign_in(EMAILS["super_admin"])
    call = root.ask("GET", "/api/admin/requests/?state=captured&page_size=1")[1]["results"][0]["request_id"]
    console = Console(chrome, lived_in)
    console.prefer(language="en", theme=theme, time_zone="Europe/Berlin")
    console.sign_in(EMAILS["super_admin"], PASSWORD)
    console.resize(1_360, 900)
    for path, name, _ in [*PAGES, (f"/requests/{call}", "request", "")]:
        console.open(path)
        console.screenshot(folder / f"{name}-{theme}.webp")
    console.assert_quiet()
    assert len(list(folder.glob(f"*-{theme}.webp"))) >= len(PAGES) + 1
