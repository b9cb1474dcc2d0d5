"""The channel file is followed while the server runs: channels and organizations come and go without a restart."""
import time

import pytest

from checks import OK, UNKNOWN
from protocol import pb
from world import A, B, C, MEMBERS, World, new_plan

SECONDS = 15


@pytest.fixture
def server(own_server):
    return own_server({"first": MEMBERS}).start()


def eventually(condition):
    """A change of the file is noticed by and by; nothing on the wire tells when."""
    deadline = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < deadline, "it never became true"
        time.sleep(0.05)


def outcome(server, organization, channel):
    return server.caller(organization, channel).outcome(pb.QueryVersionParam())


def test_new_channel_appears(server):
    assert outcome(server, A, "second") == (UNKNOWN, f'organization "{A}" has not access to channel "second"')
    world = World(server, "first").register_organizations()
    stream = world.a.subscribe(world.head())
    server.write_channels({"first": MEMBERS, "second": [A, "OrgNew"]})
    eventually(lambda: outcome(server, A, "second") == (OK, ""))
    assert outcome(server, "OrgNew", "second") == (OK, "")
    assert outcome(server, B, "second") == (UNKNOWN, f'organization "{B}" has not access to channel "second"')
    newcomer = server.caller("OrgNew", "second")
    # The channel is known before its store is open: until then a call may be told to come again.
    eventually(lambda: newcomer.outcome(pb.RegisterOrganizationParam())[0] in (OK, "ALREADY_EXISTS"))
    assert [event.asset_key for event in newcomer(pb.QueryEventsParam()).events] == ["OrgNew"]
    world.a(new_plan("p"))
    assert next(stream).compute_plan.name == "p", "streams of other channels go on"
    stream.cancel()


def test_organizations_come_and_go(server):
    world = World(server, "first").register_organizations()
    server.write_channels({"first": [A, C, "OrgNew"], "second": [B]})
    eventually(lambda: outcome(server, B, "first") == (
        UNKNOWN, f'organization "{B}" has not access to channel "first"'))
    assert outcome(server, "OrgNew", "first") == (OK, "")
    assert [each.id for each in world.a(pb.GetAllOrganizationsParam()).organizations] == [A, B, C], "data stays"
    server.write_channels({"first": [A, C]})
    eventually(lambda: outcome(server, B, "first") == (UNKNOWN, f'organization "{B}" is unknown'))
    server.write_channels({"first": MEMBERS})
    eventually(lambda: outcome(server, B, "first") == (OK, ""))
    assert world.b.outcome(new_plan("p")) == (OK, ""), "still registered"


def test_channel_goes_and_comes_back(server):
    world = World(server, "first").register_organizations()
    world.a(new_plan("p"))
    server.write_channels({"second": MEMBERS})
    eventually(lambda: outcome(server, A, "first") == (
        UNKNOWN, f'organization "{A}" has not access to channel "first"'))
    server.write_channels({"first": MEMBERS})
    eventually(lambda: outcome(server, A, "first") == (OK, ""))
    assert world.get_plan("p").name == "p"


@pytest.mark.parametrize("text", ["channels: [", "channels:\n  first: OrgA\n", "channels:\n  first: ['']\n"],
                         ids=["no YAML", "other shape", "empty name"])
def test_bad_file_changes_nothing(server, text):
    """It is refused with a record in the log; a good one after it counts."""
    server.write_channel_text(text)
    server.wait_for_log("channel file refused, the channels before it stay in force")
    for organization in MEMBERS:
        assert outcome(server, organization, "first") == (OK, "")
    server.write_channels({"first": [A], "second": MEMBERS})
    eventually(lambda: outcome(server, B, "first")[0] == UNKNOWN)
    assert outcome(server, A, "first") == (OK, "")


def test_no_channels_at_all(server):
    """Deployments without channels have such a file: it is valid, and counts."""
    server.write_channel_text("channels:\n")
    eventually(lambda: outcome(server, A, "first") == (UNKNOWN, f'organization "{A}" is unknown'))


def test_file_that_vanishes_changes_nothing(server):
    server.channel_file.unlink()
    server.wait_for_log("channel file refused, the channels before it stay in force")
    assert outcome(server, A, "first") == (OK, "")


@pytest.mark.data_folder
def test_channel_that_cannot_be_opened_holds_up_no_other(server):
    (server.data / "channels" / "damaged.db").write_text("this is no database")
    server.write_channels({"damaged": MEMBERS, "first": MEMBERS, "later": MEMBERS})
    server.wait_for_log("a channel cannot be opened")
    eventually(lambda: outcome(server, A, "later") == (OK, ""))
    assert outcome(server, A, "damaged")[0] == "UNAVAILABLE"
    assert outcome(server, A, "first") == (OK, "")
