"""A PostgreSQL primary and a standby that streams from it, both of the test's own, and books that are kept on whichever of them
is the primary."""

import os
import pathlib
import shutil
import signal

import databases
import engines
import psycopg
from servers import until
from wires import Wire


class Primary(databases.Postgres):
    def __init__(self, folder, waits_for_standby):
        super().__init__(folder)
        self.settings = {"wal_keep_size": "256MB", "wal_sender_timeout": "5s"}
        if waits_for_standby:
            self.settings["synchronous_standby_names"] = "standby"

    def command(self):
        return super().command() + [f"--{name}={value}" for name, value in self.settings.items()]

    def kill(self):
        """As when its host is gone: all of its processes at once, so that none of them still does something."""
        children = [path.parent.name for path in pathlib.Path("/proc").glob("[0-9]*/stat") if parent(path) == self.process.pid]
        for pid in [self.process.pid, *map(int, children)]:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        self.process.wait()


def parent(stat):
    try:
        return int(stat.read_text().rpartition(")")[2].split()[1])
    except (FileNotFoundError, ProcessLookupError):
        return None


class Standby(databases.Postgres):
    """A copy of a primary that goes on by what it hears of it over a wire."""

    name = "standby"

    def __init__(self, folder, primary):
        databases.Server.__init__(self, folder, databases.account("postgres"))
        self.server = primary.server
        self.password = primary.password
        self.wire = Wire("127.0.0.1", primary.port)
        source = f"host=127.0.0.1 port={self.wire.port} user={databases.USER} password={primary.password}"
        copy = pathlib.Path(self.server).with_name("pg_basebackup")
        self.run([copy, "-d", source, "-D", self.data, "-R", "-X", "stream", "-c", "fast", "--no-sync"])

    def command(self):
        return super().command() + ["--cluster_name=standby", "--wal_retrieve_retry_interval=200ms"]

    def answers(self):
        try:
            with psycopg.connect(self.url("postgres"), connect_timeout=2):
                return True
        except psycopg.OperationalError:
            return False

    def promote(self):
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            assert connection.execute("SELECT pg_promote(true, 30)").fetchone()[0]

    def stop(self):
        super().stop()
        self.wire.stop()


class Pair:
    def __init__(self, waits_for_standby):
        self.folder = databases.new_folder()
        self.primary = Primary(self.folder, waits_for_standby)
        self.standby = None
        try:
            self.primary.start()
            self.primary.wait()
            self.standby = Standby(self.folder, self.primary)
            self.standby.start()
            self.standby.wait()
            until(self.is_streaming, "the standby streams", 30)
        except BaseException:
            self.stop()
            raise

    def is_streaming(self):
        with psycopg.connect(self.primary.url("postgres"), autocommit=True) as connection:
            return connection.execute("SELECT 1 FROM pg_stat_replication WHERE state = 'streaming'").fetchone()

    def fail_over(self):
        self.primary.kill()
        self.standby.promote()

    def stop(self):
        for server in (self.standby, self.primary):
            if server and server.process.poll() is None:
                server.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def books(self, _directory):
        return Books(self)


class Books(engines.Postgres):
    """Found under two addresses, of which one takes writes."""

    def __init__(self, pair):
        hosts = f"127.0.0.1:{pair.primary.port},127.0.0.1:{pair.standby.port}"
        account = f"{databases.USER}:{pair.primary.password}"
        self.server = f"postgres://{account}@{hosts}/postgres?target_session_attrs=read-write"
        self.database = "books"
        self.url = f"postgres://{account}@{hosts}/books?target_session_attrs=read-write"
        self.administer("CREATE DATABASE books")

    def drop(self):
        """Goes with the servers."""
