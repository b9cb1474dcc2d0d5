"""What stops the start, and what only warns: each fault names the file and the reason."""
import json
import os
import subprocess

import pytest

from pki import SERVER_EXTENSIONS, Authority, openssl
from tls_server import answer, health


def refusal(server):
    """The error of a server that does not start."""
    ended = subprocess.run(server.command(), capture_output=True, text=True, timeout=30)
    assert ended.returncode == 1, ended.stderr
    fatal = [json.loads(line) for line in ended.stderr.splitlines() if '"fatal"' in line]
    assert fatal, ended.stderr
    return " ".join(str(value) for record in fatal for value in record.values())


def encrypt(certificates, pki):
    openssl("pkey", "-in", pki.pair.key, "-aes256", "-passout", "pass:secret", "-out", certificates.key)


def weaken(certificates, pki):
    openssl("req", "-x509", "-newkey", "rsa:1024", "-nodes", "-keyout", certificates.key, "-out", certificates.crt,
            "-subj", "/CN=weak", "-days", "30")


FAULTS = {
    "no certificate": (lambda c, p: c.crt.unlink(), "crt", "No such file or directory"),
    "no key": (lambda c, p: c.key.unlink(), "key", "No such file or directory"),
    "a folder": (lambda c, p: (c.key.unlink(), c.key.mkdir()), "key", "not a regular file"),
    "not PEM": (lambda c, p: c.crt.write_text("hello"), "crt", "no PEM certificate in it"),
    "empty": (lambda c, p: c.crt.write_text(""), "crt", "no PEM certificate in it"),
    "broken PEM": (lambda c, p: c.crt.write_text(p.pair.chain.replace("MII", "???", 1)), "crt", "PEM block 1"),
    "broken DER": (lambda c, p: c.crt.write_text(
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"), "crt", "PEM block 1"),
    "a key that is none": (lambda c, p: c.key.write_text(p.pair.chain), "key", "no readable PEM private key in it"),
    "another key": (lambda c, p: c.key.write_text(p.client_a.key.read_text()), "key",
                    "it is not the key of the certificate in"),
    "an encrypted key": (encrypt, "key", "it is encrypted"),
    "a weak key": (weaken, "crt", "key too small"),
    "no server CA": (lambda c, p: c.server_ca.unlink(), "server_ca", "No such file or directory"),
    "server CA not PEM": (lambda c, p: c.server_ca.write_text("x"), "server_ca", "no PEM certificate in it"),
    "server CA too large": (lambda c, p: c.server_ca.write_bytes(b"x" * 1048577), "server_ca", "larger than 1 MiB"),
    "noise in an organization": (lambda c, p: (c.clients / "OrgA" / "README").write_text("hi"), "OrgA/README",
                                 "no PEM certificate and no PEM revocation list in it"),
    "a dangling link": (lambda c, p: (c.clients / "OrgA" / "gone").symlink_to("nowhere"), "OrgA/gone",
                        "No such file or directory"),
    "a pipe": (lambda c, p: os.mkfifo(c.clients / "OrgA" / "pipe"), "OrgA/pipe", "not a regular file"),
    "the folder is a file": (lambda c, p: (c.clients.rename(c.folder / "x"), c.clients.write_text("x")), "clients",
                             "Not a directory"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_bad_file_stops_the_start(fault, certificates, serve, pki):
    spoil, where, reason = FAULTS[fault]
    spoil(certificates, pki)
    path = getattr(certificates, where, certificates.clients / where)
    text = refusal(serve(*certificates.flags()))
    assert f'"{path}"' in text and reason in text, text


def test_settings_that_miss_one_another(serve):
    text = refusal(serve("--tls-enabled", "true"))
    assert "ORCHESTRATOR_TLS_CERT_PATH is wanted because ORCHESTRATOR_TLS_ENABLED is true" in text
    assert "ORCHESTRATOR_TLS_KEY_PATH is wanted" in text
    text = refusal(serve("--mtls-enabled", "true"))
    assert "ORCHESTRATOR_TLS_SERVER_CA_CERT is wanted" in text and "ORCHESTRATOR_TLS_CLIENT_CA_CERT_DIR" in text
    assert 'ORCHESTRATOR_TLS_ENABLED = "true" is wanted because ORCHESTRATOR_MTLS_ENABLED is true' in text
    assert "ORCHESTRATOR_TLS_CLIENT_CA_CERT_DIR is wanted" in refusal(serve("--verify-client-msp-id", "true"))


@pytest.mark.parametrize("start, end, message", [
    ("20200101000000Z", "20210101000000Z", "server certificate has expired"),
    ("20900101000000Z", "20910101000000Z", "server certificate is not valid yet")])
def test_dates_only_warn(start, end, message, certificates, serve, pki):
    certificates.use_pair(pki.home.issue("/CN=localhost", SERVER_EXTENSIONS, start=start, end=end))
    server = serve(*certificates.flags()).start()
    record = server.wait_for_log(message)
    assert record["level"] == "warn" and record["path"] == str(certificates.crt)


def test_an_expired_client_ca_only_warns(certificates, serve, tmp_path):
    (certificates.clients / "OrgOld").mkdir()
    old = Authority(tmp_path, "old").issue("/CN=old CA", start="20200101000000Z", end="20210101000000Z")
    certificates.replace(certificates.clients / "OrgOld" / "ca.crt", old.chain)
    server = serve(*certificates.flags()).start()
    assert server.wait_for_log("client CA has expired")["path"].endswith("/OrgOld")


def test_mutual_tls_without_any_client_ca(certificates, serve, pki):
    """The folder does not exist when no client CA is given; the server's CA alone is a valid pool (T18)."""
    for path in sorted(certificates.clients.rglob("*"), reverse=True):
        path.unlink() if path.is_file() else path.rmdir()
    certificates.clients.rmdir()
    server = serve(*certificates.flags()).start()
    with server.connect(pki.pair) as connection:
        assert health(connection) == 1
    certificates.clients.mkdir()
    certificates.allow("OrgA", pki.a)
    server.wait_for_records("client CA folder read", 2)
    with server.connect(pki.client_a) as connection:
        assert answer(connection, "OrgA") == ("OK", "")


def test_forms_of_the_client_ca_folder(certificates, serve, pki, tmp_path):
    """A mounted volume with its links, several certificates in a file, nested noise."""
    folder = certificates.clients
    for organization in ("OrgA", "OrgB"):
        certificates.forbid(organization)
    first = folder / "OrgA" / "..2026_01_01"
    first.mkdir(parents=True)
    (first / "x.crt").write_text("some text\n" + pki.b.crt.read_text() + "between\n" + pki.a.crt.read_text())
    (folder / "OrgA" / "..data").symlink_to("..2026_01_01")
    (folder / "OrgA" / "x.crt").symlink_to("..data/x.crt")
    (folder / "OrgA" / "nested").mkdir()
    (folder / "OrgA" / "nested" / "README").write_text("noise")
    absolute = tmp_path / "outside.pem"
    absolute.write_text(pki.b.crt.read_text())
    (folder / "OrgB").mkdir()
    (folder / "OrgB" / "link without name").symlink_to(absolute)
    (folder / "README").write_text("ignored")
    (folder / "OrgLink").symlink_to("OrgA")
    (folder / "OrgEmpty").mkdir()
    members = {"mychannel": ["OrgA", "OrgB", "OrgLink", "OrgEmpty"]}
    server = serve(*certificates.flags(), channels=members).start()
    everything = pki.a.issue("/O=OrgA/O=OrgB/O=OrgLink/O=OrgEmpty")
    with server.connect(everything) as connection:
        assert answer(connection, "OrgA") == ("OK", "")
        assert "invalid issuer" in answer(connection, "OrgB")[1]
        assert "in allowed organizations" in answer(connection, "OrgLink")[1]
        assert "in allowed organizations" in answer(connection, "OrgEmpty")[1]
    with server.connect(pki.client_b) as connection:
        assert answer(connection, "OrgB") == ("OK", "")
    # The volume is updated as the kubelet does it.
    second = folder / "OrgA" / "..2026_02_02"
    second.mkdir()
    (second / "x.crt").write_text(pki.b.crt.read_text())
    (folder / "OrgA" / "..data_tmp").symlink_to("..2026_02_02")
    (folder / "OrgA" / "..data_tmp").rename(folder / "OrgA" / "..data")
    server.wait_for_records("client CA folder read", 2)
    with server.connect(pki.b.issue("/O=OrgA")) as connection:
        assert answer(connection, "OrgA") == ("OK", "")
