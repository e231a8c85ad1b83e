"""On PostgreSQL calls stand in ranges of their ids that replicas make themselves; raw usage goes when its time is over."""

import datetime

import pytest

import raw
from servers import until
from test_administration import Browser, create_admin

# Where a call's row stands.
WHERE = "SELECT CAST(tableoid::regclass AS TEXT) AS name FROM {} WHERE {} = decode(replace(?, '-', ''), 'hex')"
RANGES = (
    "SELECT CAST(c.relname AS TEXT) AS name FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid"
    " WHERE i.inhparent = to_regclass(?) AND right(c.relname, 5) <> '_rest' ORDER BY 1"
)
USAGE = "api_request_usage"


def ranges(gateway, table):
    return [row["name"] for row in gateway.rows(RANGES, table)]


def first_id(day):
    """The lowest id of a day's calls."""
    at = datetime.datetime(day.year, day.month, day.day, tzinfo=datetime.timezone.utc)
    return int(at.timestamp() * 1_000).to_bytes(6, "big") + bytes(10)


def root_of(gateway, tmp_path):
    create_admin(gateway, "root@example.com", tmp_path)
    root = Browser(gateway)
    assert root.sign_in("root@example.com")[0] == 200
    return root


async def test_a_server_makes_ranges_ahead_and_calls_stand_in_them(make_gateway):
    gateway = make_gateway("fake", name="ranges", engine="postgres")
    week = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=7)
    until(lambda: ranges(gateway, USAGE), "ranges are made")
    assert ranges(gateway, "api_requests")[-1] >= f"api_requests_to_{week.year}1231"
    assert ranges(gateway, USAGE)[-1] >= f"{USAGE}_to_{week:%Y%m%d}"
    answer = await raw.ask(gateway.port, gateway.user(), raw.chat("fake"))
    for table, key in [("api_requests", "id"), (USAGE, "call_id")]:
        (row,) = gateway.rows(WHERE.format(table, key), answer.header("x-request-id"))
        assert row["name"] in ranges(gateway, table)
    gateway.verify()
    assert gateway.stop() == 0


@pytest.mark.parametrize("engine", ["sqlite", "postgres", "mysql"])
async def test_raw_usage_goes_when_its_time_is_over(make_gateway, tmp_path, engine):
    gateway = make_gateway("fake", name=f"retention-{engine}", engine=engine)
    root = root_of(gateway, tmp_path)
    answer = await raw.ask(gateway.port, gateway.user(), raw.chat("fake"))
    call = answer.header("x-request-id")
    if engine == "postgres":
        until(lambda: ranges(gateway, USAGE), "ranges are made")
    assert gateway.stop() == 0
    old, border = first_id(datetime.date(2024, 1, 7)), first_id(datetime.date(2024, 2, 1))
    if engine == "postgres":
        # As if it had run for years: a month that has been over for long.
        name = ranges(gateway, USAGE)[0]
        end = datetime.datetime.strptime(name[-8:], "%Y%m%d") + datetime.timedelta(days=1)
        bounds = f"FROM ('\\x{border.hex()}') TO ('\\x{first_id(end).hex()}')"
        gateway.books.execute(f"ALTER TABLE {USAGE} DETACH PARTITION {name}")
        gateway.books.execute(
            f"CREATE TABLE {USAGE}_to_20240131 PARTITION OF {USAGE} FOR VALUES FROM (MINVALUE) TO ('\\x{border.hex()}')"
        )
        gateway.books.execute(f"ALTER TABLE {USAGE} ATTACH PARTITION {name} FOR VALUES {bounds}")
    gateway.books.execute(f"INSERT INTO {USAGE} (call_id, {quoted('usage', engine)}) VALUES (?, ?)", old, b"{}")
    gateway.environment["TOKENAUDIT_REQUESTS_RETENTION"] = "90d"
    gateway.start()
    until(lambda: gateway.rows(f"SELECT COUNT(*) AS n FROM {USAGE}")[0]["n"] == 1, "what is old is gone", 20)
    if engine == "postgres":
        assert f"{USAGE}_to_20240131" not in ranges(gateway, USAGE)
    assert "raw usage whose time is over is" in gateway.child.log.read_text()
    status, detail = root.ask("GET", f"/api/admin/requests/{call}/")
    assert status == 200 and detail["raw_usage"] and detail["raw_usage_expired"] is False
    gateway.verify()
    assert gateway.stop() == 0


def quoted(name, engine):
    """A word of MariaDB's own."""
    return f"`{name}`" if engine == "mysql" else name
