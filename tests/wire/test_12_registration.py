"""Behaviour 12.1 to 12.3, 12.7 and 12.9: what RegisterTasks checks first, sorts, and creates."""
import itertools

import pytest

from checks import (BLANK, EXISTS, INVALID, NO_UUID, REFUSED, check_call, check_refusal, conflict, invalid, refusals)
from protocol import pb
from world import (A, B, EVERYBODY, ONLY_OWNER, World, allow, by_key, by_parent, function_action, key,
                   new_data_manager, new_function, new_sample, new_samples, new_task, new_tasks, output)


@pytest.fixture(scope="module")
def shared(server, channel_names):
    world = World(server, next(channel_names)).register_organizations().functions()
    world.plan()
    world.tasks(new_task("stored"))
    return world


def unsorted(count):
    return f"OE0101: cyclic dependency in compute plan graph or unknown task parent, unsorted_tasks_count: {count}"


def batch(*tasks):
    return new_tasks(*tasks)


# --- 12.1, 12.3


@refusals(
    ("1 empty list", A, pb.RegisterTasksParam(), REFUSED, "OE0003: no task to register"),
    ("2 before 3", A, batch(new_task("stored"), new_task("t", key="x")), INVALID,
     invalid("computetask", f"key: {NO_UUID}")),
    ("3 stored key", A, batch(new_task("t"), new_task("stored")), EXISTS, conflict("computetask", key("stored"))),
    ("3 before 4", A, batch(new_task("stored"), new_task("t", parents=["nothing"])), EXISTS,
     conflict("computetask", key("stored"))),
    ("4 unknown parent", A, batch(new_task("t", parents=["nothing"])), INVALID, unsorted(1)),
    ("4 own parent", A, batch(new_task("t", parents=["t"])), INVALID, unsorted(1)),
    ("4 cycle of two", A, batch(new_task("t", parents=["u"]), new_task("u", parents=["t"])), INVALID, unsorted(2)),
    ("4 cycle and descendants", A, batch(
        new_task("a"), new_task("t", parents=["u", "a"]), new_task("u", parents=["t"]), new_task("v", parents=["u"]),
        new_task("b", parents=["stored"])), INVALID, unsorted(3)),
    ("4 before 5", A, batch(new_task("t", plan="nothing", parents=["t"])), INVALID, unsorted(1)),
    ("19 same key twice", A, batch(new_task("t"), new_task("t")), EXISTS, conflict("computetask", key("t"))),
)
def test_12_1_order_of_checks(shared, row):
    check_refusal(shared, row)


def test_12_1_all_or_none(shared):
    status, _ = shared.a.outcome(batch(new_task("good"), new_task("bad", function="nothing", parents=["good"])))
    assert status == "NOT_FOUND"
    assert shared.a.outcome(pb.GetTaskParam(key=key("good")))[0] == "NOT_FOUND"


def test_12_3_order(fresh):
    """Breadth-first, stable: the example of the behaviour. Answer and events agree."""
    fresh.functions().plan()
    graph = {"f": ["e"], "e": ["d", "b"], "c": ["a"], "a": [], "d": ["a", "a"], "b": []}
    with fresh.recording() as events:
        answer = fresh.tasks(*(new_task(label, parents=parents) for label, parents in graph.items()))
    assert [task.key for task in answer] == [key(label) for label in "abcdef"]
    evented = check_call(events, fresh.channel, *(("CREATED", "COMPUTE_TASK", key(label), "") for label in "abcdef"))
    assert evented == answer == [fresh.task(label) for label in "abcdef"]
    assert [task.rank for task in answer] == [0, 0, 1, 1, 2, 3]


def test_12_3_parents_of_other_plans_and_owners(fresh):
    fresh.functions().plan()
    fresh.plan("plan of B", B)
    fresh.tasks(new_task("p1"), new_task("p2", parents=["p1"]))
    (child,) = fresh.b(batch(new_task("child", plan="plan of B", worker=B, parents=["p2"]))).tasks
    assert (child.rank, child.owner) == (2, B)


# --- 12.2


def task(**changes):
    return batch(new_task("t", **changes))


def inputs(name, given, errors):
    return name, A, task(inputs=given), INVALID, invalid("computetask", f"inputs: {errors}")


EMPTY_PARENT = pb.ComputeTaskInput(identifier="i", parent_task_output=pb.ParentTaskOutputRef())


@refusals(
    ("empty task", A, batch(pb.NewComputeTask()), INVALID,
     invalid("computetask", f"compute_plan_key: {BLANK}; function_key: {BLANK}; key: {BLANK}")),
    ("keys", A, task(key="x", function_key="y", compute_plan_key="z"), INVALID,
     invalid("computetask", f"compute_plan_key: {NO_UUID}; function_key: {NO_UUID}; key: {NO_UUID}")),
    ("metadata", A, task(metadata={"k": "v" * 101}), INVALID,
     invalid("computetask", 'metadata: OE0101: metadata value for key "k" is too long')),
    inputs("input: nothing set", [pb.ComputeTaskInput()], f"(Ref: {BLANK}; identifier: {BLANK}.)"),
    inputs("input: identifier only", [pb.ComputeTaskInput(identifier="i")], f"(Ref: {BLANK}.)"),
    inputs("input: bad asset key", [pb.ComputeTaskInput(identifier="i", asset_key="x")],
           f"(Ref: (AssetKey: {NO_UUID}.).)"),
    inputs("input: empty asset key", [pb.ComputeTaskInput(identifier="i", asset_key="")],
           f"(Ref: (AssetKey: {BLANK}.).)"),
    inputs("input: bad asset key, no identifier", [pb.ComputeTaskInput(asset_key="x")],
           f"(Ref: (AssetKey: {NO_UUID}.); identifier: {BLANK}.)"),
    inputs("input: empty parent reference", [EMPTY_PARENT],
           f"(output_identifier: {BLANK}; parent_task_key: {BLANK}.)"),
    inputs("input: bad parent key", [pb.ComputeTaskInput(identifier="i", parent_task_output=pb.ParentTaskOutputRef(
        parent_task_key="x", output_identifier="o"))], f"(parent_task_key: {NO_UUID}.)"),
    inputs("input: parent reference without identifier", [pb.ComputeTaskInput(
        parent_task_output=pb.ParentTaskOutputRef())], f"(identifier: {BLANK}.)"),
    inputs("input: first bad element", [by_key("i", "x"), pb.ComputeTaskInput(identifier="i"), EMPTY_PARENT],
           f"(Ref: {BLANK}.)"),
    ("output: empty identifier", A, task(outputs={"": output()}), INVALID, invalid("computetask", f"outputs: {BLANK}")),
    ("output: no permissions", A, task(outputs={"model": pb.NewComputeTaskOutput()}), INVALID,
     invalid("computetask", f"outputs: (permissions: {BLANK}.)")),
    ("D28 output: smallest identifier", A, task(outputs={"a": pb.NewComputeTaskOutput(), "": output()}), INVALID,
     invalid("computetask", f"outputs: {BLANK}")),
    ("second task of the batch", A, batch(new_task("t"), new_task("u", function_key="x")), INVALID,
     invalid("computetask", f"function_key: {NO_UUID}")),
)
def test_12_2_field_rules(shared, row):
    check_refusal(shared, row)


# --- 12.7


def outputs_of(function, **outputs):
    return task(function=function, outputs=outputs)


def bad_output(text):
    return f"OE0101: invalid task {key('t')}, {text}"


def undeclared(identifier):
    return bad_output(f'unknown task output: this identifier was not declared in the Function: "{identifier}"')


def absent(identifier):
    return bad_output(f'missing task output: this identifier is required by the Function: "{identifier}"')


@refusals(
    ("1 not declared", A, outputs_of("simple", model=output(), other=output()), INVALID, undeclared("other")),
    ("1 before 4", A, outputs_of("simple", other=output()), INVALID, undeclared("other")),
    ("2 performance not public", A, outputs_of("test", perf=output(ONLY_OWNER)), INVALID,
     bad_output('invalid task output "perf": a PERFORMANCE output should be public')),
    ("2 performance for named ones only", A, outputs_of("test", perf=output(allow(A, B))), INVALID,
     bad_output('invalid task output "perf": a PERFORMANCE output should be public')),
    ("2 before 3", A, outputs_of("test", perf=output(ONLY_OWNER, transient=True)), INVALID,
     bad_output('invalid task output "perf": a PERFORMANCE output should be public')),
    ("3 performance transient", A, outputs_of("test", perf=output(EVERYBODY, transient=True)), INVALID,
     bad_output('invalid task output "perf": a PERFORMANCE output cannot be transient')),
    ("4 missing", A, outputs_of("both", perf=output()), INVALID, absent("model")),
    ("4 none given", A, outputs_of("simple"), INVALID, absent("model")),
    ("D28 smallest identifier first", A, outputs_of("simple", zz=output(), aa=output(), model=output()), INVALID,
     undeclared("aa")),
)
def test_12_7_outputs(shared, row):
    check_refusal(shared, row)


# --- 12.4: what is stored


def test_12_4_stored_fields(fresh):
    fresh.functions().plan()
    fresh.b(new_data_manager("dm", logs=allow("OrgC")))
    fresh.b(new_samples(new_sample("s1", "dm"), new_sample("s2", "dm")))
    fresh.tasks(new_task("p", worker=B))
    given = [by_key("samples", "s2"), by_parent("many", "p"), by_key("data", "dm"), by_key("samples", "s1"),
             by_parent("many", "p")]
    with fresh.recording() as events:
        (task_,) = fresh.tasks(new_task("t", function="train", worker="", inputs=given, metadata={"k": "v"},
                                        outputs={"model": output(allow(B, "OrgC"), transient=True)}))
    permission = pb.Permission(authorized_ids=[B, "OrgC", A])
    stored = pb.ComputeTaskOutput(permissions=pb.Permissions(process=permission, download=permission), transient=True)
    assert task_ == pb.ComputeTask(
        key=key("t"), owner=A, compute_plan_key=key("plan"), function_key=key("train"), rank=1, worker=B,
        status=pb.STATUS_WAITING_FOR_PARENT_TASKS, creation_date=events[0].timestamp, metadata={"k": "v"},
        inputs=given, outputs={"model": stored}, logs_permission=pb.Permission(authorized_ids=["OrgC", B]))
    assert check_call(events, fresh.channel, ("CREATED", "COMPUTE_TASK", key("t"), "")) == [task_]
    assert fresh.task("t") == task_


def test_12_4_logs_permission_without_data_manager(fresh):
    """The union of the parents' and the caller's: ids in order of first appearance (D28), none once public."""
    fresh.functions()
    fresh.plan("plan of B", B)
    fresh.plan()
    logs = {"dm C": allow("OrgC"), "dm public": EVERYBODY}
    for label, permission in logs.items():
        fresh.b(new_data_manager(label, logs=permission))
        fresh.b(new_samples(new_sample(f"sample of {label}", label)))
        inputs_ = [by_key("data", label), by_key("samples", f"sample of {label}")]
        fresh.b(batch(new_task(f"with {label}", function="train", plan="plan of B", worker="", inputs=inputs_)))
    fresh.tasks(new_task("alone"))
    private, public = fresh.tasks(new_task("private", parents=["with dm C", "alone"]),
                                  new_task("public", parents=["with dm C", "with dm public"]))
    alone = fresh.task("alone")
    assert alone.logs_permission == pb.Permission(authorized_ids=[A])
    assert not private.logs_permission.public
    assert sorted(private.logs_permission.authorized_ids) == [A, B, "OrgC"]
    assert public.logs_permission == pb.Permission(public=True)


# --- 12.9


FUNCTION_PATHS = {"WAITING": [], "BUILDING": ["BUILDING"], "READY": ["BUILDING", "READY"],
                  "FAILED": ["BUILDING", "FAILED"], "CANCELED": ["CANCELED"]}
PARENT_PATHS = {"none": None, "pending": [], "DONE": ["EXECUTING", "DONE"], "FAILED": ["FAILED"],
                "CANCELED": ["CANCELED"]}


def initial_status(function, parent):
    if parent in ("FAILED", "CANCELED"):
        return "CANCELED"
    if function == "READY":
        return "WAITING_FOR_PARENT_TASKS" if parent == "pending" else "WAITING_FOR_EXECUTOR_SLOT"
    return {"WAITING": "WAITING_FOR_BUILDER_SLOT"}.get(function, function)


@pytest.mark.parametrize("function, parent", itertools.product(FUNCTION_PATHS, PARENT_PATHS))
def test_12_9_initial_status(shared, function, parent):
    label = f"{function} after {parent}"
    shared.a(new_function(label))
    for action in FUNCTION_PATHS[function]:
        shared.a(function_action(label, action))
    parents = []
    if PARENT_PATHS[parent] is not None:
        parents = [f"parent of {label}"]
        shared.tasks(new_task(parents[0]))
        shared.act(parents[0], *PARENT_PATHS[parent])
    (task_,) = shared.tasks(new_task(label, function=label, parents=parents))
    assert pb.ComputeTaskStatus.values_by_number[task_.status].name == f"STATUS_{initial_status(function, parent)}"


def test_12_9_parents_of_the_same_batch(shared):
    """They count with their initial status: here a parent that is created CANCELED."""
    shared.tasks(new_task("dead"))
    shared.act("dead", "CANCELED")
    tasks = shared.tasks(new_task("p", parents=["dead"]), new_task("c", parents=["p"]), new_task("d", parents=["c"]),
                         new_task("e"), new_task("f", parents=["e"]))
    statuses = {each.key: each.status for each in tasks}
    assert [statuses[key(label)] for label in "pcdef"] == [
        pb.STATUS_CANCELED, pb.STATUS_CANCELED, pb.STATUS_CANCELED, pb.STATUS_WAITING_FOR_EXECUTOR_SLOT,
        pb.STATUS_WAITING_FOR_PARENT_TASKS]
