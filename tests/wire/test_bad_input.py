"""Input that no honest client sends. After each of these the server answers as before."""
import os
import socket

import grpc
import pytest

from checks import EXHAUSTED, EXISTS, INVALID, NOT_FOUND, OK, UNKNOWN
from client import METHODS, identity, outcome_of, unary
from protocol import UNARY, pb
from world import (A, B, MEMBERS, World, by_key, fresh_key, key, model_in, new_data_manager, new_function,
                   new_plan, new_sample, new_samples, new_task, new_tasks, task_action)

INTERNAL = "INTERNAL"
LIMIT = 4 << 20
NOT_UTF8 = b"\xff\xfe"


@pytest.fixture(scope="module")
def shared(server, channel_names):
    world = World(server, next(channel_names)).register_organizations().functions()
    world.plan()
    world.tasks(new_task("t"))
    return world


@pytest.fixture(autouse=True)
def still_serving(shared):
    """After every test of this file."""
    yield
    assert shared.serves()
    shared.a(new_plan("p", key=fresh_key()))


def raw_outcome(world, path, data):
    try:
        unary(world.server.connection, path, data, identity(A, world.channel))
    except grpc.RpcError as error:
        return outcome_of(error)
    return OK, ""


def field(number, data):
    """A length-delimited field as it is on the wire."""
    assert len(data) < 128
    tag = number << 3 | 2
    return (bytes([tag]) if tag < 128 else bytes([tag & 0x7f | 0x80, tag >> 7])) + bytes([len(data)]) + data


# --- bytes that are no message


UNARY_PATHS = [path for path, method in METHODS.items() if method.kind == UNARY and path.startswith("/orchestrator.")]
REGISTER_PLAN = "/orchestrator.ComputePlanService/RegisterPlan"
GET_PLAN = "/orchestrator.ComputePlanService/GetPlan"
SUBSCRIBE = "/orchestrator.EventService/SubscribeToEvents"


def test_garbage_as_message(shared):
    """INTERNAL, as gRPC has it for a request that cannot be read, and not UNIMPLEMENTED, which says that the method is
    not there. One test for all methods: they fail together."""
    outcomes = {path: raw_outcome(shared, path, b"\xff\xff\xff\xff") for path in UNARY_PATHS}
    assert {status for status, _ in outcomes.values()} == {INTERNAL}
    assert all(text for _, text in outcomes.values())


def test_garbage_as_subscription(shared):
    stream = shared.server.connection.unary_stream(SUBSCRIBE)(b"\xff\xff", metadata=identity(A, shared.channel),
                                                              timeout=20)
    with pytest.raises(grpc.RpcError) as refused:
        next(stream)
    assert refused.value.code().name == INTERNAL


@pytest.mark.parametrize("path, data", [
    (REGISTER_PLAN, field(1, key("bad").encode()) + field(19, NOT_UTF8)),
    (REGISTER_PLAN, field(1, NOT_UTF8)),
    (GET_PLAN, field(1, NOT_UTF8)),
], ids=["name", "key", "lookup"])
def test_text_that_is_no_utf8(shared, path, data):
    before = shared.head()
    assert raw_outcome(shared, path, data)[0] == INTERNAL
    assert shared.head() == before


def test_truncated_message(shared):
    whole = new_plan("truncated").SerializeToString()
    for end in (1, len(whole) // 2, len(whole) - 1):
        assert raw_outcome(shared, REGISTER_PLAN, whole[:end])[0] == INTERNAL
    assert shared.a.outcome(pb.GetComputePlanParam(key=key("truncated")))[0] == NOT_FOUND


def test_fields_that_do_not_exist_are_ignored(shared):
    data = new_plan("unknown fields").SerializeToString() + field(9, b"something") + bytes([15 << 3, 7])
    assert raw_outcome(shared, REGISTER_PLAN, data) == (OK, "")
    assert shared.get_plan("unknown fields").SerializeToString().count(b"something") == 0


def test_map_entry_twice(shared):
    """The last one counts, for the answer, for the store and for the event."""
    first, second = (new_plan("map twice", metadata={"k": value}) for value in ("first", "second"))
    with shared.recording() as events:
        assert raw_outcome(shared, REGISTER_PLAN, first.SerializeToString() + second.SerializeToString()) == (OK, "")
    assert shared.get_plan("map twice").metadata == {"k": "second"}
    assert events[0].compute_plan == shared.get_plan("map twice")


# --- characters


@pytest.mark.parametrize("request_", [
    new_plan("nul", name="a\0b"), new_plan("nul", tag="a\0b"), new_plan("nul", metadata={"a\0b": "c"}),
    new_plan("nul", metadata={"a": "b\0c"}), new_function("nul", inputs={"a\0b": model_in()}),
    new_data_manager("nul", name="\0"), new_tasks(new_task("nul", metadata={"a": "\0"})),
    pb.UpdateComputePlanParam(key=key("plan"), name="\0"), task_action("t", "EXECUTING", log="a\0b"),
    pb.ProfilingStep(asset_key=key("t"), step="\0", duration=1), pb.RegisterOrganizationParam(address="http://a\0"),
], ids=lambda value: value.DESCRIPTOR.name)
def test_19_character_u0000(shared, request_):
    """Texts that a database may not hold are refused, whichever store is behind."""
    before = shared.head()
    assert shared.a.outcome(request_)[0] == INVALID
    assert shared.head() == before


@pytest.mark.parametrize("request_", [pb.GetComputePlanParam(key=key("plan") + "\0"), pb.GetTaskParam(key="\0")])
def test_character_u0000_in_lookups(shared, request_):
    status, text = shared.a.outcome(request_)
    assert status == NOT_FOUND and "\\x00" in text


def test_characters_of_all_kinds_are_kept(shared):
    name = "é\u2028\U0001f600\x01\x7f\ufeff\"'\\%s;--"
    assert shared.a(new_plan("characters", name=name, metadata={name: name})).name == name
    plan = shared.get_plan("characters")
    assert (plan.name, dict(plan.metadata)) == (name, {name: name})


# --- sizes


def plan_of_size(size):
    """A request of exactly this many bytes, most of them in a tag that is too long."""
    request = new_plan("large", tag="")
    request.tag = "t" * (size - request.ByteSize() - 6)
    assert request.ByteSize() == size
    return request


def test_message_at_the_limit(shared):
    assert shared.a.outcome(plan_of_size(LIMIT))[0] == INVALID


@pytest.mark.parametrize("size", [LIMIT + 1, 3 * LIMIT])
def test_message_beyond_the_limit(shared, size):
    status, text = shared.a.outcome(plan_of_size(size))
    assert status == EXHAUSTED and "message larger than max" in text


def test_event_beyond_the_limit(shared):
    """A request that fits, but whose event no subscriber could receive: refused before anything is stored."""
    shared.tasks(new_task("maker"))
    shared.finish("maker", ["model"])
    given = by_key("many", "model")
    request = new_tasks(new_task("small"), new_task("large"))
    bytes_on_the_wire = given.ByteSize() + 3  # with its tag and length
    room = LIMIT - request.ByteSize() - 16
    request.tasks[1].inputs.extend([given] * (room // bytes_on_the_wire))
    assert LIMIT - 100 < request.ByteSize() <= LIMIT
    before = shared.head()
    assert shared.a.outcome(request)[0] == EXHAUSTED
    assert shared.head() == before
    assert shared.a.outcome(pb.GetTaskParam(key=key("small")))[0] == NOT_FOUND


def test_a_hundred_thousand_inputs(own_server):
    """In one task, with a limit that lets them in: kept, in order, and read back."""
    server = own_server({"c": MEMBERS}, "--max-message-bytes", str(4 * LIMIT)).start()
    world = World(server, "c").register_organizations().functions()
    world.plan()
    world.tasks(new_task("p1"), new_task("p2"))
    for label in ("p1", "p2"):
        world.finish(label, [f"model of {label}"])
    inputs = [by_key("many", "model of p1"), by_key("many", "model of p2")] * 50_000
    (task,) = world.tasks(new_task("t", inputs=inputs))
    assert len(task.inputs) == 100_000
    assert world.task("t") == task
    assets = world.a(pb.GetTaskInputAssetsParam(compute_task_key=key("t"))).assets
    assert [asset.model.key for asset in assets] == [key("model of p1"), key("model of p2")] * 50_000


@pytest.mark.parametrize("request_, status", [
    (pb.GetTaskParam(key="k" * 3_000_000), NOT_FOUND), (pb.QueryEventsParam(page_token="9" * 3_000_000), INVALID),
    (new_plan("p", key="k" * 3_000_000), INVALID),
    (pb.DisableOutputParam(compute_task_key=key("t"), identifier="i" * 3_000_000), UNKNOWN),
    (new_tasks(new_task("x", worker="w" * 3_000_000)), NOT_FOUND),
])
def test_huge_texts_come_back_short(shared, request_, status):
    """A status text travels in a header, and clients refuse large headers: it must arrive."""
    got, text = shared.a.outcome(request_)
    assert got == status
    assert 0 < len(text) < 8192


@pytest.mark.parametrize("metadata, start", [
    ((("mspid", "o" * 7000), ("channel", "c")), 'organization "oooo'),
    ((("mspid", A), ("channel", "c" * 7000)), f'organization "{A}" has not access to channel "cccc')])
def test_huge_identity(shared, metadata, start):
    with pytest.raises(grpc.RpcError) as refused:
        unary(shared.server.connection, GET_PLAN, b"", metadata)
    status, text = outcome_of(refused.value)
    assert status == UNKNOWN and text.startswith(start)


def test_many_permissions(shared):
    """Ids may repeat without end; the check does not care."""
    shared.a(new_function("everybody twice", permissions=pb.NewPermissions(authorized_ids=[B] * 20_000)))
    stored = shared.function("everybody twice").permissions.process.authorized_ids
    assert list(stored) == [B] * 20_000 + [A]


# --- graphs and batches


def test_large_cycle(shared):
    labels = [f"cycle {i}" for i in range(3000)]
    tasks = [new_task(label, parents=[labels[i - 1]]) for i, label in enumerate(labels)]
    assert shared.a.outcome(new_tasks(*tasks)) == (
        INVALID, "OE0101: cyclic dependency in compute plan graph or unknown task parent, unsorted_tasks_count: 3000")


def test_long_chain_in_reverse(shared):
    """The worst order for a sort that scans."""
    labels = [f"chain {i}" for i in range(3000)]
    tasks = [new_task(label, parents=labels[i - 1:i] if i else []) for i, label in enumerate(labels)]
    answer = shared.a(new_tasks(*reversed(tasks))).tasks
    assert [task.rank for task in answer] == list(range(3000))
    assert [task.key for task in answer] == [key(label) for label in labels]


def test_one_parent_of_many_and_many_parents_of_one(shared):
    fan = [new_task(f"fan {i}", parents=["hub"]) for i in range(1000)]
    collector = new_task("collector", parents=[f"fan {i}" for i in range(1000)])
    shared.tasks(collector, *fan, new_task("hub"))
    shared.act("hub", "EXECUTING")
    with shared.recording() as events:
        shared.act("hub", "DONE")
    assert len({event.asset_key for event in events}) == len(events) == 1001
    assert shared.task("collector").rank == 2


def test_same_key_many_times_in_a_batch(shared):
    before = shared.head()
    assert shared.a.outcome(new_tasks(*[new_task("again")] * 500))[0] == EXISTS
    assert shared.a.outcome(new_samples(*[new_sample("again")] * 500))[0] == EXISTS
    assert shared.head() == before


def test_enum_numbers_without_a_name(shared):
    """Wherever an enum is."""
    for request in (pb.QueryTasksParam(filter=pb.TaskQueryFilter(status=2**31 - 1)),
                    pb.QueryEventsParam(filter=pb.EventQueryFilter(asset_kind=-1))):
        answer = shared.a(request)
        assert not answer.next_page_token
    assert shared.a.outcome(pb.QueryEventsParam(sort=99)) == (OK, "")
    assert shared.a.outcome(pb.ApplyTaskActionParam(compute_task_key=key("t"), action=-1))[0] == "PERMISSION_DENIED"
    assert shared.a.outcome(new_function("x", outputs={"o": pb.FunctionOutput(kind=-1)}))[0] == INVALID


@pytest.mark.parametrize("bounds", [
    dict(start=pb.Timestamp(seconds=-2**62)), dict(end=pb.Timestamp(seconds=2**62, nanos=-1)),
    dict(start=pb.Timestamp(seconds=2**63 - 1, nanos=2**31 - 1), end=pb.Timestamp(seconds=-2**63, nanos=-2**31))])
def test_timestamps_beyond_the_calendar(shared, bounds):
    """A filter, not a fault: whatever they are taken for, an answer comes."""
    assert shared.a.outcome(pb.QueryEventsParam(filter=pb.EventQueryFilter(**bounds)))[0] in (OK, INVALID)


# --- the port itself


HTTP2_PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"


@pytest.mark.parametrize("data", [
    b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", os.urandom(4096), b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" * 20,
    HTTP2_PREFACE + os.urandom(2048), HTTP2_PREFACE + b"\xff\xff\xff\x00\x00", b""],
    ids=["HTTP/1.1", "noise", "TLS", "HTTP/2 noise", "huge frame", "nothing"])
def test_garbage_on_the_port(shared, data):
    host, port = shared.server.address.rsplit(":", 1)
    for _ in range(20):
        with socket.create_connection((host, int(port)), timeout=10) as connection:
            connection.sendall(data)


def test_metadata_values_that_are_no_text(shared):
    """Binary metadata of names of our own are somebody else's."""
    metadata = (*identity(A, shared.channel), ("mspid-bin", b"\x00\xff"), ("trace-bin", os.urandom(64)))
    assert unary(shared.server.connection, "/orchestrator.InfoService/QueryVersion", b"", metadata).orchestrator


def test_permissions_for_everybody_and_nobody(shared):
    """A public permission may name organizations that do not exist; they are kept as sent."""
    named = pb.NewPermissions(public=True, authorized_ids=["", "Nobody", ""])
    stored = shared.a(new_function("public", permissions=named)).permissions.process
    assert stored == pb.Permission(public=True, authorized_ids=["", "Nobody", "", A])


def test_many_calls_that_nobody_waits_for(shared):
    """Cancelled at once: each has happened or not, and none is half there."""
    futures = [shared.a.later(new_plan(f"cancelled {i}")) for i in range(200)]
    for future in futures:
        future.cancel()
    plans = {plan.key for plan in shared.a(pb.QueryPlansParam(page_size=1000)).plans}
    for i in range(200):
        events = shared.a(pb.QueryEventsParam(filter=pb.EventQueryFilter(asset_key=key(f"cancelled {i}")))).events
        assert len(events) <= 1
        assert key(f"cancelled {i}") not in plans or events

