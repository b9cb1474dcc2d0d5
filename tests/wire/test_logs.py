"""Log records of calls: what they say, what they never say, and how they are found from a client's trace."""
import time

import grpc
import pytest

from client import identity, stream_end, stub
from protocol import pb
from server import Server
from test_full_disk import FILE_BYTES, fill, limit_files
from world import A, MEMBERS, World, key, new_plan

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
SPAN = "00f067aa0ba902b7"
TRACED = (("reqid", "r-1"), ("traceparent", f"00-{TRACE}-{SPAN}-01"))
SECONDS = 15
SECRET = "the name of a plan"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    server = Server(tmp_path_factory.mktemp("talkative"), {"c": MEMBERS}, "--log-level", "debug", "--log-sql-verbose",
                    "true").start()
    World(server, "c").register_organizations()
    yield server
    assert server.stop() == 0
    assert [record(server, message)["level"] for message in (
        "HTTP server listening", "gRPC server listening", "Received interruption signal", "Server shutting down",
        "stopped")] == ["info", "info", "info", "warn", "info"]


def record(server, message, **fields):
    """The one record with this message and these fields; it may come a moment after the answer."""
    deadline = time.monotonic() + SECONDS
    while True:
        found = [each for each in server.records(message) if fields.items() <= each.items()]
        if found:
            assert len(found) == 1
            return found[0]
        assert time.monotonic() < deadline, server.log_text()
        time.sleep(0.02)


def call(server, request, *metadata, path="/orchestrator.ComputePlanService/RegisterPlan"):
    return stub(server.connection, path)(request, metadata=identity(A, "c") + metadata, timeout=30)


def test_success_has_the_size_and_not_the_content(server):
    plan = call(server, new_plan("logged", name=SECRET), *TRACED)
    found = record(server, "Success response", requestID="r-1")
    assert found.pop("duration_ms").isdigit()
    assert found.pop("time")
    assert found == {"level": "debug", "requestID": "r-1", "trace_id": TRACE, "span_id": SPAN,
                     "method": "/orchestrator.ComputePlanService/RegisterPlan", "message": "Success response",
                     "response_bytes": str(plan.ByteSize())}
    assert SECRET not in server.log_text()


def test_error_belongs_to_its_trace(server):
    with pytest.raises(grpc.RpcError):
        call(server, pb.NewComputePlan(key="no key"), ("reqid", "r-2"), TRACED[1])
    found = record(server, "Error response", requestID="r-2")
    assert (found["level"], found["trace_id"], found["span_id"], found["grpcCode"]) == (
        "error", TRACE, SPAN, "InvalidArgument")


def test_a_bad_trace_is_no_trace(server):
    call(server, new_plan("untraced"), ("reqid", "r-3"), ("traceparent", f"00-{TRACE[:-1]}G-{SPAN}-01"))
    assert not {"trace_id", "span_id"} & record(server, "Success response", requestID="r-3").keys()


def test_streams(server):
    metadata = identity(A, "c") + (("reqid", "s-1"), TRACED[1])
    path = "/orchestrator.EventService/SubscribeToEvents"
    stream = stub(server.connection, path)(pb.SubscribeToEventsParam(), metadata=metadata, timeout=30)
    next(stream)
    begun = record(server, "Subscribing to events", requestID="s-1")
    assert (begun["level"], begun["mspid"], begun["channel"], begun["startEventId"], begun["trace_id"]) == (
        "info", A, "c", "", TRACE)
    stream.cancel()
    ended = record(server, "interrupted: the subscriber has left", requestID="s-1")
    assert (ended["level"], ended["method"], ended["trace_id"]) == ("info", path, TRACE)

    assert stream_end(stub(server.connection, path)(pb.SubscribeToEventsParam(start_event_id=key("nothing")),
                                                    metadata=identity(A, "c") + (("reqid", "s-2"),), timeout=30))
    failed = record(server, "stream response failed", requestID="s-2")
    assert (failed["level"], failed["method"], failed["error"], failed["grpcCode"]) == (
        "error", path, "no rows in result set", "Unknown")


def test_statements_are_logged_without_arguments(server):
    call(server, new_plan("with statements", name=SECRET), ("reqid", "q-1"))
    record(server, "Success response", requestID="q-1")  # written after those of its statements
    statements = [each for each in server.records("SQL") if each["msg"] == "statement"]
    assert {each["level"] for each in statements} == {"debug"}
    texts = {each["sql"] for each in statements}
    assert any(text.startswith("INSERT") for text in texts) and any("?" in text for text in texts)
    assert key("with statements") not in "".join(texts)
    assert {each["ReadOnly"] for each in server.records("new DB transaction")} == {"false"}
    call(server, pb.QueryPlansParam(), ("reqid", "q-2"), path="/orchestrator.ComputePlanService/QueryPlans")
    record(server, "Success response", requestID="q-2")
    assert {each["ReadOnly"] for each in server.records("new DB transaction")} == {"true", "false"}


def test_nothing_of_it_without_being_asked(own_server):
    server = own_server({"c": MEMBERS}).start()
    World(server, "c").register_organizations()
    assert server.stop() == 0
    record(server, "stopped")
    assert not server.records("SQL") + server.records("Success response") + server.records("new DB transaction")


@pytest.mark.data_folder
def test_what_the_store_refuses_is_an_error_always(own_server):
    server = own_server({"c": MEMBERS}).start()
    limit_files(server, FILE_BYTES)
    fill(World(server, "c").register_organizations(), [])
    server.wait_for_log("SQL")
    refused = server.records("SQL")
    assert refused and {(each["level"], each["msg"]) for each in refused} == {("error", "refused")}
    assert all(each["code"].isdigit() and each["err"] for each in refused)
