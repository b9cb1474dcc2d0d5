"""The HTTP port: probes, version, what is off by default, and clients that do not behave."""
import concurrent.futures
import json
import pathlib
import resource
import socket
import struct
import time

import pytest

from http_port import ask
from protocol import pb
from server import BINARY, Server
from readiness import watch_readiness
from test_full_disk import FILE_BYTES, fill, limit_files
from world import MEMBERS, World

PLAIN = "text/plain; charset=utf-8"


@pytest.mark.parametrize("path, status, content_type, text", [
    ("/healthz", 200, PLAIN, "alive\n"),
    ("/readyz", 200, PLAIN, "ready\n"),
    ("/", 404, PLAIN, "not found\n"),
    ("/metrics", 404, PLAIN, "not found\n"),
    ("/debug/pprof/profile?seconds=1", 404, PLAIN, "not found\n"),
    ("/debug/pprof/heap", 404, PLAIN, "not found\n"),
])
def test_answers(server, path, status, content_type, text):
    assert ask(server, path) == (status, content_type, text)


def test_version_is_that_of_the_wire(server):
    caller = server.caller(MEMBERS[0], "c0")
    status, content_type, text = ask(server, "/version")
    assert (status, content_type) == (200, "application/json")
    assert json.loads(text) == {"version": caller(pb.QueryVersionParam()).orchestrator}


def test_nothing_can_be_sent(server):
    for method in ("POST", "PUT", "DELETE", "OPTIONS"):
        assert ask(server, "/healthz", method) == (405, PLAIN, "only GET and HEAD are answered here\n")
    assert ask(server, "/healthz", "HEAD") == (200, PLAIN, "")


@pytest.mark.data_folder
def test_readiness_says_why_not(own_server):
    server = own_server({"c": MEMBERS}).start()
    limit_files(server, FILE_BYTES)
    world = World(server, "c").register_organizations()
    assert ask(server, "/readyz")[0] == 200
    with watch_readiness(server) as readiness:
        readiness.wait_for("SERVING")
        fill(world, [])
        readiness.wait_for("NOT_SERVING")
    assert ask(server, "/readyz") == (503, PLAIN, "channels whose store takes no writes: 1\n")
    assert ask(server, "/healthz")[0] == 200


def test_taken_port_stops_the_start(own_server, server):
    second = own_server({}, "--http-address", server.http_address)
    with pytest.raises(AssertionError, match="the server has ended"):
        second.start()
    assert second.wait() == 3
    assert f'"error":"cannot listen on {server.http_address}: Address already in use"' in second.log_text()


def test_port_may_be_off(own_server):
    server = own_server({"c": MEMBERS}, "--http-address", "").start()
    assert server.http_address is None
    assert server.stop() == 0


def connect(server):
    host, port = server.http_address.rsplit(":", 1)
    return socket.create_connection((host, int(port)), timeout=30)


def is_closed(connection):
    """Whether the other side has ended the connection, sooner or later."""
    try:
        while connection.recv(4096):
            pass
    except ConnectionError:
        pass
    return True


def test_ranges_cost_nothing(server):
    """Asked for, thousands of times over in one request, the answer is still given once."""
    ranges = "bytes=" + ",".join(["0-"] * 2500)
    with connect(server) as greedy:
        greedy.sendall(f"GET /version HTTP/1.1\r\nHost: x\r\nRange: {ranges}\r\n\r\n".encode())
        answer = b""
        while part := greedy.recv(65536):
            answer += part
    head, text = answer.split(b"\r\n\r\n", 1)
    assert b"multipart" not in head and len(text) < 200, head
    assert json.loads(text) == json.loads(ask(server, "/version")[2])


def test_lack_of_descriptors_is_outlived(own_server):
    """Who has waited is answered, and who comes later too."""
    server = own_server({"c": MEMBERS}).start()
    now, most = resource.prlimit(server.process.pid, resource.RLIMIT_NOFILE)
    resource.prlimit(server.process.pid, resource.RLIMIT_NOFILE, (3, most))
    with connect(server) as waiting:
        waiting.sendall(b"GET /healthz HTTP/1.0\r\n\r\n")
        server.wait_for_log("no connection can be accepted now")
        resource.prlimit(server.process.pid, resource.RLIMIT_NOFILE, (now, most))
        assert b"alive" in b"".join(iter(lambda: waiting.recv(4096), b""))
    assert ask(server, "/healthz")[0] == 200
    assert World(server, "c").serves()


def test_slow_request_is_cut(server):
    """The bound is on the whole request: single bytes in good time do not extend it."""
    with connect(server) as slow:
        slow.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n")
        with pytest.raises(OSError):
            for _ in range(200):  # 20 seconds, ten times the bound
                slow.sendall(b"a")
                time.sleep(0.1)


def test_endless_request_is_cut(server):
    with connect(server) as endless:
        with pytest.raises(OSError):
            for i in range(10_000):
                endless.sendall(b"X-%05d: %s\r\n" % (i, b"a" * 1000))
    assert ask(server, "/healthz")[0] == 200


def test_idle_and_reset_connections_do_not_keep_others_out(server):
    idle = [connect(server) for _ in range(200)]  # more than are served and wait together
    for connection in idle[100:]:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.close()
    try:
        assert all(is_closed(connection) for connection in idle[:100])
        assert ask(server, "/healthz")[0] == 200
    finally:
        for connection in idle:
            connection.close()


@pytest.mark.parametrize("garbage", [b"\r\n\r\n", b"\x16\x03\x01\x02\x00\x01", b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n",
                                     b"GET /" + b"%" * 9000 + b" HTTP/1.1\r\n\r\n",
                                     b"GET /healthz HTTP/1.1\r\nRange: bytes=9-1,5-,-\r\n\r\n",
                                     b"POST /healthz HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n",
                                     b"POST /healthz HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nffffffff\r\n"])
def test_garbage_harms_nobody(server, garbage):
    with connect(server) as connection:
        connection.sendall(garbage)
        assert is_closed(connection)
    assert ask(server, "/healthz")[0] == 200


@pytest.fixture(scope="module")
def profiled(tmp_path_factory):
    server = Server(tmp_path_factory.mktemp("profiled"), {"c": MEMBERS}, "--profiling", "true").start()
    yield server
    assert server.stop() == 0


def ask_raw(server, path):
    """The status of an answer that is no text."""
    with connect(server) as connection:
        connection.sendall(f"GET {path} HTTP/1.0\r\n\r\n".encode())
        return int(b"".join(iter(lambda: connection.recv(65536), b"")).split()[1])


def test_profile_of_the_processor(profiled):
    with connect(profiled) as connection:
        connection.sendall(b"GET /debug/pprof/profile?seconds=1 HTTP/1.0\r\n\r\n")
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    head, profile = answer.split(b"\r\n\r\n", 1)
    assert head.startswith(b"HTTP/1.1 200")
    # The form of gperftools: words of the machine, then the map of the process.
    assert struct.unpack_from("5Q", profile) == (0, 3, 0, 10_000, 0)
    assert b"/orchestrator\n" in profile
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        asked = [pool.submit(ask_raw, profiled, "/debug/pprof/profile?seconds=2") for _ in range(2)]
        assert sorted(each.result() for each in asked) == [200, 409]
    for seconds in ("0", "61", "-1", "x", "1x", ""):
        assert ask(profiled, "/debug/pprof/profile?seconds=" + seconds)[0] == 400
    assert World(profiled, "c").serves()


def test_heap_profile_says_what_it_needs(profiled):
    status, _, text = ask(profiled, "/debug/pprof/heap")
    assert (status, text) == (501, "for heap profiles, start the server with MALLOC_CONF=prof:true\n")


@pytest.mark.skipif(any(each in pathlib.Path(BINARY).read_bytes() for each in (b"__asan_init", b"__tsan_init")),
                    reason="a sanitizer has an allocator of its own")
def test_heap_profile(own_server, monkeypatch):
    monkeypatch.setenv("LD_PRELOAD", "libjemalloc.so.2")
    monkeypatch.setenv("MALLOC_CONF", "prof:true")
    server = own_server({"c": MEMBERS}, "--profiling", "true").start()
    status, content_type, text = ask(server, "/debug/pprof/heap")
    assert (status, content_type) == (200, "application/octet-stream")
    assert text.startswith("heap_v2/") and "MAPPED_LIBRARIES:" in text
