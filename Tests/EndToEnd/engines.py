"""The databases that a gateway may keep its books in, each made fresh for it and gone afterwards."""

import contextlib
import os
import secrets
import sqlite3
import subprocess
import urllib.parse

import psycopg
import pymysql

DEFAULT = os.environ.get("TOKENAUDIT_TEST_ENGINE", "sqlite")


class SQLite:
    name = "sqlite"

    def __init__(self, directory):
        self.path = directory / "tokenaudit.sqlite"
        self.url = f"sqlite:{self.path}"

    def rows(self, sql, *values):
        with sqlite3.connect(f"file:{self.path}?mode=ro", uri=True, timeout=10) as connection:
            connection.row_factory = sqlite3.Row
            rows = [dict(row) for row in connection.execute(sql, values)]
        connection.close()
        return rows

    def execute(self, sql, *values):
        """What an intruder or an accident does: past the gateway's own code."""
        connection = sqlite3.connect(self.path, timeout=20)
        with connection:
            connection.execute(sql, values)
        connection.close()

    def drop(self):
        pass


class Postgres:
    name = "postgres"

    def __init__(self, _directory):
        self.server = server("TOKENAUDIT_TEST_POSTGRES")
        self.database = f"t_{secrets.token_hex(8)}"
        self.url = self.server.rsplit("/", 1)[0] + f"/{self.database}"
        self.administer(f"CREATE DATABASE {self.database}")

    @property
    def address(self):
        parts = urllib.parse.urlsplit(self.server)
        return parts.hostname, parts.port

    def url_through(self, port):
        """The same database by another way."""
        return through(self.url, port)

    def administer(self, sql):
        with psycopg.connect(self.server, autocommit=True) as connection:
            connection.execute(sql)

    def rows(self, sql, *values):
        with psycopg.connect(self.url, row_factory=psycopg.rows.dict_row) as connection:
            connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            return connection.execute(sql.replace("?", "%s"), values).fetchall()

    def execute(self, sql, *values):
        with psycopg.connect(self.url) as connection:
            connection.execute(sql.replace("?", "%s"), values)

    def end_sessions(self):
        """Every one that a gateway has on this database."""
        self.administer(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            f" WHERE datname = '{self.database}' AND application_name = 'tokenaudit'"
        )

    @contextlib.contextmanager
    def locked(self, table):
        """Nobody else reads or writes it for the block."""
        with psycopg.connect(self.url) as connection:
            connection.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
            yield

    @contextlib.contextmanager
    def transaction(self, sql, *values):
        """Somebody else's, which keeps for the block what it has locked."""
        with psycopg.connect(self.url) as connection:
            connection.execute(sql.replace("?", "%s"), values)
            yield

    def drop(self):
        self.administer(f"DROP DATABASE IF EXISTS {self.database} WITH (FORCE)")


class MySQL:
    name = "mysql"

    def __init__(self, _directory):
        self.server = urllib.parse.urlsplit(server("TOKENAUDIT_TEST_MYSQL"))
        self.database = f"t_{secrets.token_hex(8)}"
        self.url = self.server._replace(path=f"/{self.database}").geturl()
        self.run(None, f"CREATE DATABASE {self.database}")

    @property
    def address(self):
        return self.server.hostname, self.server.port

    def url_through(self, port):
        return through(self.url, port)

    def connect(self, database):
        return pymysql.connect(
            host=self.server.hostname,
            port=self.server.port,
            user=self.server.username,
            password=self.server.password or "",
            database=database,
            autocommit=True,
            cursorclass=pymysql.cursors.DictCursor,
        )

    def run(self, database, sql, values=()):
        connection = self.connect(database)
        try:
            with connection.cursor() as cursor:
                cursor.execute(sql.replace("?", "%s"), values)
                return list(cursor.fetchall())
        finally:
            connection.close()

    def rows(self, sql, *values):
        return self.run(self.database, sql, values)

    def execute(self, sql, *values):
        self.run(self.database, sql, values)

    def end_sessions(self):
        sessions = self.run(
            None, "SELECT id FROM information_schema.processlist WHERE db = ? AND id <> CONNECTION_ID()", (self.database,)
        )
        for session in sessions:
            try:
                self.run(None, f"KILL {session['id']}")
            except pymysql.err.OperationalError as error:
                # It has ended by itself.
                if error.args[0] != 1094:
                    raise

    @contextlib.contextmanager
    def locked(self, table):
        connection = self.connect(self.database)
        try:
            with connection.cursor() as cursor:
                cursor.execute(f"LOCK TABLES {table} WRITE")
                yield
        finally:
            connection.close()

    @contextlib.contextmanager
    def transaction(self, sql, *values):
        connection = self.connect(self.database)
        try:
            connection.begin()
            with connection.cursor() as cursor:
                cursor.execute(sql.replace("?", "%s"), values)
            yield
        finally:
            connection.close()

    def drop(self):
        self.run(None, f"DROP DATABASE IF EXISTS {self.database}")


def through(url, port):
    parts = urllib.parse.urlsplit(url)
    return parts._replace(netloc=f"{parts.username}:{parts.password}@127.0.0.1:{port}").geturl()


ENGINES = {engine.name: engine for engine in (SQLite, Postgres, MySQL)}
# What a test runs on that is to hold on every engine.
CHOSEN = [DEFAULT] if "TOKENAUDIT_TEST_ENGINE" in os.environ else list(ENGINES)
started = False


def server(variable):
    """Where a private server listens; started if `make` has not done so."""
    global started
    if variable not in os.environ:
        script = [os.path.join(os.path.dirname(__file__), "../../Scripts/databases.py"), "start"]
        printed = subprocess.run(script, text=True, stdout=subprocess.PIPE, check=True).stdout
        os.environ.update(line.split("=", 1) for line in printed.splitlines())
        started = True
    return os.environ[variable]


def stop_started():
    if started:
        subprocess.run([os.path.join(os.path.dirname(__file__), "../../Scripts/databases.py"), "stop"], check=True)
