"""A primary, its synchronous standby, and servers that know both: what was acknowledged survives the primary."""
import signal
import time

import pytest

from checks import OK, UNAVAILABLE
from client import outcome_of
from gate import Gate
from history import check_state
from postgres import USER, Postgres, Standby
from protocol import pb
from readiness import watch_readiness
from world import World, key, new_plan

SECONDS = 60


class Pair:
    """`primary` commits nothing that `standby` has not stored; `line` is the gate between them."""

    def __init__(self, primary, line, standby):
        self.primary, self.line, self.standby = primary, line, standby
        self.database = primary.create_database()
        primary.run("ALTER SYSTEM SET synchronous_standby_names = 'standby'")
        primary.run("SELECT pg_reload_conf()")
        self.wait_until("SELECT sync_state = 'sync' FROM pg_stat_replication")

    def url(self):
        hosts = ",".join(f"127.0.0.1:{each.port}" for each in (self.primary, self.standby))
        return f"postgresql://{USER}@{hosts}/{self.database}?target_session_attrs=read-write"

    def wait_until(self, question):
        deadline = time.monotonic() + SECONDS
        while self.primary.run(question) != [["t"]]:
            assert time.monotonic() < deadline, question
            time.sleep(0.05)

    def part(self):
        """The standby is out of reach, and the primary knows."""
        self.line.refuse = True
        self.line.close_all()
        self.wait_until("SELECT count(*) = 0 FROM pg_stat_replication")

    def wait_for_waiting_commit(self):
        self.wait_until("SELECT count(*) > 0 FROM pg_stat_activity WHERE wait_event = 'SyncRep'")


@pytest.fixture
def pair():
    with Postgres() as primary, Gate(primary.port) as line, Standby(line.port) as standby:
        yield Pair(primary, line, standby)


@pytest.mark.parametrize("signal_number", [signal.SIGKILL, signal.SIGINT], ids=["kill -9", "fast shutdown"])
def test_a_primary_that_ends_under_load(pair, replica, traffic, signal_number):
    """Clients see UNAVAILABLE until the standby is promoted; then all goes on there, in the same processes."""
    servers = [replica(pair.url(), "--migrate").start() for _ in range(2)]
    World(servers[0], "c").register_organizations()
    load = traffic()
    for server in servers:
        load.write(server, 6).follow(server, 3)
    load.wait_for(200)
    with watch_readiness(servers[0]) as readiness:
        readiness.wait_for("SERVING")
        pair.primary.end(signal_number)
        readiness.wait_for("NOT_SERVING")
        assert World(servers[0], "other").a.outcome(new_plan("p"))[0] == UNAVAILABLE
        pair.standby.promote()
        readiness.wait_for("SERVING")
    load.wait_for(200)
    load.finish(servers[1])
    load.check(pair.standby, pair.database)
    for server in servers:
        assert server.is_running() and server.stop() == 0


def commit_that_waits(pair, server):
    """A call whose commit waits for the standby: (world, stream that has seen all before it, call)."""
    world = World(server, "c").register_organizations()
    stream = world.b.subscribe()
    for _ in range(3):
        next(stream)
    pair.part()
    call = world.a.later(new_plan("waits"))
    pair.wait_for_waiting_commit()
    return world, stream, call


def test_a_standby_that_is_away_for_a_while(pair, replica):
    """Until it is back nothing is acknowledged, or shown to anybody."""
    server = replica(pair.url(), "--migrate").start()
    world, stream, call = commit_that_waits(pair, server)
    assert len(world.events_after()) == 3
    assert not call.done()
    pair.line.refuse = False
    assert call.result().name == "waits"
    assert next(stream).asset_key == key("waits")
    stream.cancel()
    check_state(world)
    assert server.stop() == 0


@pytest.mark.parametrize("signal_number", [signal.SIGKILL, signal.SIGINT], ids=["kill -9", "fast shutdown"])
def test_a_primary_that_ends_while_a_commit_waits(pair, replica, signal_number):
    """The standby does not have it: the call is refused, and no subscriber was told of it."""
    server = replica(pair.url(), "--migrate").start()
    world, stream, call = commit_that_waits(pair, server)
    pair.primary.end(signal_number)
    pair.standby.promote()
    assert call.exception() is not None
    assert outcome_of(call.exception())[0] == UNAVAILABLE
    with watch_readiness(server) as readiness:
        readiness.wait_for("SERVING")
    assert world.a.outcome(pb.GetComputePlanParam(key=key("waits")))[0] == "NOT_FOUND"
    assert world.a.outcome(new_plan("after")) == (OK, "")
    assert next(stream).asset_key == key("after")
    stream.cancel()
    check_state(world)
    assert server.stop() == 0
