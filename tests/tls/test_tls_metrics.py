"""Metrics of the files of TLS: when certificates expire, and files that are not good."""
import subprocess

import pytest

from http_port import Metrics
from pki import SERVER_EXTENSIONS
from test_tls_rotation import eventually

EXPIRY = "orc_tls_certificate_expiry_timestamp_seconds"
SECONDS = 15


def expiry_of(path):
    """Of the first certificate of a file, in seconds since 1970, as OpenSSL's program reads it."""
    end = subprocess.run(["openssl", "x509", "-in", path, "-noout", "-enddate"], check=True, capture_output=True,
                         text=True).stdout.strip().removeprefix("notAfter=")
    return int(subprocess.run(["date", "-d", end, "+%s"], check=True, capture_output=True, text=True).stdout)


@pytest.fixture
def server(serve, certificates):
    return serve(*certificates.flags(), "--metrics-enabled", "true").start()


def test_expiry_of_what_is_in_force(server, pki, certificates):
    metrics = Metrics(server)
    assert metrics(EXPIRY, kind="server_ca", organization="") == expiry_of(pki.home.crt)
    assert metrics(EXPIRY, kind="client_ca", organization="OrgA") == expiry_of(pki.a.crt)
    assert metrics(EXPIRY, kind="client_ca", organization="OrgB") == expiry_of(pki.b.crt)
    assert metrics(EXPIRY, kind="server", organization="") == expiry_of(pki.pair.crt)

    soon = pki.home.issue("/CN=localhost", SERVER_EXTENSIONS, days=3)
    certificates.use_pair(soon)
    eventually(lambda: Metrics(server)(EXPIRY, kind="server", organization=""), expiry_of(soon.crt), SECONDS)
    certificates.forbid("OrgB")
    eventually(lambda: {value for name, labels in Metrics(server).values for label, value in labels
                        if name == EXPIRY and label == "organization"}, {"", "OrgA"}, SECONDS)


@pytest.mark.parametrize("file", ["server_pair", "server_ca", "client_cas"])
def test_refused_file_shows_until_it_is_good_again(server, pki, certificates, file):
    path = {"server_pair": certificates.crt, "server_ca": certificates.server_ca,
            "client_cas": certificates.clients / "OrgA" / "ca.crt"}[file]
    before = Metrics(server)
    good = path.read_text()
    certificates.replace(path, "not a certificate")
    eventually(lambda: Metrics(server)("orc_reload_refused", file=file), 1, SECONDS)
    bad = Metrics(server)
    assert bad("orc_reload_failures_total", file=file) == 1
    assert bad.of(EXPIRY) == before.of(EXPIRY)
    certificates.replace(path, good)
    eventually(lambda: Metrics(server)("orc_reload_refused", file=file), 0, SECONDS)
    others = {"server_pair", "server_ca", "client_cas", "channels"} - {file}
    assert all(Metrics(server)("orc_reload_failures_total", file=other) == 0 for other in others)
