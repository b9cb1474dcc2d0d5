"""Behaviour 1 and 2: who calls, in which channel; and the services that are exempt."""
import grpc
import pytest

from checks import NOT_FOUND, OK, REFUSED, UNIMPLEMENTED, UNKNOWN
from client import identity, outcome_of, stream_end, stub, unary
from conftest import OUTSIDER
from protocol import CLASSES, METHODS, UNARY, pb
from world import A, World

HEALTH = "/grpc.health.v1.Health"
REFLECTION = [f"/grpc.reflection.{version}.ServerReflection/ServerReflectionInfo" for version in ("v1", "v1alpha")]
SUBSCRIBE = "/orchestrator.EventService/SubscribeToEvents"
MSPID_MISSING = "OE0003: missing or invalid header 'mspid'"
CHANNEL_MISSING = "missing or invalid header 'channel'"

# name, metadata, status of a unary call, text. {c} is the channel of the module.
ROWS = [
    ("1 no metadata", [], REFUSED, MSPID_MISSING),
    ("1 mspid absent", [("channel", "{c}")], REFUSED, MSPID_MISSING),
    ("1 mspid twice", [("mspid", A), ("mspid", A), ("channel", "{c}")], REFUSED, MSPID_MISSING),
    ("6 channel absent", [("mspid", A)], UNKNOWN, CHANNEL_MISSING),
    ("6 channel twice", [("mspid", A), ("channel", "{c}"), ("channel", "{c}")], UNKNOWN, CHANNEL_MISSING),
    ("6 comes before 7", [("mspid", "Nobody")], UNKNOWN, CHANNEL_MISSING),
    ("7 organization nowhere", [("mspid", "Nobody"), ("channel", "{c}")], UNKNOWN,
     'organization "Nobody" is unknown'),
    ("7 name quoted with escapes", [("mspid", 'a"b\\c'), ("channel", "{c}")], UNKNOWN,
     'organization "a\\"b\\\\c" is unknown'),
    ("7 empty mspid", [("mspid", ""), ("channel", "{c}")], UNKNOWN, 'organization "" is unknown'),
    ("7 case counts", [("mspid", A.lower()), ("channel", "{c}")], UNKNOWN, f'organization "{A.lower()}" is unknown'),
    ("8 channel of others", [("mspid", A), ("channel", "elsewhere")], UNKNOWN,
     f'organization "{A}" has not access to channel "elsewhere"'),
    ("8 outsider", [("mspid", OUTSIDER), ("channel", "{c}")], UNKNOWN,
     f'organization "{OUTSIDER}" has not access to channel "{{c}}"'),
    ("8 channel nowhere", [("mspid", A), ("channel", "nowhere")], UNKNOWN,
     f'organization "{A}" has not access to channel "nowhere"'),
    ("8 empty channel", [("mspid", A), ("channel", "")], UNKNOWN, f'organization "{A}" has not access to channel ""'),
]
CASES = pytest.mark.parametrize("metadata, status, text", [pytest.param(*row[1:], id=row[0]) for row in ROWS])


@pytest.fixture
def fill(shared):
    """Puts the module's channel into the rows."""
    return lambda metadata: [(name, value.replace("{c}", shared.channel)) for name, value in metadata]


def unary_outcome(server, path, request, metadata):
    try:
        unary(server.connection, path, request, metadata)
    except grpc.RpcError as error:
        return outcome_of(error)
    return OK, ""


@CASES
def test_2_unary(server, shared, fill, metadata, status, text):
    answer = unary_outcome(server, "/orchestrator.InfoService/QueryVersion", b"", fill(metadata))
    assert answer == (status, text.replace("{c}", shared.channel))


@CASES
def test_2_subscription(server, shared, fill, metadata, status, text):
    """D9: streams keep UNKNOWN for every identity and channel error, with the same text."""
    stream = stub(server.connection, SUBSCRIBE)(b"", metadata=fill(metadata), timeout=20)
    assert stream_end(stream) == ([], UNKNOWN, text.replace("{c}", shared.channel))


@pytest.mark.parametrize("path", REFLECTION)
@CASES
def test_2_reflection(server, shared, fill, metadata, status, text, path):
    stream = stub(server.connection, path)(iter([b""]), metadata=fill(metadata), timeout=20)
    assert stream_end(stream) == ([], UNKNOWN, text.replace("{c}", shared.channel))


@pytest.mark.parametrize("path", [path for path, method in METHODS.items()
                                  if method.kind == UNARY and path.startswith("/orchestrator.")])
def test_1_identity_comes_before_everything_else(server, path):
    """An empty request breaks a rule of nearly every method, and none of them gets to say so."""
    assert unary_outcome(server, path, b"", []) == (REFUSED, MSPID_MISSING)


def test_2_metadata_keys_are_case_insensitive(server, shared):
    """HTTP/2 carries lower-case names only; the client library lowers them, and other metadata changes nothing."""
    metadata = [*identity(A, shared.channel), ("chaincode", "old"), ("reqid", "deadbeef"), ("reqid", "again")]
    assert unary_outcome(server, "/orchestrator.InfoService/QueryVersion", b"", metadata) == (OK, "")


def test_2_allowed_but_unregistered_reads_everything(shared):
    shared.a(pb.GetAllOrganizationsParam())
    seen = shared.guest(pb.GetAllOrganizationsParam())
    assert [organization.id for organization in seen.organizations] == ["OrgA", "OrgB", "OrgC"]


def test_2_membership_is_configuration(server, channel_names):
    """A channel in which nobody has registered yet is served to its members."""
    assert World(server, next(channel_names)).guest(pb.QueryVersionParam()).orchestrator


# --- health (D9, D25)


@pytest.mark.parametrize("metadata", [(), identity("Nobody", "nowhere")], ids=["no metadata", "foreign metadata"])
@pytest.mark.parametrize("service", ["", "readiness"])
def test_2_health_check_needs_no_identity(server, service, metadata):
    request = CLASSES["grpc.health.v1.HealthCheckRequest"](service=service)
    answer = unary(server.connection, f"{HEALTH}/Check", request, metadata)
    assert answer == CLASSES["grpc.health.v1.HealthCheckResponse"](status="SERVING")


def test_2_health_check_of_an_unknown_service(server):
    request = CLASSES["grpc.health.v1.HealthCheckRequest"](service="nothing")
    assert unary_outcome(server, f"{HEALTH}/Check", request, []) == (NOT_FOUND, "unknown service")


@pytest.mark.parametrize("service, status", [("", "SERVING"), ("readiness", "SERVING"), ("nothing", "SERVICE_UNKNOWN")])
def test_2_health_watch_needs_no_identity(server, service, status):
    request = CLASSES["grpc.health.v1.HealthCheckRequest"](service=service)
    stream = stub(server.connection, f"{HEALTH}/Watch")(request, timeout=20)
    assert next(stream) == CLASSES["grpc.health.v1.HealthCheckResponse"](status=status)
    stream.cancel()


# --- reflection


@pytest.mark.parametrize("path", REFLECTION)
def test_reflection_lists_the_services(server, shared, path):
    request = METHODS[path].request_type
    stream = stub(server.connection, path)(iter([CLASSES[request](list_services="*")]),
                                           metadata=identity(A, shared.channel), timeout=20)
    names = {service.name for service in next(stream).list_services_response.service}
    assert names == {each.rsplit("/", 1)[0].lstrip("/") for each in METHODS}
    stream.cancel()


@pytest.mark.parametrize("path", REFLECTION)
def test_reflection_gives_the_definitions(server, shared, path):
    request = CLASSES[METHODS[path].request_type]
    questions = [request(file_containing_symbol="orchestrator.ComputeTask"), request(file_by_filename="event.proto"),
                 request(file_containing_symbol="orchestrator.Nothing")]
    stream = stub(server.connection, path)(iter(questions), metadata=identity(A, shared.channel), timeout=20)
    by_symbol, by_name, nothing = list(stream)
    assert any(b"computetask.proto" in file for file in by_symbol.file_descriptor_response.file_descriptor_proto)
    assert any(b"event.proto" in file for file in by_name.file_descriptor_response.file_descriptor_proto)
    assert nothing.error_response.error_code == grpc.StatusCode.NOT_FOUND.value[0]


# --- methods that do not exist


@pytest.mark.parametrize("path, text", [
    ("/orchestrator.ModelService/Nothing", "unknown method Nothing for service orchestrator.ModelService"),
    ("/orchestrator.Nothing/GetTask", "unknown service orchestrator.Nothing"),
])
def test_1_unknown_method(server, path, text):
    call = server.connection.unary_unary(path)
    with pytest.raises(grpc.RpcError) as refused:
        call(b"", timeout=20)
    assert outcome_of(refused.value) == (UNIMPLEMENTED, text)
