"""The real server behind TLS, and clients with and without certificates."""
import pathlib
import shutil
import time

import grpc

from client import Caller, outcome_of, stub
from protocol import pb
from server import Server

QUERY = pb.QueryFunctionsParam
CHECK = "/grpc.health.v1.Health/Check"
OPTIONS = [("grpc.use_local_subchannel_pool", 1), ("grpc.max_receive_message_length", -1)]


class Certificates:
    """The files of one server: its pair, its CA and the folder of client CAs. Every change replaces a file whole."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.crt, self.key = self.folder / "tls.crt", self.folder / "tls.key"
        self.server_ca = self.folder / "ca.crt"
        self.clients = self.folder / "clients"
        self.clients.mkdir(parents=True)

    def replace(self, path, text):
        fresh = self.folder / "fresh"
        fresh.write_text(text)
        fresh.rename(path)

    def use_pair(self, pair):
        self.replace(self.key, pair.key.read_text())
        self.replace(self.crt, pair.chain)

    def allow(self, organization, *authorities, name="ca.crt"):
        (self.clients / organization).mkdir(exist_ok=True)
        self.replace(self.clients / organization / name, "".join(each.crt.read_text() for each in authorities))

    def forbid(self, organization):
        shutil.rmtree(self.clients / organization)

    def flags(self, mutual=True, verify=True):
        flags = ["--tls-enabled", "true", "--tls-cert-path", str(self.crt), "--tls-key-path", str(self.key)]
        if mutual:
            flags += ["--mtls-enabled", "true", "--tls-server-ca-cert", str(self.server_ca)]
        if mutual or verify:
            flags += ["--tls-client-ca-cert-dir", str(self.clients)]
        return flags + ["--verify-client-msp-id", "true"] if verify else flags


class TlsServer(Server):
    """A server whose clients trust `root`."""

    def __init__(self, folder, channels, root, *flags):
        super().__init__(folder, channels, *flags)
        self.root = root

    def connect(self, pair=None, chain=None, root=None):
        """A connection of its own. `chain` is what the client sends instead of its usual chain."""
        key = pair.key.read_bytes() if pair else None
        sent = (chain or pair.chain).encode() if pair else None
        credentials = grpc.ssl_channel_credentials((root or self.root).crt.read_bytes(), key, sent)
        return grpc.secure_channel("localhost:" + self.address.rsplit(":", 1)[1], credentials, options=OPTIONS)

    def wait_for_records(self, message, times, seconds=10):
        """Until the log has `times` records with this message."""
        deadline = time.monotonic() + seconds
        while self.log_text().count(f'"{message}"') < times:
            assert time.monotonic() < deadline, f"not {times} records {message!r}:\n" + self.log_text()
            time.sleep(0.05)

    def plain(self):
        return grpc.insecure_channel(self.address, options=OPTIONS)


def answer(connection, organization, channel="mychannel"):
    """(status name, text) of a call as `organization`."""
    return Caller(connection, organization, channel).outcome(QUERY())


def was_refused_at_handshake(outcome):
    """gRPC's clients see a handshake that the server ends as a connection that is closed."""
    return outcome[0] == "UNAVAILABLE" and outcome[1].endswith(("Socket closed", "Connection reset by peer"))


def health(connection):
    """The serving status, or (status name, text)."""
    request_type = stub(connection, CHECK)
    try:
        return request_type(b"", timeout=20).status
    except grpc.RpcError as error:
        return outcome_of(error)
