"""PostgreSQL servers of the tests' own: clusters in private folders, on free ports of the loopback interface, run as an
ordinary user (PostgreSQL refuses to run as root), with durability on. They are removed with all they hold."""
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import time

from ports import free_port

PROGRAMS = pathlib.Path("/usr/lib/postgresql/15/bin")
OWNER = "postgres"  # of the files and processes, when the tests run as root
USER = "orc"
START_SECONDS = 60


def as_ordinary_user():
    """What a command begins with. subprocess could do the same, but by fork(), in which gRPC's handlers may hang."""
    if os.geteuid() != 0:
        return ["setpriv"]
    return ["setpriv", "--reuid", OWNER, "--regid", OWNER, "--clear-groups"]


def give_away(path):
    """To the user that the programs run as."""
    if os.geteuid() == 0:
        shutil.chown(path, OWNER, OWNER)


def run_program(name, *arguments):
    command = [*as_ordinary_user(), PROGRAMS / name, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, (name, arguments, done.stderr)
    return done.stdout.strip()


class Postgres:
    """One cluster, running. A context manager; start and kill it in the thread that made it, which it does not outlive."""

    def __init__(self, **settings):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="orc-postgres-"))
        give_away(self.folder)
        self.data = self.folder / "data"
        self.port = free_port()
        self.settings = {"max_connections": 200, "shared_buffers": "64MB", **settings}
        self.process = None
        self._databases = 0
        self._fill()
        self.start()

    def _fill(self):
        run_program("initdb", "-D", self.data, "-U", USER, "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.is_running():
            self.end(signal.SIGQUIT)
        shutil.rmtree(self.folder)

    def start(self):
        settings = [word for name, value in self.settings.items() for word in ("-c", f"{name}={value}")]
        # Whatever ends the tests ends it.
        command = [*as_ordinary_user(), "--pdeathsig", "SIGQUIT", PROGRAMS / "postgres", "-D", self.data, "-k", self.folder,
                   "-h", "127.0.0.1", "-p", str(self.port), *settings]
        with open(self.folder / "log", "ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log)
        deadline = time.monotonic() + START_SECONDS
        while subprocess.run([PROGRAMS / "pg_isready", "-q", "-h", self.folder, "-p", str(self.port)],
                             check=False).returncode != 0:
            assert self.is_running() and time.monotonic() < deadline, (self.folder / "log").read_text()
            time.sleep(0.05)

    def is_running(self):
        return self.process is not None and self.process.poll() is None

    def end(self, signal_number):
        """SIGKILL of the main process, SIGQUIT: a crash. SIGINT: a fast shutdown, which ends what is under way."""
        self.process.send_signal(signal_number)
        self.process.wait(60)

    def restart(self, signal_number=signal.SIGQUIT):
        self.end(signal_number)
        self.start()

    def run(self, sql, database="postgres"):
        """The rows of a statement: lists of texts."""
        out = run_program("psql", "-XAtq", "-F", "\t", "-v", "ON_ERROR_STOP=1", "-h", self.folder, "-p", self.port, "-U",
                          USER, "-d", database, "-c", sql)
        return [line.split("\t") for line in out.splitlines()]

    def create_database(self):
        """A new, empty database; its name."""
        self._databases += 1
        name = f"test{self._databases}"
        self.run(f"CREATE DATABASE {name} STRATEGY wal_log")
        return name

    def url(self, database, port=None):
        """How to reach a database; `port`: that of a gate on the way."""
        return f"postgresql://{USER}@127.0.0.1:{port or self.port}/{database}"


class Standby(Postgres):
    """A copy of the primary at `port` that follows it, under the name `standby`, and waits to be promoted."""

    def __init__(self, port):
        self.source = f"host=127.0.0.1 port={port} user={USER} application_name=standby"
        super().__init__(wal_retrieve_retry_interval="100ms")

    def _fill(self):
        run_program("pg_basebackup", "-D", self.data, "-R", "-X", "stream", "-c", "fast", "--no-sync", "-d", self.source)

    def promote(self):
        assert self.run("SELECT pg_promote()") == [["t"]]
