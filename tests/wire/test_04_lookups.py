"""Behaviour 4.1, 4.2, 4.4, 4.5: the forms of keys, the walls between channels, and what answers hold."""
import pytest

from checks import INVALID, NOT_FOUND, NO_UUID, OK, check_refusal, invalid, missing, refusals
from protocol import pb
from world import (A, World, by_parent, function_action, key, new_data_manager, new_function, new_model,
                   new_models, new_plan, new_sample, new_samples, new_task, new_tasks, task_action)


@pytest.fixture(scope="module")
def shared(server, channel_names):
    """One asset of each kind, under the label of its kind."""
    world = World(server, next(channel_names)).register_organizations().functions()
    world.plan()
    world.a(new_data_manager("dm"))
    world.a(new_samples(new_sample("ds", "dm")))
    world.tasks(new_task("task"), new_task("failing"))
    world.act("task", "EXECUTING")
    world.a(new_models(new_model("model", "task")))
    world.act("failing", "EXECUTING")
    world.a(pb.NewFailureReport(asset_key=key("failing"), asset_type=pb.FAILED_ASSET_COMPUTE_TASK,
                                error_type=pb.ERROR_TYPE_INTERNAL))
    return world


# What looks up by key: request type, its field, label of an asset it finds, kind named when it finds nothing.
LOOKUPS = [
    (pb.GetFunctionParam, "key", "simple", "function"),
    (pb.GetDataManagerParam, "key", "dm", "datamanager"),
    (pb.GetDataSampleParam, "key", "ds", "datasample"),
    (pb.GetDatasetParam, "key", "dm", "datamanager"),
    (pb.GetComputePlanParam, "key", "plan", "computeplan"),
    (pb.IsPlanRunningParam, "key", "plan", "computeplan"),
    (pb.GetTaskParam, "key", "task", "computetask"),
    (pb.GetTaskInputAssetsParam, "compute_task_key", "task", "computetask"),
    (pb.GetModelParam, "key", "model", "model"),
    (pb.GetFailureReportParam, "asset_key", "failing", "failure report"),
]
EACH_LOOKUP = pytest.mark.parametrize("request_type, field, label, kind", LOOKUPS,
                                      ids=[each[0].DESCRIPTOR.name for each in LOOKUPS])
FORMS = {"canonical": str, "upper case": str.upper, "without dashes": lambda text: text.replace("-", ""),
         "braces": lambda text: "{" + text + "}"}


@pytest.mark.parametrize("form", FORMS)
@EACH_LOOKUP
def test_4_1_forms_of_a_key(shared, request_type, field, label, kind, form):
    """A lookup takes what the reference's database took."""
    answer = shared.b(request_type(**{field: FORMS[form](key(label))}))
    assert answer == shared.a(request_type(**{field: key(label)}))


@pytest.mark.parametrize("text", [key("nothing"), key("nothing").upper(), "", "x", key("task")[:-1], 'a"b\\c'])
@EACH_LOOKUP
def test_4_1_nothing_there(shared, request_type, field, label, kind, text):
    """D11: a key that is no UUID finds nothing, like one that is unknown; it is echoed as sent, escaped."""
    quoted = text.replace("\\", "\\\\").replace('"', '\\"')
    assert shared.a.outcome(request_type(**{field: text})) == (NOT_FOUND, missing(kind, quoted))


def test_4_1_models_of_nothing(shared):
    """The only lookup that answers a list."""
    found = shared.a(pb.GetComputeTaskModelsParam(compute_task_key=key("task").upper())).models
    assert [model.key for model in found] == [key("model")]
    assert not shared.a(pb.GetComputeTaskModelsParam(compute_task_key=key("nothing"))).models


def write_rows():
    """D11, D17: writes that take any form of a key refuse what is no UUID with a field error."""
    kinds = [(pb.ApplyTaskActionParam, "compute_task_key", "computetask", dict(action=pb.TASK_ACTION_DONE)),
             (pb.ApplyFunctionActionParam, "function_key", "function", dict(action=pb.FUNCTION_ACTION_BUILDING)),
             (pb.ApplyPlanActionParam, "key", "computeplan", dict(action=pb.PLAN_ACTION_CANCELED)),
             (pb.DisableOutputParam, "compute_task_key", "computetask", dict(identifier="model"))]
    for request_type, field, kind, rest in kinds:
        for name, text, error in (("no UUID", "x", NO_UUID), ("empty", "", "cannot be blank")):
            yield (f"{request_type.DESCRIPTOR.name} {name}", A, request_type(**{field: text}, **rest), INVALID,
                   invalid(kind, f"{field}: {error}"))


@refusals(*write_rows())
def test_4_1_writes_by_a_key_that_is_no_uuid(shared, row):
    check_refusal(shared, row)


def test_4_1_writes_take_any_form(fresh):
    fresh.functions().plan()
    fresh.tasks(new_task("t"))
    fresh.a(pb.ApplyTaskActionParam(compute_task_key=key("t").upper(), action=pb.TASK_ACTION_EXECUTING))
    assert fresh.status("t") == "EXECUTING"


FILTERS = [
    ("function", pb.QueryFunctionsParam(filter=pb.FunctionQueryFilter(compute_plan_key="x")), "compute_plan_key"),
    ("datasample", pb.QueryDataSamplesParam(filter=pb.DataSampleQueryFilter(keys=["x"])), "keys"),
    ("computetask", pb.QueryTasksParam(filter=pb.TaskQueryFilter(compute_plan_key="x")), "compute_plan_key"),
    ("computetask", pb.QueryTasksParam(filter=pb.TaskQueryFilter(function_key="x")), "function_key"),
    ("performance", pb.QueryPerformancesParam(filter=pb.PerformanceQueryFilter(compute_task_key="x")),
     "compute_task_key"),
]


@refusals(*[(f"{kind} {field}", A, request, INVALID, f"OE0101: {kind} filter is not valid: {field}: {NO_UUID}.")
            for kind, request, field in FILTERS])
def test_4_1_filters(shared, row):
    check_refusal(shared, row)


# --- 4.2


@pytest.fixture(scope="module")
def other(server, channel_names):
    """A channel in which the same organizations have nothing."""
    return World(server, next(channel_names)).register_organizations()


@EACH_LOOKUP
def test_4_2_other_channels_see_nothing(shared, other, request_type, field, label, kind):
    assert other.a.outcome(request_type(**{field: key(label)})) == (NOT_FOUND, missing(kind, key(label)))


@pytest.mark.parametrize("request_, kind, label", [
    (task_action("task", "DONE"), "computetask", "task"),
    (function_action("simple", "BUILDING"), "function", "simple"),
    (pb.UpdateFunctionParam(key=key("simple"), name="n"), "function", "simple"),
    (pb.UpdateDataManagerParam(key=key("dm"), name="n"), "datamanager", "dm"),
    (pb.UpdateDataSamplesParam(keys=[key("ds")]), "datasample", "ds"),
    (pb.UpdateComputePlanParam(key=key("plan"), name="n"), "computeplan", "plan"),
    (new_tasks(new_task("other")), "computeplan", "plan"),
    (new_models(new_model("other", "task")), "computetask", "task"),
], ids=lambda value: getattr(getattr(value, "DESCRIPTOR", None), "name", None))
def test_4_2_other_channels_change_nothing(shared, other, request_, kind, label):
    assert other.a.outcome(request_) == (NOT_FOUND, missing(kind, key(label)))


def test_4_2_parents_of_other_channels_are_unknown(shared, other):
    other.a(new_plan("here"))
    other.a(new_function("f"))
    child = new_task("child", function="f", plan="here", inputs=[by_parent("many", "task")])
    status, text = other.a.outcome(new_tasks(child))
    assert (status, text.split(",")[0]) == (
        INVALID, "OE0101: cyclic dependency in compute plan graph or unknown task parent")


def test_4_2_keys_are_scoped_by_channel(shared, other):
    """D29: nobody can occupy a key of, or learn one from, another channel."""
    for request in (new_function("simple"), new_data_manager("dm"), new_samples(new_sample("ds")), new_plan("plan")):
        assert other.b.outcome(request) == (OK, "")
    other.b(function_action("simple", "BUILDING"))
    assert shared.function("simple").status == pb.FUNCTION_STATUS_READY
    assert other.function("simple").status == pb.FUNCTION_STATUS_BUILDING


def test_4_2_lists_are_scoped_by_channel(shared, empty):
    assert not empty.a(pb.QueryTasksParam()).tasks
    assert not empty.a(pb.QueryEventsParam()).events
    assert not empty.a(pb.QueryEventsParam(filter=pb.EventQueryFilter(asset_key=key("task")))).events


# --- 4.4, 4.5


def test_4_4_owner_and_dates_are_of_the_server(fresh):
    """Everything one call writes has one time, of microsecond precision."""
    with fresh.recording() as events:
        samples = fresh.b(new_samples(new_sample("s1"), new_sample("s2"))).data_samples
    times = {each.creation_date.ToNanoseconds() for each in samples}
    times |= {event.timestamp.ToNanoseconds() for event in events}
    assert len(times) == 1 and times.pop() % 1000 == 0
    assert {sample.owner for sample in samples} == {"OrgB"}


def test_4_5_answers_of_registration_are_what_is_read_later(fresh):
    fresh.functions().plan()
    metadata = {"k": "v"}
    made = {
        pb.GetFunctionParam: fresh.a(new_function("f", metadata=metadata)),
        pb.GetDataManagerParam: fresh.a(new_data_manager("d", metadata=metadata, type="dropped")),
        pb.GetDataSampleParam: fresh.a(new_samples(new_sample("s", "d", test_only=True))).data_samples[0],
        pb.GetComputePlanParam: fresh.a(new_plan("p", metadata=metadata)),
        pb.GetTaskParam: fresh.tasks(new_task("t", metadata=metadata))[0],
    }
    for request_type, answer in made.items():
        assert fresh.c(request_type(key=answer.key)) == answer
    assert made[pb.GetDataManagerParam].type == ""
    assert made[pb.GetDataSampleParam].test_only is False
    assert made[pb.GetFunctionParam].HasField("image")


def test_4_5_image_is_present_until_set(fresh):
    """Clients read it without a test, in answers and in events."""
    with fresh.recording() as events:
        answer = fresh.a(new_function("f"))
    (listed,) = fresh.a(pb.QueryFunctionsParam()).Functions
    for function in (answer, listed, events[0].function, fresh.function("f")):
        assert function.HasField("image") and function.image == pb.Addressable()


def test_4_5_sample_without_data_manager(fresh):
    """D10: an empty list, not a list of one empty key."""
    fresh.a(new_samples(new_sample("s")))
    assert list(fresh.a(pb.GetDataSampleParam(key=key("s"))).data_manager_keys) == []


def test_4_5_metadata_left_out(fresh):
    fields = dict(key=key("p"), name="p")
    assert not fresh.a(pb.NewComputePlan(**fields)).metadata
    assert not fresh.get_plan("p").metadata


