"""What `serve` ends with when it cannot start (docs/reference/exit-codes.md), and how it says so on a terminal."""
import os
import pty
import subprocess

import pytest

from server import BINARY
from world import MEMBERS


@pytest.mark.parametrize("command", [[], ["serve"]])
def test_what_is_required_and_missing(command, tmp_path):
    environment = {name: value for name, value in os.environ.items() if "ORCHESTRATOR" not in name}
    done = subprocess.run([BINARY, *command], env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=30)
    assert done.returncode == 1
    assert "ORCHESTRATOR_CHANNEL_CONFIG is not set; it is required" in done.stderr


def test_a_taken_port(own_server):
    first = own_server({"c": MEMBERS}).start()
    second = own_server({"c": MEMBERS})
    second.listen = first.address
    done = subprocess.run(second.command(), env=second.environment, capture_output=True, text=True, timeout=30)
    assert done.returncode == 3
    assert f"cannot listen on {first.address}: Address already in use" in done.stderr
    assert first.is_running()


@pytest.mark.parametrize("no_colour, colours", [("", True), ("1", False)])
def test_a_terminal_gets_readable_lines(tmp_path, no_colour, colours):
    terminal, end = pty.openpty()
    command = [BINARY, "serve", "--channel-config", tmp_path / "none.yaml"]
    done = subprocess.run(command, env=os.environ | {"NO_COLOR": no_colour}, stderr=end, timeout=30)
    text = os.read(terminal, 65536).decode()
    os.close(terminal)
    os.close(end)
    assert done.returncode == 1
    assert "FATAL" in text and "No such file or directory" in text and "{" not in text
    assert ("\x1b[" in text) == colours
