"""Certificates, client CAs and memberships that change while the server serves."""
import threading
import time

import grpc
import pytest

from client import Caller, outcome_of, stream_end
from pki import Authority
from tls_server import answer, was_refused_at_handshake

OK = ("OK", "")
# What is taken from an organization is out of its reach after this time.
REVOCATION_SECONDS = 2.0
WRONG_ISSUER = 'OE0102: invalid MSPID: invalid issuer for MSPID "OrgA"'
NOT_ALLOWED = 'OE0102: invalid MSPID: cannot find MSPID "OrgA" in allowed organizations'
NO_ACCESS = 'organization "OrgA" has not access to channel "mychannel"'


class Load:
    """Calls without pause, half of them on one lasting connection, half on a new connection each."""

    def __init__(self, server, pair, organization):
        self.server, self.pair, self.organization = server, pair, organization
        self.calls, self.failures = 0, []
        self.stopping = threading.Event()
        self.threads = [threading.Thread(target=work) for work in (self.on_one_connection, self.on_new_connections)]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.stopping.set()
        for thread in self.threads:
            thread.join()

    def note(self, outcome):
        self.calls += 1
        if outcome != OK:
            self.failures.append(outcome)

    def on_one_connection(self):
        with self.server.connect(self.pair) as connection:
            while not self.stopping.is_set():
                self.note(answer(connection, self.organization))
                time.sleep(0.001)

    def on_new_connections(self):
        while not self.stopping.is_set():
            with self.server.connect(self.pair) as connection:
                self.note(answer(connection, self.organization))


def eventually(check, wanted, seconds=REVOCATION_SECONDS):
    """Until check() answers `wanted`; gives the seconds it took."""
    start = time.monotonic()
    while (got := check()) != wanted:
        assert time.monotonic() - start < seconds, got
        time.sleep(0.02)
    return time.monotonic() - start


def ask(server, pair, organization, root=None):
    with server.connect(pair, root=root) as connection:
        outcome = answer(connection, organization)
    return "refused at the handshake" if was_refused_at_handshake(outcome) else outcome


def test_everything_rotates_under_load_without_a_failed_call(certificates, serve, pki, tmp_path):
    server = serve(*certificates.flags()).start()
    fresh = Authority(tmp_path, "fresh")
    with Load(server, pki.client_b, "OrgB") as load, server.connect(pki.client_b) as lasting:
        subscription = Caller(lasting, "OrgB", "mychannel").subscribe()
        for turn in range(1, 4):
            certificates.use_pair(pki.home.server())
            server.wait_for_records("Loading TLS certificates", turn + 1)
            certificates.replace(certificates.server_ca, pki.home.crt.read_text() + "\n" * turn)
            certificates.allow("OrgA", *[pki.a, fresh][:1 + turn % 2])
            server.wait_for_records("client CA folder read", turn + 1)
            server.write_channels({"mychannel": ["OrgA", "OrgB"], f"other{turn}": ["OrgA"]})
            server.wait_for_records("channel file read again", turn)
        assert subscription.is_active()
        subscription.cancel()
    assert load.failures == []
    assert load.calls > 100
    assert ask(server, fresh.issue("/O=OrgA"), "OrgA") == OK


def test_the_new_server_certificate_is_served(certificates, serve, pki, tmp_path):
    server = serve(*certificates.flags()).start()
    new_home = Authority(tmp_path, "new-home")
    with server.connect(pki.client_a) as lasting:
        assert answer(lasting, "OrgA") == OK
        certificates.use_pair(new_home.server())
        eventually(lambda: ask(server, pki.client_a, "OrgA", new_home), OK)
        assert answer(lasting, "OrgA") == OK
    assert ask(server, pki.client_a, "OrgA")[0] == "UNAVAILABLE"  # who trusts the old CA only


def test_the_server_ca_rotates(certificates, serve, pki, tmp_path):
    server = serve(*certificates.flags(verify=False)).start()
    new_home = Authority(tmp_path, "home")  # of the same name, with another key
    probe = new_home.issue_version_1("/CN=probe")
    assert ask(server, probe, "OrgA") == "refused at the handshake"
    certificates.replace(certificates.server_ca, pki.home.crt.read_text() + new_home.crt.read_text())
    eventually(lambda: ask(server, probe, "OrgA"), OK)
    assert ask(server, pki.home.issue_version_1("/CN=probe"), "OrgA") == OK
    certificates.replace(certificates.server_ca, new_home.crt.read_text())
    eventually(lambda: ask(server, pki.pair, "OrgA"), "refused at the handshake")


def test_bad_new_files_keep_the_old_state_and_are_logged_once(certificates, serve, pki):
    server = serve(*certificates.flags()).start()
    other_key = pki.home.server().key.read_text()
    certificates.replace(certificates.key, other_key)
    certificates.replace(certificates.server_ca, "no certificate")
    certificates.replace(certificates.clients / "OrgA" / "README", "no certificate either")
    refused = "refused, the state before stays in force"
    for what in ("server certificate", "server CA", "client CA folder"):
        server.wait_for_records(f"{what} {refused}", 1)
    time.sleep(1.5)
    assert server.log_text().count(refused) == 3
    for path in (certificates.key, certificates.server_ca, certificates.clients / "OrgA" / "README"):
        assert str(path) in server.log_text()
    assert ask(server, pki.client_a, "OrgA") == OK
    certificates.forbid("OrgB")
    certificates.forbid("OrgA")
    eventually(lambda: ask(server, pki.client_a, "OrgA"), "refused at the handshake")


def test_a_vanished_folder_shuts_nobody_out(certificates, serve, pki):
    server = serve(*certificates.flags()).start()
    certificates.clients.rename(certificates.folder / "elsewhere")
    server.wait_for_records("client CA folder refused, the state before stays in force", 1)
    assert ask(server, pki.client_a, "OrgA") == OK


def lose_folder(server, certificates, pki):
    certificates.forbid("OrgA")


def lose_ca(server, certificates, pki):
    certificates.allow("OrgA", pki.b)


def lose_channel(server, certificates, pki):
    server.write_channels({"mychannel": ["OrgB"], "other": ["OrgA"]})


@pytest.mark.parametrize("lose, code, text", [(lose_folder, "PERMISSION_DENIED", NOT_ALLOWED),
                                              (lose_ca, "PERMISSION_DENIED", WRONG_ISSUER),
                                              (lose_channel, "UNKNOWN", NO_ACCESS)])
def test_revocation_ends_streams_and_refuses_calls(certificates, serve, pki, lose, code, text):
    server = serve(*certificates.flags()).start()
    with server.connect(pki.client_a) as a, server.connect(pki.client_b) as b:
        lost = Caller(a, "OrgA", "mychannel").subscribe()
        kept = Caller(b, "OrgB", "mychannel").subscribe()
        assert answer(a, "OrgA") == OK
        server.wait_for_records("Subscribing to events", 2)
        lose(server, certificates, pki)
        start = time.monotonic()
        assert stream_end(lost) == ([], "UNKNOWN", text)
        assert time.monotonic() - start < REVOCATION_SECONDS
        assert answer(a, "OrgA") == (code, text)
        assert stream_end(Caller(a, "OrgA", "mychannel").subscribe()) == ([], "UNKNOWN", text)
        assert kept.is_active() and answer(b, "OrgB") == OK
        kept.cancel()


def test_an_expiring_certificate_ends_its_streams_and_calls(certificates, serve, pki):
    server = serve(*certificates.flags()).start()
    at = lambda seconds: time.strftime("%Y%m%d%H%M%SZ", time.gmtime(time.time() + seconds))  # noqa: E731
    pair = pki.a.issue("/O=OrgA", start=at(-60), end=at(3))
    with server.connect(pair) as connection:
        assert answer(connection, "OrgA") == OK
        stream = Caller(connection, "OrgA", "mychannel").subscribe(timeout=10)
        assert stream_end(stream) == ([], "UNKNOWN", WRONG_ISSUER)
        assert answer(connection, "OrgA") == ("PERMISSION_DENIED", WRONG_ISSUER)


def test_revoked_organization_without_the_check(serve):
    """Memberships are enforced on plaintext too."""
    server = serve()
    server.connect = server.plain
    server.start()
    stream = Caller(server.connection, "OrgA", "mychannel").subscribe()
    server.wait_for_records("Subscribing to events", 1)
    server.write_channels({"mychannel": ["OrgB"]})
    with pytest.raises(grpc.RpcError) as error:
        next(stream)
    assert outcome_of(error.value) == ("UNKNOWN", 'organization "OrgA" is unknown')
