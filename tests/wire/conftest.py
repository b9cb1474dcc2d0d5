"""The server as a black box, driven over the wire: ORCHESTRATOR_BINARY=<path> pytest tests/wire

ORCHESTRATOR_TEST_STORE=postgres gives every server a new database of one PostgreSQL server instead of a folder.
One server for most tests, with many channels: a module shares one, a test that needs silence takes its own.
Tests are named after the section and row of the behaviour that they are about.
"""
import itertools
import os

import pytest

pytest.register_assert_rewrite("checks", "model")

from postgres import Postgres
from server import BINARY, Server
from world import MEMBERS, World

EMBEDDED, POSTGRES = "embedded", "postgres"
STORE = os.environ.get("ORCHESTRATOR_TEST_STORE", EMBEDDED)

if not BINARY:
    pytest.exit("ORCHESTRATOR_BINARY must name the server's binary", returncode=2)
if STORE not in (EMBEDDED, POSTGRES):
    pytest.exit(f"ORCHESTRATOR_TEST_STORE must be {EMBEDDED} or {POSTGRES}", returncode=2)

SHARED_CHANNELS = 150
OUTSIDER = "OrgOutside"


def pytest_report_header():
    return f"server: {BINARY}, store: {STORE}"


def pytest_configure(config):
    config.addinivalue_line("markers", "data_folder: about the folder of the embedded store, and nothing else")


def pytest_collection_modifyitems(items):
    if STORE == EMBEDDED:
        return
    for item in items:
        if item.get_closest_marker("data_folder"):
            item.add_marker(pytest.mark.skip(reason="about the folder of the embedded store"))


@pytest.fixture(scope="session")
def make_server():
    """Makes servers, each with an empty store of its own."""
    if STORE == EMBEDDED:
        yield Server
        return
    with Postgres() as postgres:
        def make(folder, channels, *flags):
            url = postgres.url(postgres.create_database())
            return Server(folder, channels, "--migrate", *flags, environment={"ORCHESTRATOR_DATABASE_URL": url})

        yield make


@pytest.fixture(scope="session")
def server(make_server, tmp_path_factory):
    """Serves channels c0, c1, ... to the usual members, and `elsewhere` to an organization that is in no other."""
    channels = {f"c{i}": MEMBERS for i in range(SHARED_CHANNELS)}
    channels["elsewhere"] = [OUTSIDER]
    server = make_server(tmp_path_factory.mktemp("server"), channels).start()
    assert (server.wait_for_log("gRPC server listening")["store"] == "PostgreSQL") is (STORE == POSTGRES)
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
def own_server(make_server, tmp_path):
    """Makes servers for tests that stop, kill or starve them."""
    made = []

    def make(channels, *flags):
        server = make_server(tmp_path / f"server{len(made)}", channels, *flags)
        made.append(server)
        return server

    yield make
    for server in made:
        if server.process is not None and server.is_running():
            server.kill()
