"""A store that takes no more writes: refusals, no harm, and recovery by itself."""
import resource

import pytest

from checks import OK, UNAVAILABLE
from client import stub
from history import check_state
from protocol import CLASSES, pb
from readiness import watch_readiness
from world import MEMBERS, World, key, new_plan

pytestmark = pytest.mark.data_folder

FILE_BYTES = 6 << 20


def limit_files(server, size):
    """No file of the server may grow beyond this: its writes fail as on a full disk."""
    resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


def large_plan(label):
    return new_plan(label, metadata={f"{i:0100}": "v" * 100 for i in range(400)})


def fill(world, stored, limit=2000):
    """Registers plans until one is refused; gives the refusal."""
    for i in range(limit):
        outcome = world.a.outcome(large_plan(f"p{i}"))
        if outcome != (OK, ""):
            return outcome
        stored.append(f"p{i}")
    raise AssertionError("the disk does not fill up")


def test_full_disk(own_server):
    server = own_server({"c": MEMBERS, "other": MEMBERS}).start()
    limit_files(server, FILE_BYTES)
    world = World(server, "c").register_organizations()
    stored = []
    with watch_readiness(server) as readiness:
        readiness.wait_for("SERVING")
        status, text = fill(world, stored)
        assert status == UNAVAILABLE and text
        assert len(stored) > 10
        readiness.wait_for("NOT_SERVING")

        # Still refused, still alive; reads and subscriptions go on, and show what was acknowledged and nothing else.
        assert world.a.outcome(large_plan("refused"))[0] == UNAVAILABLE
        assert world.serves()
        alive = CLASSES["grpc.health.v1.HealthCheckRequest"]()
        assert stub(server.connection, "/grpc.health.v1.Health/Check")(alive) == CLASSES[
            "grpc.health.v1.HealthCheckResponse"](status="SERVING")
        plans = world.a(pb.QueryPlansParam(page_size=1000)).plans
        assert [plan.key for plan in plans] == [key(each) for each in stored]
        before = check_state(world)
        assert len(before) == 3 + len(stored)

        # Room again: writes work without a restart.
        limit_files(server, resource.RLIM_INFINITY)
        readiness.wait_for("SERVING")
    for label in ("refused", "after"):
        assert world.a.outcome(large_plan(label)) == (OK, "")
    events = check_state(world)
    assert events[:len(before)] == before and len(events) == len(before) + 2

    assert server.stop() == 0
    server.start()
    assert check_state(World(server, "c")) == events


def test_kill_on_a_full_disk(own_server):
    """What was acknowledged before the disk was full survives a crash on it."""
    server = own_server({"c": MEMBERS}).start()
    limit_files(server, FILE_BYTES)
    world = World(server, "c").register_organizations()
    stored = []
    assert fill(world, stored)[0] == UNAVAILABLE
    server.kill()
    server.start()
    events = check_state(World(server, "c"))
    assert [event.asset_key for event in events[3:]] == [key(label) for label in stored]
