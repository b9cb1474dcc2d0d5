"""The pages of the documentation, pasted: ORCHESTRATOR_BINARY=<path> pytest tests/guides"""
import pathlib
import sys

import pytest

for folder in ("replicas", "tls", "wire"):
    sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / folder))

from secure import secure  # noqa: E402, F401
from server import BINARY  # noqa: E402

if not BINARY:
    pytest.exit("ORCHESTRATOR_BINARY must name the server's binary", returncode=2)


@pytest.fixture
def database(secure):
    """A PostgreSQL server without the user and the database of the guides. It has one that they give rights to."""
    secure.run("CREATE ROLE runner")
    yield secure
    secure.run("DROP DATABASE IF EXISTS orchestrator WITH (FORCE)")
    secure.run("DROP ROLE IF EXISTS orchestrator, runner")
