"""What depends on the cluster: the password that a release has."""
import pytest

from chart import render
from chart_cluster import serving


def passwords(secret, values=None):
    """The one password of the rendering, when the cluster has the Secret of the database."""
    with serving({"orchestrator-postgresql": secret}) as flags:
        objects = render(values, flags=["--dry-run=server", *flags])
    found = {objects["Secret", "orchestrator-server-database"]["stringData"]["DATABASE_PASSWORD"],
             objects["Secret", "orchestrator-postgresql"]["stringData"]["postgres-password"]}
    (password,) = found
    return password


def test_the_password_of_the_release_is_kept():
    assert passwords({"postgres-password": "made before"}) == "made before"


@pytest.mark.parametrize("secret", [{"postgres-password": "postgres"}, {"password": "of another user"}, {}])
def test_a_password_that_everybody_knows_or_none_is_replaced(secret):
    assert len(passwords(secret)) == 32


def test_a_password_that_is_given_wins():
    assert passwords({"postgres-password": "made before"}, {"database": {"auth": {"password": "given"}}}) == "given"
