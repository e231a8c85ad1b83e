"""A bill that no transaction takes: set aside with its hold, named by commands, and ended by an operator beside the server."""

import sqlite3

import pytest
import raw


def change(gateway, sql):
    connection = sqlite3.connect(gateway.database, timeout=20)
    connection.execute(sql)
    connection.commit()
    connection.close()


@pytest.mark.parametrize("act", ["retry", "void"])
async def test_a_record_in_quarantine_is_ended_by_an_operator(make_gateway, act):
    gateway = make_gateway("fake", name=f"quarantine-{act}")
    key = gateway.user(quota="5.00")
    change(
        gateway,
        "CREATE TRIGGER poison BEFORE UPDATE OF charge ON api_requests BEGIN SELECT RAISE(ABORT, 'poison'); END",
    )
    answer = await raw.exchange(gateway.port, raw.request(key, raw.chat("fake")), 20)
    assert answer.status == 200 and answer.ended, "the answer ends once its record is set aside"
    call = answer.header("x-request-id")
    assert float(gateway.quota(key)["held_quota"]) > 0, "its hold stays"

    listed = gateway.run("ledger", "quarantine", "list").stdout
    assert call in listed and "settlement" in listed and "poison" in listed
    proof = gateway.verify().stdout
    assert "in quarantine: 1" in proof and call in proof

    refused = gateway.run("ledger", "quarantine", act, call, check=False)
    assert refused.returncode != 0 and "poison" in refused.stderr, "what refused it still does"
    change(gateway, "DROP TRIGGER poison")
    assert gateway.run("ledger", "quarantine", act, call).stdout == "booked\n"
    assert gateway.run("ledger", "quarantine", "list").stdout == ""

    bill = gateway.bill(key, call)
    assert bill["state"] == ("captured" if act == "retry" else "voided")
    assert bill["cost"] == answer.header("x-tokenaudit-cost") if act == "retry" else float(bill["cost"]) == 0
    again = gateway.run("ledger", "quarantine", act, call, check=False)
    assert again.returncode != 0 and "there is no such record" in again.stderr
    wrong = gateway.run("ledger", "quarantine", act, "nonsense", check=False)
    assert wrong.returncode == 64 and "is no call id" in wrong.stderr
    gateway.assert_sound(key)
    assert gateway.stop() == 0
