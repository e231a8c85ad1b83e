"""Load on one target: wrk for the peak, h2load for fixed rates and whole streams, raw sockets for open streams."""

import json
import os
import pathlib
import re
import selectors
import socket
import subprocess
import time
import urllib.request


def body(model, stream):
    question = {
        "model": model,
        "messages": [
            {"role": "system", "content": "You are a helpful assistant. Answer briefly."},
            {"role": "user", "content": "Name three colours and say one sentence about each, please."},
        ],
        "max_tokens": 1000,
        "temperature": 0.2,
    }
    if stream:
        question |= {"stream": True, "stream_options": {"include_usage": True}}
    return json.dumps(question, separators=(",", ":"))


def peak(target, seconds, connections, directory):
    """Closed loop: as many requests as `connections` waiting clients can have answered."""
    script = directory / "post.lua"
    script.write_text(
        'wrk.method = "POST"\n'
        f"wrk.body = [[{body('fake', False)}]]\n"
        'wrk.headers["Content-Type"] = "application/json"\n'
        f'wrk.headers["Authorization"] = "Bearer {target.key}"\n'
    )
    url = f"http://127.0.0.1:{target.port}/v1/chat/completions"
    before = target.cpu_seconds()
    command = ["wrk", "-t", "1", "-c", str(connections), "-d", f"{seconds}s", "--timeout", "20s", "-s", str(script), url]
    text = subprocess.run(command, check=True, text=True, stdout=subprocess.PIPE).stdout
    target.settle()
    spent = target.cpu_seconds() - before
    refuse_errors(target, text)
    requests = int(re.search(r"(\d+) requests in", text)[1])
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", text)[1])
    return {"requests": requests, "requests_per_second": rate, "cpu_us_per_request": spent / requests * 1e6}


def warm(target, calls=200, seconds=30):
    """Connections, caches, lazy imports: what only the first calls pay."""
    deadline = time.monotonic() + seconds
    for _ in range(calls):
        request = urllib.request.Request(
            f"http://127.0.0.1:{target.port}/v1/chat/completions",
            body("fake", False).encode(),
            {"Authorization": f"Bearer {target.key}", "Content-Type": "application/json"},
        )
        urllib.request.urlopen(request, timeout=seconds).read()
        if time.monotonic() > deadline:
            break


def refuse_errors(target, text):
    """A figure with errors in it is no figure."""
    errors = re.search(r"Non-2xx or 3xx responses: (\d+)", text)
    sockets = re.search(r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)", text)
    if errors or (sockets and any(int(count) for count in sockets.groups())):
        raise RuntimeError(f"errors under load from {target.name}:\n{text}")


def h2load(target, port, arguments, question, directory):
    """Runs h2load and returns (status, microseconds) of each request, and its report."""
    (directory / "body.json").write_text(question)
    log = directory / "h2load.log"
    log.unlink(missing_ok=True)
    command = ["h2load", "--h1", "-t", "1", *map(str, arguments), "-d", str(directory / "body.json")]
    command += ["-H", "content-type: application/json", "-H", f"authorization: Bearer {target.key}", f"--log-file={log}"]
    command += [f"http://127.0.0.1:{port}/v1/chat/completions"]
    text = subprocess.run(command, check=True, text=True, stdout=subprocess.PIPE).stdout
    rows = [line.split("\t") for line in log.read_text().splitlines()]
    return [(int(row[1]), int(row[2])) for row in rows], text


def fixed_rate(target, seconds, rate, directory):
    """Latency at a rate that does not depend on the answers."""
    clients = 16
    each = max(1, round(rate / clients))
    before = target.cpu_seconds()
    arguments = ["-c", clients, "--rps", each, "-D", f"{seconds}s", "--warm-up-time=500ms"]
    rows, text = h2load(target, target.port, arguments, body("fake", False), directory)
    target.settle()
    spent = target.cpu_seconds() - before
    bad = [status for status, _ in rows if status != 200]
    if bad or not rows:
        raise RuntimeError(f"{len(bad)} of {len(rows)} answers from {target.name} are not 200:\n{text}")
    times = sorted(microseconds for _, microseconds in rows)
    return {
        "rate": each * clients,
        "p50_ms": times[len(times) // 2] / 1000,
        "p99_ms": times[len(times) * 99 // 100] / 1000,
        # The warm-up's requests cost CPU too and are not in the log.
        "cpu_us_per_request": spent / (each * clients * (seconds + 0.5)) * 1e6,
    }


CHUNKS_A_STREAM = 102  # 100 words, the one with the finish reason, [DONE]


def streams(target, concurrent, rounds, directory):
    """Whole streams of 100 words, one every 10 ms, `concurrent` at a time."""
    before = target.cpu_seconds()
    arguments = ["-c", concurrent, "-n", concurrent * rounds]
    rows, text = h2load(target, target.stream_port, arguments, body("fake-stream-100-10ms", True), directory)
    target.settle()
    spent = target.cpu_seconds() - before
    if len(rows) != concurrent * rounds or any(status != 200 for status, _ in rows):
        raise RuntimeError(f"streams from {target.name} failed:\n{text}")
    times = sorted(microseconds for _, microseconds in rows)
    return {
        "streams": len(rows),
        "p50_ms": times[len(times) // 2] / 1000,
        "cpu_us_per_chunk": spent / (len(rows) * CHUNKS_A_STREAM) * 1e6,
    }


def open_streams(target, count):
    """Resident memory with `count` streams running at once, each past its first chunk."""
    question = body("fake-stream-600-100ms", True)
    head = (
        f"POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {target.key}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(question)}\r\n\r\n{question}"
    ).encode()
    selector = selectors.DefaultSelector()
    sockets, waiting, megabytes = [], count, 0
    try:
        for _ in range(count):
            connection = socket.create_connection(("127.0.0.1", target.stream_port), timeout=20)
            connection.sendall(head)
            connection.setblocking(False)
            selector.register(connection, selectors.EVENT_READ, False)
            sockets.append(connection)
        deadline = time.monotonic() + 30
        settled = None
        while settled is None or time.monotonic() < settled:
            if time.monotonic() > deadline:
                raise RuntimeError(f"{waiting} of {count} streams from {target.name} did not begin")
            for key, _ in selector.select(0.2):
                data = key.fileobj.recv(65536)
                if not data or (not key.data and not data.startswith(b"HTTP/1.1 200")):
                    raise RuntimeError(f"a stream from {target.name} failed: {data[:200]!r}")
                if not key.data:
                    selector.modify(key.fileobj, selectors.EVENT_READ, True)
                    waiting -= 1
            if waiting == 0 and settled is None:
                settled = time.monotonic() + 2
            megabytes = max(megabytes, target.resident_megabytes())
    finally:
        for connection in sockets:
            connection.close()
        selector.close()
    return megabytes


def fsync_milliseconds(directory, count=200):
    """What one durable write of 4 KiB costs here: (median, 99th percentile)."""
    path = pathlib.Path(directory) / "fsync.probe"
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT)
    times = []
    try:
        for number in range(count):
            os.pwrite(descriptor, b"x" * 4096, number * 4096)
            start = time.perf_counter()
            os.fdatasync(descriptor)
            times.append((time.perf_counter() - start) * 1000)
    finally:
        os.close(descriptor)
        path.unlink()
    times.sort()
    return times[count // 2], times[count * 99 // 100]
