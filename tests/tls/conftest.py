"""Two organizations with CAs of their own, one server for the tests that only ask, servers of their own for the rest."""
import pathlib
import sys
import types

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "wire"))

from pki import Authority  # noqa: E402
from tls_server import Certificates, TlsServer  # noqa: E402

ORGANIZATIONS = ["OrgA", "OrgB"]


@pytest.fixture(scope="session")
def pki(tmp_path_factory):
    """`home`: the server's CA. `a`, `b`: roots of two organizations; `a_issuing`: an intermediate below `a`."""
    folder = tmp_path_factory.mktemp("pki")
    home, a, b = (Authority(folder, name) for name in ("home", "a", "b"))
    return types.SimpleNamespace(folder=folder, home=home, a=a, b=b, a_issuing=Authority(folder, "a-issuing", a),
                                 b_issuing=Authority(folder, "b-issuing", b), pair=home.server(),
                                 client_a=a.issue("/O=OrgA/CN=backend"), client_b=b.issue("/O=OrgB/CN=backend"))


def usual_certificates(folder, pki):
    certificates = Certificates(folder)
    certificates.use_pair(pki.pair)
    certificates.replace(certificates.server_ca, pki.home.crt.read_text())
    certificates.allow("OrgA", pki.a)
    certificates.allow("OrgB", pki.b)
    return certificates


@pytest.fixture
def certificates(tmp_path, pki):
    """Files of the test's own, with both organizations."""
    return usual_certificates(tmp_path / "certificates", pki)


@pytest.fixture(scope="session")
def shared(tmp_path_factory, pki):
    """Mutual TLS with the check on; OrgA and OrgB in mychannel. Further organizations may be added to its folder."""
    folder = tmp_path_factory.mktemp("shared")
    files = usual_certificates(folder / "certificates", pki)
    for name, authorities in {"OrgBoth": [pki.b, pki.a], "OrgIssuing": [pki.a_issuing]}.items():
        files.allow(name, *authorities)
    members = [*ORGANIZATIONS, "OrgBoth", "OrgIssuing", "OrgNoFolder"]
    server = TlsServer(folder / "server", {"mychannel": members}, pki.home, *files.flags()).start()
    yield server
    assert server.is_running(), server.log_text()
    assert server.stop() == 0


@pytest.fixture
def serve(tmp_path, pki):
    """Makes servers of the test's own."""
    made = []

    def make(*flags, channels=None):
        server = TlsServer(tmp_path / f"server{len(made)}", channels or {"mychannel": ORGANIZATIONS}, pki.home, *flags)
        made.append(server)
        return server

    yield make
    for server in made:
        if server.process is not None and server.is_running():
            server.kill()
