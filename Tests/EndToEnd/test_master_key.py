"""The master key is exchanged: broken off at each row, beside a server, and with the wrong key at hand."""

import sqlite3

import pytest
import raw
from test_administration import Browser, create_admin


async def status_of_a_call(gateway, key):
    return (await raw.exchange(gateway.port, raw.request(key, raw.chat("fake")), 20)).status


def key_ids(gateway):
    with sqlite3.connect(gateway.database) as books:
        rows = books.execute(
            "SELECT value FROM secrets UNION ALL SELECT api_key FROM api_providers WHERE api_key IS NOT NULL"
        ).fetchall()
    return [text.split(".")[1] for (text,) in rows]


async def test_the_master_key_is_exchanged_killed_at_each_row(make_gateway, tmp_path):
    gateway = make_gateway("fake", name="rotated", bodies_capture="full")
    create_admin(gateway, "root@example.com", tmp_path)
    key = gateway.user()
    answer = await raw.exchange(gateway.port, raw.request(key, raw.chat("fake")), 20)
    assert gateway.stop() == 0
    with sqlite3.connect(gateway.database) as books:
        assert books.execute("SELECT COUNT(*) FROM secrets WHERE name = 'body_key'").fetchone() == (1,)
    old, new = gateway.directory / "master.key", tmp_path / "new.key"
    total = len(key_ids(gateway))
    arguments = ("keys", "rotate-master", "--old", old, "--master-key-file", new)
    for killed in range(1, total + 1):
        ended = gateway.run(
            *arguments,
            check=False,
            environment=gateway.environment | {"TOKENAUDIT_FAIL": f"storage.rewrapped:{killed}:kill"},
        )
        assert ended.returncode == -9
        assert len(set(key_ids(gateway))) == (1 if killed == total else 2)
    assert f"already under the new key {total}" in gateway.run(*arguments).stdout

    # The old key opens nothing any more: no start, and no secret anywhere but sealed.
    ended = gateway.run("serve", check=False)
    assert ended.returncode != 0 and "sealed under master key" in ended.stdout + ended.stderr
    gateway.environment["TOKENAUDIT_MASTER_KEY_FILE"] = str(new)
    gateway.start()
    root = Browser(gateway)
    assert root.sign_in("root@example.com")[0] == 200
    assert await status_of_a_call(gateway, key) == 200, "the provider's key opens, and ours are known"
    status, body = root.ask("GET", f"/api/admin/requests/{answer.header('x-request-id')}/body/")
    assert status == 200 and body["response"]["text"].encode() == answer.body, "bodies open too"
    gateway.verify()
    assert gateway.stop() == 0


async def test_the_master_key_is_exchanged_beside_a_server(make_gateway, tmp_path):
    gateway = make_gateway("fake", name="beside")
    new = tmp_path / "new.key"
    old = gateway.directory / "master.key"
    arguments = ("keys", "rotate-master", "--old", old, "--master-key-file", new)
    ended = gateway.run(*arguments, check=False)
    assert ended.returncode != 0 and "a server has this database" in ended.stderr and not new.exists()

    assert gateway.stop() == 0
    new.write_text("0123456789abcdef" * 4 + "\n")
    gateway.environment |= {
        "TOKENAUDIT_MASTER_KEY_FILE": str(new),
        "TOKENAUDIT_PREVIOUS_MASTER_KEY_FILE": str(old),
    }
    gateway.start()
    before = set(key_ids(gateway))
    gateway.run("keys", "rotate-master", "--beside-server")
    assert len(set(key_ids(gateway))) == 1 and not before & set(key_ids(gateway))
    assert await status_of_a_call(gateway, gateway.user()) == 200
    gateway.verify()
    assert gateway.stop() == 0


@pytest.mark.parametrize("text", ["", "0" * 64, "secret", "00" * 31])
def test_a_placeholder_is_no_master_key(make_gateway, text):
    gateway = make_gateway("fake", name="placeholder")
    assert gateway.stop() == 0
    gateway.database.unlink()
    (gateway.directory / "master.key").write_text(text)
    ended = gateway.run("serve", check=False)
    assert ended.returncode != 0 and "master key" in ended.stdout + ended.stderr
    assert text == "" or text not in ended.stdout + ended.stderr
