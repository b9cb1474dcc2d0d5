"""The pages of the documentation, pasted: ORCHESTRATOR_BINARY=<path> pytest tests/guides"""
import pathlib
import sys

import pytest

for folder in ("replicas", "tls", "wire"):
    sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / folder))

from pki import Authority  # noqa: E402
from secure import SecurePostgres  # noqa: E402
from server import BINARY  # noqa: E402

if not BINARY:
    pytest.exit("ORCHESTRATOR_BINARY must name the server's binary", returncode=2)


@pytest.fixture(scope="session")
def database_server(tmp_path_factory):
    with SecurePostgres(Authority(tmp_path_factory.mktemp("pki"), "database-ca")) as server:
        yield server


@pytest.fixture
def database(database_server):
    """A PostgreSQL server without the user and the database of the guides. It has one that they give rights to."""
    database_server.run("CREATE ROLE runner")
    yield database_server
    database_server.run("DROP DATABASE IF EXISTS orchestrator WITH (FORCE)")
    database_server.run("DROP ROLE IF EXISTS orchestrator, runner")
