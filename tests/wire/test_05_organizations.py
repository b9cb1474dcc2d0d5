"""Behaviour 5 and 6: organizations and permissions."""
import pytest

from checks import EXISTS, INVALID, REFUSED, check_call, check_refusal, conflict, refusals
from protocol import pb
from world import A, B, C, EVERYBODY, GUEST, ONLY_OWNER, allow, key, new_data_manager, new_function

BAD_PERMISSIONS = "OE0003: invalid permission input values"


# --- 5


def test_5_register_organization(empty):
    with empty.recording() as events:
        answer = empty.a(pb.RegisterOrganizationParam(address="http://a.test"))
    (stored,) = check_call(events, empty.channel, ("CREATED", "ORGANIZATION", A, ""))
    assert stored == answer
    assert answer == pb.Organization(id=A, address="http://a.test", creation_date=answer.creation_date)
    assert answer.creation_date.ToNanoseconds() == events[0].timestamp.ToNanoseconds()
    assert list(empty.a(pb.GetAllOrganizationsParam()).organizations) == [answer]


def test_5_address_may_be_empty(empty):
    assert empty.b(pb.RegisterOrganizationParam()).address == ""


def test_5_channels_are_apart(empty, fresh):
    """Registering in one channel says nothing about another."""
    assert empty.a(pb.RegisterOrganizationParam()).id == A
    assert empty.b.outcome(new_function("f"))[0] == REFUSED


@refusals(
    ("1 address", A, pb.RegisterOrganizationParam(address="foo"), INVALID,
     "OE0101: organization is not valid: address: must be a valid request URL."),
    ("1 address over 200", A, pb.RegisterOrganizationParam(address="http://x/" + "a" * 192), INVALID,
     "OE0101: organization is not valid: address: the length must be no more than 200."),
    ("2 registered", A, pb.RegisterOrganizationParam(address="http://a"), EXISTS, conflict("organization", A)),
)
def test_5_refused(shared, row):
    check_refusal(shared, row)


def test_5_get_all_organizations(empty):
    assert list(empty.guest(pb.GetAllOrganizationsParam()).organizations) == []
    empty.register_organizations()
    found = empty.guest(pb.GetAllOrganizationsParam()).organizations
    assert sorted(organization.id for organization in found) == [A, B, C]


# --- 6


@refusals(
    ("function unknown id", A, new_function("f", permissions=allow("Nobody")), REFUSED, BAD_PERMISSIONS),
    ("function unregistered id", A, new_function("f", permissions=allow(B, GUEST)), REFUSED, BAD_PERMISSIONS),
    ("function empty id", A, new_function("f", permissions=allow("")), REFUSED, BAD_PERMISSIONS),
    ("data manager unknown id", A, new_data_manager("d", permissions=allow("Nobody")), REFUSED, BAD_PERMISSIONS),
    ("data manager logs unknown id", A, new_data_manager("d", logs=allow("Nobody")), REFUSED, BAD_PERMISSIONS),
)
def test_6_refused(shared, row):
    check_refusal(shared, row)


@pytest.mark.parametrize("label, given, public, ids", [
    ("owner appended", ONLY_OWNER, False, [A]),
    ("order kept", allow(C, B), False, [C, B, A]),
    ("duplicates kept", allow(B, B), False, [B, B, A]),
    ("owner in its place", allow(A, C), False, [A, C]),
    ("public appends too", EVERYBODY, True, [A]),
    ("public does not check", pb.NewPermissions(public=True, authorized_ids=["Nobody"]), True, ["Nobody", A]),
])
def test_6_permission_from_request(shared, label, given, public, ids):
    expected = pb.Permission(public=public, authorized_ids=ids)
    function = shared.a(new_function(label, permissions=given))
    assert function.permissions == pb.Permissions(process=expected, download=expected)
    manager = shared.a(new_data_manager(label, permissions=given, logs=given))
    assert manager.permissions == function.permissions
    assert manager.logs_permission == expected
    assert shared.function(label).permissions == function.permissions
    assert shared.b(pb.GetDataManagerParam(key=key(label))) == manager
