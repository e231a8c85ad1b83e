"""Replicas over one database server beside one gateway on SQLite, all on this machine: calls a second, CPU, latency.

Each round measures SQLite, then the replicas with all traffic on one account, then on many. Load goes to every replica at
once, half of the connections to each of two. Run by .venv/bin/python, after `Scripts/setup.sh test`. CPU is the kernel's accounting; the database server's own stands apart.
"""

import argparse
import datetime
import json
import os
import pathlib
import re
import secrets
import statistics
import subprocess
import sys
import time
import urllib.parse

import load
from targets import API_KEY, MODELS, ROOT, Bare, Gateway

sys.path.insert(0, str(ROOT / "Tests" / "EndToEnd"))
from engines import ENGINES, stop_started  # noqa: E402

KEYS = ["sk-audit-" + f"{number:032d}" for number in range(200)]


class Replica(Gateway):
    """One of several over the same books; the first one makes them."""

    def __init__(self, workers, upstream_port, directory, engine, number, first=None):
        super().__init__(workers, upstream_port, directory)
        self.name = f"{engine}-{number}"
        self.first = first
        self.books = first.books if first else ENGINES[engine](directory)
        key = (first or self).directory.parent / f"{engine}.key"
        if not first:
            key.write_text(secrets.token_hex(32))
            key.chmod(0o600)
        self.more = {
            "TOKENAUDIT_DATABASE": self.books.url,
            "TOKENAUDIT_MASTER_KEY_FILE": str(key),
            "TOKENAUDIT_SPOOL_FOLDER": str(directory / "spool"),
        }


def accounts(gateway):
    """Two hundred users with a key and a quota each."""
    path = gateway.directory / "accounts.json"
    users = [
        {
            "email": f"bench-{number}@example.com",
            "name": "Bench",
            "role": "user",
            "api_key": key,
            "quotas": [{"model_group": "default", "total_quota": "10000.00", "expires_at": None}],
        }
        for number, key in enumerate(KEYS)
    ]
    path.write_text(json.dumps({"users": users}))
    gateway.command("apply", path)


def server_pids(url):
    """The database server's processes: the one that listens, and its children."""
    port = urllib.parse.urlsplit(url).port
    listening = subprocess.run(["ss", "-Hltnp", f"sport = :{port}"], text=True, stdout=subprocess.PIPE, check=True).stdout
    parent = int(re.search(r"pid=(\d+)", listening)[1])
    return parent


def server_cpu(parent):
    """Seconds on a CPU, of children that have ended too."""
    total = 0
    pids = [parent] + [
        int(child) for task in pathlib.Path(f"/proc/{parent}/task").glob("*/children") for child in task.read_text().split()
    ]
    for pid in pids:
        try:
            fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        total += int(fields[11]) + int(fields[12])
    return total / os.sysconf("SC_CLK_TCK")


def closed_loop(gateways, keys, seconds, connections, directory, server=None):
    """As many calls as waiting clients can have answered, on all gateways at once."""
    quoted = ", ".join(f'"Bearer {key}"' for key in keys)
    script = directory / "keys.lua"
    script.write_text(
        'wrk.method = "POST"\n'
        f"wrk.body = [[{load.body('fake', False)}]]\n"
        'wrk.headers["Content-Type"] = "application/json"\n'
        f"local keys = {{{quoted}}}\nlocal at = 0\n"
        "request = function()\n  at = at % #keys + 1\n"
        '  wrk.headers["Authorization"] = keys[at]\n  return wrk.format()\nend\n'
    )
    before = [gateway.cpu_seconds() for gateway in gateways]
    server_before = server_cpu(server) if server else 0
    each = str(connections // len(gateways))
    children = [
        subprocess.Popen(
            ["wrk", "-t", "1", "-c", each, "-d", f"{seconds}s", "--timeout", "20s", "-s", script]
            + [f"http://127.0.0.1:{gateway.port}/v1/chat/completions"],
            text=True,
            stdout=subprocess.PIPE,
        )
        for gateway in gateways
    ]
    texts = [child.communicate()[0] for child in children]
    time.sleep(1.5)
    spent = sum(gateway.cpu_seconds() - start for gateway, start in zip(gateways, before))
    for gateway, text in zip(gateways, texts):
        load.refuse_errors(gateway, text)
    calls = sum(int(re.search(r"(\d+) requests in", text)[1]) for text in texts)
    return {
        "calls_per_second": sum(float(re.search(r"Requests/sec:\s+([\d.]+)", text)[1]) for text in texts),
        "gateway_us": spent / calls * 1e6,
        "server_us": (server_cpu(server) - server_before) / calls * 1e6 if server else 0,
    }


def main():
    parser = argparse.ArgumentParser(description="Replicas over one database server beside one gateway on SQLite.")
    parser.add_argument("--engine", choices=["postgres", "mysql"], default="postgres")
    parser.add_argument("--replicas", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=4)
    parser.add_argument("--connections", type=int, default=128)
    chosen = parser.parse_args()
    directory = pathlib.Path(f"/tmp/tokenaudit-replicas-{os.getpid()}")
    directory.mkdir()
    bare = Bare(2, 0, directory / "bare")
    running = [bare]
    try:
        bare.start()
        sqlite = Gateway(2, bare.port, directory / "sqlite")
        first = Replica(1, bare.port, directory / "r1", chosen.engine, 1)
        others = [Replica(1, bare.port, directory / f"r{n}", chosen.engine, n, first) for n in range(2, chosen.replicas + 1)]
        for gateway in [sqlite, first, *others]:
            gateway.start()
            running.append(gateway)
        accounts(sqlite)
        accounts(first)
        replicas = [first, *others]
        server = server_pids(first.books.url)
        for gateway in [sqlite, *replicas]:
            load.warm(gateway)
        cases = {
            "SQLite, one account": ([sqlite], [API_KEY], None),
            f"{chosen.engine}, one account": (replicas, [API_KEY], server),
            f"{chosen.engine}, 200 accounts": (replicas, KEYS, server),
        }
        for gateways, keys, at in cases.values():
            closed_loop(gateways, keys, 1, chosen.connections, directory, at)
        figures = {name: [] for name in cases}
        for number in range(chosen.rounds):
            for name, (gateways, keys, at) in cases.items():
                print(f"round {number + 1} of {chosen.rounds}: {name}", file=sys.stderr, flush=True)
                figures[name].append(closed_loop(gateways, keys, chosen.seconds, chosen.connections, directory, at))
        rows = {
            name: {key: statistics.median(figure[key] for figure in found) for key in found[0]} for name, found in figures.items()
        }
        half = max(100, int(rows[f"{chosen.engine}, one account"]["calls_per_second"] / 2 / chosen.replicas))
        print(f"latency at {half} calls/s on one of the replicas", file=sys.stderr, flush=True)
        ours = load.fixed_rate(first, chosen.seconds, half, directory)
        plain = load.fixed_rate(bare, chosen.seconds, half, directory)
        print(f"\n{'median of ' + str(chosen.rounds) + ' rounds':32} {'calls/s':>10} {'gateway µs':>12} {'server µs':>12}")
        for name, row in rows.items():
            print(f"{name:32} {row['calls_per_second']:10,.0f} {row['gateway_us']:12.1f} {row['server_us']:12.1f}")
        hot, many = rows[f"{chosen.engine}, one account"], rows[f"{chosen.engine}, 200 accounts"]
        print(f"one account / many: {hot['calls_per_second'] / many['calls_per_second']:.2f}")
        print(f"gateway CPU a call / SQLite's: {hot['gateway_us'] / rows['SQLite, one account']['gateway_us']:.2f}")
        added = {name: ours[name] - plain[name] for name in ("p50_ms", "p99_ms")}
        print(f"at {half} calls/s: p50 +{added['p50_ms']:.2f} ms, p99 +{added['p99_ms']:.2f} ms over the bare upstream")
        for gateway in (sqlite, first):
            gateway.command("ledger", "verify")
        print("`ledger verify` agrees on both")
        results = ROOT / "Benchmarks" / "results"
        results.mkdir(exist_ok=True)
        stamp = datetime.datetime.now(datetime.timezone.utc).strftime("%Y%m%dT%H%M%SZ")
        (results / f"replicas-{chosen.engine}-{stamp}.json").write_text(json.dumps({"rows": rows, "added": added}))
    finally:
        for target in reversed(running):
            target.stop()
        if "first" in locals():
            first.books.drop()
        stop_started()


if __name__ == "__main__":
    main()
