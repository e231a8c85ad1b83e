"""Measures what keeping bodies costs a call: `swift build -c release && python3 Benchmarks/bodies.py`.

Three gateways, alike but for `bodies.capture`, take the same loads by turns. CPU is the kernel's accounting of all threads,
read after every bill and every body is on disk.
"""

import argparse
import pathlib
import sqlite3
import statistics
import tempfile
import time

import load
from targets import Bare, Gateway

CAPTURES = ["off", "metadata", "full"]


class Capturing(Gateway):
    def __init__(self, capture, upstream_port, directory):
        super().__init__(2, upstream_port, directory)
        self.name = capture
        self.more = {"TOKENAUDIT_BODIES_CAPTURE": capture, "TOKENAUDIT_BODIES_HELD": "1GiB"}

    def settle(self):
        super().settle()
        # Until two looks in a row find no new body.
        before, now = None, self.kept()
        while before != now:
            time.sleep(0.3)
            before, now = now, self.kept()

    def kept(self):
        """Calls whose bodies are stored, and their bytes."""
        path = self.directory / "tokenaudit.sqlite.bodies"
        if not path.exists():
            return 0, 0
        with sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=10) as bodies:
            return bodies.execute("SELECT calls, bytes FROM body_sums").fetchone()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=3, help="of load a target and round (3)")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        bare = Bare(2, 0, folder / "bare")
        bare.start()
        targets = [Capturing(capture, bare.port, folder / capture) for capture in CAPTURES]
        figures = {target.name: {"request": [], "chunk": [], "stream": []} for target in targets}
        try:
            for target in targets:
                target.start()
                load.warm(target)
            for number in range(chosen.rounds):
                for target in targets[number % 3 :] + targets[: number % 3]:
                    row = figures[target.name]
                    row["request"].append(load.peak(target, chosen.seconds, 64, folder)["cpu_us_per_request"])
                    calls, size = target.kept()
                    row["chunk"].append(load.streams(target, 100, 2, folder)["cpu_us_per_chunk"])
                    more, larger = target.kept()
                    if more > calls:
                        row["stream"].append((larger - size) / (more - calls))
            print(f"{'capture':10}{'CPU µs a call':>18}{'CPU µs a chunk':>18}{'bytes a stream':>18}{'bodies':>10}{'dropped':>10}")
            for target in targets:
                row, (calls, _) = figures[target.name], target.kept()
                asked = booked(target)
                dropped = asked - calls if target.name != "off" else 0
                stored = statistics.median(row["stream"]) if row["stream"] else 0
                print(
                    f"{target.name:10}{statistics.median(row['request']):18.1f}{statistics.median(row['chunk']):18.2f}"
                    f"{stored:18.0f}{calls:10}{dropped:10}"
                )
        finally:
            for target in targets:
                target.stop()
            bare.stop()


def booked(target):
    """Calls with a bill."""
    with sqlite3.connect(f"file:{target.directory}/tokenaudit.sqlite?mode=ro", uri=True, timeout=10) as books:
        return books.execute("SELECT COUNT(*) FROM api_requests").fetchone()[0]


if __name__ == "__main__":
    main()
