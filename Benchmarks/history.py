"""Measures what the console asks, statistics above all, over a year of ten million calls: `python3 Benchmarks/history.py --help`.

Makes the history once (deterministic by seed and end), starts the server on it, signs in, asks each route in several ranges
and groupings, and prints what each takes: the server's CPU, and the time until the answer, as median and as the slowest in a
hundred. On a machine that has other things to do the CPU is the figure to trust: nothing here waits for anything else.
"""

import argparse
import http.client
import json
import math
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PASSWORD = "correct horse battery"
TARGET_MS = 100
ZONE = "Asia/Shanghai"
# In each: `{from_N}` is the date N days before the history's end.
ASKS = [
    ("overview, 24 h by hour", "/api/admin/stats/overview/?from={from_1}&step=hour"),
    ("overview, 7 days by hour", "/api/admin/stats/overview/?from={from_7}&step=hour"),
    ("overview, 30 days", "/api/admin/stats/overview/"),
    ("overview, 30 days, Shanghai", f"/api/admin/stats/overview/?time_zone={ZONE}"),
    ("overview, a year by month", "/api/admin/stats/overview/?from={from_364}&step=month"),
    ("a user, 30 days", "/api/admin/stats/users/1/requests/"),
    ("a user, 30 days by hour", "/api/admin/stats/users/1/requests/?from={from_30}&step=hour"),
    ("a user, a year by day", "/api/admin/stats/users/1/requests/?from={from_364}"),
    ("a rare user, a year by week", "/api/admin/stats/users/977/requests/?from={from_364}&step=week"),
    ("billing, a year by week", "/api/admin/stats/billing/?from={from_364}&step=week"),
    ("billing by user, 30 days", "/api/admin/stats/billing/?group_by=user"),
    ("billing by key, 30 days", "/api/admin/stats/billing/?group_by=key&step=month"),
    ("billing by key, 7 days, 200 shown", "/api/admin/stats/billing/?group_by=key&from={from_7}&limit=200"),
    ("billing by user, a year by month", "/api/admin/stats/billing/?group_by=user&from={from_364}&step=month"),
    ("billing by model, a year by day", "/api/admin/stats/billing/?group_by=model&from={from_364}"),
    ("billing by provider, 7 days by hour", "/api/admin/stats/billing/?group_by=provider&from={from_7}&step=hour"),
    ("billing by group, 90 days, Shanghai", f"/api/admin/stats/billing/?group_by=group&from={{from_90}}&time_zone={ZONE}"),
    ("hours of the week, 28 days", "/api/admin/stats/billing/?from={from_28}&step=hour"),
    ("flow, 30 days", "/api/admin/stats/flow/"),
    ("flow, a year", "/api/admin/stats/flow/?from={from_364}&step=month"),
    ("keys with their week", "/api/admin/keys/?include=usage&page_size=100"),
    ("users with their week", "/api/admin/users/?include=usage&page_size=100"),
    ("models with their week", "/api/admin/models/?include=usage&page_size=100"),
    ("requests, the newest", "/api/admin/requests/?page_size=50"),
    ("requests of a user", "/api/admin/requests/?user=977&page_size=50"),
    ("requests, failed ones of a model", "/api/admin/requests/?model=7&status_code=500&from={from_30}&page_size=50"),
    ("the audit log", "/api/admin/audit-log/?page_size=50"),
    ("health", "/api/admin/health/"),
    ("one's own, 30 days", "/api/me/stats/overview/"),
    ("one's own by key, a year by month", "/api/me/stats/billing/?group_by=key&from={from_364}&step=month"),
    ("OpenAI's usage by model, 31 days", "/v1/organization/usage/completions?start_time={unix_31}&limit=31&group_by[]=model"),
    ("OpenAI's usage by user, 7 days", "/v1/organization/usage/completions?start_time={unix_7}&group_by[]=user_id"),
    ("OpenAI's usage, a week of hours", "/v1/organization/usage/completions?start_time={unix_6}&bucket_width=1h&limit=168"),
    ("OpenAI's costs by model, 180 days", "/v1/organization/costs?start_time={unix_180}&limit=180&group_by[]=line_item"),
]


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=Path("/tmp/tokenaudit-history"), help="where the history is kept")
    parser.add_argument("--calls", type=int, default=10_000_000)
    parser.add_argument("--rounds", type=int, default=50, help="how often each is asked")
    parser.add_argument("--build", type=Path, default=ROOT / ".build" / "release", help="where the programs are")
    return parser.parse_args()


def make_history(options):
    """The history ends at the last whole hour, for the server asks what time it is."""
    database = options.folder / f"history-{options.calls}.sqlite"
    if not database.exists():
        options.folder.mkdir(parents=True, exist_ok=True)
        end = time.strftime("%Y-%m-%dT%H:00:00Z", time.gmtime())
        began = time.monotonic()
        command = [options.build / "history-generator", "--database", database, "--calls", str(options.calls)]
        subprocess.run([*map(str, command), "--end", end, "--zone", ZONE], check=True)
        print(f"made in {time.monotonic() - began:.0f} s")
    return database


def start(options, database):
    port = free_port()
    environment = os.environ | {
        "TOKENAUDIT_LISTEN": f"127.0.0.1:{port}",
        "TOKENAUDIT_DATABASE": f"sqlite:{database}",
        "TOKENAUDIT_STATISTICS_TIME_ZONES": ZONE,
        "TOKENAUDIT_LOG_LEVEL": "warning",
    }
    program = str(options.build / "tokenaudit")
    password = options.folder / "password"
    password.write_text(PASSWORD + "\n")
    made = [program, "users", "create-admin", "--email", "root@example.com", "--password-file", str(password)]
    subprocess.run(made, env=environment, capture_output=True)
    server = subprocess.Popen([program, "serve"], env=environment)
    for _ in range(600):
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
            connection.request("GET", "/readyz")
            if connection.getresponse().read():
                return server, connection
        except OSError:
            time.sleep(0.1)
    raise SystemExit("the server did not start")


def ask(connection, path, token):
    began = time.perf_counter()
    connection.request("GET", path, headers={"Authorization": f"Bearer {token}"})
    answer = connection.getresponse()
    body = answer.read()
    return (time.perf_counter() - began) * 1_000, answer.status, body


def cpu_ms(server):
    """All threads of a process (user and system), by the kernel's accounting."""
    spent = 0
    for thread in Path(f"/proc/{server.pid}/task").iterdir():
        try:
            spent += int((thread / "schedstat").read_text().split()[0])
        except OSError:
            pass
    return spent / 1e6


def dates(now):
    known = {}
    for days in [1, 6, 7, 28, 30, 31, 90, 180, 364]:
        at = now - days * 86_400
        known[f"from_{days}"] = time.strftime("%Y-%m-%d", time.gmtime(at))
        known[f"unix_{days}"] = str(int(at))
    return known


def measure(options, server, connection):
    credentials = json.dumps({"email": "root@example.com", "password": PASSWORD})
    connection.request("POST", "/api/auth/login/", credentials, {"Content-Type": "application/json"})
    token = json.loads(connection.getresponse().read())["access"]
    known = dates(time.time())
    print(f"{'':38}{'CPU ms':>9}{'p50 ms':>9}{'p99 ms':>9}{'kB':>8}")
    slow = []
    for name, path in ASKS:
        path = path.format(**known)
        times, before = [], cpu_ms(server)
        for _ in range(options.rounds):
            milliseconds, status, body = ask(connection, path, token)
            if status != 200:
                raise SystemExit(f"{name}: {status} {body[:300]}")
            times.append(milliseconds)
        spent = (cpu_ms(server) - before) / options.rounds
        times.sort()
        last = times[math.ceil(0.99 * len(times)) - 1]
        if max(spent, times[0]) > TARGET_MS:
            slow.append(name)
        print(f"{name:38}{spent:9.1f}{times[len(times) // 2]:9.1f}{last:9.1f}{len(body) / 1000:8.1f}", flush=True)
    return slow


def sizes(database, calls):
    """Bytes a call, by table and index, as SQLite counts its pages."""
    connection = sqlite3.connect(f"file:{database}?mode=ro", uri=True)
    rows = connection.execute("SELECT name, pgsize FROM dbstat WHERE aggregate = TRUE ORDER BY 2 DESC").fetchall()
    print(f"\n{'bytes a call':38}{sum(size for _, size in rows) / calls:9.1f}")
    for name, size in rows[:12]:
        print(f"  {name:36}{size / calls:9.1f}")


def main():
    options = arguments()
    database = make_history(options)
    server, connection = start(options, database)
    try:
        slow = measure(options, server, connection)
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(60)
    try:
        sizes(database, options.calls)
    except sqlite3.OperationalError as error:
        print(f"sizes: {error}")
    if slow:
        print(f"slower than {TARGET_MS} ms: {', '.join(slow)}")
        sys.exit(1)


if __name__ == "__main__":
    main()
