"""The rights that docs/operate/postgresql.md gives a server which may not migrate are what it needs."""
import pathlib
import re

from readiness import watch_readiness
from test_address import check_serves, check_waits
from test_start import run_migrate

PAGE = pathlib.Path(__file__).resolve().parents[2] / "docs" / "operate" / "postgresql.md"


def statements():
    section = re.search(r"^## Rights\n(.*?)^## ", PAGE.read_text(), re.MULTILINE | re.DOTALL)[1]
    return re.findall(r"^((?:GRANT|REVOKE) .*;)$", section, re.MULTILINE)


def test_a_server_with_a_user_of_its_own(postgres, database, replica):
    user = f"runner_of_{database}"
    postgres.run(f"CREATE ROLE {user} LOGIN")
    owner = replica(postgres.url(database))
    assert run_migrate(owner).returncode == 0
    server = replica(postgres.url(database).replace("://orc@", f"://{user}@")).start()
    check_waits(server, "the database refuses the rights that are needed")
    assert run_migrate(server).returncode == 2
    assert len(statements()) == 3
    for statement in statements():
        postgres.run(statement.replace("runner", user), database)
    check_serves(server)
    assert run_migrate(server).returncode == 0, "there is nothing to do"
    migrating = replica(server.environment["ORCHESTRATOR_DATABASE_URL"], "--migrate").start()
    with watch_readiness(migrating) as readiness:
        readiness.wait_for("SERVING")
    assert server.stop() == migrating.stop() == 0
