#!/usr/bin/env python3
"""Private PostgreSQL and MariaDB servers for tests: loopback only, as durable as ours must be, gone when stopped.

    Scripts/databases.py start          prints TOKENAUDIT_TEST_POSTGRES=… and TOKENAUDIT_TEST_MYSQL=…
    Scripts/databases.py stop           ends them and removes their data
    Scripts/databases.py run COMMAND …  runs a command between the two, with those variables
"""

import contextlib
import fcntl
import json
import os
import pathlib
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

from children import ROOT, free_port

STATE = ROOT / ".build" / "databases.json"
USER = "tokenaudit"
START_SECONDS = 60
STOP_SECONDS = 30


class Failure(Exception):
    """What to tell whoever called, in one sentence."""


def newest_binary(name, *patterns):
    found = [path for pattern in patterns for path in pathlib.Path("/").glob(f"{pattern}/{name}")]
    found.sort(key=lambda path: [int(part) if part.isdigit() else 0 for part in path.parts])
    if found:
        return str(found[-1])
    if on_path := shutil.which(name):
        return on_path
    raise Failure(f"{name} is missing; `Scripts/setup.sh test` installs it")


def account(*names):
    """Servers refuse to run as root; anybody else's run as they are."""
    if os.getuid() != 0:
        return pwd.getpwuid(os.getuid())
    for name in (*names, "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise Failure("there is no user to run a server as")


class Server:
    def __init__(self, folder, owner):
        self.folder = folder
        self.data = folder / self.name
        self.log = folder / f"{self.name}.log"
        self.owner = owner
        self.port = free_port()
        self.password = secrets.token_hex(16)
        self.data.mkdir(mode=0o700)
        self.give(self.data)

    def give(self, path):
        if os.getuid() == 0:
            os.chown(path, self.owner.pw_uid, self.owner.pw_gid)

    def secret(self, name, text):
        """A file that only the server may read."""
        path = self.folder / f"{self.name}-{name}"
        path.touch(mode=0o600)
        path.write_text(text)
        self.give(path)
        return path

    def as_owner(self):
        if os.getuid() != 0:
            return {}
        return {"user": self.owner.pw_uid, "group": self.owner.pw_gid, "extra_groups": []}

    def run(self, arguments, text=""):
        with open(self.log, "ab") as log:
            done = subprocess.run(
                arguments, input=text.encode(), stdout=log, stderr=log, cwd=self.data, **self.as_owner()
            )
        if done.returncode != 0:
            raise Failure(f"{arguments[0]} failed:\n{self.log_tail()}")

    def start(self):
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                self.command(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.data,
                start_new_session=True,
                **self.as_owner(),
            )

    def wait(self):
        end = time.monotonic() + START_SECONDS
        while not self.answers():
            if self.process.poll() is not None or time.monotonic() > end:
                raise Failure(f"{self.name} does not start:\n{self.log_tail()}")
            time.sleep(0.02)

    def stop(self):
        self.process.send_signal(self.stop_signal)
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def log_tail(self):
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-20:])

    def url(self, scheme):
        return f"{scheme}://{USER}:{self.password}@127.0.0.1:{self.port}/{self.database}"


class Postgres(Server):
    name = "postgres"
    database = "postgres"
    stop_signal = signal.SIGINT  # ends sessions and writes a checkpoint

    def __init__(self, folder):
        super().__init__(folder, account("postgres"))
        self.server = newest_binary("postgres", "usr/lib/postgresql/*/bin")
        initdb = pathlib.Path(self.server).with_name("initdb")
        password = self.secret("password", self.password)
        options = ["-A", "scram-sha-256", f"--pwfile={password}", "-U", USER, "-E", "UTF8", "--locale=C", "--no-sync"]
        self.run([initdb, "-D", self.data, *options])
        password.unlink()

    def command(self):
        settings = {
            "listen_addresses": "127.0.0.1",
            "port": self.port,
            "unix_socket_directories": "",
            "max_connections": 300,
            "fsync": "on",
            "full_page_writes": "on",
            "synchronous_commit": "on",
        }
        return [self.server, "-D", self.data, *(f"--{name}={value}" for name, value in settings.items())]

    def answers(self):
        """The server takes connections: it answers a request for TLS with a yes or a no."""
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1) as probe:
                probe.sendall(bytes([0, 0, 0, 8, 4, 210, 22, 47]))
                if probe.recv(1) not in (b"S", b"N"):
                    return False
        except OSError:
            return False
        # It says so while it still recovers; the line of the log is the server's own word.
        return "ready to accept connections" in self.log.read_text(errors="replace")


class MariaDB(Server):
    name = "mysql"
    database = "tokenaudit"
    stop_signal = signal.SIGTERM

    def __init__(self, folder):
        super().__init__(folder, account("mysql"))
        self.server = newest_binary("mariadbd", "usr/sbin", "usr/libexec")
        share = pathlib.Path("/usr/share/mysql")
        if not share.exists():
            raise Failure(f"{share} is missing; `Scripts/setup.sh test` installs it")
        names = ("mysql_system_tables", "mysql_performance_tables", "mysql_system_tables_data")
        text = "CREATE DATABASE mysql;\nUSE mysql;\nSET @auth_root_socket=NULL;\n"
        text += "".join((share / f"{name}.sql").read_text() for name in names)
        self.run([self.server, *self.options(), "--bootstrap", "--innodb-flush-log-at-trx-commit=0"], text)
        # Run as the server starts, before it takes connections.
        self.first = self.secret(
            "first.sql",
            f"CREATE DATABASE IF NOT EXISTS {self.database};\n"
            f"CREATE USER {USER}@'127.0.0.1' IDENTIFIED BY '{self.password}';\n"
            f"GRANT ALL PRIVILEGES ON *.* TO {USER}@'127.0.0.1' WITH GRANT OPTION;\n"
            "DELETE FROM mysql.global_priv WHERE User = 'root';\nFLUSH PRIVILEGES;\n",
        )

    def options(self):
        return ["--no-defaults", f"--datadir={self.data}", "--innodb-log-file-size=64M", f"--tmpdir={self.data}"]

    def command(self):
        return [
            self.server,
            *self.options(),
            "--bind-address=127.0.0.1",
            f"--port={self.port}",
            f"--socket={self.data}/socket",
            f"--pid-file={self.data}/pid",
            f"--init-file={self.first}",
            "--skip-name-resolve",
            "--max-connections=300",
            "--innodb-flush-log-at-trx-commit=1",
            "--character-set-server=utf8mb4",
            "--collation-server=utf8mb4_bin",
        ]

    def answers(self):
        """The server greets who connects, with version 10 of its protocol."""
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1) as probe:
                return probe.recv(5)[4:5] == b"\x0a"
        except OSError:
            return False

    def wait(self):
        super().wait()
        self.first.unlink()


def new_folder():
    folder = pathlib.Path(tempfile.mkdtemp(prefix="tokenaudit-databases-"))
    # A server that runs as somebody else has to reach what is its own.
    folder.chmod(0o711)
    return folder


@contextlib.contextmanager
def private(kind):
    """One server of that kind for a block; it ends with it, and all that it kept."""
    folder = new_folder()
    try:
        server = kind(folder)
        server.start()
        try:
            server.wait()
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def start_time(pid):
    """In the kernel's ticks; with the pid it names a process for good. None: there is none, or it is dead."""
    try:
        fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return None if fields[0] == "Z" else int(fields[19])


def read_state():
    try:
        return json.loads(STATE.read_text())
    except (FileNotFoundError, ValueError):
        return None


def start():
    state = read_state()
    if state:
        if all(start_time(server["pid"]) == server["started"] for server in state["servers"]):
            return state["environment"]
        stop()
    folder = new_folder()
    servers = []
    state = {"folder": str(folder), "servers": [], "environment": {}}
    try:
        for kind in (Postgres, MariaDB):
            server = kind(folder)
            server.start()
            servers.append(server)
            state["servers"].append(
                {"pid": server.process.pid, "started": start_time(server.process.pid), "signal": int(kind.stop_signal)}
            )
            STATE.parent.mkdir(parents=True, exist_ok=True)
            STATE.write_text(json.dumps(state))
            STATE.chmod(0o600)
        for server in servers:
            server.wait()
    except BaseException:
        STATE.write_text(json.dumps(state))
        stop()
        raise
    state["environment"] = {
        "TOKENAUDIT_TEST_POSTGRES": servers[0].url("postgres"),
        "TOKENAUDIT_TEST_MYSQL": servers[1].url("mysql"),
    }
    STATE.write_text(json.dumps(state))
    return state["environment"]


def stop():
    state = read_state()
    if state is None:
        return
    for signals in (None, signal.SIGKILL):
        for server in state["servers"]:
            if start_time(server["pid"]) == server["started"]:
                os.kill(server["pid"], signals or server["signal"])
        end = time.monotonic() + STOP_SECONDS
        while any(start_time(server["pid"]) == server["started"] for server in state["servers"]):
            if time.monotonic() > end:
                break
            time.sleep(0.02)
    shutil.rmtree(state["folder"], ignore_errors=True)
    STATE.unlink(missing_ok=True)


def interrupted(number, _frame):
    raise SystemExit(128 + number)


def main(arguments):
    STATE.parent.mkdir(parents=True, exist_ok=True)
    signal.signal(signal.SIGTERM, interrupted)
    # One at a time: two that start together are to find the same servers.
    with open(STATE.with_suffix(".lock"), "w") as lock:
        match arguments:
            case ["start"]:
                fcntl.flock(lock, fcntl.LOCK_EX)
                for name, value in start().items():
                    print(f"{name}={value}")
            case ["stop"]:
                fcntl.flock(lock, fcntl.LOCK_EX)
                stop()
            case ["run", command, *rest]:
                fcntl.flock(lock, fcntl.LOCK_EX)
                was_running = read_state() is not None
                environment = start()
                fcntl.flock(lock, fcntl.LOCK_UN)
                try:
                    return subprocess.run([command, *rest], env={**os.environ, **environment}).returncode
                finally:
                    # Whoever had started them wants to find them again.
                    if not was_running:
                        fcntl.flock(lock, fcntl.LOCK_EX)
                        stop()
            case _:
                print(__doc__, file=sys.stderr)
                return 2
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except Failure as failure:
        print(f"databases: {failure}", file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
