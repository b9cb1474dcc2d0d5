"""Behaviour 4.3: pages, tokens and orders, for every list."""
import pytest

from checks import INVALID, OK
from client import list_all
from protocol import pb
from world import World, key, new_data_manager, new_function, new_plan, new_sample, new_samples, new_task, new_tasks

ROWS = 7  # of each list
MANY = 1003
HUGE = 4294967295


@pytest.fixture(scope="module")
def shared(server, channel_names):
    """Lists of exactly ROWS plans, data managers, samples, tasks, functions and performances."""
    world = World(server, next(channel_names))
    world.a(pb.RegisterOrganizationParam())
    for i in range(ROWS):
        world.a(new_function(f"f{i}", outputs={"perf": pb.FunctionOutput(kind=pb.ASSET_PERFORMANCE)}))
        world.a(new_data_manager(f"d{i}"))
        world.a(new_plan(f"p{i}"))
    world.ready("f0")
    output = {"perf": pb.NewComputeTaskOutput(permissions=pb.NewPermissions(public=True))}
    for batch in ((0, 1, 2, 3), (4, 5, 6)):
        world.a(new_samples(*(new_sample(f"s{i}", "d0") for i in batch)))
        world.a(new_tasks(*(new_task(f"t{i}", function="f0", plan="p0", outputs=output) for i in batch)))
    for i in range(ROWS):
        world.act(f"t{i}", "EXECUTING")
        world.a(pb.NewPerformance(compute_task_key=key(f"t{i}"), compute_task_output_identifier="perf"))
    return world


LISTS = {
    "plans": (pb.QueryPlansParam, "plans", [key(f"p{i}") for i in range(ROWS)]),
    "functions": (pb.QueryFunctionsParam, "Functions", [key(f"f{i}") for i in range(ROWS)]),
    "data managers": (pb.QueryDataManagersParam, "data_managers", [key(f"d{i}") for i in range(ROWS)]),
    # Rows of one batch share their creation date and come in key order.
    "samples": (pb.QueryDataSamplesParam, "data_samples",
                [*sorted(key(f"s{i}") for i in range(4)), *sorted(key(f"s{i}") for i in range(4, 7))]),
    "tasks": (pb.QueryTasksParam, "tasks",
              [*sorted(key(f"t{i}") for i in range(4)), *sorted(key(f"t{i}") for i in range(4, 7))]),
    "performances": (pb.QueryPerformancesParam, "Performances", [key(f"t{i}") for i in range(ROWS)]),
}
EACH_LIST = pytest.mark.parametrize("request_type, field, expected", LISTS.values(), ids=list(LISTS))


def keys(rows):
    return [getattr(row, "key", None) or row.compute_task_key for row in rows]


@EACH_LIST
def test_4_3_order_and_one_page(shared, request_type, field, expected):
    page = shared.c(request_type(page_size=ROWS))
    assert keys(getattr(page, field)) == expected
    assert page.next_page_token == ""


@pytest.mark.parametrize("size", [1, 2, 3, ROWS - 1])
@EACH_LIST
def test_4_3_tokens_join_the_pages(shared, request_type, field, expected, size):
    request = request_type(page_size=size)
    first = shared.a(request)
    assert keys(getattr(first, field)) == expected[:size]
    assert first.next_page_token
    assert keys(list_all(shared.a, request, field)) == expected


@pytest.mark.parametrize("token, skipped", [("", 0), ("0", 0), ("2", 2), ("+2", 2), ("0003", 3), (str(ROWS), ROWS),
                                            ("9223372036854775807", ROWS)])
@EACH_LIST
def test_4_3_decimal_tokens(shared, request_type, field, expected, token, skipped):
    """D13: offsets of the reference go on working, and lead into ours."""
    request = request_type(page_token=token, page_size=3)
    page = shared.a(request)
    assert keys(getattr(page, field)) == expected[skipped:skipped + 3]
    assert keys(list_all(shared.a, request, field)) == expected[skipped:]


@pytest.mark.parametrize("token", ["x", "-1", "+", "1 ", " 1", "1.5", "0x1", "9223372036854775808", "1" * 30, "++1",
                                   "+-1", "k", "kx", "é"])
@EACH_LIST
def test_4_3_bad_tokens(shared, request_type, field, expected, token):
    assert shared.a.outcome(request_type(page_token=token)) == (INVALID, "OE0101: page token is not valid")


@EACH_LIST
def test_4_3_huge_page(shared, request_type, field, expected):
    page = shared.a(request_type(page_size=HUGE))
    assert keys(getattr(page, field)) == expected


def test_4_3_inserts_between_pages_shift_nothing(fresh):
    """D13: the second page of a descending list goes on where the first ended, whatever came meanwhile."""
    for i in range(4):
        fresh.a(new_plan(f"p{i}"))
    request = pb.QueryEventsParam(page_size=3, sort=pb.DESCENDING)
    first = fresh.a(request)
    fresh.a(new_plan("meanwhile"))
    request.page_token = first.next_page_token
    second = fresh.a(request)
    expected = [key("p3"), key("p2"), key("p1"), key("p0"), "OrgC", "OrgB"]
    assert [event.asset_key for event in [*first.events, *second.events]] == expected


@pytest.fixture(scope="module")
def crowd(server, channel_names):
    """More rows than a page may have, of three kinds."""
    world = World(server, next(channel_names))
    world.a(pb.RegisterOrganizationParam())
    world.a(new_function("f"))
    world.a(new_plan("p"))
    world.a(new_samples(*(new_sample(f"many {i}") for i in range(MANY))))
    world.a(new_tasks(*(new_task(f"many {i}", function="f", plan="p") for i in range(MANY))))
    return world


@pytest.mark.parametrize("request_type, field, total", [
    (pb.QueryDataSamplesParam, "data_samples", MANY), (pb.QueryTasksParam, "tasks", MANY),
    (pb.QueryEventsParam, "events", 2 * MANY + 3)])
def test_4_3_page_size_is_capped(crowd, request_type, field, total):
    """D1: the largest page has 1,000 rows, whatever is asked for."""
    request = request_type(page_size=HUGE)
    page = crowd.a(request)
    assert len(getattr(page, field)) == 1000 and page.next_page_token
    assert len(list_all(crowd.a, request, field)) == total


@pytest.mark.parametrize("size, rows", [(0, 50), (999, 999), (1000, 1000), (1001, 1000)])
def test_4_3_page_sizes(crowd, size, rows):
    page = crowd.a(pb.QueryTasksParam(page_size=size))
    assert len(page.tasks) == rows and page.next_page_token


def test_4_3_samples_of_a_dataset_in_order(fresh):
    fresh.a(new_data_manager("d"))
    for batch in ((0, 1, 2), (3, 4)):
        fresh.a(new_samples(*(new_sample(f"s{i}", "d") for i in batch)))
    expected = [*sorted(key(f"s{i}") for i in range(3)), *sorted(key(f"s{i}") for i in (3, 4))]
    assert list(fresh.a(pb.GetDatasetParam(key=key("d"))).data_sample_keys) == expected


def test_4_3_performances_by_date(fresh):
    """Not by output: one performance is registered at a time."""
    perf = pb.FunctionOutput(kind=pb.ASSET_PERFORMANCE)
    fresh.a(new_function("f", outputs={"x": perf, "y": perf}))
    fresh.ready("f")
    fresh.plan("p")
    output = pb.NewComputeTaskOutput(permissions=pb.NewPermissions(public=True))
    fresh.tasks(new_task("t", function="f", plan="p", outputs={"x": output, "y": output}))
    fresh.act("t", "EXECUTING")
    for name in ("y", "x"):
        assert fresh.a.outcome(pb.NewPerformance(compute_task_key=key("t"), compute_task_output_identifier=name)) == (
            OK, "")
    listed = fresh.a(pb.QueryPerformancesParam()).Performances
    assert [each.compute_task_output_identifier for each in listed] == ["y", "x"]
