"""Behaviour 13 to 15: models, performances and failure reports."""
import math

import pytest

from checks import (BAD_VALUE, BLANK, DENIED, EXISTS, INVALID, NOT_FOUND, NO_UUID, OK, REFUSED, UNKNOWN, check_call,
                    check_refusal, conflict, invalid, missing, refusals)
from protocol import pb
from world import (A, ABSENT, B, C, GUEST, World, address, allow, function_action, key, new_function, new_model,
                   new_models, new_plan, new_task, output)


@pytest.fixture(scope="module")
def shared(server, channel_names):
    """Executing tasks of OrgA under the labels of their functions; `done` and `waiting`; functions in build."""
    world = World(server, next(channel_names)).register_organizations().functions()
    world.plan()
    world.tasks(new_task("t"), new_task("full"), new_task("waiting"), new_task("done"),
                new_task("t multiple", function="multiple", outputs={"models": output()}),
                new_task("t both", function="both", outputs={"model": output(), "perf": output()}),
                new_task("t test", function="test", outputs={"perf": output()}))
    for label in ("t", "full", "done", "t multiple", "t both", "t test"):
        world.act(label, "EXECUTING")
    world.act("done", "DONE")
    world.a(new_models(new_model("taken", "full")))
    world.a(pb.NewPerformance(compute_task_key=key("t test"), compute_task_output_identifier="perf"))
    world.a(new_function("unbuilt"))
    world.a(new_function("in build"))
    world.a(function_action("in build", "BUILDING"))
    return world


def no_output(task, name):
    return f'OE0106: Task "{key(task)}" has no output named "{name}"'


def incompatible(task, name, expected, received):
    return (f'OE0107: Incompatible kind for task "{key(task)}": output "{name}" expects "ASSET_{expected}", '
            f'received "ASSET_{received}"')


# --- 13


ALL_BLANK = (f"address: {BLANK}; compute_task_key: {BLANK}; compute_task_output_identifier: {BLANK}; key: {BLANK}")
UNIQUE_TAKEN = f'OE0006: compute task "{key("full")}" already has its unique output "model" registered'


def both_calls(*rows):
    """Each row by RegisterModels and by RegisterModel, which is the same with one element."""
    for name, caller, model, status, text in rows:
        yield f"{name}, RegisterModels", caller, new_models(model), status, text
        yield f"{name}, RegisterModel", caller, model, status, text


@refusals(
    ("0 empty list (D1)", A, pb.RegisterModelsParam(), REFUSED, "OE0003: no model to register"),
    *both_calls(
        ("1 empty (D11)", A, pb.NewModel(), INVALID, invalid("model", ALL_BLANK)),
        ("2 task unknown", A, new_model("m", "nothing"), NOT_FOUND, missing("computetask", key("nothing"))),
        ("4 keys", A, new_model("m", "t", key="x", compute_task_key="y"), INVALID,
         invalid("model", f"compute_task_key: {NO_UUID}; key: {NO_UUID}")),
        ("4 output", A, new_model("m", "t", ""), INVALID, invalid("model", f"compute_task_output_identifier: {BLANK}")),
        ("4 address", A, new_model("m", "t", address=ABSENT), INVALID, invalid("model", f"address: {BLANK}")),
        ("4 address checksum", A, new_model("m", "t", address=address(checksum="a")), INVALID,
         invalid("model", "address: (checksum: the length must be exactly 64.)")),
        ("5 worker", B, new_model("m", "t"), DENIED, f'OE0102: only "{A}" worker can register model'),
        ("5 before 6", GUEST, new_model("m", "done"), DENIED, f'OE0102: only "{A}" worker can register model'),
        ("6 done", A, new_model("m", "done"), REFUSED,
         'OE0003: cannot register model for task with status "STATUS_DONE"'),
        ("6 waiting", A, new_model("m", "waiting"), REFUSED,
         'OE0003: cannot register model for task with status "STATUS_WAITING_FOR_EXECUTOR_SLOT"'),
        ("6 before 7", A, new_model("m", "done", "zz"), REFUSED,
         'OE0003: cannot register model for task with status "STATUS_DONE"'),
        ("7 no such output", A, new_model("m", "t", "zz"), INVALID, no_output("t", "zz")),
        ("8 other kind", A, new_model("m", "t both", "perf"), INVALID,
         incompatible("t both", "perf", "PERFORMANCE", "MODEL")),
        ("9 unique output taken", A, new_model("m", "full"), EXISTS, UNIQUE_TAKEN),
        ("9 before 10", A, new_model("taken", "full"), EXISTS, UNIQUE_TAKEN),
        ("10 key used", A, new_model("taken", "t"), EXISTS, conflict("model", key("taken"))),
    ),
    ("3 two tasks", A, new_models(new_model("m", "t"), new_model("n", "t both")), REFUSED,
     "OE0003: All models should be part of the same task"),
    ("9 earlier in the batch", A, new_models(new_model("m", "t"), new_model("n", "t")), EXISTS,
     f'OE0006: compute task "{key("t")}" already has its unique output "model" registered'),
    ("10 key twice in the batch", A, new_models(new_model("m", "t multiple", "models"),
                                               new_model("m", "t multiple", "models")), EXISTS,
     conflict("model", key("m"))),
)
def test_13_register(shared, row):
    check_refusal(shared, row)


def model_events(task, *models):
    return [event for model in models for event in (
        ("CREATED", "MODEL", key(model), ""), ("CREATED", "COMPUTE_TASK_OUTPUT_ASSET", key(task), ""))]


def link(task, name, kind, asset):
    return pb.ComputeTaskOutputAsset(compute_task_key=key(task), compute_task_output_identifier=name, asset_kind=kind,
                                     asset_key=asset)


def test_13_effect(fresh):
    fresh.functions().plan()
    fresh.tasks(new_task("p", function="multiple", worker=B, outputs={"models": output(allow(C))}))
    fresh.act("p", "EXECUTING", worker=B)
    before = fresh.task("p")
    with fresh.recording() as events:
        answer = list(fresh.b(new_models(new_model("z", "p", "models"), new_model("y", "p", "models"))).models)
    permission = pb.Permission(authorized_ids=[C, A])
    assert answer == [pb.Model(key=key(label), compute_task_key=key("p"), owner=B, address=address("model"),
                               permissions=pb.Permissions(process=permission, download=permission),
                               creation_date=events[0].timestamp) for label in "zy"]
    first, first_link, second, second_link = check_call(events, fresh.channel, *model_events("p", "z", "y"))
    assert [first, second] == answer == [fresh.a(pb.GetModelParam(key=key(label))) for label in "zy"]
    assert [first_link, second_link] == [link("p", "models", pb.ASSET_MODEL, key(label)) for label in "zy"]
    assert fresh.task("p") == before, "the task does not move"
    more = fresh.b(new_model("x", "p", "models"))
    listed = fresh.guest(pb.GetComputeTaskModelsParam(compute_task_key=key("p"))).models
    assert sorted(listed, key=lambda model: model.key) == sorted([*answer, more], key=lambda model: model.key)


def test_13_register_model_answers_the_model(fresh):
    fresh.functions().plan()
    fresh.tasks(new_task("p"))
    fresh.act("p", "EXECUTING")
    with fresh.recording() as events:
        answer = fresh.a(new_model("m", "p"))
    assert check_call(events, fresh.channel, *model_events("p", "m")) == [
        answer, link("p", "model", pb.ASSET_MODEL, key("m"))]


# --- 14


def performance(task="t both", name="perf", value=0.5):
    return pb.NewPerformance(compute_task_key=key(task), compute_task_output_identifier=name, performance_value=value)


@refusals(
    ("1 empty", A, pb.NewPerformance(), INVALID,
     invalid("performance", f"compute_task_key: {BLANK}; compute_task_output_identifier: {BLANK}")),
    ("1 key", A, pb.NewPerformance(compute_task_key="x", compute_task_output_identifier="i"), INVALID,
     invalid("performance", f"compute_task_key: {NO_UUID}")),
    ("2 task unknown", A, performance("nothing"), NOT_FOUND, missing("computetask", key("nothing"))),
    ("3 worker", B, performance(), DENIED, f'OE0102: only "{A}" worker can register performance'),
    ("3 before 4", B, performance("done"), DENIED, f'OE0102: only "{A}" worker can register performance'),
    ("4 status", A, performance("done"), REFUSED,
     'OE0003: cannot register performance for task with status "STATUS_DONE"'),
    ("5 no such output", A, performance(name="zz"), INVALID, no_output("t both", "zz")),
    ("D15 model output", A, performance(name="model"), INVALID,
     incompatible("t both", "model", "MODEL", "PERFORMANCE")),
    ("6 registered", A, performance("t test"), EXISTS, conflict("performance", f"{key('t test')}|perf")),
)
def test_14_register(shared, row):
    check_refusal(shared, row)


@pytest.mark.parametrize("value, stored", [
    (0.5, 0.5), (0.0, 0.0), (0.1, 0.10000000149011612), (-3e38, -2.9999999607536376e38), (math.inf, math.inf),
    (-math.inf, -math.inf), (math.nan, math.nan), (-0.0, 0.0)])
def test_14_effect(fresh, value, stored):
    """Any single-precision value; a negative zero loses its sign."""
    fresh.functions().plan()
    fresh.tasks(new_task("p", function="test", outputs={"perf": output()}))
    fresh.act("p", "EXECUTING")
    with fresh.recording() as events:
        answer = fresh.a(performance("p", value=value))
    asset_key = f"{key('p')}|perf"
    evented, linked = check_call(events, fresh.channel, ("CREATED", "PERFORMANCE", asset_key, ""),
                                 ("CREATED", "COMPUTE_TASK_OUTPUT_ASSET", key("p"), ""))
    assert linked == link("p", "perf", pb.ASSET_PERFORMANCE, asset_key)
    (listed,) = fresh.c(pb.QueryPerformancesParam()).Performances
    expected = pb.Performance(compute_task_key=key("p"), compute_task_output_identifier="perf",
                              performance_value=stored, creation_date=events[0].timestamp).SerializeToString()
    assert [each.SerializeToString() for each in (answer, evented, listed)] == [expected] * 3


def test_14_long_identifiers(fresh):
    """D18: a performance key may be longer than 100 characters."""
    name = "n" * 100
    fresh.a(new_function("f", outputs={name: pb.FunctionOutput(kind=pb.ASSET_PERFORMANCE)}))
    fresh.ready("f")
    fresh.plan()
    fresh.tasks(new_task("p", function="f", outputs={name: output()}))
    fresh.act("p", "EXECUTING")
    with fresh.recording() as events:
        assert fresh.a.outcome(performance("p", name)) == (OK, "")
    assert events[0].asset_key == f"{key('p')}|{name}"


def test_14_query(fresh):
    perf = pb.FunctionOutput(kind=pb.ASSET_PERFORMANCE)
    fresh.a(new_function("f", outputs={"x": perf, "y": perf}))
    fresh.ready("f")
    fresh.plan()
    for task in ("t1", "t2"):
        fresh.tasks(new_task(task, function="f", outputs={"x": output(), "y": output()}))
        fresh.act(task, "EXECUTING")
        for name in ("x", "y"):
            fresh.a(performance(task, name))

    def found(**fields):
        request = pb.QueryPerformancesParam(filter=pb.PerformanceQueryFilter(**fields))
        return [(each.compute_task_key, each.compute_task_output_identifier)
                for each in fresh.b(request).Performances]

    every = [(key(task), name) for task in ("t1", "t2") for name in ("x", "y")]
    assert found() == every
    assert found(compute_task_key=key("t2")) == every[2:]
    assert found(compute_task_output_identifier="x") == every[::2]
    assert found(compute_task_key=key("t1").upper(), compute_task_output_identifier="y") == [every[1]]
    assert found(compute_task_key=key("nothing")) == found(compute_task_output_identifier="zz") == []


# --- 15


def report(label, asset_type=pb.FAILED_ASSET_COMPUTE_TASK, error_type=pb.ERROR_TYPE_INTERNAL, **changes):
    return pb.NewFailureReport(**{**dict(asset_key=key(label), asset_type=asset_type, error_type=error_type),
                                  **changes})


FUNCTION = pb.FAILED_ASSET_FUNCTION
KINDS_ONLY = "OE0003: can only register failure for asset_kind values function and compute task"


@refusals(
    ("1 key required", A, report("t", asset_key=""), INVALID, invalid("failurereport", f"asset_key: {BLANK}")),
    ("1 key", A, report("t", asset_key="x"), INVALID, invalid("failurereport", f"asset_key: {NO_UUID}")),
    ("1 error type of no name", A, report("t", error_type=9), INVALID,
     invalid("failurereport", f"error_type: {BAD_VALUE}")),
    ("D18 error type 0", A, report("t", error_type=0), INVALID, invalid("failurereport", f"error_type: {BAD_VALUE}")),
    ("1 asset type of no name", A, report("t", asset_type=9), INVALID,
     invalid("failurereport", f"asset_type: {BAD_VALUE}")),
    *((f"1 logs required, error type {kind}", A, report("t", error_type=kind), INVALID,
       invalid("failurereport", f"logs_address: {BLANK}"))
      for kind in (pb.ERROR_TYPE_BUILD, pb.ERROR_TYPE_EXECUTION)),
    ("1 logs checked", A, report("t", error_type=pb.ERROR_TYPE_BUILD, logs_address=address(checksum="a")), INVALID,
     invalid("failurereport", "logs_address: (checksum: the length must be exactly 64.)")),
    ("1 logs refused", A, report("t", logs_address=address()), INVALID,
     invalid("failurereport", "logs_address: must be blank")),
    ("2 asset type 0", A, report("t", asset_type=0), REFUSED, KINDS_ONLY),
    ("2 before 3", A, report("nothing", asset_type=0), REFUSED, KINDS_ONLY),
    ("task 3 unknown", A, report("nothing"), NOT_FOUND, missing("computetask", key("nothing"))),
    ("task 3 key of a function", A, report("simple"), NOT_FOUND, missing("computetask", key("simple"))),
    ("task 4 worker", B, report("t"), DENIED,
     f'OE0102: only "{A}" worker can register failure report for compute task'),
    ("task 4 before 5", B, report("done"), DENIED,
     f'OE0102: only "{A}" worker can register failure report for compute task'),
    ("task 5 done", A, report("done"), REFUSED,
     'OE0003: cannot register failure report for task with status "STATUS_DONE"'),
    ("task 5 waiting", A, report("waiting"), REFUSED,
     'OE0003: cannot register failure report for task with status "STATUS_WAITING_FOR_EXECUTOR_SLOT"'),
    ("function 3 unknown", A, report("nothing", FUNCTION), NOT_FOUND, missing("function", key("nothing"))),
    ("function 3 key of a task", A, report("t", FUNCTION), NOT_FOUND, missing("function", key("t"))),
    ("function 4 owner", B, report("in build", FUNCTION), DENIED,
     f'OE0102: only "{A}" owner can register failure report for function'),
    ("function 5 waiting", A, report("unbuilt", FUNCTION), UNKNOWN,
     "event transitionFailed inappropriate in current state FUNCTION_STATUS_WAITING"),
    ("function 5 ready", A, report("simple", FUNCTION), UNKNOWN,
     "event transitionFailed inappropriate in current state FUNCTION_STATUS_READY"),
)
def test_15_register(shared, row):
    check_refusal(shared, row)


REASON = "failure report registered"


@pytest.mark.parametrize("error_type, logs", [
    (pb.ERROR_TYPE_INTERNAL, None), (pb.ERROR_TYPE_BUILD, address("logs")), (pb.ERROR_TYPE_EXECUTION, address("logs"))])
def test_15_task(fresh, error_type, logs):
    fresh.functions().plan()
    fresh.tasks(new_task("p", worker=B))
    fresh.act("p", "EXECUTING", worker=B)
    with fresh.recording() as events:
        answer = fresh.b(report("p", error_type=error_type, logs_address=logs))
    task, plan, evented = check_call(
        events, fresh.channel, ("UPDATED", "COMPUTE_TASK", key("p"), REASON),
        ("UPDATED", "COMPUTE_PLAN", key("plan"), REASON), ("CREATED", "FAILURE_REPORT", key("p"), ""))
    assert answer == pb.FailureReport(asset_key=key("p"), error_type=error_type, logs_address=logs, owner=B,
                                      asset_type=pb.FAILED_ASSET_COMPUTE_TASK, creation_date=events[0].timestamp)
    assert evented == answer == fresh.c(pb.GetFailureReportParam(asset_key=key("p")))
    assert task == fresh.task("p") and task.status == pb.STATUS_FAILED
    assert plan == fresh.get_plan() and plan.failure_date.ToNanoseconds() == events[0].timestamp.ToNanoseconds()
    assert fresh.b.outcome(report("p", error_type=error_type, logs_address=logs)) == (
        REFUSED, 'OE0003: cannot register failure report for task with status "STATUS_FAILED"')


def test_15_function(fresh):
    fresh.a(new_function("f"))
    fresh.a(new_plan("plan"))
    fresh.tasks(new_task("t1", function="f"), new_task("t2", function="f", parents=["t1"]))
    fresh.a(function_action("f", "BUILDING"))
    with fresh.recording() as events:
        answer = fresh.a(report("f", FUNCTION, pb.ERROR_TYPE_BUILD, logs_address=address("logs")))
    function, first, plan, second, evented = check_call(
        events, fresh.channel, ("UPDATED", "FUNCTION", key("f"), REASON),
        ("UPDATED", "COMPUTE_TASK", key("t1"), REASON), ("UPDATED", "COMPUTE_PLAN", key("plan"), REASON),
        ("UPDATED", "COMPUTE_TASK", key("t2"), REASON), ("CREATED", "FAILURE_REPORT", key("f"), ""))
    assert (function, first, second, plan) == (fresh.function("f"), fresh.task("t1"), fresh.task("t2"),
                                               fresh.get_plan())
    assert (function.status, first.status) == (pb.FUNCTION_STATUS_FAILED, pb.STATUS_FAILED)
    assert evented == answer == fresh.a(pb.GetFailureReportParam(asset_key=key("f")))
    assert (answer.owner, answer.asset_type) == (A, FUNCTION)
