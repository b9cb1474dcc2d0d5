"""What the metrics are called and what they mean."""
import pathlib
import time

import grpc
import pytest

from checks import EXISTS, NOT_FOUND, OK, REFUSED, UNKNOWN
from client import outcome_of, stream_end, stub, unary
from http_port import Metrics
from protocol import CLASSES, METHODS, pb
from server import Server
from world import A, MEMBERS, World, by_parent, new_plan, new_task, new_tasks, task_action

GOLDEN = pathlib.Path(__file__).with_name("metrics.txt")
CODES = ("OK Canceled Unknown InvalidArgument DeadlineExceeded NotFound AlreadyExists PermissionDenied ResourceExhausted "
         "FailedPrecondition Aborted OutOfRange Unimplemented Internal Unavailable DataLoss Unauthenticated").split()
TYPES = {"unary": "unary", "server stream": "server_stream", "bidirectional stream": "bidi_stream"}
SUBSCRIBE = "/orchestrator.EventService/SubscribeToEvents"
REFLECT = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo"
SECONDS = 15


def labels_of(path):
    service, method = path[1:].split("/")
    return dict(grpc_type=TYPES[METHODS[path].kind], grpc_service=service, grpc_method=method)


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    server = Server(tmp_path_factory.mktemp("measured"), {f"c{i}": MEMBERS for i in range(20)},
                    "--metrics-enabled", "true").start()
    yield server
    assert server.stop() == 0


@pytest.fixture(scope="module")
def at_start(server):
    return Metrics(server)


@pytest.fixture(scope="module")
def channel_names():
    return (f"c{i}" for i in range(20))


class Change:
    """How much metrics grow between two readings."""

    def __init__(self, server):
        self.server, self.before = server, Metrics(server)

    def __call__(self, name, **labels):
        return Metrics(self.server)(name, **labels) - self.before(name, **labels)

    def handled(self, path):
        """The codes that calls of a method have ended with since, those of a stream soon after its end."""
        now = Metrics(self.server)
        name = "grpc_server_handled_total"
        grown = {code: now(name, grpc_code=code, **labels_of(path)) - self.before(name, grpc_code=code, **labels_of(path))
                 for code in CODES}
        return {code: count for code, count in grown.items() if count}


def eventually(value, wanted):
    deadline = time.monotonic() + SECONDS
    while (got := value()) != wanted:
        assert time.monotonic() < deadline, got
        time.sleep(0.02)


def shape(metrics):
    """A line for each metric: name, type, labels, bounds of buckets; then its help text."""
    lines = []
    for family, kind in metrics.types.items():
        samples = metrics.of(family)
        labels = {label for _, pairs in samples for label, _ in pairs} - {"le"}
        bounds = {float(value): value for _, pairs in samples for label, value in pairs if label == "le"}
        words = [family, kind, "{" + ",".join(sorted(labels)) + "}", *(bounds[bound] for bound in sorted(bounds))]
        lines += [" ".join(words), "    " + metrics.helps[family]]
    return "\n".join(lines) + "\n"


def test_names_types_labels_and_texts(server, at_start):
    """Written down in metrics.txt. Who changes a line there breaks the dashboards and alerts of somebody."""
    stream = World(server, "c0").a.subscribe()
    eventually(lambda: '"' + A + '"' in Metrics(server).text, True)
    assert shape(Metrics(server)) == GOLDEN.read_text()
    stream.cancel()


def test_counters_exist_at_zero(at_start):
    for path, method in METHODS.items():
        labels = labels_of(path)
        for name in ("started", "msg_received", "msg_sent"):
            assert at_start(f"grpc_server_{name}_total", **labels) == 0, path
        for code in CODES:
            assert at_start("grpc_server_handled_total", grpc_code=code, **labels) == 0, path
    assert len(at_start.of("grpc_server_handled_total")) == 17 * len(METHODS)
    assert at_start("orc_event_sent_total") == 0
    assert at_start("orc_task_updated_total", channel="c0", status="STATUS_DONE") == 0
    assert at_start("orc_ready") == 1


def test_calls_are_counted_with_their_status(server, channel_names):
    world = World(server, next(channel_names)).register_organizations()
    change = Change(server)
    path = "/orchestrator.ComputePlanService/RegisterPlan"
    world.a(new_plan("plan"))
    assert world.a.outcome(new_plan("plan"))[0] == EXISTS
    assert world.a.outcome(pb.GetComputePlanParam(key="00000000-0000-4000-8000-000000000000"))[0] == NOT_FOUND
    with pytest.raises(grpc.RpcError) as refused:
        unary(server.connection, path, pb.NewComputePlan())
    assert outcome_of(refused.value)[0] == REFUSED
    assert change.handled(path) == {"OK": 1, "AlreadyExists": 1, "FailedPrecondition": 1}
    assert change("grpc_server_started_total", **labels_of(path)) == 3
    assert change("grpc_server_msg_received_total", **labels_of(path)) == 3
    assert change("grpc_server_msg_sent_total", **labels_of(path)) == 1
    assert change("grpc_server_handling_seconds_count", **labels_of(path)) == 3
    assert change("grpc_server_handling_seconds_bucket", le="+Inf", **labels_of(path)) == 3
    assert change("grpc_server_handling_seconds_sum", **labels_of(path)) > 0
    # A call that was not let in has no transaction.
    assert change("orc_db_transaction_total", method=path, outcome="commit") == 1
    assert change("orc_db_transaction_total", method=path, outcome="rollback") == 1
    assert change.handled("/orchestrator.ComputePlanService/GetPlan") == {"NotFound": 1}
    assert change("orc_db_transaction_total", method="/orchestrator.ComputePlanService/GetPlan", outcome="rollback") == 1


def test_refused_streams_are_counted_as_their_client_sees_them(server):
    change = Change(server)
    for path in (SUBSCRIBE, REFLECT):
        request = CLASSES[METHODS[path].request_type]()
        stream = stub(server.connection, path)(iter([request]) if path == REFLECT else request, timeout=30)
        assert stream_end(stream)[1:] == (UNKNOWN, "OE0003: missing or invalid header 'mspid'")
        assert change.handled(path) == {"Unknown": 1}
        assert change("grpc_server_msg_sent_total", **labels_of(path)) == 0


def test_health_is_counted(server):
    change = Change(server)
    path = "/grpc.health.v1.Health/Check"
    request = CLASSES["grpc.health.v1.HealthCheckRequest"]
    unary(server.connection, path, request())
    with pytest.raises(grpc.RpcError, match="unknown service"):
        unary(server.connection, path, request(service="nonsense"))
    assert change.handled(path) == {"OK": 1, "NotFound": 1}


def test_tasks_count_once_they_are_committed(server, channel_names):
    channel = next(channel_names)
    world = World(server, channel).register_organizations().functions()
    world.plan()
    change = Change(server)
    # Refused as a whole, when its first task was staged already.
    assert world.a.outcome(new_tasks(new_task("first"), new_task("second", worker="nobody")))[0] == NOT_FOUND
    assert change("orc_task_registered_total", channel=channel) == 0
    assert change("orc_task_registration_batch_size_count", channel=channel) == 0

    children = [f"child{i}" for i in range(6)]
    world.tasks(new_task("parent"), *(new_task(child, inputs=[by_parent("one", "parent")]) for child in children))
    assert change("orc_task_registered_total", channel=channel) == 7
    assert change("orc_task_registration_batch_size_sum", channel=channel) == 7
    assert change("orc_task_registration_batch_size_bucket", channel=channel, le="5") == 0
    assert change("orc_task_registration_batch_size_bucket", channel=channel, le="10") == 1

    assert world.a.outcome(task_action("parent", "DONE"))[0] == UNKNOWN  # it is not executing
    world.finish("parent", ["model"])
    updated = {status: change("orc_task_updated_total", channel=channel, status=f"STATUS_{status}")
               for status in ("EXECUTING", "DONE", "WAITING_FOR_EXECUTOR_SLOT", "FAILED")}
    assert updated == {"EXECUTING": 1, "DONE": 1, "WAITING_FOR_EXECUTOR_SLOT": 6, "FAILED": 0}
    cascade = dict(channel=channel, status="transitionWaitingExecutorSlot")
    assert change("orc_task_update_cascade_size_count", **cascade) == 1
    assert change("orc_task_update_cascade_size_sum", **cascade) == 6
    # One call after another: each has its own commit.
    assert change("orc_writer_batch_size_sum", channel=channel) == 4
    assert change("orc_writer_commit_seconds_count", channel=channel) == 4
    assert Metrics(server)("orc_writer_queue_depth", channel=channel) == 0


def test_events_and_subscribers(server, channel_names):
    channel = next(channel_names)
    world = World(server, channel).register_organizations()
    change = Change(server)
    ahead, behind = world.a.subscribe(), world.b.subscribe()
    for stream in (ahead, behind):
        for _ in range(3):
            next(stream)
    eventually(lambda: change("orc_event_sent_total"), 6)
    assert change("grpc_server_msg_sent_total", **labels_of(SUBSCRIBE)) == 6
    place = dict(channel=channel, organization=A)
    assert Metrics(server)("orc_event_subscribers", **place) == 1
    assert Metrics(server)("orc_event_lag", **place) == 0
    for stream in (ahead, behind):
        stream.cancel()
    eventually(lambda: ("orc_event_subscribers", tuple(sorted(place.items()))) in Metrics(server).values, False)
    eventually(lambda: change.handled(SUBSCRIBE), {"Canceled": 2})


def test_lag_of_a_subscriber_that_does_not_read(server, channel_names):
    channel = next(channel_names)
    world = World(server, channel).register_organizations()
    with server.connect() as connection:
        stream = server.caller(A, channel, connection).subscribe()
        next(stream)
        for i in range(120):  # more than the buffers of a connection hold
            world.a(new_plan(f"large {i}", metadata={f"{j:0100}": "v" * 100 for j in range(400)}))
        assert Metrics(server)("orc_event_lag", channel=channel, organization=A) > 10
        stream.cancel()


def test_refused_channel_file_shows_until_it_is_good_again(own_server):
    server = own_server({"c": MEMBERS}, "--metrics-enabled", "true").start()
    assert Metrics(server)("orc_reload_refused", file="channels") == 0
    server.write_channel_text("channels: [")
    eventually(lambda: Metrics(server)("orc_reload_refused", file="channels"), 1)
    assert Metrics(server)("orc_reload_failures_total", file="channels") == 1
    server.write_channels({"c": MEMBERS})
    eventually(lambda: Metrics(server)("orc_reload_refused", file="channels"), 0)
    assert Metrics(server)("orc_reload_failures_total", file="channels") == 1
    assert server.caller(A, "c").outcome(pb.QueryVersionParam()) == (OK, "")
