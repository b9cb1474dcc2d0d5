"""An orchestrator of our own, for as long as the demo lasts: a free port, a temporary folder, one channel."""
import collections
import json
import os
import pathlib
import signal
import subprocess
import tempfile
import threading

START_SECONDS = 10
STOP_SECONDS = 15
LOG_LINES_KEPT = 10


class ServerError(Exception):
    """The server did not start, or did not end as it should."""


class Server:
    """A running server; `address` is where. As a context manager it leaves no process and no files behind."""

    def __init__(self, binary, channel, organizations):
        self._folder = tempfile.TemporaryDirectory(prefix="orchestrator-demo-")
        self._log = collections.deque(maxlen=LOG_LINES_KEPT)
        self._address_known = threading.Event()  # or known never to come
        self.address = None
        folder = pathlib.Path(self._folder.name)
        config = folder / "channels.yaml"
        config.write_text(f"channels:\n  {channel}: [{', '.join(organizations)}]\n", encoding="utf-8")
        command = [binary, "serve", "--channel-config", str(config), "--data-dir", str(folder / "data"),
                   "--listen", "127.0.0.1:0", "--http-address", "127.0.0.1:0"]
        # Settings of another installation in the environment are not meant for this one.
        environment = {name: value for name, value in os.environ.items()
                       if not name.startswith("ORCHESTRATOR_") and name != "LOG_LEVEL"}
        try:
            self._process = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)
        except OSError as error:
            self._folder.cleanup()
            raise ServerError(f"cannot run {binary}: {error.strerror}") from error
        threading.Thread(target=self._read_log, daemon=True).start()

    def _read_log(self):
        for line in self._process.stderr:
            self._log.append(line.rstrip())
            try:
                record = json.loads(line)
            except ValueError:
                continue
            if record.get("message") == "gRPC server listening":
                self.address = record["address"]
                self._address_known.set()
        self._address_known.set()

    def wait_until_listening(self):
        self._address_known.wait(START_SECONDS)
        if self.address is None:
            raise ServerError(f"the server did not start{self._last_words()}")

    def check_alive(self, patience_seconds=0):
        """An error if the server has ended, or ends while one waits this long."""
        try:
            code = self._process.wait(patience_seconds)
        except subprocess.TimeoutExpired:
            return
        raise ServerError(f"the server ended in the middle of the demo, {_ending(code)}{self._last_words()}")

    def stop(self):
        """Asks the server to end, as a service manager does. Anything but a clean end is an error."""
        self._process.send_signal(signal.SIGTERM)
        try:
            code = self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            raise ServerError(f"the server did not end within {STOP_SECONDS} s of SIGTERM") from None
        if code != 0:
            raise ServerError(f"the server ended badly after SIGTERM, {_ending(code)}{self._last_words()}")

    def _last_words(self):
        return "\n  " + "\n  ".join(["last lines of its log:", *self._log]) if self._log else ""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._process.kill()
        self._process.wait()
        self._folder.cleanup()


def _ending(code):
    return f"killed by {signal.Signals(-code).name}" if code < 0 else f"exit status {code}"
