"""Replicas are upgraded one by one under load: the new version migrates, the old one serves on beside it until it is stopped."""

import asyncio
import threading

import pytest

import raw
from loads import MODELS, Load, served_on
from proxies import Nginx
from servers import Gateway, until

SERVERS = ["postgres", "mysql"]
# A test build with this is the version to come: two more migrations, which add a table, and columns to tables in use.
NEW = {"TOKENAUDIT_REHEARSE": "1"}
VERSION = 1_000_001
# A server that did not listen is asked again after fail_timeout.
NGINX_LOOKS_AGAIN = 3


@pytest.fixture(params=SERVERS)
def replicas(request, fake, tmp_path):
    settings = {"uncertain_after": "6s", "deadlines_grace": "20s"}
    first = Gateway(tmp_path / "1", fake.port, engine=request.param, **settings)
    first.apply_catalogue([first.model(name) for name in MODELS])
    made = [first, *(Gateway(tmp_path / str(number), fake.port, beside=first, **settings) for number in (2, 3))]
    nginx = Nginx(tmp_path / "nginx", made)
    yield made, nginx
    nginx.stop()
    for gateway in reversed(made):
        gateway.discard()


def version(gateway):
    return gateway.rows("SELECT MAX(version) AS version FROM schema_migrations")[0]["version"]


class Reader(threading.Thread):
    """Reads bills without pause, each time for a while: what defines something must not make others wait behind it."""

    def __init__(self, gateway, sql):
        super().__init__(daemon=True)
        self.gateway, self.sql, self.stopping, self.count = gateway, sql, False, 0

    def run(self):
        while not self.stopping:
            self.gateway.rows(self.sql)
            self.count += 1


async def test_replicas_are_upgraded_one_by_one_under_load(replicas):
    (old, other, new), nginx = replicas
    old.start()
    other.start()
    nginx.start()
    before = version(old)
    assert before < VERSION
    key = old.user(quota="1000.00")
    load = Load(nginx.port, key)
    running = asyncio.ensure_future(load.run())
    pause = "pg_sleep(0.3)" if old.books.name == "postgres" else "SLEEP(0.3)"
    reader = Reader(old, f"SELECT COUNT(*) AS count FROM (SELECT {pause} FROM api_requests LIMIT 1) AS slow")
    try:
        await served_on(load)
        reader.start()
        new.environment |= NEW
        await asyncio.to_thread(new.start)
        assert version(old) == VERSION
        assert old.child.is_running() and other.child.is_running()
        # Old and new together, on the new schema.
        for gateway in (old, other, new):
            answers = await asyncio.gather(*[raw.ask(gateway.port, key, raw.chat("fake")) for _ in range(10)])
            assert {answer.status for answer in answers} == {200}
        assert reader.count > 0
        for gateway in (old, other):
            await asyncio.sleep(NGINX_LOOKS_AGAIN)
            assert await asyncio.to_thread(gateway.stop) == 0
            await served_on(load)
            gateway.environment |= NEW
            await asyncio.to_thread(gateway.start)
            await served_on(load)
    finally:
        reader.stopping = True
        load.stopping = True
        await running
        await asyncio.to_thread(reader.join, 10)
    assert load.slowest < 5, "nobody waited for the migration"
    # What nginx was sending on a connection that the gateway closed at that moment, which it must not send again.
    assert load.failed.total() <= 4 and set(load.failed) <= {502}, load.failed
    load.assert_billed(new)
    await asyncio.to_thread(until, lambda: not new.rows("SELECT 1 FROM api_requests WHERE state IN (0, 3)"), "all closed", 30)
    new.assert_sound(key)
    for gateway in (old, other, new):
        assert '"level":"critical"' not in gateway.child.log_tail(100_000)
