"""Behaviour 11: compute plans."""
import pytest

from checks import (BLANK, DENIED, EXISTS, INVALID, NOT_FOUND, NO_UUID, OK, REFUSED, UNIMPLEMENTED, UNKNOWN,
                    check_call, check_refusal, conflict, invalid, missing, refusals, summary)
from protocol import pb
from world import A, B, C, GUEST, World, function_action, key, new_function, new_plan, new_task, new_tasks

LENGTH = "the length must be between 1 and 100"


def cancel(label):
    return pb.ApplyPlanActionParam(key=key(label), action=pb.PLAN_ACTION_CANCELED)


def rename(label, name="renamed"):
    return pb.UpdateComputePlanParam(key=key(label), name=name)


@pytest.fixture(scope="module")
def shared(server, channel_names):
    world = World(server, next(channel_names)).register_organizations().functions()
    world.plan("plan")
    world.plan("canceled")
    world.a(cancel("canceled"))
    return world


# --- 11.1


@refusals(
    ("1 empty", A, pb.NewComputePlan(), INVALID, invalid("computeplan", f"key: {BLANK}; name: {BLANK}")),
    ("1 values", A, new_plan("p", key="x", name="n" * 101, tag="t" * 101, metadata={"k" * 101: ""}), INVALID,
     invalid("computeplan", f"key: {NO_UUID}; metadata: OE0101: metadata key \"{'k' * 101}\" is too long; "
                            f"name: {LENGTH}; tag: the length must be no more than 100")),
    ("2 key used", B, new_plan("plan"), EXISTS, conflict("computeplan", key("plan"))),
    ("2 before registration", GUEST, new_plan("plan"), EXISTS, conflict("computeplan", key("plan"))),
)
def test_11_1_register(shared, row):
    check_refusal(shared, row)


def test_19_unregistered_caller(shared):
    before = shared.head()
    assert shared.guest.outcome(new_plan("p")) == (
        REFUSED, f'OE0003: organization "{GUEST}" is not registered in channel "{shared.channel}"')
    assert shared.head() == before


def test_11_1_effect(fresh):
    with fresh.recording() as events:
        answer = fresh.b(new_plan("p", metadata={"k": "v"}))
    (evented,) = check_call(events, fresh.channel, ("CREATED", "COMPUTE_PLAN", key("p"), ""))
    assert answer == pb.ComputePlan(key=key("p"), owner=B, name="p", tag="tag", metadata={"k": "v"},
                                    creation_date=events[0].timestamp)
    assert answer == evented == fresh.get_plan("p")


# --- 11.2


def test_11_2_filter_by_owner(fresh):
    for label, owner in (("p1", A), ("p2", B), ("p3", A)):
        fresh.plan(label, owner)

    def found(owner):
        return [plan.name for plan in fresh.c(pb.QueryPlansParam(filter=pb.PlanQueryFilter(owner=owner))).plans]

    assert found(A) == ["p1", "p3"]
    assert found(B) == ["p2"]
    assert found(C) == found(A.lower()) == []
    assert found("") == ["p1", "p2", "p3"]


# --- 11.3


@refusals(
    ("1 unknown", A, cancel("nothing"), NOT_FOUND, missing("computeplan", key("nothing"))),
    ("1 before 3", A, pb.ApplyPlanActionParam(key=key("nothing")), NOT_FOUND, missing("computeplan", key("nothing"))),
    ("2 owner", B, cancel("plan"), DENIED, "OE0102: only plan owner can act on it"),
    ("2 before 3", B, pb.ApplyPlanActionParam(key=key("plan")), DENIED, "OE0102: only plan owner can act on it"),
    ("3 action 0", A, pb.ApplyPlanActionParam(key=key("plan")), UNIMPLEMENTED,
     "OE0010: plan action unimplemented"),
    ("3 action of no name", A, pb.ApplyPlanActionParam(key=key("plan"), action=7), UNIMPLEMENTED,
     "OE0010: plan action unimplemented"),
    ("3 before 4", A, pb.ApplyPlanActionParam(key=key("canceled")), UNIMPLEMENTED,
     "OE0010: plan action unimplemented"),
    ("4 terminated", A, cancel("canceled"), UNKNOWN,
     f"OE0109: compute plan {key('canceled')} is already terminated"),
)
def test_11_3_action(shared, row):
    check_refusal(shared, row)


def test_11_3_effect(fresh):
    """D32: no task is touched, and work goes on."""
    fresh.functions()
    expected = fresh.a(new_plan("plan"))
    fresh.tasks(new_task("t"), new_task("child", parents=["t"]))
    with fresh.recording() as events:
        assert fresh.a(cancel("plan")) == pb.ApplyPlanActionResponse()
    (evented,) = check_call(events, fresh.channel, ("UPDATED", "COMPUTE_PLAN", key("plan"), ""))
    expected.cancelation_date.CopyFrom(events[0].timestamp)
    assert evented == expected == fresh.get_plan()
    assert (fresh.status("t"), fresh.status("child")) == ("WAITING_FOR_EXECUTOR_SLOT", "WAITING_FOR_PARENT_TASKS")
    fresh.finish("t", ["m"])
    fresh.tasks(new_task("late"))
    fresh.act("late", "EXECUTING", "FAILED")
    assert fresh.get_plan() == expected, "a terminated plan does not fail"


# --- 11.4


@refusals(
    ("1 empty", A, pb.UpdateComputePlanParam(), INVALID, invalid("computeplan", f"key: {BLANK}; name: {BLANK}")),
    ("1 values", A, pb.UpdateComputePlanParam(key="x", name="n" * 101), INVALID,
     invalid("computeplan", f"key: {NO_UUID}; name: {LENGTH}")),
    ("2 unknown", A, rename("nothing"), NOT_FOUND, missing("computeplan", key("nothing"))),
    ("3 owner", B, rename("plan"), DENIED, "OE0102: requester does not own the compute plan"),
)
def test_11_4_update(shared, row):
    check_refusal(shared, row)


@pytest.mark.parametrize("terminated", [False, True])
def test_11_4_effect(fresh, terminated):
    fresh.plan("p")
    if terminated:
        fresh.a(cancel("p"))
    expected = fresh.get_plan("p")
    expected.name = "renamed"
    with fresh.recording() as events:
        assert fresh.a(rename("p")) == pb.UpdateComputePlanResponse()
    (evented,) = check_call(events, fresh.channel, ("UPDATED", "COMPUTE_PLAN", key("p"), ""))
    assert evented == expected == fresh.get_plan("p")


# --- 11.5


def test_11_5_unknown_plan(shared):
    assert shared.a.outcome(pb.IsPlanRunningParam(key=key("nothing"))) == (
        NOT_FOUND, missing("computeplan", key("nothing")))


def test_11_5_through_the_life_of_a_plan(fresh):
    fresh.functions().plan()
    assert not fresh.is_running(), "no task"
    fresh.tasks(new_task("t1"), new_task("t2"))
    assert fresh.is_running()
    fresh.finish("t1")
    assert fresh.is_running()
    fresh.finish("t2")
    assert not fresh.is_running(), "all tasks done"
    fresh.tasks(new_task("t3"))
    assert fresh.is_running()
    fresh.act("t3", "CANCELED")
    assert not fresh.is_running(), "all tasks final"


@pytest.mark.parametrize("status", ["WAITING_FOR_BUILDER_SLOT", "BUILDING", "WAITING_FOR_PARENT_TASKS",
                                    "WAITING_FOR_EXECUTOR_SLOT", "EXECUTING"])
def test_11_5_cancelled_and_pending_tasks(fresh, status):
    """D8: true, whatever the pending task waits for."""
    fresh.functions().plan()
    fresh.a(new_function("unbuilt"))
    if status == "BUILDING":
        fresh.a(function_action("unbuilt", "BUILDING"))
    function = "unbuilt" if "BUILD" in status else "simple"
    fresh.tasks(new_task("stopped"), new_task("before", plan="plan"))
    parents = ["before"] if status == "WAITING_FOR_PARENT_TASKS" else []
    fresh.tasks(new_task("pending", function=function, parents=parents))
    if status == "EXECUTING":
        fresh.act("pending", "EXECUTING")
    if status != "WAITING_FOR_PARENT_TASKS":
        fresh.act("before", "EXECUTING", "DONE")
    fresh.act("stopped", "CANCELED")
    assert fresh.status("pending") == status
    assert fresh.is_running()


def test_11_5_terminated_plans_do_not_run(fresh):
    fresh.functions()
    for label in ("stopped", "failed"):
        fresh.plan(label)
        fresh.tasks(new_task(f"{label} 1", plan=label), new_task(f"{label} 2", plan=label))
    fresh.a(cancel("stopped"))
    fresh.act("failed 1", "FAILED")
    assert not fresh.is_running("stopped")
    assert not fresh.is_running("failed")


# --- 11.6


def test_11_6_failed_task_fails_its_plan_once(fresh):
    """D6: told by an event of its own, right after the task's and with its reason."""
    fresh.functions()
    plan = fresh.a(new_plan("plan"))
    fresh.tasks(new_task("t1"), new_task("t2"), new_task("child", parents=["t1"]))
    with fresh.recording() as events:
        fresh.a(pb.ApplyTaskActionParam(compute_task_key=key("t1"), action=pb.TASK_ACTION_FAILED, log="out of luck"))
    _, evented = check_call(events, fresh.channel, ("UPDATED", "COMPUTE_TASK", key("t1"), "out of luck"),
                            ("UPDATED", "COMPUTE_PLAN", key("plan"), "out of luck"))
    plan.failure_date.CopyFrom(events[0].timestamp)
    assert evented == plan == fresh.get_plan()
    assert (fresh.status("t2"), fresh.status("child")) == ("WAITING_FOR_EXECUTOR_SLOT", "WAITING_FOR_PARENT_TASKS")
    with fresh.recording() as events:
        fresh.act("t2", "FAILED")
    assert [summary(event)[1] for event in events] == ["COMPUTE_TASK"]
    assert fresh.get_plan() == plan, "the first failure counts"
    assert fresh.a.outcome(cancel("plan")) == (UNKNOWN, f"OE0109: compute plan {key('plan')} is already terminated")


def test_11_6_task_created_failed_does_not_fail_its_plan(fresh):
    fresh.a(new_function("broken"))
    fresh.a(function_action("broken", "BUILDING"))
    fresh.a(function_action("broken", "FAILED"))
    plan = fresh.a(new_plan("plan"))
    fresh.tasks(new_task("t", function="broken"))
    assert fresh.status("t") == "FAILED"
    assert fresh.get_plan() == plan


def test_11_6_failed_plan_takes_tasks(fresh):
    fresh.functions().plan()
    fresh.tasks(new_task("t"))
    fresh.act("t", "FAILED")
    assert fresh.a.outcome(new_tasks(new_task("late"))) == (OK, "")
    assert fresh.status("late") == "WAITING_FOR_EXECUTOR_SLOT"
