"""Several servers on one PostgreSQL database: ORCHESTRATOR_BINARY=<path> pytest tests/replicas

ORCHESTRATOR_TEST_HEAVY=1 makes the runs with kills and broken connections long. SEED=<number> repeats their choices.
"""
import os
import pathlib
import random
import sys

import pytest

for folder in ("tls", "wire"):
    sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / folder))

from postgres import Postgres  # noqa: E402
from secure import secure  # noqa: E402, F401
from server import BINARY, Server  # noqa: E402
from preflight import check  # noqa: E402, F401
from traffic import Traffic  # noqa: E402
from world import MEMBERS  # noqa: E402

if not BINARY:
    pytest.exit("ORCHESTRATOR_BINARY must name the server's binary", returncode=2)

CHANNELS = {"c": MEMBERS, "other": MEMBERS}


@pytest.fixture(scope="session")
def postgres():
    """For the tests that leave it alone."""
    with Postgres() as server:
        yield server


@pytest.fixture
def database(postgres):
    """The name of a new database."""
    return postgres.create_database()


@pytest.fixture
def replica(tmp_path):
    """Makes servers. `where`: the address of a database, or the variables that name one."""
    made = []

    def make(where, *flags):
        environment = {"ORCHESTRATOR_DATABASE_URL": where} if isinstance(where, str) else where
        server = Server(tmp_path / f"server{len(made)}", CHANNELS, *flags, environment=environment)
        made.append(server)
        return server

    yield make
    for server in made:
        if server.process is not None and server.is_running():
            server.kill()


@pytest.fixture
def traffic():
    """Makes Traffic, which ends with the test."""
    made = []

    def make(name=""):
        made.append(Traffic(name))
        return made[-1]

    yield make
    for each in made:
        each.give_up()


@pytest.fixture
def chance():
    """Choices that SEED repeats; it is shown when the test fails."""
    seed = int(os.environ.get("SEED") or random.SystemRandom().randrange(10**9))
    print(f"SEED={seed}")
    return random.Random(seed)


@pytest.fixture(scope="session")
def is_heavy():
    return bool(os.environ.get("ORCHESTRATOR_TEST_HEAVY"))
