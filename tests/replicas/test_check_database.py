"""What `orchestrator check` says of a database. Clocks: tests/server/check_clock_test.cc."""
import datetime
import re
import time

import pytest

from postgres import Postgres
from preflight import DONE, STORE
from test_start import run_migrate
from world import World, new_plan

POOL = 16  # connections of one server by default
AN_HOUR = datetime.timedelta(hours=1)


def test_schema(check, postgres, database, replica):
    """Wrong until somebody is going to migrate. The check changes nothing itself."""
    url = postgres.url(database)
    none = "the database has none yet"
    for _ in range(2):
        outcome = check(database_url=url)
        assert outcome.code == STORE
        assert outcome.texts("wrong", "schema") == [f"{none}: run `orchestrator migrate`, or serve with --migrate"]
        outcome = check("--migrate", database_url=url)
        assert outcome.code == DONE
        assert outcome.texts("fine", "schema") == [f"{none}; `serve --migrate` will create it"]
    assert run_migrate(replica(url)).returncode == 0
    outcome = check(database_url=url)
    assert outcome.code == DONE and re.match(r"version \d+$", outcome.texts("fine", "schema")[0])
    assert not [line for line in outcome.lines if line.startswith("warning  database")]


@pytest.fixture(scope="module")
def small():
    with Postgres(max_connections=10, superuser_reserved_connections=3) as server:
        yield server


def set_on_server(postgres, name, value):
    """For the sessions that begin from now on."""
    postgres.run(f"ALTER SYSTEM SET {name}={value}")
    postgres.run("SELECT pg_reload_conf()")
    while postgres.run(f"SHOW {name}") != [[value]]:
        time.sleep(0.01)


@pytest.mark.parametrize("name", ["fsync", "full_page_writes"])
def test_a_server_that_may_lose_what_it_has_confirmed(check, small, name):
    warned = "fsync or full_page_writes is off: a crash of its host can lose calls that were answered with success"
    for value, warns in (("off", True), ("on", False)):
        set_on_server(small, name, value)
        outcome = check("--migrate", database_url=small.url("postgres"))
        assert outcome.code == DONE, outcome.lines
        assert (warned in outcome.texts("warning", "database")) is warns


def test_fewer_connections_than_a_server_may_open(check, small):
    for connections, warnings in ((None, [f"it takes 7 connections in all, and this server alone may open {POOL}: "
                                          "lower ORCHESTRATOR_DATABASE_MAX_CONNECTIONS"]), (7, [])):
        outcome = check("--migrate", database_url=small.url("postgres"), database_max_connections=connections)
        assert outcome.code == DONE, outcome.lines
        assert outcome.texts("warning", "database") == warnings


def test_newest_event_in_the_future(check, postgres, database, replica):
    """As after a server whose clock was ahead; and it is true what is said of further events."""
    url = postgres.url(database)
    server = replica(url, "--migrate").start()
    World(server, "c").register_organizations()
    assert server.stop() == 0
    assert not check(database_url=url).texts("warning", "database clock")
    postgres.run("UPDATE orchestrator.heads SET timestamp_us = timestamp_us + 3600000000 WHERE position > 0", database)
    outcome = check(database_url=url)
    assert outcome.code == DONE
    (text,) = outcome.texts("warning", "database clock")
    newest = re.fullmatch(r"the newest event is of (\S+), later than now: until then new events get that time", text)[1]
    newest = datetime.datetime.fromisoformat(newest.replace("Z", "+00:00"))
    assert abs(newest - datetime.datetime.now(datetime.timezone.utc) - AN_HOUR) < datetime.timedelta(minutes=10)

    server.start()
    plan = World(server, "c").a(new_plan("p"))
    created = plan.creation_date.ToDatetime(datetime.timezone.utc)
    assert datetime.timedelta(0) < created - newest < datetime.timedelta(seconds=1)  # shown in whole seconds
    assert server.stop() == 0
