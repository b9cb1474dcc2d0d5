"""Servers that are there before their database."""
import signal
import subprocess

from postgres import Postgres
from readiness import watch_readiness
from test_address import check_serves, check_waits
from world import World


def run_migrate(server):
    command = [server.command()[0], "migrate"]
    return subprocess.run(command, env=server.environment, capture_output=True, text=True, timeout=60)


def test_before_the_database_and_before_its_migration(postgres, replica):
    """Not ready, not dead; then it serves, without a restart."""
    server = replica(postgres.url("later")).start()
    check_waits(server, 'database \\"later\\" does not exist')
    assert run_migrate(server).returncode == 2
    postgres.run("CREATE DATABASE later")
    waiting = replica(postgres.url("later")).start()
    check_waits(waiting, "the database has schema 0")
    for _ in range(2):  # the second time there is nothing to do
        assert run_migrate(server).returncode == 0
    check_serves(server)
    with watch_readiness(waiting) as readiness:
        readiness.wait_for("SERVING")
    assert World(waiting, "c").get_plan("p").name == "p"
    assert server.stop() == waiting.stop() == 0


def test_before_the_database_server(replica):
    with Postgres() as postgres:
        database = postgres.create_database()
        postgres.end(signal.SIGINT)
        server = replica(postgres.url(database), "--migrate").start()
        check_waits(server, "Connection refused")
        postgres.start()
        check_serves(server)
        assert server.stop() == 0
