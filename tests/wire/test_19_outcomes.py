"""Behaviour 19: what the reference left to its database, where no other file has it."""
import pytest

from checks import INVALID, OK, REFUSED, check_refusal, invalid, refusals
from protocol import pb
from world import (A, B, CHECKSUM, GUEST, World, address, key, new_data_manager, new_function, new_model, new_models,
                   new_plan, new_sample, new_samples, new_task, new_tasks)

TOO_LONG = "the length must be no more than 200"
LONG = pb.Addressable(checksum=CHECKSUM, storage_address="http://x/" + "a" * 192)


@pytest.fixture(scope="module")
def shared(server, channel_names):
    world = World(server, next(channel_names)).register_organizations().functions()
    world.plan()
    world.tasks(new_task("t"), new_task("u"))
    world.act("t", "EXECUTING")
    world.act("u", "EXECUTING")
    return world


@refusals(
    ("description", A, new_function("f", description=LONG), INVALID,
     invalid("function", f"description: (storage_address: {TOO_LONG}.)")),
    ("archive", A, new_function("f", archive=LONG), INVALID,
     invalid("function", f"archive: (storage_address: {TOO_LONG}.)")),
    ("image", A, pb.UpdateFunctionParam(key=key("simple"), name="n", image=LONG), INVALID,
     invalid("function", f"image: (storage_address: {TOO_LONG}.)")),
    ("opener", A, new_data_manager("d", opener=LONG), INVALID,
     invalid("datamanager", f"opener: (storage_address: {TOO_LONG}.)")),
    ("model", A, new_models(new_model("m", "t", address=LONG)), INVALID,
     invalid("model", f"address: (storage_address: {TOO_LONG}.)")),
    ("logs", A, pb.NewFailureReport(asset_key=key("t"), asset_type=pb.FAILED_ASSET_COMPUTE_TASK,
                                    error_type=pb.ERROR_TYPE_BUILD, logs_address=LONG), INVALID,
     invalid("failurereport", f"logs_address: (storage_address: {TOO_LONG}.)")),
)
def test_19_long_addresses(shared, row):
    check_refusal(shared, row)


def test_19_address_of_200(shared):
    exact = pb.Addressable(checksum=CHECKSUM, storage_address="http://x/" + "a" * 191)
    assert shared.a(new_function("exact", description=exact)).description == exact


def test_19_addresses_need_not_be_unique(shared):
    """D29: neither within a request, nor between assets, nor between organizations."""
    same = address("same")
    for caller, label in ((shared.a, "same 1"), (shared.b, "same 2")):
        assert caller.outcome(new_function(label, description=same, archive=same)) == (OK, "")
        assert caller.outcome(new_data_manager(label, description=same, opener=same)) == (OK, "")
    for task in ("t", "u"):
        assert shared.a.outcome(new_models(new_model(f"same {task}", task, address=same))) == (OK, "")


@pytest.mark.parametrize("request_", [
    new_function("f"), new_data_manager("d"), new_samples(new_sample("s")), new_plan("p"),
    pb.ProfilingStep(asset_key=key("x"), step="s", duration=1)], ids=lambda value: value.DESCRIPTOR.name)
def test_19_unregistered_callers_write_nothing(shared, request_):
    """D11: the last check before storing."""
    before = shared.head()
    assert shared.guest.outcome(request_) == (
        REFUSED, f'OE0003: organization "{GUEST}" is not registered in channel "{shared.channel}"')
    assert shared.head() == before


def test_19_registration_in_another_channel_does_not_count(shared, empty):
    empty.b(pb.RegisterOrganizationParam())
    assert empty.a.outcome(new_plan("p")) == (
        REFUSED, f'OE0003: organization "{A}" is not registered in channel "{empty.channel}"')
    assert empty.b.outcome(new_plan("p")) == (OK, "")
    assert empty.b.outcome(new_tasks(new_task("t", plan="p", worker=B)))[0] == "NOT_FOUND"
