"""The systemd unit: what systemd-analyze says of it, and what the gateway needs of it."""

import pathlib
import re
import subprocess

UNIT = pathlib.Path(__file__).resolve().parents[2] / "Deploy" / "systemd" / "tokenaudit.service"


def analyzed(tmp_path, *arguments):
    """On a copy whose program is there."""
    copy = tmp_path / UNIT.name
    copy.write_text(UNIT.read_text().replace("/usr/local/bin/tokenaudit", "/bin/true"))
    return subprocess.run(["systemd-analyze", *arguments, copy], text=True, capture_output=True)


def test_systemd_understands_every_line(tmp_path):
    done = analyzed(tmp_path, "verify")
    assert done.returncode == 0 and done.stderr == "", done.stderr


def test_little_is_left_open(tmp_path):
    done = analyzed(tmp_path, "security", "--offline=true")
    exposure = float(re.search(r"Overall exposure level for tokenaudit.service: ([\d.]+)", done.stdout).group(1))
    assert exposure <= 1.5, done.stdout


def test_it_waits_longer_than_the_gateway_drains():
    unit = dict(line.split("=", 1) for line in UNIT.read_text().splitlines() if re.match(r"[A-Z]\w+=", line))
    assert unit["Type"] == "notify" and int(unit["TimeoutStopSec"].removesuffix("s")) > 30, "deadlines.grace"
    assert unit["KillSignal"] == "SIGTERM" and unit["KillMode"] == "mixed" and int(unit["WatchdogSec"].removesuffix("s")) >= 10
    assert int(unit["LimitNOFILE"]) >= 2 * 10_000, "limits.concurrent_calls"
