"""What `orchestrator check` says of certificates and client CAs."""
import subprocess

import pytest

from server import BINARY


@pytest.fixture
def check(tmp_path):
    channel_file = tmp_path / "channels.yaml"
    channel_file.write_text("channels:\n  mychannel: [OrgA, OrgB, OrgWithout]\n")

    def run(flags):
        done = subprocess.run([BINARY, "check", "--channel-config", channel_file, "--data-dir", tmp_path / "data",
                               "--listen", "127.0.0.1:0", "--http-address", "127.0.0.1:0", *flags],
                              capture_output=True, text=True, timeout=30)
        return done.returncode, done.stdout.splitlines()

    return run


def test_what_is_good_and_who_has_no_ca(check, certificates):
    code, lines = check(certificates.flags())
    assert code == 0, lines
    assert any(line.startswith("fine     certificates: the server's is good until ") for line in lines)
    assert any(line.startswith("fine     client CAs: 2 organizations have CAs in ") for line in lines)
    without = [line for line in lines if line.startswith("warning  client CAs: organization ")]
    assert len(without) == 1 and '"OrgWithout" has no CA' in without[0]


def test_certificate_that_ends_soon(check, certificates, pki):
    certificates.use_pair(pki.home.issue("/CN=localhost", "subjectAltName=DNS:localhost", days=3))
    code, lines = check(certificates.flags())
    assert code == 0, lines
    assert any(line.startswith("warning  certificates: the server's certificate expires at ") for line in lines)


def test_key_of_another_certificate(check, certificates, pki):
    certificates.replace(certificates.key, pki.home.issue("/CN=other").key.read_text())
    code, lines = check(certificates.flags())
    assert code == 1
    assert any(line.startswith("wrong    certificates: server key ") for line in lines)
