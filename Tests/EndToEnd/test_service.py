"""What runs the gateway: systemd hears of it, containers ask the binary itself, and it needs no memory to write code into."""

import ctypes
import os
import pathlib
import signal
import socket
import subprocess
import urllib.request

import pytest
import raw
from servers import DEBUG, until
from test_shutdown import EVENTS, LAST, WORD, open_streams


class Systemd:
    """The socket on which sd_notify(3) is heard."""

    def __init__(self, address):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(address)
        self.socket.settimeout(30)

    def heard(self):
        return self.socket.recv(4_096).decode()

    def heard_until(self, state):
        """All that came up to this one."""
        states = [self.heard()]
        while states[-1] != state:
            states.append(self.heard())
        return states

    def is_silent(self):
        self.socket.setblocking(False)
        try:
            return not self.socket.recv(4_096)
        except BlockingIOError:
            return True


async def test_systemd_hears_when_it_is_ready_alive_and_stopping(make_gateway, fake, tmp_path):
    gateway = make_gateway("fake", "slow", name="notify", start=False)
    key = gateway.user()
    systemd = Systemd(str(tmp_path / "notify"))
    gateway.environment |= {"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "100000"}
    gateway.start(wait=False)
    assert set(systemd.heard_until("READY=1")) <= {"READY=1", "WATCHDOG=1"}
    with urllib.request.urlopen(f"http://127.0.0.1:{gateway.port}/readyz", timeout=20) as answer:
        assert answer.status == 200
    assert [systemd.heard() for _ in range(3)] == ["WATCHDOG=1"] * 3

    fake.script("slow", EVENTS | {"chunks": [{"text": WORD}, {"text": WORD + LAST, "gate": "notified"}]})
    (stream,) = await open_streams(gateway, key, "slow", 1)
    gateway.terminate()
    systemd.heard_until("STOPPING=1")
    # While running calls end it is watched on.
    assert not stream.done() and systemd.heard() == "WATCHDOG=1"
    fake.open("notified")
    assert (await stream).has_done and gateway.child.process.wait(30) == 0


def test_a_socket_without_a_file_and_a_watch_that_is_for_another_process(make_gateway):
    gateway = make_gateway("fake", name="abstract", start=False)
    name = f"tokenaudit-test-{os.getpid()}"
    systemd = Systemd("\0" + name)
    gateway.environment |= {"NOTIFY_SOCKET": "@" + name, "WATCHDOG_USEC": "1000", "WATCHDOG_PID": "1"}
    gateway.start()
    assert systemd.heard() == "READY=1" and systemd.is_silent()
    assert gateway.stop() == 0 and systemd.heard() == "STOPPING=1"


@pytest.mark.parametrize("address", ["/nowhere/at/all", "relative", "vsock:2:1", "@", "/" + "x" * 200])
def test_where_nobody_can_be_told_it_runs_all_the_same(make_gateway, address):
    gateway = make_gateway("fake", name="untold", start=False)
    gateway.environment |= {"NOTIFY_SOCKET": address, "WATCHDOG_USEC": "nonsense"}
    gateway.start()
    assert gateway.stop() == 0


def test_the_binary_asks_itself_whether_it_lives(make_gateway):
    gateway = make_gateway("fake", name="health", start=False)
    gateway.environment["TOKENAUDIT_LISTEN"] = f"0.0.0.0:{gateway.port}"
    asked = gateway.run("healthcheck", check=False)
    assert asked.returncode == 1 and "no answer" in asked.stderr
    gateway.start()
    assert '"status"' in gateway.run("healthcheck").stdout
    assert '"database"' in gateway.run("healthcheck", "--ready").stdout
    # Stopped, it answers nobody, and is not waited for.
    gateway.child.send(signal.SIGSTOP)
    asked = gateway.run("healthcheck", check=False)
    gateway.child.send(signal.SIGCONT)
    assert asked.returncode == 1 and "no answer" in asked.stderr
    assert gateway.stop() == 0


async def test_it_needs_no_memory_to_write_code_into(make_gateway, fake):
    """As under MemoryDenyWriteExecute in the systemd unit: PR_SET_MDWE, which the kernel keeps over exec."""
    deny = 65
    library = ctypes.CDLL(None, use_errno=True)
    gateway = make_gateway("fake", name="mdwe", start=False)
    key = gateway.user()
    log = open(gateway.directory / "mdwe.log", "wb")
    process = subprocess.Popen(
        [DEBUG / "tokenaudit", "serve"],
        env=gateway.environment,
        stdout=log,
        stderr=log,
        preexec_fn=lambda: library.prctl(deny, 1, 0, 0, 0) == 0 or os._exit(77),
    )
    try:
        def ready():
            if process.poll() is not None:
                return True
            try:
                return urllib.request.urlopen(f"http://127.0.0.1:{gateway.port}/readyz", timeout=5).status == 200
            except OSError:
                return False

        until(ready, "it serves", seconds=30)
        if process.poll() == 77:
            pytest.skip("this kernel has no PR_SET_MDWE")
        assert process.poll() is None, pathlib.Path(log.name).read_text()
        assert (await raw.ask(gateway.port, key, raw.chat("fake", stream=True))).has_done
        process.terminate()
        assert process.wait(30) == 0
    finally:
        process.kill()
        log.close()
    gateway.verify()
