"""What the port speaks: versions, sessions, health and reflection over TLS and mutual TLS."""
import socket
import subprocess
import threading
import uuid

import pytest

from client import Caller, identity, stream_end, stub
from pki import Authority
from protocol import CLASSES, pb
from raw_http2 import DATA, END_HEADERS, END_STREAM, HEADERS, PREFACE, SETTINGS, call_headers, frame, message
from server import BINARY
from tls_server import answer, health, was_refused_at_handshake


def port_of(server):
    return int(server.address.rsplit(":", 1)[1])


def handshake(server, pki, *flags, pair=None, typed=b"", seconds=5):
    """What `openssl s_client` says of a connection."""
    identity = ["-cert", str(pair.crt), "-key", str(pair.key)] if pair else []
    done = subprocess.run(["timeout", str(seconds), "openssl", "s_client", "-connect", server.address, "-alpn", "h2",
                           "-CAfile", str(pki.home.crt), *identity, *flags], input=typed, capture_output=True)
    return (done.stdout + done.stderr).decode("utf-8", "replace")


@pytest.mark.parametrize("version, name", [("-tls1_2", "TLSv1.2"), ("-tls1_3", "TLSv1.3")])
def test_both_versions_serve(shared, pki, version, name):
    text = handshake(shared, pki, version, pair=pki.client_a)
    assert f"New, {name}" in text and "ALPN protocol: h2" in text and "Verification: OK" in text


@pytest.mark.parametrize("version", ["-tls1", "-tls1_1"])
def test_older_versions_do_not(shared, pki, version):
    text = handshake(shared, pki, version, "-cipher", "ALL:@SECLEVEL=0", pair=pki.client_a)
    assert "Cipher is (NONE)" in text


@pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])
def test_sessions_are_not_resumed(shared, pki, version, tmp_path):
    session = tmp_path / "session"
    assert "New, " in handshake(shared, pki, version, "-sess_out", str(session), pair=pki.client_a)
    if session.exists():
        text = handshake(shared, pki, version, "-sess_in", str(session), pair=pki.client_a)
        assert "New, " in text and "Reused" not in text


def test_a_connection_is_not_renegotiated(shared, pki):
    """gRPC keeps what OpenSSL says to such a wish until it has something to send itself: here, an event."""
    command = ["openssl", "s_client", "-connect", shared.address, "-alpn", "h2", "-tls1_2", "-cert",
               str(pki.client_a.crt), "-key", str(pki.client_a.key), "-msg"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as client:
        threading.Timer(30, client.kill).start()

        def type_in(data):
            client.stdin.write(data)
            client.stdin.flush()

        def wait_for(text):
            while text not in (line := client.stdout.readline()):
                assert line

        wait_for(b"Verify return code")
        subscribe = call_headers("/orchestrator.EventService/SubscribeToEvents", identity("OrgA", "mychannel"))
        type_in(PREFACE + frame(SETTINGS, 0, 0) + frame(HEADERS, END_HEADERS, 1, subscribe) +
                frame(DATA, END_STREAM, 1, message(b"")))
        shared.wait_for_records("Subscribing to events", 1)
        type_in(b"R\n")
        wait_for(b"RENEGOTIATING")
        with shared.connect(pki.client_a) as connection:
            Caller(connection, "OrgA", "mychannel").outcome(pb.RegisterOrganizationParam())
            Caller(connection, "OrgA", "mychannel")(pb.NewComputePlan(key=str(uuid.uuid4()), name="p"))
        rest = client.stdout.read()
    assert b"warning no_renegotiation" in rest and b"ServerHello" not in rest


def test_bounds_of_connections_hold_with_tls(certificates, serve, pki):
    """A handshake that does not go on is cut; records of TLS make no large request an unfinished one."""
    server = serve(*certificates.flags(), "--request-timeout", "1s", "--max-unfinished-bytes", str(16 << 20)).start()
    with socket.create_connection(("127.0.0.1", port_of(server)), 20) as silent:
        silent.settimeout(20)
        with pytest.raises(ConnectionResetError):
            silent.recv(1024)
    with server.connect(pki.client_a) as connection:
        caller = Caller(connection, "OrgA", "mychannel")
        large = pb.NewComputePlan(key=str(uuid.uuid4()), name="p", tag="t" * 3_000_000)
        assert {caller.outcome(large)[0] for _ in range(20)} == {"INVALID_ARGUMENT"}
    assert server.log_text().count("connections refused or cut") == 1


def test_without_certificate_there_is_no_handshake(shared, pki):
    with shared.connect() as connection:
        assert was_refused_at_handshake(answer(connection, "OrgA"))
        assert was_refused_at_handshake(health(connection))
    with socket.create_connection(("127.0.0.1", port_of(shared))) as plain:
        plain.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
        plain.settimeout(5)
        assert plain.recv(1024)[:1] != b"\x00"  # an alert or nothing, never HTTP/2 settings


def test_a_certificate_of_nobody(shared, pki, tmp_path):
    stranger = Authority(tmp_path, "stranger").issue("/O=OrgA")
    with shared.connect(stranger) as connection:
        assert was_refused_at_handshake(answer(connection, "OrgA"))
    shared.wait_for_records("client certificate refused at the handshake", 1)


def test_a_server_chain_is_served_whole(certificates, serve, pki, tmp_path):
    below = Authority(tmp_path, "home-issuing", pki.home)
    certificates.use_pair(below.server())
    server = serve(*certificates.flags()).start()
    with server.connect(pki.client_a) as connection:
        assert answer(connection, "OrgA") == ("OK", "")


def probe(server, *flags):
    done = subprocess.run([BINARY, "healthcheck", "-addr", server.address, "-connect-timeout", "2s", "-rpc-timeout",
                           "5s", *flags], capture_output=True, text=True, timeout=30)
    return done.returncode, done.stdout.strip()


SERVING = (0, "status: SERVING")
CONNECTION_FAILED = 2


def test_probes_that_give_up_while_they_connect_again(pki):
    """gRPC tries again after the second that a probe waits: then a process that ended carelessly crashed now and then."""
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        command = [BINARY, "healthcheck", "-addr", "127.0.0.1:%d" % nobody.getsockname()[1], "-tls", "-tls-ca-cert",
                   str(pki.home.crt)]
        probes = [subprocess.Popen(command, stderr=subprocess.DEVNULL) for _ in range(30)]
        assert {probe.wait(60) for probe in probes} == {CONNECTION_FAILED}


def test_health_over_tls(certificates, serve, pki):
    server = serve(*certificates.flags(mutual=False, verify=False)).start()
    assert health(server.connection) == 1
    ca = ["-tls-ca-cert", str(pki.home.crt)]
    assert probe(server, "-tls", *ca) == SERVING
    assert probe(server, "-tls", *ca, "-tls-server-name", "localhost") == SERVING
    assert probe(server, "-tls", "-tls-no-verify") == SERVING
    assert probe(server, "-tls", "-tls-ca-cert", str(pki.a.crt))[0] == CONNECTION_FAILED
    assert probe(server)[0] == CONNECTION_FAILED


def test_health_over_mutual_tls_with_the_servers_own_pair(certificates, serve, pki):
    server = serve(*certificates.flags()).start()
    with server.connect(pki.pair) as connection:
        assert health(connection) == 1
    ca = ["-tls", "-tls-ca-cert", str(certificates.server_ca), "-tls-server-name", "localhost"]
    assert probe(server, *ca, "-tls-client-cert", str(certificates.crt), "-tls-client-key",
                 str(certificates.key)) == SERVING
    assert probe(server, *ca)[0] == CONNECTION_FAILED


@pytest.mark.parametrize("version", ["v1", "v1alpha"])
def test_the_documented_check_of_a_deployment(certificates, serve, version):
    """A reflection list over TLS with the CA and without metadata."""
    server = serve(*certificates.flags(mutual=False, verify=False)).start()
    request = CLASSES[f"grpc.reflection.{version}.ServerReflectionRequest"](list_services="*")
    call = stub(server.connection, f"/grpc.reflection.{version}.ServerReflection/ServerReflectionInfo")
    assert stream_end(call(iter([request]))) == ([], "UNKNOWN", "OE0003: missing or invalid header 'mspid'")
