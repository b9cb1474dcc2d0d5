"""The state of a channel rebuilt from its events, and the comparison with what the server answers."""
from checks import check_events
from client import list_all
from protocol import name_of, pb
from world import payload

PAGE = 1000


def asset_id(event):
    """What identifies the asset of an event among those of its kind."""
    if event.asset_kind == pb.ASSET_COMPUTE_TASK_OUTPUT_ASSET:
        link = event.compute_task_output_asset
        return link.compute_task_key, link.compute_task_output_identifier, link.asset_key
    return event.asset_key


class History:
    """The last payload of each asset, by kind. Each asset is created once, before anything else happens to it."""

    def __init__(self, events, channel):
        check_events(events, channel)
        self.assets = {kind.number: {} for kind in pb.AssetKind.values}
        for event in events:
            of_kind = self.assets[event.asset_kind]
            if event.asset_kind == pb.ASSET_PROFILING_STEP:
                continue  # an event and nothing else: it may come again
            created = event.event_kind == pb.EVENT_ASSET_CREATED
            assert (asset_id(event) in of_kind) is not created, (name_of(pb.AssetKind, event.asset_kind), event.id)
            of_kind[asset_id(event)] = payload(event)

    def of(self, kind):
        return self.assets[kind]


def listed(caller, request_type, field):
    return list_all(caller, request_type(page_size=PAGE), field)


def same(rows, expected):
    """The same messages, whatever their order; compared by bytes, since one NaN is not another."""
    assert sorted(row.SerializeToString(deterministic=True) for row in rows) == sorted(
        row.SerializeToString(deterministic=True) for row in expected)


def check_state(world):
    """Every read agrees with the fold of the events. Gives the events."""
    events = world.events_after()
    history = History(events, world.channel)
    caller = world.guest
    same(caller(pb.GetAllOrganizationsParam()).organizations, history.of(pb.ASSET_ORGANIZATION).values())
    for request_type, field, kind in ((pb.QueryFunctionsParam, "Functions", pb.ASSET_FUNCTION),
                                      (pb.QueryDataManagersParam, "data_managers", pb.ASSET_DATA_MANAGER),
                                      (pb.QueryDataSamplesParam, "data_samples", pb.ASSET_DATA_SAMPLE),
                                      (pb.QueryPlansParam, "plans", pb.ASSET_COMPUTE_PLAN),
                                      (pb.QueryTasksParam, "tasks", pb.ASSET_COMPUTE_TASK),
                                      (pb.QueryPerformancesParam, "Performances", pb.ASSET_PERFORMANCE)):
        same(listed(caller, request_type, field), history.of(kind).values())
    for request_type, field, kind in ((pb.GetFunctionParam, "key", pb.ASSET_FUNCTION),
                                      (pb.GetDataManagerParam, "key", pb.ASSET_DATA_MANAGER),
                                      (pb.GetDataSampleParam, "key", pb.ASSET_DATA_SAMPLE),
                                      (pb.GetComputePlanParam, "key", pb.ASSET_COMPUTE_PLAN),
                                      (pb.GetTaskParam, "key", pb.ASSET_COMPUTE_TASK),
                                      (pb.GetModelParam, "key", pb.ASSET_MODEL),
                                      (pb.GetFailureReportParam, "asset_key", pb.ASSET_FAILURE_REPORT)):
        for key, asset in history.of(kind).items():
            assert caller(request_type(**{field: key})) == asset
    for task in history.of(pb.ASSET_COMPUTE_TASK):
        same(caller(pb.GetComputeTaskModelsParam(compute_task_key=task)).models,
             [model for model in history.of(pb.ASSET_MODEL).values() if model.compute_task_key == task])
    links = {(link.asset_kind, link.asset_key) for link in history.of(pb.ASSET_COMPUTE_TASK_OUTPUT_ASSET).values()}
    assert links == {(kind, key) for kind in (pb.ASSET_MODEL, pb.ASSET_PERFORMANCE) for key in history.of(kind)}
    return events
