"""Peers that do not play by the rules: each meets a bound, and the others are served as before."""
import contextlib
import gzip
import socket
import struct
import time

import grpc
import pytest

from checks import EXHAUSTED, OK
from client import identity, outcome_of, stream_end
from protocol import METHOD_OF_REQUEST, pb
from raw_http2 import (CONTINUATION, DATA, END_HEADERS, END_STREAM, FIRST_WINDOW, GOAWAY, HEADERS, INITIAL_WINDOW_SIZE,
                       LARGEST_FRAME, MAX_CONCURRENT_STREAMS, PING, PREFACE, RST_STREAM, SETTINGS, Peer, call_headers, frame, header,
                       hpack_integer, message)
from server import MEMORY_FACTOR
from world import A, B, MEMBERS, World, new_plan

MIB = 1 << 20
HEALTH = "/grpc.health.v1.Health/Check"
SUBSCRIBE = "/orchestrator.EventService/SubscribeToEvents"
REGISTER_PLAN = "/orchestrator.ComputePlanService/RegisterPlan"
QUERY_PLANS = "/orchestrator.ComputePlanService/QueryPlans"
ENDED_SECONDS = 20  # for what takes a fraction of a second on an idle machine
REFUSED = "connections refused or cut"


@pytest.fixture
def make(own_server):
    """A server with small bounds, and a channel in it."""
    def start(*flags):
        return World(own_server({"c": MEMBERS}, *flags).start(), "c").register_organizations()
    return start


def serves_another(world):
    """A client with a connection of its own, which comes from another address than the hostile peers."""
    with grpc.insecure_channel(world.server.address, options=[("grpc.use_local_subchannel_pool", 1)]) as connection:
        return world.server.caller(B, world.channel, connection).outcome(pb.QueryPlansParam()) == (OK, "")


def raw_connection(world, source="127.0.0.1"):
    host, port = world.server.address.rsplit(":", 1)
    return socket.create_connection((host, int(port)), 20, (source, 0))


def ended(connection, seconds=ENDED_SECONDS):
    connection.settimeout(seconds)
    try:
        while connection.recv(65536):
            pass
    except ConnectionResetError:
        pass
    except TimeoutError:
        return False
    return True


def connection_with_call(world, source="127.0.0.1"):
    """A connection that has made a call and stays open."""
    peer = Peer(world.server.address, source=source)
    peer.call(1, HEALTH, b"")
    peer.wait_for(DATA, 1)
    return peer


# --- connections


def test_connections_of_one_address(make):
    world = make("--max-connections-per-address", "4")
    held = [connection_with_call(world, "127.0.0.2") for _ in range(4)]
    assert ended(raw_connection(world, "127.0.0.2"))
    assert world.server.wait_for_log(REFUSED)["reason"] == "too many connections of one address"
    assert serves_another(world)
    held.pop().socket.close()
    wait_until(lambda: not ended(raw_connection(world, "127.0.0.2"), 0.3))


def wait_until(true):
    deadline = time.monotonic() + ENDED_SECONDS
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_connections_in_all(make):
    world = make("--max-connections", "6")  # one of them is the world's own
    held = [connection_with_call(world, f"127.0.0.{i}") for i in range(2, 7)]
    assert ended(raw_connection(world, "127.0.0.7"))
    assert world.server.wait_for_log(REFUSED)["reason"] == "too many connections"
    assert world.serves()
    held.pop().socket.close()
    wait_until(lambda: serves_another(world))


def test_silent_connections_give_way(make):
    """Whoever only holds a connection cannot keep those out who call."""
    world = make("--max-connections", "6")
    silent = [raw_connection(world) for _ in range(5)]
    connection_with_call(world)
    assert ended(silent[0])
    assert serves_another(world)
    assert not ended(silent[4], 0.3)


def test_a_connection_without_a_request_ends(make):
    world = make("--request-timeout", "1s")
    stream = world.a.subscribe()
    next(stream)
    calm = connection_with_call(world)
    begun = time.monotonic()
    silent, preface, halfway = raw_connection(world), raw_connection(world), Peer(world.server.address)
    preface.sendall(PREFACE + frame(SETTINGS, 0, 0))
    halfway.send(frame(HEADERS, END_HEADERS, 1, call_headers(REGISTER_PLAN)))
    dripping = Peer(world.server.address)
    dripping.send(frame(HEADERS, 0, 1, call_headers(REGISTER_PLAN)))
    assert ended(silent) and ended(preface) and ended(halfway.socket) and ended(dripping.socket)
    assert time.monotonic() - begun >= 1
    # Those that have called stay, however quiet they are.
    calm.call(3, HEALTH, b"")
    assert calm.wait_for(DATA, 3)
    world.a(new_plan("p"))
    assert next(event for event in stream if event.asset_kind == pb.ASSET_COMPUTE_PLAN)


def test_a_request_that_never_ends_ends_its_connection(make):
    """Also on a connection that has called before."""
    world = make("--request-timeout", "1s")
    peer = connection_with_call(world)
    fields = b"".join(header(f"x{i}", b"v" * 1000) for i in range(16))
    peer.send(frame(HEADERS, 0, 3, call_headers(REGISTER_PLAN)) + frame(CONTINUATION, 0, 3, fields) * 130)
    assert not ended(peer.socket, 0.3)
    assert ended(peer.socket)
    assert world.server.wait_for_log(REFUSED)["reason"] == "no complete request in time"


def test_idle_connections_are_cheap_to_end(make):
    world = make("--max-connections", "300", "--max-connections-per-address", "300")
    crowd = [raw_connection(world) for _ in range(500)]
    assert serves_another(world)
    for connection in crowd:
        connection.close()
    assert serves_another(world)


# --- bytes that are part of no request


def send_until_ended(peer, data, most):
    """How much the peer took."""
    sent = 0
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        while sent < most:
            peer.send(data)
            sent += len(data)
    return sent


def test_headers_without_end(make):
    world = make("--max-unfinished-bytes", str(64 * MIB))
    before = world.server.memory_bytes()
    fields = b"".join(header(f"x{i}", b"v" * 1000) for i in range(16))
    for _ in range(3):
        with Peer(world.server.address) as peer:
            peer.send(frame(HEADERS, 0, 1, call_headers(REGISTER_PLAN)))
            assert send_until_ended(peer, frame(CONTINUATION, 0, 1, fields), 1024 * MIB) < 1024 * MIB
            assert serves_another(world)
    assert world.server.memory_bytes() - before < 800 * MIB * MEMORY_FACTOR  # ten times a second, between which it goes on


def test_one_header_in_tiny_frames(make):
    world = make("--request-timeout", "1s")
    peer = connection_with_call(world)
    peer.send(frame(HEADERS, 0, 3, call_headers(HEALTH) + b"\0" + hpack_integer(1, 7) + b"x" +
                    hpack_integer(1 << 28, 7)))
    tiny = frame(CONTINUATION, 0, 3, b"a") * 1000
    assert send_until_ended(peer, tiny, 256 * MIB) < 256 * MIB
    assert serves_another(world)


def test_half_messages(make):
    """Many connections, none of which has much: the sum counts."""
    world = make("--max-unfinished-bytes", str(64 * MIB))
    before = world.server.memory_bytes()
    half = struct.pack(">BI", 0, 4 * MIB) + b"x" * (3 * MIB)
    peers = []
    for _ in range(60):  # 180 MiB
        peers.append(Peer(world.server.address))
        peers[-1].send(frame(HEADERS, END_HEADERS, 1, call_headers(REGISTER_PLAN)))
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            peers[-1].send_data(1, half)
    assert world.server.memory_bytes() - before < 150 * MIB * MEMORY_FACTOR
    assert serves_another(world)
    assert world.server.wait_for_log(REFUSED)["reason"] == "too many bytes that are part of no complete request"


def test_half_messages_between_whole_ones(make):
    """Calls of strangers that come in whole hide nothing of what else their connection has sent."""
    world = make("--max-unfinished-bytes", str(8 * MIB))  # 2 MiB of one connection
    half = struct.pack(">BI", 0, 4 * MIB) + b"x" * 60_000
    with Peer(world.server.address) as peer, pytest.raises(OSError):
        for stream in range(1, 600, 12):  # 3 MB
            peer.send(frame(HEADERS, END_HEADERS, stream, call_headers(REGISTER_PLAN)))
            peer.send_data(stream, half)
            for refused in range(stream + 2, stream + 12, 2):
                peer.call(refused, REGISTER_PLAN, b"")
        while peer.read_frame() is not None:  # the cut may come late
            pass
        raise ConnectionResetError
    assert world.server.wait_for_log(REFUSED)["reason"] == "too many bytes that are part of no complete request"
    assert serves_another(world)


def test_compressed_requests_are_not_inflated(make):
    """What fits a window would become a thousand times as much before anybody is asked who they are."""
    world = make()
    before = world.server.memory_bytes()
    bomb = gzip.compress(bytes(60 * MIB))
    with Peer(world.server.address) as peer:
        peer.send(frame(HEADERS, END_HEADERS, 1, call_headers(REGISTER_PLAN, [("grpc-encoding", "gzip")])))
        data = b"\1" + struct.pack(">I", len(bomb)) + bomb
        assert len(data) < FIRST_WINDOW
        for start in range(0, len(data), LARGEST_FRAME):
            peer.send(frame(DATA, 0, 1, data[start:start + LARGEST_FRAME]))
        peer.send(frame(DATA, END_STREAM, 1))
        assert any(got[0] == HEADERS for got in peer.frames()), "it is answered"
    assert world.server.peak_memory_bytes() - before < 30 * MIB * MEMORY_FACTOR
    assert serves_another(world)


def test_requests_of_subscriptions_are_not_kept(make):
    world = make()
    before = world.server.memory_bytes()
    # A field that the message does not have is skipped, and part of the request all the same.
    padded = b"\xfa\x7f" + b"\x80\x80\xc0\x01" + bytes(3 * MIB)
    with contextlib.ExitStack() as stack:
        for _ in range(40):  # 120 MiB
            peer = stack.enter_context(Peer(world.server.address))
            peer.send(frame(HEADERS, END_HEADERS, 1, call_headers(SUBSCRIBE, identity(A, "c"))))
            peer.send_data(1, message(padded))
            peer.send(frame(DATA, END_STREAM, 1))
            assert any(got[0] == DATA for got in peer.frames()), "it is served"
        assert world.server.memory_bytes() - before < 80 * MIB * MEMORY_FACTOR


def test_large_requests_are_no_unfinished_ones(make):
    """One connection may send any number of them."""
    world = make("--max-unfinished-bytes", str(16 * MIB))
    large = new_plan("large", tag="t" * 3_000_000)
    for _ in range(20):  # 60 MB, where 4 MiB may be unfinished
        assert world.a.outcome(large)[0] == "INVALID_ARGUMENT"
    assert REFUSED not in world.server.log_text()


@pytest.mark.parametrize("path", [REGISTER_PLAN, "/orchestrator.EventService/SubscribeToEvents"])
def test_streams_that_are_reset(make, path):
    """HEADERS and RST_STREAM in a row, without end: each costs the connection more than its bytes."""
    world = make("--max-unfinished-bytes", str(64 * MIB))
    before = world.server.memory_bytes()
    headers = call_headers(path, identity(A, "c"))
    peer = Peer(world.server.address)
    resets = 0
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        while resets < 200_000:
            first = 2 * resets + 1
            peer.send(b"".join(frame(HEADERS, END_HEADERS, stream, headers) + frame(RST_STREAM, 0, stream, b"\0\0\0\x08")
                               for stream in range(first, first + 200, 2)))
            resets += 100
    assert resets < 200_000
    assert serves_another(world)
    assert world.server.memory_bytes() - before < 250 * MIB * MEMORY_FACTOR


@pytest.mark.parametrize("kind, payload", [(PING, b"12345678"), (SETTINGS, b"")])
def test_frames_that_want_an_answer(make, kind, payload):
    """From a peer that does not read the answers."""
    world = make("--max-unfinished-bytes", str(16 * MIB))
    before = world.server.memory_bytes()
    peer = Peer(world.server.address)
    peer.socket.settimeout(3)
    with contextlib.suppress(TimeoutError):  # when the server has stopped to read
        send_until_ended(peer, frame(kind, 0, 0, payload) * 1000, 64 * MIB)
    assert serves_another(world)
    assert world.server.memory_bytes() - before < 100 * MIB * MEMORY_FACTOR


def test_pings_in_a_row(make):
    peer = connection_with_call(make())
    peer.send(frame(PING, 0, 0, b"12345678") * 6)
    assert b"too_many_pings" in peer.wait_for(GOAWAY)
    assert ended(peer.socket)


@pytest.mark.parametrize("permit, subscribed, cut", [("false", True, False), ("true", False, False), ("false", False, True)])
def test_pings_as_often_as_allowed(make, permit, subscribed, cut):
    """With an open stream, which is what a client keeps alive; without one if the setting says so."""
    world = make("--grpc-keepalive-policy-min-time", "100ms", "--grpc-keepalive-policy-permit-without-stream", permit)
    peer = connection_with_call(world)
    if subscribed:
        peer.call(3, SUBSCRIBE, b"", identity(A, "c"))
        peer.wait_for(DATA, 3)
    seen = []
    for _ in range(6):
        peer.send(frame(PING, 0, 0, b"12345678"))
        seen += [next(kind for kind, *_ in peer.frames() if kind in (PING, GOAWAY))]
        if seen[-1] == GOAWAY:
            break
        time.sleep(0.1)
    assert seen[-1] == GOAWAY if cut else seen == [PING] * 6


# --- streams and headers of one connection


def test_streams_of_one_connection(make):
    world = make("--max-streams-per-connection", "10")
    peer = Peer(world.server.address)
    told = peer.wait_for(SETTINGS)
    assert struct.pack(">HI", MAX_CONCURRENT_STREAMS, 10) in [told[i:i + 6] for i in range(0, len(told), 6)]
    wait_for_ack(peer)
    for stream in range(1, 23, 2):
        peer.send(frame(HEADERS, END_HEADERS, stream, call_headers(REGISTER_PLAN)))
    assert ended(peer.socket)
    # A client library keeps to it: the eleventh waits for a place.
    streams = [world.a.subscribe() for _ in range(10)]
    for stream in streams:
        next(stream)
    waiting = world.a.later(pb.QueryPlansParam())
    with pytest.raises(grpc.FutureTimeoutError):
        waiting.result(0.3)
    streams[0].cancel()
    assert waiting.result(ENDED_SECONDS) is not None


def wait_for_ack(peer):
    """Until the server knows that its settings are known here."""
    peer.send(frame(SETTINGS, 1, 0) + frame(PING, 0, 0, b"12345678"))
    peer.wait_for(PING)


@pytest.mark.parametrize("bytes_, status", [(60_000, OK), (70_000, EXHAUSTED), (1_000_000, EXHAUSTED)])
def test_header_size(shared, bytes_, status):
    """gRPC counts by frame; the sum counts here."""
    name = [("x", "v" * 1000)] * (bytes_ // 1000)
    block = call_headers(QUERY_PLANS, (*identity(A, shared.channel), *name))
    parts = [block[i:i + 16_384] for i in range(0, len(block), 16_384)]
    with Peer(shared.server.address) as peer:
        peer.send(frame(HEADERS, 0, 1, parts[0]) + b"".join(frame(CONTINUATION, 0, 1, part) for part in parts[1:-1]) +
                  frame(CONTINUATION, END_HEADERS, 1, parts[-1]) + frame(DATA, END_STREAM, 1, message(b"")))
        seen = b""
        for kind, flags, stream, payload in peer.frames():
            seen += payload if kind == HEADERS else b""
            if kind == HEADERS and flags & END_STREAM:
                break
    assert (b"grpc-status\x010" in seen) == (status == OK)
    if status == EXHAUSTED:
        assert b"grpc-status\x018" in seen and b"the headers of this call have" in seen
    assert shared.serves()


def test_one_large_header_many_times(shared):
    """A field of the table costs one byte each time: the sum counts, and what is not valid ends nothing but its call."""
    entry = b"\x40" + hpack_integer(1, 7) + b"y" + hpack_integer(3000, 7) + b"z" * 3000
    for wrong in (b"", header("te", "x"), header(":scheme", "ftp"), header("grpclb_client_stats", "x")):
        with Peer(shared.server.address) as peer:
            peer.send(frame(HEADERS, END_HEADERS, 1, call_headers(HEALTH) + wrong + entry + b"\xbe" * 10_000) +
                      frame(DATA, END_STREAM, 1, message(b"")))
            for kind, flags, stream, payload in peer.frames():
                if stream == 1 and (kind == RST_STREAM or flags & END_STREAM):
                    break
        assert shared.serves()


# --- organizations


def unread_calls(world, organization, count, request):
    """A peer whose calls are answered and that takes none of the answers."""
    peer = Peer(world.server.address, [(INITIAL_WINDOW_SIZE, 0)])
    path = METHOD_OF_REQUEST[request.DESCRIPTOR.full_name].path
    for stream in range(1, 2 * count, 2):
        peer.call(stream, path, request.SerializeToString(), identity(organization, world.channel))
    return peer


def test_open_calls_of_one_organization(make):
    world = make("--max-calls-per-organization", "5")
    world.plan()
    with unread_calls(world, A, 5, pb.QueryPlansParam()) as peer:
        begun = (got for got in peer.frames() if got[0] == HEADERS)  # headers need no window
        more = iter(range(11, 2011, 2))
        answered = 0
        while answered < 5:
            # One that ended with an error is replaced: the database may be busy, and the call that made the plan is open
            # for a moment after its answer has come.
            if next(begun)[1] & END_STREAM:
                peer.call(next(more), QUERY_PLANS, pb.QueryPlansParam().SerializeToString(), identity(A, world.channel))
            else:
                answered += 1
        assert world.a.outcome(pb.QueryPlansParam()) == (
            EXHAUSTED, 'organization "OrgA" has 5 open calls, as many as it may; try again when some have ended')
        assert serves_another(world)
    wait_until(lambda: world.a.outcome(pb.QueryPlansParam()) == (OK, ""))


def test_answers_that_nobody_takes(make):
    """They count until they have left; the others are served, and memory is bounded."""
    world = make("--max-bytes-per-organization", str(8 * MIB))
    for i in range(40):
        world.a(new_plan(f"p{i}", metadata={"k": "v" * 90} | {f"k{j}": "v" * 90 for j in range(95)}))
    request = pb.QueryPlansParam(page_size=1000)
    answer_bytes = world.b(request).ByteSize()
    assert answer_bytes > 300_000
    before = world.server.memory_bytes()
    peers = [unread_calls(world, A, 150, request) for _ in range(6)]  # 300 MB
    wait_until(lambda: world.a.outcome(request)[0] == EXHAUSTED)
    assert world.a.outcome(request)[1] == (
        f'the open calls of organization "OrgA" hold more than {8 * MIB} bytes; take the answers, or make fewer or '
        "smaller calls at a time")
    assert serves_another(world)
    assert world.server.memory_bytes() - before < 160 * MIB * MEMORY_FACTOR
    for peer in peers:
        peer.socket.close()
    wait_until(lambda: world.a.outcome(request) == (OK, ""))


def test_subscriptions_of_one_organization(make):
    world = make("--max-subscriptions-per-organization", "3")
    streams = [world.a.subscribe() for _ in range(3)]
    for stream in streams:
        next(stream)
    assert stream_end(world.a.subscribe()) == (
        [], EXHAUSTED, 'organization "OrgA" has 3 subscriptions, as many as it may; end some of them first')
    other = world.b.subscribe()
    assert next(other)
    streams[0].cancel()

    def can_subscribe():
        stream = world.a.subscribe()
        try:
            return next(stream) is not None
        except grpc.RpcError as error:
            assert outcome_of(error)[0] == EXHAUSTED
            return False

    wait_until(can_subscribe)


def test_listening_on_other_addresses(own_server):
    """IPv6, both families at once, and a name: peers are known whatever they come by."""
    held = []
    for listen, hosts in {"[::1]:0": ["::1"], ":0": ["::1", "127.0.0.1"], "localhost:0": ["127.0.0.1"]}.items():
        server = own_server({"c": MEMBERS}, "--request-timeout", "1s")
        server.listen = listen
        server.start()
        for host in hosts:
            held.append(Peer(server.address, host=host))
            held[-1].call(1, HEALTH, b"")
            held[-1].wait_for(DATA, 1)
    time.sleep(1.5)
    for peer in held:
        peer.call(3, HEALTH, b"")
        assert peer.wait_for(DATA, 3)
