"""Behaviour 12.4 to 12.6: what RegisterTasks checks of each task: plan, function, worker, inputs."""
import pytest

from checks import DENIED, EXISTS, INVALID, NOT_FOUND, OK, REFUSED, check_refusal, missing, refusals
from protocol import pb
from world import (A, B, C, GUEST, ONLY_OWNER, World, allow, by_key, by_parent, key, model_in, new_data_manager,
                   new_function, new_sample, new_samples, new_task, new_tasks, output)


@pytest.fixture(scope="module")
def shared(server, channel_names):
    """Data of OrgA (`dm`, `ds`), of OrgB for itself (`dm of B`) and for all (`open dm of B`); finished parents."""
    world = World(server, next(channel_names)).register_organizations().functions()
    world.plan()
    world.plan("plan of B", B)
    world.b(new_function("function of B", permissions=ONLY_OWNER))
    world.a(new_function("needs", inputs={"must": model_in(optional=False), "also": model_in(optional=False)}))
    model = pb.FunctionOutput(kind=pb.ASSET_MODEL)
    world.a(new_function("two outputs", outputs={"model": model, "other": model}))
    world.ready("needs")
    world.ready("two outputs")
    for caller, manager, sample, permissions in (
            (world.a, "dm", "ds", ONLY_OWNER), (world.a, "dm 2", "ds 2", ONLY_OWNER),
            (world.b, "dm of B", "ds of B", ONLY_OWNER), (world.b, "open dm of B", "open ds of B", allow(A))):
        caller(new_data_manager(manager, permissions=permissions))
        caller(new_samples(new_sample(sample, manager)))
    secret = {"model": output(ONLY_OWNER)}
    world.tasks(new_task("parent"), new_task("secret parent", outputs=secret),
                new_task("multiple parent", function="multiple", outputs={"models": output()}),
                new_task("test parent", function="test", outputs={"perf": output()}),
                new_task("disabled parent", function="two outputs",
                         outputs={"model": output(), "other": output(transient=True)}),
                new_task("its child", inputs=[by_parent("many", "disabled parent", "other")]))
    world.finish("parent", ["model"])
    world.finish("secret parent", ["secret model"])
    world.finish("disabled parent", ["disabled"], "other")
    world.finish("its child")
    world.a(pb.DisableOutputParam(compute_task_key=key("disabled parent"), identifier="other"))
    return world


def task(function="simple", worker=A, inputs=(), **changes):
    return new_tasks(new_task("t", function=function, worker=worker, inputs=inputs, **changes))


def train(*inputs, worker=""):
    return task("train", worker=worker, inputs=inputs)


def undeclared(identifier):
    return f'OE0101: unknown task input: this identifier was not declared in the Function: "{identifier}"'


def bad_input(identifier, text, code="OE0101"):
    return f'{code}: invalid task input "{identifier}": {text}'


BY_KEY_ONLY = "openers must be referenced using an asset key"
NOT_OWN_PLAN = "OE0102: Cannot register tasks to a compute plan you don't own"
NO_FUNCTION = f'OE0102: not authorized to process function "{key("function of B")}"'
BAD_PERMISSIONS = "OE0003: invalid permission input values"
DISABLED = f'OE0101: Model "{key("disabled")}" has been disabled'
NO_WORKER = "OE0003: Worker cannot be inferred and must be explicitly set"


# --- 12.4


@refusals(
    ("1 plan unknown", A, task(plan="nothing"), NOT_FOUND, missing("computeplan", key("nothing"))),
    ("1 before 3", A, task("nothing", plan="nothing 2"), NOT_FOUND, missing("computeplan", key("nothing 2"))),
    ("2 plan of another", A, task(plan="plan of B"), DENIED, NOT_OWN_PLAN),
    ("2 before 3", A, task("nothing", plan="plan of B"), DENIED, NOT_OWN_PLAN),
    ("3 function unknown", A, task("nothing"), NOT_FOUND, missing("function", key("nothing"))),
    ("4 function not for the caller", A, task("function of B"), DENIED, NO_FUNCTION),
    ("4 before 7", A, task("function of B", worker=""), DENIED, NO_FUNCTION),
    ("5 model of a done parent disabled", A, task(inputs=[by_parent("many", "disabled parent", "other")]), INVALID,
     DISABLED),
    ("5 also of outputs not used", A, task(inputs=[by_parent("many", "disabled parent", "model")]), INVALID, DISABLED),
    ("5 before 6", A, task(inputs=[by_parent("many", "disabled parent")], outputs={"model": output(allow("Nobody"))}),
     INVALID, DISABLED),
    ("6 output permissions", A, task(outputs={"model": output(allow("Nobody"))}), REFUSED, BAD_PERMISSIONS),
    ("6 unregistered member", A, task(outputs={"model": output(allow(GUEST))}), REFUSED, BAD_PERMISSIONS),
    ("6 before 7", A, task(worker="", outputs={"model": output(allow("Nobody"))}), REFUSED, BAD_PERMISSIONS),
    ("7 before 9", A, task(worker="", inputs=[by_key("one", "nothing")]), REFUSED, NO_WORKER),
    ("8 worker unknown", A, task(worker="Nobody"), NOT_FOUND, missing("organization", "Nobody")),
    ("8 worker not registered", A, task(worker=GUEST), NOT_FOUND, missing("organization", GUEST)),
    ("8 before 9", A, task(worker="Nobody", inputs=[by_key("one", "nothing")]), NOT_FOUND,
     missing("organization", "Nobody")),
    ("9 before 10", A, task(inputs=[by_key("one", "nothing")], outputs={}), NOT_FOUND,
     missing("model", key("nothing"))),
    ("first failing task in sorted order", A, new_tasks(
        new_task("z", parents=["y"], plan="nothing"), new_task("y", worker="Nobody")), NOT_FOUND,
     missing("organization", "Nobody")),
    ("unregistered caller fails as any other", GUEST, task(), DENIED, NOT_OWN_PLAN),
)
def test_12_4_per_task(shared, row):
    check_refusal(shared, row)


# --- 12.5


@refusals(
    ("undeclared before any data manager", A, train(by_key("zz", "ds"), by_key("data", "dm")), INVALID,
     undeclared("zz")),
    ("data manager by parent output (D11)", A, train(by_parent("data", "parent"), by_key("samples", "ds")), INVALID,
     bad_input("data", BY_KEY_ONLY)),
    ("data manager unknown", A, train(by_key("data", "nothing")), NOT_FOUND, missing("datamanager", key("nothing"))),
    ("worker is not the owner", A, train(by_key("data", "dm"), by_key("samples", "ds"), worker=B), REFUSED,
     f'OE0003: Specified worker "{B}" does not match data manager owner: "{A}"'),
    ("no worker and no data manager", A, task(worker=""), REFUSED, NO_WORKER),
    ("no worker, undeclared input", A, task(worker="", inputs=[by_key("zz", "model")]), INVALID, undeclared("zz")),
)
def test_12_5_worker(shared, row):
    check_refusal(shared, row)


@pytest.mark.parametrize("label, manager, sample, worker, expected", [
    ("inferred", "dm", "ds", "", A), ("inferred other", "open dm of B", "open ds of B", "", B),
    ("given and equal", "open dm of B", "open ds of B", B, B)])
def test_12_5_worker_is_the_owner_of_the_data(shared, label, manager, sample, worker, expected):
    inputs = [by_key("samples", sample), by_key("data", manager)]
    (made,) = shared.tasks(new_task(label, function="train", worker=worker, inputs=inputs))
    assert made.worker == expected


def test_12_5_worker_given(shared):
    (made,) = shared.tasks(new_task("for C", worker=C))
    assert made.worker == C


# --- 12.6


SECRET = f'not authorized to process model "{key("secret model")}"'


@refusals(
    ("1 not declared", A, task(inputs=[by_key("zz", "model")]), INVALID, undeclared("zz")),
    ("2 single input twice", A, task(inputs=[by_key("one", "model"), by_key("one", "model")]), INVALID,
     'OE0101: duplicate task input: this identifier is present multiple times in the task inputs, but it was not '
     'declared as "Multiple" in the Function: "one"'),
    ("2 data manager twice", A, train(by_key("data", "dm"), by_key("samples", "ds"), by_key("data", "dm")), INVALID,
     'OE0101: duplicate task input: this identifier is present multiple times in the task inputs, but it was not '
     'declared as "Multiple" in the Function: "data"'),
    ("inputs in order", A, task(inputs=[by_key("one", "nothing"), by_key("one", "model")]), NOT_FOUND,
     missing("model", key("nothing"))),
    ("missing", A, task("needs", inputs=[by_key("must", "model")]), INVALID,
     'OE0101: missing task input: this identifier is required by the Function: "also"'),
    ("missing, several (D28)", A, task("needs"), INVALID,
     'OE0101: missing task input: this identifier is required by the Function: "also"'),
    ("missing data manager", A, train(by_key("samples", "ds"), worker=A), INVALID,
     'OE0101: missing task input: this identifier is required by the Function: "data"'),
    ("missing samples", A, train(by_key("data", "dm")), INVALID,
     'OE0101: missing task input: this identifier is required by the Function: "samples"'),
    ("3b-2 another input is not declared", A, train(by_key("data", "dm"), by_key("zz", "model")), INVALID,
     undeclared("zz")),
    ("3b-3 sample by parent output", A, train(by_key("data", "dm"), by_parent("samples", "parent")), INVALID,
     bad_input("samples", "data samples must be referenced using an asset key")),
    ("3b-2 before 3b-3", A, train(by_key("data", "dm"), by_parent("samples", "parent"), by_key("zz", "model")),
     INVALID, undeclared("zz")),
    ("3b-3 before 3b-5", A, train(by_key("data", "dm of B"), by_parent("samples", "parent")), INVALID,
     bad_input("samples", "data samples must be referenced using an asset key")),
    ("3b-5 caller cannot process the data manager", A, train(by_key("data", "dm of B"), by_key("samples", "ds of B")),
     DENIED, f'OE0102: not authorized to process datamanager "{key("dm of B")}"'),
    ("3b-5 before 3b-6", A, train(by_key("data", "dm of B"), by_key("samples", "nothing")), DENIED,
     f'OE0102: not authorized to process datamanager "{key("dm of B")}"'),
    ("3b-6 sample unknown", A, train(by_key("data", "dm"), by_key("samples", "ds"), by_key("samples", "nothing")),
     NOT_FOUND, missing("datasample", key("nothing"))),
    ("3b-7 sample of another data manager", A,
     train(by_key("data", "dm"), by_key("samples", "ds"), by_key("samples", "ds 2")), INVALID,
     "OE0101: datasamples do not share a common manager"),
    ("3b-6, 3b-7 per sample in order", A,
     train(by_key("data", "dm"), by_key("samples", "ds 2"), by_key("samples", "nothing")), INVALID,
     "OE0101: datasamples do not share a common manager"),
    ("3c-1 model unknown", A, task(inputs=[by_key("one", "nothing")]), NOT_FOUND, missing("model", key("nothing"))),
    ("3c-1 key of something else", A, task(inputs=[by_key("one", "parent")]), NOT_FOUND,
     missing("model", key("parent"))),
    ("3c-2 worker cannot process the model", A, task(worker=B, inputs=[by_key("one", "secret model")]), DENIED,
     f"OE0102: {SECRET}"),
    ("3c D16 model disabled", A, task(inputs=[by_key("one", "disabled")]), INVALID, DISABLED),
    ("3c parent 1 no such output", A, task(inputs=[by_parent("one", "parent", "zz")]), INVALID,
     bad_input("one", f'parent task {key("parent")}: function output not found: "zz"')),
    ("3c parent 2 other kind (D19)", A, task(inputs=[by_parent("one", "test parent", "perf")]), INVALID,
     bad_input("one", "mismatching task input asset kinds: expecting ASSET_MODEL but parent task output has kind "
                      "ASSET_PERFORMANCE")),
    ("3c parent 3 multiple into single", A, task(inputs=[by_parent("one", "multiple parent", "models")]), INVALID,
     bad_input("one", "multiple task output used as single task input")),
    ("3c parent 5 worker cannot process the output (D19)", A,
     task(worker=B, inputs=[by_parent("one", "secret parent")]), DENIED,
     bad_input("one", f'worker "{B}" doesn\'t have permission to process output "model" of task '
                      f'{key("secret parent")}', "OE0102")),
)
def test_12_6_inputs(shared, row):
    check_refusal(shared, row)


@pytest.mark.parametrize("label, inputs", [
    ("model by key", [by_key("one", "model")]),
    ("multiple input repeated", [by_key("many", "model"), by_key("many", "model"), by_parent("many", "parent")]),
    ("single output into multiple", [by_parent("many", "parent")]),
    ("multiple output into multiple", [by_parent("many", "multiple parent", "models")]),
    ("secret model for its owner", [by_key("one", "secret model"), by_parent("many", "secret parent")]),
])
def test_12_6_accepted(shared, label, inputs):
    (made,) = shared.tasks(new_task(label, inputs=inputs))
    assert list(made.inputs) == inputs


def test_12_6_permission_is_the_workers(shared):
    """Not the caller's: OrgB registers a task for OrgA on a model that only OrgA may process."""
    request = new_tasks(new_task("for A", plan="plan of B", inputs=[by_key("one", "secret model")]))
    assert shared.b.outcome(request) == (OK, "")


def test_12_1_registering_twice(shared):
    """The answer a client gets when it repeats a call whose answer was lost."""
    request = new_tasks(new_task("twice"))
    assert shared.a.outcome(request) == (OK, "")
    assert shared.a.outcome(request)[0] == EXISTS
