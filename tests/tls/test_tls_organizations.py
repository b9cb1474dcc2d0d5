"""The organization check: behaviour.md section 2 rows 2 to 5, deployment.md 3.5, decisions.md D2."""
import pytest

from client import Caller, stream_end, unary
from pki import CA_EXTENSIONS, CLIENT_EXTENSIONS, Authority
from tls_server import QUERY, answer, was_refused_at_handshake

OK = ("OK", "")
REFUSED_AT_HANDSHAKE = "refused at the handshake"


def not_in_subject(organization):
    return ("PERMISSION_DENIED", f'OE0102: invalid MSPID: cannot find MSPID "{organization}" in client TLS certificate '
            "Subject Organizations")


def not_allowed(organization):
    return "PERMISSION_DENIED", f'OE0102: invalid MSPID: cannot find MSPID "{organization}" in allowed organizations'


def wrong_issuer(organization):
    return "PERMISSION_DENIED", f'OE0102: invalid MSPID: invalid issuer for MSPID "{organization}"'


def ask(server, pair, organization, chain=None):
    with server.connect(pair, chain) as connection:
        outcome = answer(connection, organization)
    return REFUSED_AT_HANDSHAKE if was_refused_at_handshake(outcome) else outcome


def test_an_organization_with_its_own_certificate_comes_in(shared, pki):
    assert ask(shared, pki.client_a, "OrgA") == OK
    assert ask(shared, pki.client_b, "OrgB") == OK


def test_the_o_values_decide_first(shared, pki):
    assert ask(shared, pki.client_a, "OrgB") == not_in_subject("OrgB")
    assert ask(shared, pki.client_a, "orga") == not_in_subject("orga")
    assert ask(shared, pki.client_a, "") == not_in_subject("")
    assert ask(shared, pki.a.issue("/CN=OrgA"), "OrgA") == not_in_subject("OrgA")
    assert ask(shared, pki.a.issue("/O=OrgA /CN=x"), "OrgA") == not_in_subject("OrgA")


def test_several_o_values_one_matches(shared, pki):
    both = pki.a.issue("/O=Someone/O=OrgA/O=OrgB/CN=x")
    assert ask(shared, both, "OrgA") == OK
    assert ask(shared, both, "OrgB") == wrong_issuer("OrgB")


def test_an_organization_without_folder(shared, pki):
    assert ask(shared, pki.a.issue("/O=OrgNoFolder"), "OrgNoFolder") == not_allowed("OrgNoFolder")
    assert ask(shared, pki.a.issue("/O=.."), "..") == not_allowed("..")


def test_the_order_of_the_checks(shared, pki):
    with shared.connect(pki.client_a) as connection:
        def call(*metadata):
            with pytest.raises(Exception) as error:
                unary(connection, "/orchestrator.FunctionService/QueryFunctions", QUERY(), metadata)
            return error.value.code().name, error.value.details()

        assert call() == ("FAILED_PRECONDITION", "OE0003: missing or invalid header 'mspid'")
        assert call(("mspid", "OrgB")) == not_in_subject("OrgB")
        assert call(("mspid", "OrgA")) == ("UNKNOWN", "missing or invalid header 'channel'")
        assert call(("mspid", "OrgA"), ("channel", "other")) == (
            "UNKNOWN", 'organization "OrgA" has not access to channel "other"')


def test_streams_carry_the_text_with_unknown(shared, pki):
    with shared.connect(pki.client_a) as connection:
        ended = stream_end(Caller(connection, "OrgB", "mychannel").subscribe())
    assert ended == ([], "UNKNOWN", not_in_subject("OrgB")[1])


def test_another_organizations_o_under_the_own_ca(shared, pki):
    assert ask(shared, pki.a.issue("/O=OrgB/CN=backend"), "OrgB") == wrong_issuer("OrgB")


def test_a_foreign_certificate_appended_to_the_chain(shared, pki):
    forged = pki.a.issue("/O=OrgB/CN=backend")
    for extra in (pki.client_b.chain, pki.b.crt.read_text(), pki.b_issuing.crt.read_text()):
        assert ask(shared, forged, "OrgB", forged.chain + extra) == wrong_issuer("OrgB")


def test_forged_key_identifiers(shared, pki, certificates, serve):
    """The issuer writes the authority key identifier; it may also take the name and identifier of another CA."""
    b_identifier = pki.b.identifier()
    forged = pki.a.issue("/O=OrgB/CN=x", CLIENT_EXTENSIONS.replace("authorityKeyIdentifier = keyid",
                                                                   f"2.5.29.35 = DER:30168014{b_identifier}"))
    assert ask(shared, forged, "OrgB") == REFUSED_AT_HANDSHAKE
    as_b = CA_EXTENSIONS.replace("subjectKeyIdentifier = hash", f"subjectKeyIdentifier = {b_identifier}")
    twin = Authority(pki.folder, "twin", pki.a, as_b, subject="/CN=b")
    assert ask(shared, twin.issue("/O=OrgB/CN=x"), "OrgB") == wrong_issuer("OrgB")
    twin_root = Authority(pki.folder, "twin-root", None, as_b, subject="/CN=b")
    certificates.allow("OrgA", twin_root)
    server = serve(*certificates.flags()).start()
    both = twin_root.issue("/O=OrgA/O=OrgB/CN=x")
    assert ask(server, both, "OrgA") == OK
    assert ask(server, both, "OrgB") == wrong_issuer("OrgB")
    assert ask(server, both, "OrgB", both.chain + pki.b.crt.read_text()) == wrong_issuer("OrgB")
    # The CA that has taken b's name and identifier does not shut out b's clients.
    assert ask(server, pki.client_b, "OrgB") == OK
    assert ask(server, pki.b_issuing.issue("/O=OrgB"), "OrgB") == OK


def test_authority_without_key_identifiers(shared, pki, certificates, serve):
    bare = Authority(pki.folder, "bare", extensions="basicConstraints = critical, CA:TRUE")
    other = Authority(pki.folder, "other-bare", extensions="basicConstraints = critical, CA:TRUE")
    certificates.allow("OrgA", bare)
    certificates.allow("OrgB", other)
    server = serve(*certificates.flags()).start()
    plain = "extendedKeyUsage = clientAuth"
    assert ask(server, bare.issue("/O=OrgA", plain), "OrgA") == OK
    assert ask(server, other.issue("/O=OrgA", plain), "OrgA") == wrong_issuer("OrgA")


def test_the_certificate_of_the_guide_has_version_1(shared, pki):
    assert ask(shared, pki.a.issue_version_1("/O=OrgA/CN=backend.example.org"), "OrgA") == OK
    assert ask(shared, pki.a.issue_version_1("/O=OrgB/CN=backend.example.org"), "OrgB") == wrong_issuer("OrgB")


def test_authorities_of_one_name_whose_clients_have_version_1(certificates, serve, pki):
    """As when several organizations follow the same guide, or one renews its CA with a new key."""
    named = [Authority(pki.folder, f"namesake-{i}", subject="/CN=Orchestrator Root CA") for i in range(3)]
    certificates.allow("OrgA", *named[:2])
    certificates.allow("OrgB", named[2])
    server = serve(*certificates.flags()).start()
    for authority, organization in zip(named, ["OrgA", "OrgA", "OrgB"]):
        assert ask(server, authority.issue_version_1(f"/O={organization}/CN=x"), organization) == OK
    assert ask(server, named[0].issue_version_1("/O=OrgB/CN=x"), "OrgB") == wrong_issuer("OrgB")


def test_one_ca_for_two_organizations(certificates, serve, pki):
    certificates.allow("OrgB", pki.a)
    server = serve(*certificates.flags()).start()
    both = pki.a.issue("/O=OrgA/O=OrgB")
    assert ask(server, both, "OrgA") == OK
    assert ask(server, both, "OrgB") == OK


def test_the_folder_holds_the_root_or_the_intermediate(shared, pki):
    issued = pki.a_issuing.issue("/O=OrgA/O=OrgIssuing/CN=x")
    assert ask(shared, issued, "OrgA") == OK
    assert ask(shared, issued, "OrgIssuing") == OK
    # The intermediate is trusted without being sent; the root above it is another organization's matter.
    assert ask(shared, issued, "OrgIssuing", issued.crt.read_text()) == OK
    assert ask(shared, pki.a.issue("/O=OrgIssuing"), "OrgIssuing") == wrong_issuer("OrgIssuing")


def test_any_certificate_of_a_file_counts(shared, pki):
    for authority in (pki.a, pki.b):
        assert ask(shared, authority.issue("/O=OrgBoth"), "OrgBoth") == OK


def test_the_intermediate_of_a_foreign_organization(shared, pki):
    forged = pki.b_issuing.issue("/O=OrgA/CN=x")
    assert ask(shared, forged, "OrgA") == wrong_issuer("OrgA")
    assert ask(shared, forged, "OrgA", forged.chain + pki.a_issuing.crt.read_text()) == wrong_issuer("OrgA")


def test_expired_and_future_certificates(shared, pki):
    for start, end in (("20200101000000Z", "20210101000000Z"), ("20900101000000Z", "20910101000000Z")):
        pair = pki.a.issue("/O=OrgA", start=start, end=end)
        assert ask(shared, pair, "OrgA") == REFUSED_AT_HANDSHAKE


@pytest.mark.parametrize("case, extensions", enumerate([
    "basicConstraints = critical, CA:FALSE\nkeyUsage = keyCertSign",
    "keyUsage = critical, keyCertSign",
    "subjectKeyIdentifier = hash",
    CA_EXTENSIONS.replace("cRLSign, keyCertSign", "digitalSignature"),
]))
def test_an_issuer_that_is_no_ca(shared, pki, case, extensions):
    issuer = Authority(pki.folder, f"no-ca-{case}", pki.a, extensions)
    assert ask(shared, issuer.issue("/O=OrgA"), "OrgA") in (wrong_issuer("OrgA"), REFUSED_AT_HANDSHAKE)


def test_path_length(shared, pki):
    short = Authority(pki.folder, "short", pki.a, CA_EXTENSIONS.replace("CA:TRUE", "CA:TRUE, pathlen:0"))
    assert ask(shared, short.issue("/O=OrgA"), "OrgA") == OK
    below = Authority(pki.folder, "below", short)
    assert ask(shared, below.issue("/O=OrgA"), "OrgA") == REFUSED_AT_HANDSHAKE


def test_purpose(shared, pki):
    no_usage = CLIENT_EXTENSIONS.replace("extendedKeyUsage = clientAuth\n", "")
    assert ask(shared, pki.a.issue("/O=OrgA", no_usage), "OrgA") == OK
    for_servers = CLIENT_EXTENSIONS.replace("clientAuth", "serverAuth")
    assert ask(shared, pki.a.issue("/O=OrgA", for_servers), "OrgA") == REFUSED_AT_HANDSHAKE


def test_identity_belongs_to_the_connection_and_is_checked_with_each_call(shared, pki):
    with shared.connect(pki.client_a) as connection:
        assert answer(connection, "OrgA") == OK
        assert answer(connection, "OrgB") == not_in_subject("OrgB")
        assert answer(connection, "OrgA") == OK


def test_without_tls_every_organization_is_refused(certificates, serve):
    server = serve("--verify-client-msp-id", "true", "--tls-client-ca-cert-dir", str(certificates.clients))
    server.connect = server.plain
    server.start()
    text = "OE0007: invalid MSPID: failed to extract MSP ID from TLS context"
    assert answer(server.connection, "OrgA") == ("INTERNAL", text)
    assert stream_end(Caller(server.connection, "OrgA", "mychannel").subscribe()) == ([], "UNKNOWN", text)


def test_without_client_certificate(certificates, serve):
    server = serve(*certificates.flags(mutual=False)).start()
    assert answer(server.connection, "OrgA") == not_in_subject("OrgA")


def test_revocation_list(certificates, serve, pki):
    authority = Authority(pki.folder, "revoking")
    kept, lost = authority.issue("/O=OrgA/CN=kept"), authority.issue("/O=OrgA/CN=lost")
    certificates.allow("OrgA", authority)
    server = serve(*certificates.flags()).start()
    assert ask(server, lost, "OrgA") == OK
    with server.connect(lost) as connection:
        stream = Caller(connection, "OrgA", "mychannel").subscribe()
        server.wait_for_records("Subscribing to events", 1)
        authority.revoke(lost)
        certificates.replace(certificates.clients / "OrgA" / "list.crl", authority.revocation_list())
        assert stream_end(stream) == ([], "UNKNOWN", wrong_issuer("OrgA")[1])
    assert ask(server, lost, "OrgA") == wrong_issuer("OrgA")
    assert ask(server, kept, "OrgA") == OK
