"""A crash of the server leaves none of its memory behind, with the keys in it."""

import os
import pathlib
import resource
import signal

import pytest


def started(gateway, folder):
    # Where Swift is installed, its own reporter would keep a crashed process for a minute.
    gateway.environment["SWIFT_BACKTRACE"] = "enable=no"
    return gateway.start(cwd=folder)


def crashed(gateway):
    """Aborts it with the limit lifted as far as it can be; whether a core was written."""
    _, most = resource.prlimit(gateway.child.pid, resource.RLIMIT_CORE)
    resource.prlimit(gateway.child.pid, resource.RLIMIT_CORE, (most, most))
    os.kill(gateway.child.pid, signal.SIGABRT)
    _, status = os.waitpid(gateway.child.pid, 0)
    gateway.child.process.returncode = -os.WTERMSIG(status)
    assert os.WTERMSIG(status) == signal.SIGABRT
    return os.WCOREDUMP(status)


def core_limit(gateway):
    lines = pathlib.Path(f"/proc/{gateway.child.pid}/limits").read_text().splitlines()
    return next(line.split()[4] for line in lines if line.startswith("Max core file size"))


@pytest.mark.skipif(os.getuid() != 0, reason="only root lifts another process's limits")
def test_a_crash_leaves_no_core(make_gateway, tmp_path):
    gateway = make_gateway("fake", name="crash", start=False)
    started(gateway, tmp_path)
    assert core_limit(gateway) == "0"
    assert not crashed(gateway), "the limit was lifted: it is undumpable all the same"
    assert not list(tmp_path.glob("core*"))


@pytest.mark.skipif(os.getuid() != 0, reason="only root lifts another process's limits")
def test_a_core_is_left_where_that_is_wanted(make_gateway, tmp_path):
    """What the test before does proves something only where this one leaves a core."""
    gateway = make_gateway("fake", name="dump", start=False, core_dumps="true")
    started(gateway, tmp_path)
    if not crashed(gateway):
        pytest.skip("this host writes no cores at all")
    for core in tmp_path.glob("core*"):
        core.unlink()
