"""Behaviour 12.11 to 12.13: listing tasks, resolving inputs, disabling outputs."""
import pytest

from checks import DENIED, NOT_FOUND, OK, REFUSED, UNKNOWN, check_call, check_refusal, missing, refusals
from protocol import pb
from world import (A, B, C, GUEST, World, by_key, by_parent, function_action, key, new_data_manager, new_function,
                   new_model, new_models, new_sample, new_samples, new_task, new_tasks, output)

TRANSIENT = {"model": output(transient=True)}


@pytest.fixture(scope="module")
def shared(server, channel_names):
    """Tasks in every status, and finished ones whose output may or may not be disabled."""
    world = World(server, next(channel_names)).register_organizations().functions()
    world.plan()
    world.a(new_function("waiting"))
    world.a(new_function("building"))
    world.a(function_action("building", "BUILDING"))
    world.tasks(new_task("WAITING_FOR_BUILDER_SLOT", function="waiting"), new_task("BUILDING", function="building"),
                new_task("WAITING_FOR_EXECUTOR_SLOT"), new_task("EXECUTING"), new_task("DONE"), new_task("CANCELED"),
                new_task("FAILED"), new_task("WAITING_FOR_PARENT_TASKS", parents=["EXECUTING"]))
    world.act("EXECUTING", "EXECUTING")
    world.act("DONE", "EXECUTING", "DONE")
    world.act("CANCELED", "CANCELED")
    world.act("FAILED", "FAILED")
    world.tasks(new_task("running", outputs=TRANSIENT), new_task("no asset", outputs=TRANSIENT),
                new_task("childless", outputs=TRANSIENT), new_task("busy child", outputs=TRANSIENT),
                new_task("kept", outputs={"model": output()}), new_task("of B", worker=B, outputs=TRANSIENT))
    for label in ("no asset", "childless", "busy child", "kept"):
        world.finish(label, [] if label == "no asset" else [f"model of {label}"])
    world.tasks(new_task("its child", parents=["busy child"]), new_task("child of kept", parents=["kept"]),
                new_task("child of no asset", parents=["no asset"]))
    return world


# --- 12.11


def test_12_11_filters(fresh):
    fresh.functions().plan()
    fresh.plan("plan 2")
    fresh.tasks(new_task("t1"))
    fresh.tasks(new_task("t2", worker=B))
    fresh.tasks(new_task("t3", plan="plan 2"))
    fresh.tasks(new_task("t4", function="multiple", outputs={"models": output()}))
    fresh.act("t3", "EXECUTING")
    fresh.act("t4", "EXECUTING")

    def found(**fields):
        listed = fresh.c(pb.QueryTasksParam(filter=pb.TaskQueryFilter(**fields))).tasks
        for task in listed:
            assert task == fresh.a(pb.GetTaskParam(key=task.key))
        return [label for task in listed for label in ("t1", "t2", "t3", "t4") if key(label) == task.key]

    assert found() == ["t1", "t2", "t3", "t4"]
    assert found(worker=B) == ["t2"]
    assert found(worker="Nobody") == []
    assert found(status=pb.STATUS_EXECUTING) == ["t3", "t4"]
    assert found(status=99) == []
    assert found(compute_plan_key=key("plan")) == ["t1", "t2", "t4"]
    assert found(compute_plan_key=key("nothing")) == []
    assert found(function_key=key("multiple")) == ["t4"]
    assert found(function_key=key("simple").upper(), worker=A, status=pb.STATUS_EXECUTING) == ["t3"]


# --- 12.12


@pytest.mark.parametrize("status", ["WAITING_FOR_BUILDER_SLOT", "BUILDING", "WAITING_FOR_PARENT_TASKS", "DONE",
                                    "CANCELED"])
def test_12_12_statuses_without_inputs(shared, status):
    assert shared.a.outcome(pb.GetTaskInputAssetsParam(compute_task_key=key(status))) == (
        REFUSED, f'OE0003: Task inputs may not be defined in current task status ("STATUS_{status}")')


@pytest.mark.parametrize("status", ["WAITING_FOR_EXECUTOR_SLOT", "EXECUTING", "FAILED"])
def test_12_12_statuses_with_inputs(shared, status):
    answer = shared.guest(pb.GetTaskInputAssetsParam(compute_task_key=key(status)))
    assert answer == pb.GetTaskInputAssetsResponse()


def test_12_12_inputs_in_order(fresh):
    """Assets by key as they are, parent outputs by what was registered on them, in that order; a disabled model
    without its address."""
    fresh.functions().plan()
    manager = fresh.a(new_data_manager("dm"))
    samples = fresh.a(new_samples(new_sample("s1", "dm"), new_sample("s2", "dm"))).data_samples
    several = {"models": output(transient=True)}
    fresh.tasks(new_task("p", function="multiple", outputs=several), new_task("bare"), new_task("q"))
    fresh.act("p", "EXECUTING")
    models = fresh.a(new_models(*(new_model(label, "p", "models") for label in "zyx"))).models
    fresh.act("p", "DONE")
    fresh.finish("bare")
    fresh.finish("q", ["of q"])
    given = [by_parent("many", "p", "models"), by_key("samples", "s2"), by_parent("many", "bare"),
             by_key("data", "dm"), by_key("one", "of q"), by_key("samples", "s1")]
    fresh.tasks(new_task("t", function="train", worker="", inputs=given))
    of_q = fresh.a(pb.GetModelParam(key=key("of q")))
    entry = pb.ComputeTaskInputAsset
    request = pb.GetTaskInputAssetsParam(compute_task_key=key("t"))
    expected = [*(entry(identifier="many", model=model) for model in models),
                entry(identifier="samples", data_sample=samples[1]), entry(identifier="data", data_manager=manager),
                entry(identifier="one", model=of_q), entry(identifier="samples", data_sample=samples[0])]
    assert list(fresh.c(request).assets) == expected

    fresh.act("t", "EXECUTING", "FAILED")
    fresh.a(pb.DisableOutputParam(compute_task_key=key("p"), identifier="models"))
    for asset in expected[:3]:
        asset.model.ClearField("address")
    assert list(fresh.c(request).assets) == expected


# --- 12.13


def disable(label, identifier="model"):
    return pb.DisableOutputParam(compute_task_key=key(label), identifier=identifier)


WORKER_ONLY = "OE0102: only the worker can disable a task output"
NOT_FINAL = "OE0108: cannot disable asset: task not in final state"


@refusals(
    ("1 unknown", A, disable("nothing"), NOT_FOUND, missing("computetask", key("nothing"))),
    ("2 caller is no worker", C, disable("childless"), DENIED, WORKER_ONLY),
    ("2 owner is no worker", A, disable("of B"), DENIED, WORKER_ONLY),
    ("2 before 3", GUEST, disable("running"), DENIED, WORKER_ONLY),
    ("3 task not final", A, disable("running"), UNKNOWN, NOT_FINAL),
    ("3 before 4", A, disable("running", "zz"), UNKNOWN, NOT_FINAL),
    ("4 no such output", A, disable("kept", "zz"), UNKNOWN,
     f"OE0108: there is no output identifier zz for task {key('kept')}"),
    ("5 not transient", A, disable("kept"), UNKNOWN, "OE0108: output is not transient"),
    ("6 no asset", A, disable("no asset"), UNKNOWN,
     f"OE0108: there is no output asset with identifier model for task {key('no asset')}"),
    ("8 no children", A, disable("childless"), UNKNOWN, "OE0108: cannot disable output of a task with no children"),
    ("9 child not final", A, disable("busy child"), UNKNOWN, "OE0108: cannot disable asset: child not in final state"),
)
def test_12_13_disable(shared, row):
    """Row 7 has no case: only models can be on a transient output, since performances go on their own kind (D15) and
    such outputs cannot be transient (12.7)."""
    check_refusal(shared, row)


def test_12_13_effect(fresh):
    fresh.functions().plan()
    fresh.tasks(new_task("p", function="multiple", worker=B, outputs={"models": output(transient=True)}))
    fresh.act("p", "EXECUTING", worker=B)
    models = list(fresh.b(new_models(*(new_model(label, "p", "models") for label in "ba"))).models)
    fresh.act("p", "FAILED", worker=B)
    fresh.tasks(new_task("child", inputs=[by_parent("many", "p", "models")]))
    assert fresh.status("child") == "CANCELED", "a final status, whichever"
    with fresh.recording() as events:
        assert fresh.b(disable("p", "models")) == pb.DisableOutputResponse()
    evented = check_call(events, fresh.channel, *(("DISABLED", "MODEL", model.key, "") for model in models))
    for model in models:
        assert model.HasField("address")
        model.ClearField("address")
    assert evented == models == [fresh.a(pb.GetModelParam(key=model.key)) for model in models]
    listed = fresh.a(pb.GetComputeTaskModelsParam(compute_task_key=key("p"))).models
    assert sorted(model.key for model in listed) == sorted(model.key for model in models)


def test_12_13_again(fresh):
    """D11: the same worker may repeat it, and nothing happens; nobody else may."""
    fresh.functions().plan()
    fresh.tasks(new_task("p", outputs=TRANSIENT), new_task("child", parents=["p"]))
    fresh.finish("p", ["m"])
    fresh.finish("child")
    fresh.a(disable("p"))
    with fresh.recording() as events:
        assert fresh.a.outcome(disable("p")) == (OK, "")
        assert fresh.b.outcome(disable("p")) == (DENIED, WORKER_ONLY)
    assert events == []


def test_12_13_address_may_be_used_again(fresh):
    """As with any other address (D29)."""
    fresh.functions().plan()
    fresh.tasks(new_task("p", outputs=TRANSIENT), new_task("child", parents=["p"]), new_task("next"))
    fresh.finish("p", ["m"])
    fresh.finish("child")
    fresh.a(disable("p"))
    fresh.act("next", "EXECUTING")
    assert fresh.a.outcome(new_models(new_model("n", "next"))) == (OK, "")
    assert fresh.a.outcome(new_tasks(new_task("late", parents=["p"]))) == (
        "INVALID_ARGUMENT", f'OE0101: Model "{key("m")}" has been disabled')
