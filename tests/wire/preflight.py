"""Runs `orchestrator check`, for the tests of it."""
import subprocess

import pytest

from server import BINARY

DONE, SET_UP, STORE, PORT = 0, 1, 2, 3


class Outcome:
    def __init__(self, process):
        self.code = process.returncode
        self.lines = process.stdout.splitlines()
        self.errors = process.stderr

    def texts(self, kind, subject):
        start = f"{kind:<7}  {subject}: "
        return [line.removeprefix(start) for line in self.lines if line.startswith(start)]


@pytest.fixture
def check(tmp_path):
    """Runs it with settings that are fine, but for those that the test gives. `within`: the command that runs it."""
    channel_file = tmp_path / "channels.yaml"
    channel_file.write_text("channels:\n  mychannel: [OrgA, OrgB]\n")

    def run(*more, within=(), **settings):
        flags = {"channel_config": channel_file, "data_dir": tmp_path / "data", "listen": "127.0.0.1:0",
                 "http_address": "127.0.0.1:0", **settings}
        arguments = [part for name, value in flags.items() if value is not None
                     for part in ("--" + name.replace("_", "-"), str(value))]
        command = [*within, BINARY, "check", *arguments, *more]
        return Outcome(subprocess.run(command, capture_output=True, text=True, timeout=30))

    return run
