"""Processes that a script starts, waits for and ends; shared by the demo, the benchmark and the end-to-end tests."""

import os
import pathlib
import random
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent


def free_port() -> int:
    """A port that nobody listens on, below the range from which outgoing connections get theirs: it stays free while a
    server that had it is started again."""
    for port in random.sample(range(10_240, 32_768), 100):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue
    raise RuntimeError("none of a hundred ports is free")


class Child:
    """One process with its output in a log file. Ended with `stop`, by its own pid, never by name."""

    def __init__(self, name, arguments, log, environment=None, cwd=ROOT):
        self.name = name
        self.log = pathlib.Path(log)
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with open(self.log, "ab") as output:
            self.process = subprocess.Popen(
                [str(argument) for argument in arguments],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=cwd,
                env={**os.environ, **(environment or {})},
                start_new_session=True,
            )

    @property
    def pid(self):
        return self.process.pid

    def is_running(self):
        return self.process.poll() is None

    def log_tail(self, lines=30):
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])

    def wait_for_http(self, url, seconds=30, good=lambda status: status == 200, interval=0.02):
        """Returns the seconds it took; raises with the end of the log if the process ends or the time is over."""
        start = time.monotonic()
        while time.monotonic() - start < seconds:
            if not self.is_running():
                raise RuntimeError(f"{self.name} ended with {self.process.returncode}:\n{self.log_tail()}")
            try:
                with urllib.request.urlopen(url, timeout=2) as answer:
                    if good(answer.status):
                        return time.monotonic() - start
            except urllib.error.HTTPError as error:
                if good(error.code):
                    return time.monotonic() - start
            except OSError:
                pass
            time.sleep(interval)
        raise RuntimeError(f"{self.name} did not answer at {url} within {seconds} s:\n{self.log_tail()}")

    def wait_for_line(self, text, seconds=30):
        start = time.monotonic()
        while time.monotonic() - start < seconds:
            for line in self.log.read_text(errors="replace").splitlines():
                if text in line:
                    return line
            if not self.is_running():
                raise RuntimeError(f"{self.name} ended with {self.process.returncode}:\n{self.log_tail()}")
            time.sleep(0.02)
        raise RuntimeError(f"{self.name} did not print '{text}' within {seconds} s:\n{self.log_tail()}")

    def send(self, number):
        if self.is_running():
            os.kill(self.pid, number)

    def kill(self):
        self.send(signal.SIGKILL)
        return self.process.wait()

    def stop(self, seconds=40):
        """SIGTERM, then SIGKILL if that does not end it in time; returns the exit status."""
        self.send(signal.SIGTERM)
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            return self.kill()
