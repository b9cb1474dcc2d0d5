"""Behaviour 8 to 10: data managers, data samples and datasets."""
import pytest

from checks import (BLANK, DENIED, EXISTS, INVALID, NOT_FOUND, NO_UUID, OK, REFUSED, check_call, check_events,
                    check_refusal, conflict, invalid, missing, refusals, summary)
from protocol import pb
from world import (A, ABSENT, B, CHECKSUM, GUEST, World, address, allow, key, new_data_manager, new_sample,
                   new_samples)

BAD_PERMISSIONS = "OE0003: invalid permission input values"
LENGTH = "the length must be between 1 and 100"


@pytest.fixture(scope="module")
def shared(server, channel_names):
    """`dm` and `ds` of OrgA, `dm of B` and `ds of B` of OrgB."""
    world = World(server, next(channel_names)).register_organizations()
    world.a(new_data_manager("dm"))
    world.b(new_data_manager("dm of B"))
    world.a(new_samples(new_sample("ds", "dm")))
    world.b(new_samples(new_sample("ds of B", "dm of B")))
    return world


def manager(**changes):
    return new_data_manager("new", **changes)


def samples(*given):
    return new_samples(*given)


def not_found_twice(label):
    """The cause repeats the text."""
    text = missing("datamanager", key(label))
    return f"{text}: {text}"


# --- 8


@refusals(
    ("1 empty", A, pb.NewDataManager(), INVALID,
     invalid("datamanager", "; ".join(f"{field}: {BLANK}" for field in (
         "description", "key", "logs_permission", "name", "new_permissions", "opener")))),
    ("1 key", A, manager(key="x"), INVALID, invalid("datamanager", f"key: {NO_UUID}")),
    ("1 name", A, manager(name="n" * 101), INVALID, invalid("datamanager", f"name: {LENGTH}")),
    ("1 logs permission", A, manager(logs=ABSENT), INVALID, invalid("datamanager", f"logs_permission: {BLANK}")),
    ("1 opener", A, manager(opener=address(checksum="a")), INVALID,
     invalid("datamanager", "opener: (checksum: the length must be exactly 64.)")),
    ("1 description", A, manager(description=pb.Addressable()), INVALID,
     invalid("datamanager", f"description: (checksum: {BLANK}; storage_address: {BLANK}.)")),
    ("1 metadata", A, manager(metadata={"k": "v" * 101}), INVALID,
     invalid("datamanager", 'metadata: OE0101: metadata value for key "k" is too long')),
    ("2 key used", B, new_data_manager("dm"), EXISTS, conflict("datamanager", key("dm"))),
    ("2 before 3", A, new_data_manager("dm", logs=allow("Nobody")), EXISTS, conflict("datamanager", key("dm"))),
    ("3 logs permission", A, manager(logs=allow("Nobody")), REFUSED, BAD_PERMISSIONS),
    ("3 permissions", A, manager(permissions=allow("Nobody")), REFUSED, BAD_PERMISSIONS),
)
def test_8_register(shared, row):
    check_refusal(shared, row)


def test_8_register_effect(fresh):
    request = new_data_manager("dm", permissions=allow(B), logs=pb.NewPermissions(public=True), type="csv",
                               metadata={"k": "v"})
    with fresh.recording() as events:
        answer = fresh.a(request)
    permission = pb.Permission(authorized_ids=[B, A])
    assert answer == pb.DataManager(
        key=request.key, name=request.name, owner=A, description=request.description, opener=request.opener,
        permissions=pb.Permissions(process=permission, download=permission), creation_date=events[0].timestamp,
        logs_permission=pb.Permission(public=True, authorized_ids=[A]), metadata={"k": "v"})
    (evented,) = check_call(events, fresh.channel, ("CREATED", "DATA_MANAGER", key("dm"), ""))
    assert evented == answer == fresh.b(pb.GetDataManagerParam(key=key("dm")))
    assert list(fresh.b(pb.QueryDataManagersParam()).data_managers) == [answer]


@refusals(
    ("1 empty", A, pb.UpdateDataManagerParam(), INVALID, invalid("datamanager", f"key: {BLANK}; name: {BLANK}")),
    ("1 values", A, pb.UpdateDataManagerParam(key="x", name="n" * 101), INVALID,
     invalid("datamanager", f"key: {NO_UUID}; name: {LENGTH}")),
    ("2 unknown", A, pb.UpdateDataManagerParam(key=key("nothing"), name="n"), NOT_FOUND,
     missing("datamanager", key("nothing"))),
    ("3 owner", B, pb.UpdateDataManagerParam(key=key("dm"), name="n"), DENIED,
     "OE0102: requester does not own the data manager"),
)
def test_8_update(shared, row):
    check_refusal(shared, row)


def test_8_update_effect(fresh):
    expected = fresh.a(new_data_manager("dm"))
    with fresh.recording() as events:
        assert fresh.a(pb.UpdateDataManagerParam(key=key("dm"), name="renamed")) == pb.UpdateDataManagerResponse()
    expected.name = "renamed"
    (evented,) = check_call(events, fresh.channel, ("UPDATED", "DATA_MANAGER", key("dm"), ""))
    assert evented == expected == fresh.a(pb.GetDataManagerParam(key=key("dm")))


# --- 9


@refusals(
    ("1 empty", A, samples(pb.NewDataSample()), INVALID, invalid("datasample", f"checksum: {BLANK}; key: {BLANK}")),
    ("1 key", A, samples(new_sample("s", key="x")), INVALID, invalid("datasample", f"key: {NO_UUID}")),
    ("1 data manager", A, samples(new_sample("s", data_manager_keys=["x"])), INVALID,
     invalid("datasample", f"data_manager_keys: (0: {NO_UUID}.)")),
    ("1 checksum length", A, samples(new_sample("s", checksum="a")), INVALID,
     invalid("datasample", "checksum: the length must be exactly 64")),
    ("1 checksum digits", A, samples(new_sample("s", checksum="z" * 64)), INVALID,
     invalid("datasample", "checksum: must be a valid hexadecimal number")),
    ("2 unknown data manager", A, samples(new_sample("s", "nothing")), NOT_FOUND, not_found_twice("nothing")),
    ("3 owner of data manager", A, samples(new_sample("s", "dm of B")), DENIED,
     f"OE0102: requester does not own the datamanager {chr(34)}{key('dm of B')}{chr(34)}"),
    ("2, 3 per data manager in order", A, samples(new_sample("s", "dm of B", "nothing")), DENIED,
     f"OE0102: requester does not own the datamanager {chr(34)}{key('dm of B')}{chr(34)}"),
    ("2, 3 in the other order", A, samples(new_sample("s", "nothing", "dm of B")), NOT_FOUND,
     not_found_twice("nothing")),
    ("3 before 4", A, samples(new_sample("ds", "dm of B")), DENIED,
     f"OE0102: requester does not own the datamanager {chr(34)}{key('dm of B')}{chr(34)}"),
    ("4 key used", A, samples(new_sample("ds", "dm")), EXISTS, conflict("datasample", key("ds"))),
    ("4 key used by others", A, samples(new_sample("ds of B")), EXISTS, conflict("datasample", key("ds of B"))),
    ("19 same key twice", A, samples(new_sample("s"), new_sample("s")), EXISTS, conflict("datasample", key("s"))),
    ("elements in order, first failure", A, samples(new_sample("s", "dm"), new_sample("t", "nothing"),
                                                    new_sample("u", key="x")), NOT_FOUND, not_found_twice("nothing")),
    ("all or none", A, samples(new_sample("s", "dm"), new_sample("t", checksum="a")), INVALID,
     invalid("datasample", "checksum: the length must be exactly 64")),
)
def test_9_register(shared, row):
    check_refusal(shared, row)
    sample = pb.GetDataSampleParam(key=key("s"))
    assert shared.a.outcome(sample)[0] == NOT_FOUND


def test_9_register_nothing(shared):
    """D17: an empty list succeeds."""
    before = shared.head()
    assert shared.a(samples()) == pb.RegisterDataSamplesResponse()
    assert shared.head() == before


def test_9_register_effect(fresh):
    for label in ("d1", "d2"):
        fresh.a(new_data_manager(label))
    requests = [new_sample("z", "d1", "d2"), new_sample("y", test_only=True), new_sample("x", "d2")]
    with fresh.recording() as events:
        answer = list(fresh.a(samples(*requests)).data_samples)
    assert answer == [pb.DataSample(key=each.key, owner=A, checksum=CHECKSUM, creation_date=events[0].timestamp,
                                    data_manager_keys=each.data_manager_keys) for each in requests]
    evented = check_call(events, fresh.channel, *(("CREATED", "DATA_SAMPLE", key(label), "") for label in "zyx"))
    assert evented == answer
    assert [fresh.b(pb.GetDataSampleParam(key=each.key)) for each in requests] == answer


def test_19_same_data_manager_twice_in_one_sample(fresh):
    """Counts as one."""
    fresh.a(new_data_manager("d"))
    (sample,) = fresh.a(samples(new_sample("s", "d", "d"))).data_samples
    assert list(sample.data_manager_keys) == [key("d")]
    assert fresh.a(pb.GetDataSampleParam(key=key("s"))) == sample


def update(keys, managers=()):
    return pb.UpdateDataSamplesParam(keys=[key(label) for label in keys],
                                     data_manager_keys=[key(label) for label in managers])


@refusals(
    ("1 empty", A, pb.UpdateDataSamplesParam(), INVALID, invalid("datasample", f"keys: {BLANK}")),
    ("1 values", A, pb.UpdateDataSamplesParam(keys=[key("ds"), "x"], data_manager_keys=["y"]), INVALID,
     invalid("datasample", f"data_manager_keys: (0: {NO_UUID}.); keys: (1: {NO_UUID}.)")),
    ("2 unknown data manager", A, update(["ds"], ["nothing"]), NOT_FOUND, not_found_twice("nothing")),
    ("2 owner of data manager", A, update(["ds"], ["dm", "dm of B"]), DENIED,
     f"OE0102: requester does not own the datamanager {chr(34)}{key('dm of B')}{chr(34)}"),
    ("3 unknown sample", A, update(["ds", "nothing"], ["dm"]), NOT_FOUND, missing("datasample", key("nothing"))),
    ("4 owner of sample", B, update(["ds of B", "ds"]), DENIED, "OE0102: requester does not own the datasample"),
    ("3, 4 per key in order", A, update(["ds of B", "nothing"]), DENIED,
     "OE0102: requester does not own the datasample"),
    ("2 before 3", A, update(["nothing"], ["dm of B"]), DENIED,
     f"OE0102: requester does not own the datamanager {chr(34)}{key('dm of B')}{chr(34)}"),
)
def test_9_update(shared, row):
    check_refusal(shared, row)


def test_9_update_effect(fresh):
    """Adds what is missing, detaches nothing, and tells each time, also when nothing changed."""
    for label in ("d1", "d2", "d3"):
        fresh.a(new_data_manager(label))
    fresh.a(samples(new_sample("s1", "d1"), new_sample("s2")))
    with fresh.recording() as events:
        answer = fresh.a(update(["s2", "s1", "s2"], ["d2", "d1", "d2"]))
    assert answer == pb.UpdateDataSamplesResponse()
    evented = check_call(events, fresh.channel, *(("UPDATED", "DATA_SAMPLE", key(s), "") for s in ("s2", "s1", "s2")))
    assert evented[0] == evented[2] == fresh.a(pb.GetDataSampleParam(key=key("s2")))
    assert evented[1] == fresh.a(pb.GetDataSampleParam(key=key("s1")))
    assert sorted(evented[0].data_manager_keys) == sorted(evented[1].data_manager_keys) == sorted(
        [key("d1"), key("d2")])
    with fresh.recording() as events:
        fresh.a(update(["s1"]))
    assert check_call(events, fresh.channel, ("UPDATED", "DATA_SAMPLE", key("s1"), "")) == [evented[1]]
    assert list(fresh.a(pb.GetDatasetParam(key=key("d3"))).data_sample_keys) == []
    assert set(fresh.a(pb.GetDatasetParam(key=key("d2"))).data_sample_keys) == {key("s1"), key("s2")}


def test_9_query_by_keys(shared):
    def found(*keys):
        request = pb.QueryDataSamplesParam(filter=pb.DataSampleQueryFilter(keys=keys))
        return [sample.key for sample in shared.c(request).data_samples]

    assert found(key("ds")) == found(key("ds"), key("nothing"), key("ds")) == found(key("ds").upper()) == [key("ds")]
    assert found(key("nothing")) == []
    assert found(key("ds of B"), key("ds")) == [key("ds"), key("ds of B")] == found()


# --- 10


def test_10_dataset(fresh):
    manager_ = fresh.a(new_data_manager("d"))
    assert fresh.b(pb.GetDatasetParam(key=key("d"))) == pb.Dataset(data_manager=manager_)
    fresh.a(samples(new_sample("s", "d")))
    assert fresh.b(pb.GetDatasetParam(key=key("d"))) == pb.Dataset(data_manager=manager_, data_sample_keys=[key("s")])


# --- 19: who is not registered


@pytest.mark.parametrize("request_", [manager(), samples(new_sample("s"))], ids=["data manager", "sample"])
def test_19_unregistered_caller(shared, request_):
    before = shared.head()
    assert shared.guest.outcome(request_) == (
        REFUSED, f'OE0003: organization "{GUEST}" is not registered in channel "{shared.channel}"')
    assert shared.head() == before


def test_9_one_event_per_sample_of_a_large_batch(fresh):
    labels = [f"s{i}" for i in range(300)]
    with fresh.recording() as events:
        assert fresh.a.outcome(samples(*map(new_sample, labels))) == (OK, "")
    check_events(events, fresh.channel)
    assert [summary(event)[2] for event in events] == [key(label) for label in labels]
