"""What is measured: an orchestrator on each store, and what its processes take from the machine."""
import contextlib
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import threading
import time

import grpc

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests" / "wire"))
from postgres import Postgres  # noqa: E402

EMBEDDED, POSTGRESQL = "embedded", "PostgreSQL"
STORES = [EMBEDDED, POSTGRESQL]
TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
# More memory than the default, and no checkpoint every few seconds. All else is the default.
POSTGRES_SETTINGS = {"shared_buffers": "512MB", "max_wal_size": "4GB"}
QUERY_ONE_TASK = b"\x10\x01"  # QueryTasksParam{page_size: 1}


def fields_of_stat(pid):
    return pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()


def cpu_seconds(pid):
    """Processor time of a process and of those children of it that have ended."""
    return sum(map(int, fields_of_stat(pid)[11:15])) / TICKS_PER_SECOND


def children(pid):
    return [int(child) for child in pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def memory_mb(pid, field):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(field + ":"):
            return int(line.split()[1]) / 1024
    raise KeyError(field)


class Store:
    """An empty store for one server: a folder, or a database of a PostgreSQL server."""
    def __init__(self, name, folder, postgres=None):
        self.name = name
        self.folder = pathlib.Path(folder)
        self.postgres = postgres
        self.flags = ["--data-dir", str(self.folder / "data")]
        self.environment = {}
        if postgres is not None:
            self.database = postgres.create_database()
            self.flags = ["--migrate"]
            self.environment = {"ORCHESTRATOR_DATABASE_URL": postgres.url(self.database)}

    def database_cpu_seconds(self):
        """Of all of PostgreSQL's processes; the embedded store has none."""
        if self.postgres is None:
            return 0
        main = self.postgres.process.pid
        total = cpu_seconds(main)
        for child in children(main):
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                total += cpu_seconds(child)
        return total

    def raw_rows_command(self, parts):
        """For orchestrator_limits, when the server has stopped."""
        if self.postgres is None:
            file, = (self.folder / "data" / "channels").glob("*.db")
            return ["sqlite", file, self.folder, parts]
        return ["postgres", self.postgres.url(self.database), "orchestrator", parts]


@contextlib.contextmanager
def stores(name, folder=None):
    """Gives a maker of empty stores of this name."""
    with contextlib.ExitStack() as stack:
        postgres = stack.enter_context(Postgres(**POSTGRES_SETTINGS)) if name == POSTGRESQL else None
        yield lambda: Store(name, stack.enter_context(tempfile.TemporaryDirectory(dir=folder)), postgres)


class Server:
    """A running orchestrator, as a context manager. `channels`: the organizations of each."""
    def __init__(self, binary, store, channels):
        self.store = store
        channel_file = store.folder / "channels.yaml"
        channel_file.write_text(json.dumps({"channels": channels}))  # JSON is YAML
        # Settings of another installation in the environment are not meant for this one.
        environment = {name: value for name, value in os.environ.items() if not name.startswith("ORCHESTRATOR_")}
        environment |= {"LOG_LEVEL": "info", "ORCHESTRATOR_HTTP_ADDRESS": "127.0.0.1:0", **store.environment}
        started = time.monotonic()
        self.process = subprocess.Popen(
            [binary, "serve", "--channel-config", channel_file, "--listen", "127.0.0.1:0", *store.flags],
            stderr=subprocess.PIPE,
            text=True,
            env=environment)
        self.address = self._listening()
        threading.Thread(target=self.process.stderr.read, daemon=True).start()  # so that it never waits for a reader
        channel, organizations = next(iter(channels.items()))
        self._wait_until_it_answers((("mspid", organizations[0]), ("channel", channel)))
        self.start_ms = (time.monotonic() - started) * 1000

    def _listening(self):
        log = ""
        for line in self.process.stderr:
            record = json.loads(line)
            if record["message"] == "gRPC server listening":
                return record["address"]
            log += line
        sys.exit(f"the server did not start:\n{log}")

    def _wait_until_it_answers(self, headers):
        """Until a query of the channel reaches the store: an organization that is not registered is refused by it."""
        with grpc.insecure_channel(self.address) as connection:
            query = connection.unary_unary("/orchestrator.ComputeTaskService/QueryTasks")
            while self.process.poll() is None:
                try:
                    query(QUERY_ONE_TASK, metadata=headers, wait_for_ready=True)
                    return
                except grpc.RpcError as error:
                    if error.code() != grpc.StatusCode.UNAVAILABLE:
                        return
                time.sleep(0.005)
        sys.exit("the server has ended")

    def cpu_seconds(self):
        return cpu_seconds(self.process.pid)

    def resident_mb(self):
        return memory_mb(self.process.pid, "VmRSS")

    def peak_mb(self):
        """Since the last reset."""
        return memory_mb(self.process.pid, "VmHWM")

    def reset_peak(self):
        pathlib.Path(f"/proc/{self.process.pid}/clear_refs").write_text("5")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()
