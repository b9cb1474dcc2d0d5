"""What `serve` ends with when it cannot start, as a process (docs/reference/exit-codes.md)."""
import os
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
