"""Behaviour 17.1 and 17.2: the events of a whole story, and looking for them."""
import pytest

from checks import check_events, summary
from client import list_all
from protocol import pb
from world import (A, B, World, address, function_action, key, microseconds, new_data_manager, new_function,
                   new_model, new_models, new_plan, new_sample, new_samples, new_task, new_tasks, output, task_action)

TRANSIENT = {"model": output(transient=True)}
READY_REASON = f"Function {key('f')} finished building"

# The story of a small plan: request, caller, and the events it causes.
STORY = [
    (pb.RegisterOrganizationParam(), A, [("CREATED", "ORGANIZATION", A, "")]),
    (pb.RegisterOrganizationParam(), B, [("CREATED", "ORGANIZATION", B, "")]),
    (new_data_manager("dm"), A, [("CREATED", "DATA_MANAGER", key("dm"), "")]),
    (new_samples(new_sample("ds")), A, [("CREATED", "DATA_SAMPLE", key("ds"), "")]),
    (new_function("f"), A, [("CREATED", "FUNCTION", key("f"), "")]),
    (new_plan("plan"), A, [("CREATED", "COMPUTE_PLAN", key("plan"), "")]),
    (new_tasks(new_task("t2", function="f", parents=["t1"]), new_task("t1", function="f", outputs=TRANSIENT)), A,
     [("CREATED", "COMPUTE_TASK", key("t1"), ""), ("CREATED", "COMPUTE_TASK", key("t2"), "")]),
    (pb.UpdateComputePlanParam(key=key("plan"), name="plan 2"), A, [("UPDATED", "COMPUTE_PLAN", key("plan"), "")]),
    (pb.UpdateFunctionParam(key=key("f"), name="f 2"), A, [("UPDATED", "FUNCTION", key("f"), "")]),
    (pb.UpdateDataManagerParam(key=key("dm"), name="dm 2"), A, [("UPDATED", "DATA_MANAGER", key("dm"), "")]),
    (pb.UpdateDataSamplesParam(keys=[key("ds")], data_manager_keys=[key("dm")]), A,
     [("UPDATED", "DATA_SAMPLE", key("ds"), "")]),
    (function_action("f", "BUILDING"), A,
     [("UPDATED", "FUNCTION", key("f"), "User action"), ("UPDATED", "COMPUTE_TASK", key("t1"), "User action"),
      ("UPDATED", "COMPUTE_TASK", key("t2"), "User action")]),
    (pb.ProfilingStep(asset_key=key("f"), step="build_image", duration=7), A,
     [("CREATED", "PROFILING_STEP", key("f"), "")]),
    (pb.UpdateFunctionParam(key=key("f"), name="f 2", image=address("image")), A,
     [("UPDATED", "FUNCTION", key("f"), "")]),
    (function_action("f", "READY"), A,
     [("UPDATED", "FUNCTION", key("f"), "User action"), ("UPDATED", "COMPUTE_TASK", key("t1"), READY_REASON),
      ("UPDATED", "COMPUTE_TASK", key("t2"), READY_REASON)]),
    (task_action("t1", "EXECUTING"), A, [("UPDATED", "COMPUTE_TASK", key("t1"), "User action")]),
    (new_models(new_model("m", "t1")), A,
     [("CREATED", "MODEL", key("m"), ""), ("CREATED", "COMPUTE_TASK_OUTPUT_ASSET", key("t1"), "")]),
    (task_action("t1", "DONE", log="task completed"), A,
     [("UPDATED", "COMPUTE_TASK", key("t1"), "task completed"),
      ("UPDATED", "COMPUTE_TASK", key("t2"), f"Last parent task {key('t1')} done")]),
    (task_action("t2", "EXECUTING"), A, [("UPDATED", "COMPUTE_TASK", key("t2"), "User action")]),
    (pb.NewFailureReport(asset_key=key("t2"), asset_type=pb.FAILED_ASSET_COMPUTE_TASK,
                         error_type=pb.ERROR_TYPE_INTERNAL), A,
     [("UPDATED", "COMPUTE_TASK", key("t2"), "failure report registered"),
      ("UPDATED", "COMPUTE_PLAN", key("plan"), "failure report registered"),
      ("CREATED", "FAILURE_REPORT", key("t2"), "")]),
    (pb.DisableOutputParam(compute_task_key=key("t1"), identifier="model"), A,
     [("DISABLED", "MODEL", key("m"), "")]),
]


@pytest.fixture(scope="module")
def shared(server, channel_names):
    world = World(server, next(channel_names))
    for request, caller, _ in STORY:
        world.by(caller)(request)
    return world


@pytest.fixture(scope="module")
def history(shared):
    """All events of the story, as a subscriber gets them."""
    return shared.events_after()


def test_17_1_the_whole_story(shared, history):
    """In the order that consumers know; the events of one call have one time, and later calls later ones."""
    check_events(history, shared.channel)
    assert [summary(event) for event in history] == [each for _, _, events in STORY for each in events]
    position, times = 0, []
    for _, _, events in STORY:
        of_call = {microseconds(event.timestamp) for event in history[position:position + len(events)]}
        assert len(of_call) == 1
        times.extend(of_call)
        position += len(events)
    assert times == sorted(times)


def test_17_1_tasks_are_always_complete(history):
    """D5: inputs, outputs and the rest, in each event of a task."""
    for event in history:
        if event.asset_kind == pb.ASSET_COMPUTE_TASK:
            task = event.compute_task
            assert task.outputs and task.owner and task.HasField("logs_permission")
            assert len(task.inputs) == (1 if task.key == key("t2") else 0)
        if event.asset_kind == pb.ASSET_FUNCTION:
            assert event.function.HasField("image")


# --- 17.2


def query(shared, sort=pb.UNSPECIFIED, size=1000, **fields):
    request = pb.QueryEventsParam(filter=pb.EventQueryFilter(**fields), sort=sort, page_size=size)
    return list_all(shared.b, request, "events")


@pytest.mark.parametrize("size", [1, 7, 1000])
@pytest.mark.parametrize("sort, step", [(pb.UNSPECIFIED, 1), (pb.ASCENDING, 1), (pb.DESCENDING, -1)])
def test_17_2_order(shared, history, sort, step, size):
    """D12: events of one time come in their true order, both ways, over all pages."""
    assert query(shared, sort, size) == history[::step]


FILTERS = {
    "asset key": (dict(asset_key=key("t1")), lambda event: event.asset_key == key("t1")),
    "asset key of an organization": (dict(asset_key=A), lambda event: event.asset_key == A),
    "asset key is text": (dict(asset_key=key("t1").upper()), lambda event: False),
    "asset key of nothing": (dict(asset_key="nothing"), lambda event: False),
    "asset kind": (dict(asset_kind=pb.ASSET_MODEL), lambda event: event.asset_kind == pb.ASSET_MODEL),
    "asset kind of no name": (dict(asset_kind=99), lambda event: False),
    "event kind": (dict(event_kind=pb.EVENT_ASSET_DISABLED), lambda event: event.event_kind == 3),
    "event kind of no name": (dict(event_kind=99), lambda event: False),
    "metadata": (dict(metadata={"reason": READY_REASON}), lambda event: event.metadata["reason"] == READY_REASON
                 if "reason" in event.metadata else False),
    "metadata is whole": (dict(metadata={"reason": "User"}), lambda event: False),
    "metadata of another key": (dict(metadata={"status": "User action"}), lambda event: False),
    "metadata, one pair missing": (dict(metadata={"reason": "User action", "status": ""}), lambda event: False),
    "metadata empty reason": (dict(metadata={"reason": ""}), lambda event: False),
    "no metadata": (dict(metadata={}), lambda event: True),
    "all together": (dict(asset_key=key("t2"), asset_kind=pb.ASSET_COMPUTE_TASK, event_kind=pb.EVENT_ASSET_UPDATED,
                          metadata={"reason": "User action"}),
                     lambda event: event.asset_key == key("t2") and event.metadata.get("reason") == "User action"),
}


@pytest.mark.parametrize("sort, step", [(pb.ASCENDING, 1), (pb.DESCENDING, -1)])
@pytest.mark.parametrize("size", [2, 1000])
@pytest.mark.parametrize("fields, wanted", FILTERS.values(), ids=list(FILTERS))
def test_17_2_filters(shared, history, fields, wanted, size, sort, step):
    expected = [event for event in history if wanted(event)]
    assert query(shared, sort, size, **fields) == expected[::step]


def moved(timestamp, nanoseconds):
    total = timestamp.ToNanoseconds() + nanoseconds
    return pb.Timestamp(seconds=total // 10**9, nanos=total % 10**9)


@pytest.mark.parametrize("first, last", [(0, 0), (0, 1000), (-1000, 0), (1000, 0), (0, -1000), (1, 0), (0, -1)])
def test_17_2_bounds_are_inclusive(shared, history, first, last):
    """Also for bounds finer than the microsecond of the timestamps."""
    start, end = moved(history[6].timestamp, first), moved(history[-5].timestamp, last)
    expected = [event for event in history
                if start.ToNanoseconds() <= event.timestamp.ToNanoseconds() <= end.ToNanoseconds()]
    assert 0 < len(expected) < len(history)
    assert query(shared, start=start, end=end) == expected


def test_17_2_one_bound(shared, history):
    middle = history[10].timestamp
    assert query(shared, start=middle) == history[10:]
    assert query(shared, end=middle) == history[:11]
    assert query(shared, start=moved(history[-1].timestamp, 1000)) == []
    assert query(shared, end=moved(history[0].timestamp, -1000)) == []
