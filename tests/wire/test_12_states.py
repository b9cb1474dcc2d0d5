"""Behaviour 12.8 and 12.10, and the cascades of 7.4: how tasks move."""
import itertools

import pytest

from checks import DENIED, NOT_FOUND, OK, UNKNOWN, check_call, check_refusal, missing, refusals
from protocol import pb
from world import A, B, C, World, function_action, key, new_function, new_plan, new_task, new_tasks, task_action


@pytest.fixture(scope="module")
def shared(server, channel_names):
    world = World(server, next(channel_names)).register_organizations().functions()
    world.plan()
    world.a(new_function("waiting"))
    world.a(new_function("building"))
    world.a(function_action("building", "BUILDING"))
    world.tasks(new_task("pending parent"), new_task("by A for B", worker=B), new_task("done"))
    world.act("done", "EXECUTING", "DONE")
    return world


def refused(action, status):
    return UNKNOWN, f"event transition{action.capitalize()} inappropriate in current state STATUS_{status}"


# --- 12.8


STATUSES = {  # status -> function, parents, actions that lead there
    "WAITING_FOR_BUILDER_SLOT": ("waiting", [], []), "BUILDING": ("building", [], []),
    "WAITING_FOR_PARENT_TASKS": ("simple", ["pending parent"], []), "WAITING_FOR_EXECUTOR_SLOT": ("simple", [], []),
    "EXECUTING": ("simple", [], ["EXECUTING"]), "DONE": ("simple", [], ["EXECUTING", "DONE"]),
    "CANCELED": ("simple", [], ["CANCELED"]), "FAILED": ("simple", [], ["FAILED"]),
}
PENDING = list(STATUSES)[:5]
ALLOWED = {*itertools.product(PENDING, ["FAILED", "CANCELED"]), ("WAITING_FOR_EXECUTOR_SLOT", "EXECUTING"),
           ("EXECUTING", "DONE")}


@pytest.mark.parametrize("action", ["EXECUTING", "DONE", "FAILED", "CANCELED"])
@pytest.mark.parametrize("status", STATUSES)
def test_12_8_state_machine(shared, status, action):
    """Every cell of the table that a client can reach."""
    label, plan = f"{status} {action}", f"plan of {status} {action}"
    function, parents, path = STATUSES[status]
    shared.plan(plan)
    shared.tasks(new_task(label, function=function, plan=plan, parents=parents))
    shared.act(label, *path)
    before = shared.task(label)
    with shared.recording() as events:
        outcome = shared.a.outcome(task_action(label, action))
    if (status, action) not in ALLOWED:
        assert outcome == refused(action, status)
        assert events == [] and shared.task(label) == before
        return
    assert outcome == (OK, "")
    expected = [("UPDATED", "COMPUTE_TASK", key(label), "User action")]
    if action == "FAILED":
        expected.append(("UPDATED", "COMPUTE_PLAN", key(plan), "User action"))
    evented = check_call(events, shared.channel, *expected)[0]
    before.status = pb.ComputeTaskStatus.values_by_name[f"STATUS_{action}"].number
    assert evented == before == shared.task(label)


def test_12_8_done_twice(shared):
    """Workers take this very text as success."""
    assert shared.a.outcome(task_action("done", "DONE")) == (
        UNKNOWN, "event transitionDone inappropriate in current state STATUS_DONE")


def test_12_8_done_releases_children(fresh):
    """Only those that wait for parents and have no other unfinished one; each told completely (D5), once."""
    fresh.functions().plan()
    fresh.a(new_function("unbuilt"))
    fresh.tasks(new_task("p"), new_task("other"), new_task("free", parents=["p"]), new_task("twice", parents=["p"] * 2),
                new_task("held", parents=["p", "other"]), new_task("unbuilt", function="unbuilt", parents=["p"]),
                new_task("stopped", parents=["p"]), new_task("grandchild", parents=["free"]))
    fresh.act("stopped", "CANCELED")
    fresh.act("p", "EXECUTING")
    with fresh.recording() as events:
        fresh.a(task_action("p", "DONE", log="task completed"))
    reason = f"Last parent task {key('p')} done"
    first, *released = check_call(
        sorted(events, key=lambda event: event.id), fresh.channel,
        ("UPDATED", "COMPUTE_TASK", key("p"), "task completed"),
        *(("UPDATED", "COMPUTE_TASK", each.asset_key, reason) for each in events[1:]))
    assert first == fresh.task("p")
    assert {task.key for task in released} == {key("free"), key("twice")} and len(released) == 2
    for task in released:
        assert task == fresh.a(pb.GetTaskParam(key=task.key))
        assert task.inputs and task.outputs
    assert [fresh.status(label) for label in ("free", "twice", "held", "unbuilt", "stopped", "grandchild")] == [
        "WAITING_FOR_EXECUTOR_SLOT", "WAITING_FOR_EXECUTOR_SLOT", "WAITING_FOR_PARENT_TASKS",
        "WAITING_FOR_BUILDER_SLOT", "CANCELED", "WAITING_FOR_PARENT_TASKS"]
    fresh.act("other", "EXECUTING", "DONE")
    assert fresh.status("held") == "WAITING_FOR_EXECUTOR_SLOT"


def test_12_8_children_in_order_of_their_parent_lists(fresh):
    """A child that names the parent first comes before one that names it second."""
    fresh.functions().plan()
    fresh.tasks(new_task("p"), new_task("q"))
    fresh.act("q", "EXECUTING", "DONE")
    fresh.tasks(new_task("second", parents=["q", "p"]), new_task("first", parents=["p", "q"]))
    fresh.act("p", "EXECUTING")
    with fresh.recording() as events:
        fresh.act("p", "DONE")
    assert [event.asset_key for event in events] == [key("p"), key("first"), key("second")]


@pytest.mark.parametrize("action", ["FAILED", "CANCELED"])
def test_12_8_children_of_stopped_tasks_wait_for_ever(fresh, action):
    fresh.functions().plan()
    fresh.tasks(new_task("p"), new_task("q"), new_task("child", parents=["p", "q"]))
    fresh.act("p", action)
    fresh.act("q", "EXECUTING", "DONE")
    assert fresh.status("child") == "WAITING_FOR_PARENT_TASKS"
    fresh.act("child", "CANCELED")
    assert fresh.status("child") == "CANCELED"


def test_12_8_children_of_other_plans(fresh):
    fresh.functions().plan()
    fresh.plan("plan of B", B)
    fresh.tasks(new_task("p"))
    fresh.b(new_tasks(new_task("child", plan="plan of B", parents=["p"])))
    fresh.act("p", "EXECUTING", "DONE")
    assert fresh.status("child") == "WAITING_FOR_EXECUTOR_SLOT"


# --- 12.10


ONLY_OWNER = "OE0102: only task owner can update it"


def action_number(number):
    return pb.ApplyTaskActionParam(compute_task_key=key("by A for B"), action=number)


@refusals(
    ("1 unknown", A, task_action("nothing", "DONE"), NOT_FOUND, missing("computetask", key("nothing"))),
    ("2 owner executes", A, task_action("by A for B", "EXECUTING"), DENIED, ONLY_OWNER),
    ("2 owner finishes", A, task_action("by A for B", "DONE"), DENIED, ONLY_OWNER),
    *((f"2 other {action}", C, task_action("by A for B", action), DENIED, ONLY_OWNER)
      for action in ("EXECUTING", "DONE", "CANCELED", "FAILED")),
    *((f"2 {who} action {number}", who, action_number(number), DENIED, ONLY_OWNER)
      for who in (A, B) for number in (0, 5, 6, 99)),
    ("2 before 3", C, task_action("done", "DONE"), DENIED, ONLY_OWNER),
)
def test_12_10_action(shared, row):
    check_refusal(shared, row)


@pytest.mark.parametrize("who, actions", [(A, ["CANCELED"]), (A, ["FAILED"]), (B, ["CANCELED"]), (B, ["FAILED"]),
                                          (B, ["EXECUTING", "DONE"])])
def test_12_10_who_may(shared, who, actions):
    label = f"{who} may {actions}"
    shared.tasks(new_task(label, worker=B))
    shared.act(label, *actions, worker=who)
    assert shared.status(label) == actions[-1]


def test_12_10_log_is_the_reason(shared):
    shared.tasks(new_task("logged"))
    with shared.recording() as events:
        assert shared.a(task_action("logged", "EXECUTING", log="because")) == pb.ApplyTaskActionResponse()
    check_call(events, shared.channel, ("UPDATED", "COMPUTE_TASK", key("logged"), "because"))


# --- 7.4: functions move their tasks


@pytest.fixture
def family(fresh):
    """Tasks of one WAITING function in two plans, deliberately not in the order of their ranks."""
    fresh.functions()
    fresh.a(new_function("f"))
    fresh.plan("p1")
    fresh.plan("p2")
    fresh.tasks(new_task("ready root", plan="p1"))
    fresh.tasks(new_task("child", function="f", plan="p1", parents=["root"]), new_task("root", function="f", plan="p1"))
    fresh.tasks(new_task("late root", function="f", plan="p2"))
    fresh.tasks(new_task("stopped", function="f", plan="p2"), new_task("child of ready", function="f", plan="p2",
                                                                       parents=["ready root"]))
    fresh.act("stopped", "CANCELED")
    return fresh


def moved(reason, *labels):
    return [("UPDATED", "COMPUTE_TASK", key(label), reason) for label in labels]


def apply(world, action, *expected):
    """Applies the action and checks its events and that each carries the state after the call (D5)."""
    with world.recording() as events:
        world.a(function_action("f", action))
    function, *rest = check_call(events, world.channel, ("UPDATED", "FUNCTION", key("f"), "User action"), *expected)
    assert function == world.function("f")
    for asset in rest:
        reader = pb.GetTaskParam if asset.DESCRIPTOR.name == "ComputeTask" else pb.GetComputePlanParam
        assert asset == world.a(reader(key=asset.key))
    return rest


# D28: by rank, then creation date, then key.
IN_ORDER = ["root", "late root", "child", "child of ready"]


def test_7_4_building(family):
    apply(family, "BUILDING", *moved("User action", *IN_ORDER))
    assert [family.status(label) for label in IN_ORDER] == ["BUILDING"] * 4


def test_7_4_ready(family):
    family.a(function_action("f", "BUILDING"))
    apply(family, "READY", *moved(f"Function {key('f')} finished building", *IN_ORDER))
    assert [family.status(label) for label in IN_ORDER] == [
        "WAITING_FOR_EXECUTOR_SLOT", "WAITING_FOR_EXECUTOR_SLOT", "WAITING_FOR_PARENT_TASKS",
        "WAITING_FOR_PARENT_TASKS"]


def test_7_4_ready_after_the_parent(family):
    """A parent that is done no longer holds its child; one that has failed does."""
    family.act("ready root", "EXECUTING", "DONE")
    family.act("root", "FAILED")
    family.a(function_action("f", "BUILDING"))
    family.a(function_action("f", "READY"))
    assert (family.status("child of ready"), family.status("child")) == (
        "WAITING_FOR_EXECUTOR_SLOT", "WAITING_FOR_PARENT_TASKS")


def test_7_4_failed(family):
    """Each plan fails once, told right after the first of its tasks (D6)."""
    family.a(function_action("f", "BUILDING"))
    plan = [[("UPDATED", "COMPUTE_PLAN", key(label), "User action")] for label in ("p1", "p2")]
    root, late, child, last = ([each] for each in moved("User action", *IN_ORDER))
    apply(family, "FAILED", *root, *plan[0], *late, *plan[1], *child, *last)
    assert [family.status(label) for label in IN_ORDER] == ["FAILED"] * 4
    assert family.get_plan("p1").HasField("failure_date") and family.get_plan("p2").HasField("failure_date")


@pytest.mark.parametrize("first", [[], ["BUILDING"]], ids=["WAITING (D7)", "BUILDING"])
def test_7_4_canceled(family, first):
    for action in first:
        family.a(function_action("f", action))
    apply(family, "CANCELED", *moved("User action", *IN_ORDER))
    assert [family.status(label) for label in IN_ORDER] == ["CANCELED"] * 4
    assert not family.get_plan("p1").HasField("cancelation_date"), "the plan is not touched"


def test_7_4_other_functions_are_left_alone(family):
    family.a(new_function("g"))
    family.a(new_plan("p3"))
    family.tasks(new_task("of g", function="g", plan="p3"))
    family.a(function_action("f", "BUILDING"))
    assert (family.status("of g"), family.status("ready root")) == (
        "WAITING_FOR_BUILDER_SLOT", "WAITING_FOR_EXECUTOR_SLOT")
