"""The real server as a process: start, follow its log, stop, kill."""
import json
import os
import pathlib
import signal
import subprocess
import threading
import time

import grpc

from client import Caller

BINARY = os.environ.get("ORCHESTRATOR_BINARY", "")
MEMORY_FACTOR = int(os.environ.get("ORCHESTRATOR_MEMORY_FACTOR", "1"))  # of a build that needs more by itself
START_SECONDS = 30
STOP_SECONDS = 30


def channel_file_text(channels):
    """The YAML of a channel file; JSON is YAML."""
    return json.dumps({"channels": channels})


class Server:
    """One server on one data folder, or on the database that the variables of `environment` name. It may be started
    again after it has ended."""

    def __init__(self, folder, channels, *flags, environment=None):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.data = self.folder / "data"
        self.channel_file = self.folder / "channels.yaml"
        self.write_channels(channels)
        self.flags = flags
        self.environment = {**os.environ, **(environment or {})}
        self.listen = "127.0.0.1:0"
        self.process = None
        self.address = None
        self.http_address = None  # stays None if there is none
        self.connection = None
        self._log = []
        self._log_grew = threading.Condition()

    def write_channels(self, channels):
        """Replaced as a whole, as an editor or a mounted volume does it."""
        self.write_channel_text(channel_file_text(channels))

    def write_channel_text(self, text):
        fresh = self.channel_file.with_suffix(".new")
        fresh.write_text(text, encoding="utf-8")
        fresh.rename(self.channel_file)

    def command(self):
        # Any free ports, unless a test wants it otherwise.
        ports = {"--listen": self.listen, "--http-address": "127.0.0.1:0"}
        free = [word for flag in ports.items() if flag[0] not in self.flags for word in flag]
        return [BINARY, "serve", "--channel-config", str(self.channel_file), "--data-dir", str(self.data), *free,
                *self.flags]

    def start(self):
        with self._log_grew:
            self._log = []
        self.process = subprocess.Popen(self.command(), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                                        env=self.environment)
        threading.Thread(target=self._follow, args=(self.process.stderr, self._log), daemon=True).start()
        try:
            self.address = self.wait_for_log("gRPC server listening", START_SECONDS)["address"]
            self.http_address = self._find_address("HTTP server listening")
        except AssertionError:
            self.kill()
            raise
        self.connection = self.connect()
        return self

    def _follow(self, pipe, log):
        with pipe:
            for line in pipe:
                with self._log_grew:
                    log.append(line.decode("utf-8", "replace").rstrip())
                    self._log_grew.notify_all()
        with self._log_grew:
            log.append(None)
            self._log_grew.notify_all()

    def wait_for_log(self, message, seconds=20):
        """The first record with this message. Fails, with the whole log, when the process ends without it."""
        deadline = time.monotonic() + seconds
        seen = 0
        with self._log_grew:
            while True:
                for line in self._log[seen:]:
                    assert line is not None, "the server has ended:\n" + self.log_text()
                    record = parse_record(line)
                    if message in record.values():
                        return record
                seen = len(self._log)
                left = deadline - time.monotonic()
                assert left > 0 and self._log_grew.wait(left), f"no log record {message!r}:\n" + self.log_text()

    def records(self, message):
        """The records with this message so far."""
        records = (parse_record(line) for line in list(self._log) if line is not None)
        return [record for record in records if record.get("message") == message]

    def _find_address(self, message):
        found = self.records(message)
        return found[0]["address"] if found else None

    def log_text(self):
        return "\n".join(line for line in self._log if line is not None)

    def connect(self):
        """A connection of its own, which takes answers of any size."""
        return grpc.insecure_channel(self.address, options=[
            ("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1),
            ("grpc.use_local_subchannel_pool", 1)])

    def caller(self, organization, channel, connection=None):
        return Caller(connection or self.connection, organization, channel)

    def is_running(self):
        return self.process.poll() is None

    def memory_bytes(self):
        """What the process holds in memory now."""
        pages = int(pathlib.Path(f"/proc/{self.process.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")

    def peak_memory_bytes(self):
        """The most that it has held so far."""
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.split("VmHWM:")[1].split()[0]) * 1024

    def stop(self, signal_number=signal.SIGTERM):
        """Asks the server to stop and gives its exit code."""
        self.process.send_signal(signal_number)
        return self.wait()

    def wait(self):
        try:
            code = self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError("the server did not stop:\n" + self.log_text()) from None
        self.close()
        return code

    def kill(self):
        """As a power cut sees it: nothing is flushed, nothing is said."""
        self.process.kill()
        self.process.wait()
        self.close()

    def close(self):
        if self.connection is not None:
            self.connection.close()
            self.connection = None


def parse_record(line):
    """A log line; what is no JSON (a crash report, say) is a record without the fields that anyone waits for."""
    try:
        return json.loads(line)
    except ValueError:
        return {}
