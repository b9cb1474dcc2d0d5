"""Behaviour 17.3: following a channel."""
import random
import signal
import threading

import grpc
import pytest

from checks import INVALID, OK, UNAVAILABLE, UNKNOWN, check_events
from client import outcome_of, stream_end
from protocol import pb
from world import (MEMBERS, World, function_action, key, new_function, new_plan, new_sample, new_samples, new_task)


@pytest.fixture(scope="module")
def shared(server, channel_names):
    """A channel with more events than are replayed in one batch."""
    world = World(server, next(channel_names)).register_organizations()
    world.a(new_samples(*(new_sample(f"s{i}") for i in range(250))))
    return world


@pytest.fixture(scope="module")
def history(shared):
    return shared.events_after()


def take(stream, count):
    """The next events; the stream goes on."""
    return [next(stream) for _ in range(count)]


def test_17_3_from_the_beginning(shared, history):
    check_events(history, shared.channel)
    assert len(history) == 253
    assert history[0].asset_key == "OrgA"


@pytest.mark.parametrize("index", [0, 2, 3, 99, 100, 101, 251])
def test_17_3_from_a_known_event(shared, history, index):
    """Exclusive, also in the middle of a call, at the edges of batches as anywhere."""
    stream = shared.guest.subscribe(history[index].id)
    assert take(stream, len(history) - index - 1) == history[index + 1:]
    stream.cancel()


@pytest.mark.parametrize("form", [str.upper, lambda text: text.replace("-", ""), lambda text: "{" + text + "}"])
def test_17_3_forms_of_the_id(shared, history, form):
    stream = shared.a.subscribe(form(history[250].id))
    assert take(stream, 2) == history[251:]
    stream.cancel()


def test_17_3_unknown_id(shared):
    assert stream_end(shared.a.subscribe(key("nothing"))) == ([], UNKNOWN, "no rows in result set")


def test_17_3_id_of_another_channel(shared, fresh):
    assert stream_end(shared.a.subscribe(fresh.head())) == ([], UNKNOWN, "no rows in result set")


@pytest.mark.parametrize("start", ["x", "0", "00000000-0000-0000-0000-00000000000"])
def test_17_3_start_that_is_no_uuid(shared, start):
    assert stream_end(shared.a.subscribe(start)) == (
        [], INVALID, "OE0101: event is not valid: start_event_id: must be a valid UUID.")


def test_17_3_nothing_to_replay_then_live(fresh):
    """From the newest event: only what comes, as it comes."""
    stream = fresh.b.subscribe(fresh.head())
    for label in ("p1", "p2"):
        plan = fresh.a(new_plan(label))
        assert next(stream).compute_plan == plan
    stream.cancel()


def test_17_3_live_in_an_empty_channel(empty):
    stream = empty.a.subscribe()
    empty.b(pb.RegisterOrganizationParam())
    assert next(stream).organization.id == "OrgB"
    stream.cancel()


def test_17_3_events_come_after_their_commit(fresh):
    """When an event arrives, reads show at least its state."""
    fresh.functions().plan()
    stream = fresh.a.subscribe(fresh.head())
    for i in range(20):
        pending = fresh.a.later(pb.RegisterTasksParam(tasks=[new_task(f"t{i}")]))
        event = next(stream)
        assert fresh.b(pb.GetTaskParam(key=event.asset_key)) == event.compute_task
        assert fresh.is_running()
        pending.result()
    stream.cancel()


def test_17_3_two_subscribers_get_the_same(fresh):
    streams = [fresh.a.subscribe(), fresh.guest.subscribe()]
    for stream in streams:
        take(stream, 3)
    for i in range(50):
        fresh.a(new_plan(f"p{i}"))
    first, second = (take(stream, 50) for stream in streams)
    assert first == second
    assert [event.asset_key for event in first] == [key(f"p{i}") for i in range(50)]
    for stream in streams:
        stream.cancel()


def test_17_3_the_same_organization_twice_on_one_connection(fresh):
    """Each has its own cursor."""
    ahead, behind = fresh.a.subscribe(), fresh.a.subscribe()
    assert [event.asset_key for event in take(ahead, 3)] == ["OrgA", "OrgB", "OrgC"]
    ahead.cancel()
    fresh.a(new_plan("p"))
    assert [event.asset_key for event in take(behind, 4)] == ["OrgA", "OrgB", "OrgC", key("p")]
    behind.cancel()


def test_17_3_channels_are_apart(fresh, empty):
    """A subscriber hears nothing of other channels, however busy."""
    stream = empty.a.subscribe()
    for i in range(20):
        fresh.a(new_plan(f"p{i}"))
    empty.a(pb.RegisterOrganizationParam())
    assert next(stream).channel == empty.channel
    stream.cancel()


def test_17_3_a_client_that_leaves(shared, history):
    stream = shared.a.subscribe()
    take(stream, 1)
    stream.cancel()
    with pytest.raises(grpc.RpcError) as left:
        next(stream)
    assert left.value.code() is grpc.StatusCode.CANCELLED
    assert shared.serves()


def test_17_3_from_replay_to_live_without_a_gap(fresh):
    """Subscribers that begin anywhere while others write see each event once, in order."""
    rounds, per_round = 30, 8
    started = threading.Event()
    seen, failures = [], []

    def follow(start):
        events = []
        stream = fresh.b.subscribe(start)
        for event in stream:
            events.append(event.id)
            if event.asset_key == key("the end"):
                break
        stream.cancel()
        seen.append((start, events))

    def write():
        for i in range(rounds):
            fresh.a(new_samples(*(new_sample(f"s{i} {j}") for j in range(per_round))))
            started.set()
        outcome = fresh.a.outcome(new_plan("the end"))
        if outcome != (OK, ""):
            failures.append(outcome)

    writer = threading.Thread(target=write)
    writer.start()
    started.wait(20)
    random.seed(17)
    starts = [""] + [random.choice(fresh.a(pb.QueryEventsParam(page_size=1000)).events).id for _ in range(8)]
    followers = [threading.Thread(target=follow, args=(start,)) for start in starts]
    for thread in followers:
        thread.start()
    for thread in [writer, *followers]:
        thread.join()
    assert failures == []
    history = [event.id for event in fresh.events_after()]
    assert len(history) == 3 + rounds * per_round + 1
    assert len(seen) == len(starts)
    for start, events in seen:
        assert events == history[history.index(start) + 1 if start else 0:]


@pytest.mark.parametrize("signal_number", [signal.SIGTERM, signal.SIGINT])
def test_17_3_end_of_the_server(own_server, signal_number):
    """D24: streams end with UNAVAILABLE, never OK: a client that sees OK never subscribes again."""
    server = own_server({"c": MEMBERS}).start()
    world = World(server, "c").register_organizations()
    connections = [server.connect() for _ in range(2)]
    streams = [server.caller("OrgA", "c", connection).subscribe(start)
               for connection in connections for start in ("", world.head())]
    for stream in (streams[0], streams[2]):
        take(stream, 3)
    world.a(new_plan("p"))
    for stream in streams:
        take(stream, 1)
    assert server.stop(signal_number) == 0
    for stream in streams:
        with pytest.raises(grpc.RpcError) as ended:
            next(stream)
        assert outcome_of(ended.value)[0] == UNAVAILABLE
    for connection in connections:
        connection.close()


def test_17_3_ids_survive_a_restart(own_server):
    """A cursor that a consumer has stored goes on meaning the same."""
    server = own_server({"c": MEMBERS}).start()
    world = World(server, "c").register_organizations().functions()
    world.a(new_function("f"))
    history = world.events_after()
    assert server.stop() == 0
    server.start()
    world = World(server, "c")
    assert world.events_after() == history
    stream = world.a.subscribe(history[4].id)
    world.a(function_action("f", "BUILDING"))
    assert take(stream, len(history) - 5) == history[5:]
    newest = next(stream)
    stream.cancel()
    assert newest.function.status == pb.FUNCTION_STATUS_BUILDING
    check_events([*history, newest], "c")
