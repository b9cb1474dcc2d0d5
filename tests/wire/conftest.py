"""The server as a black box, driven over the wire: ORCHESTRATOR_BINARY=<path> pytest tests/wire

One server for most tests, with many channels: a module shares one, a test that needs silence takes its own.
Tests are named after the section and row of the behaviour that they are about.
"""
import itertools

import pytest

pytest.register_assert_rewrite("checks", "model")

from server import BINARY, Server
from world import MEMBERS, World

if not BINARY:
    pytest.exit("ORCHESTRATOR_BINARY must name the server's binary", returncode=2)

SHARED_CHANNELS = 150
OUTSIDER = "OrgOutside"


def pytest_report_header():
    return f"server: {BINARY}"


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    """Serves channels c0, c1, ... to the usual members, and `elsewhere` to an organization that is in no other."""
    channels = {f"c{i}": MEMBERS for i in range(SHARED_CHANNELS)}
    channels["elsewhere"] = [OUTSIDER]
    server = Server(tmp_path_factory.mktemp("server"), channels).start()
    yield server
    assert server.is_running(), server.log_text()
    assert server.stop() == 0


@pytest.fixture(scope="session")
def channel_names():
    return (f"c{i}" for i in itertools.count())


@pytest.fixture(scope="module")
def shared(server, channel_names):
    """The channel of the module, with three registered organizations."""
    return World(server, next(channel_names)).register_organizations()


@pytest.fixture
def fresh(server, channel_names):
    """A channel of the test's own, with three registered organizations."""
    return World(server, next(channel_names)).register_organizations()


@pytest.fixture
def empty(server, channel_names):
    """A channel without any event."""
    return World(server, next(channel_names))


@pytest.fixture
def own_server(tmp_path):
    """Makes servers for tests that stop, kill or starve them."""
    made = []

    def make(channels, *flags):
        server = Server(tmp_path / f"server{len(made)}", channels, *flags)
        made.append(server)
        return server

    yield make
    for server in made:
        if server.process is not None and server.is_running():
            server.kill()
