"""A small network in one channel, and short names for the requests that tests are made of."""
import contextlib
import itertools
import uuid

import grpc

from protocol import pb

A, B, C, GUEST = "OrgA", "OrgB", "OrgC", "OrgGuest"  # the guest is allowed in the channels but never registered
MEMBERS = [A, B, C, GUEST]
CHECKSUM = "5e12e1a2687d81b268558217856547f8a4519f9688933351386a7f902cf1ce5d"
NAMESPACE = uuid.UUID("6ba7b811-9dad-11d1-80b4-00c04fd430c8")
ABSENT = object()  # for a message that is left out where a helper has a default

EVERYBODY = pb.NewPermissions(public=True)
ONLY_OWNER = pb.NewPermissions()


def key(label):
    """The key that stands for a label: the same in every channel, so that tables of requests need no set-up."""
    return str(uuid.uuid5(NAMESPACE, label))


_fresh = itertools.count()


def fresh_key():
    return key(f"fresh {next(_fresh)}")


def allow(*organizations):
    return pb.NewPermissions(authorized_ids=organizations)


def address(path="file", checksum=CHECKSUM):
    return pb.Addressable(checksum=checksum, storage_address=f"http://backend.test/{path}")


def given(**fields):
    """The fields that are not ABSENT."""
    return {name: value for name, value in fields.items() if value is not ABSENT}


def model_in(multiple=False, optional=True):
    return pb.FunctionInput(kind=pb.ASSET_MODEL, multiple=multiple, optional=optional)


def new_function(label, inputs=ABSENT, outputs=ABSENT, permissions=EVERYBODY, **changes):
    """A function that needs no input and gives one model, unless told otherwise."""
    fields = given(key=key(label), name=label, description=address("description"), archive=address("archive"),
                   new_permissions=permissions,
                   inputs={"one": model_in(), "many": model_in(multiple=True)} if inputs is ABSENT else inputs,
                   outputs={"model": pb.FunctionOutput(kind=pb.ASSET_MODEL)} if outputs is ABSENT else outputs)
    return pb.NewFunction(**given(**{**fields, **changes}))


def new_data_manager(label, permissions=EVERYBODY, logs=ONLY_OWNER, **changes):
    fields = dict(key=key(label), name=label, new_permissions=permissions, logs_permission=logs,
                  description=address("description"), opener=address("opener"))
    return pb.NewDataManager(**given(**{**fields, **changes}))


def new_sample(label, *data_managers, **changes):
    fields = dict(key=key(label), checksum=CHECKSUM, data_manager_keys=[key(name) for name in data_managers])
    return pb.NewDataSample(**{**fields, **changes})


def new_samples(*samples):
    return pb.RegisterDataSamplesParam(samples=samples)


def new_plan(label, **changes):
    return pb.NewComputePlan(**{**dict(key=key(label), name=label, tag="tag"), **changes})


def by_key(identifier, label):
    return pb.ComputeTaskInput(identifier=identifier, asset_key=key(label))


def by_parent(identifier, parent, output="model"):
    reference = pb.ParentTaskOutputRef(parent_task_key=key(parent), output_identifier=output)
    return pb.ComputeTaskInput(identifier=identifier, parent_task_output=reference)


def output(permissions=EVERYBODY, transient=False):
    return pb.NewComputeTaskOutput(permissions=permissions, transient=transient)


def new_task(label, function="simple", plan="plan", worker=A, inputs=(), outputs=ABSENT, parents=(), **changes):
    """`parents`: their models go into the multiple input `many`."""
    fields = dict(key=key(label), function_key=key(function), compute_plan_key=key(plan), worker=worker,
                  inputs=[*inputs, *(by_parent("many", parent) for parent in parents)],
                  outputs={"model": output()} if outputs is ABSENT else outputs)
    return pb.NewComputeTask(**{**fields, **changes})


def new_tasks(*tasks):
    return pb.RegisterTasksParam(tasks=tasks)


def task_action(label, action, log=""):
    return pb.ApplyTaskActionParam(compute_task_key=key(label), action=f"TASK_ACTION_{action}", log=log)


def function_action(label, action):
    return pb.ApplyFunctionActionParam(function_key=key(label), action=f"FUNCTION_ACTION_{action}")


def new_model(label, task, output_name="model", **changes):
    fields = dict(key=key(label), compute_task_key=key(task), compute_task_output_identifier=output_name,
                  address=address("model"))
    return pb.NewModel(**given(**{**fields, **changes}))


def new_models(*models):
    return pb.RegisterModelsParam(models=models)


def payload(event):
    """The asset that an event carries."""
    return getattr(event, event.WhichOneof("asset"))


def microseconds(timestamp):
    return timestamp.seconds * 1_000_000 + timestamp.nanos // 1000


class World:
    """One channel, seen by each of its organizations."""

    def __init__(self, server, channel):
        self.server = server
        self.channel = channel
        self.a, self.b, self.c, self.guest = (server.caller(name, channel) for name in MEMBERS)

    def by(self, organization):
        return {A: self.a, B: self.b, C: self.c, GUEST: self.guest}[organization]

    def register_organizations(self):
        for caller in (self.a, self.b, self.c):
            caller(pb.RegisterOrganizationParam(address=f"http://{caller.organization.lower()}.test"))
        return self

    # --- history

    def head(self):
        """The id of the newest event; empty in a new channel."""
        newest = self.a(pb.QueryEventsParam(page_size=1, sort=pb.DESCENDING)).events
        return newest[0].id if newest else ""

    def events_after(self, start=""):
        """The events after `start`, as a subscriber gets them."""
        last = self.head()
        events = []
        if last == start:
            return events
        stream = self.a.subscribe(start)
        for event in stream:
            events.append(event)
            if event.id == last:
                break
        stream.cancel()
        return events

    @contextlib.contextmanager
    def recording(self):
        """Gives a list that holds, after the block, the events of the block."""
        events = []
        start = self.head()
        yield events
        events.extend(self.events_after(start))

    # --- assets

    def ready(self, label):
        """Brings a waiting function of OrgA to READY."""
        for action in ("BUILDING", "READY"):
            self.a(function_action(label, action))

    def functions(self):
        """The usual functions, all of OrgA and READY: see the names below."""
        many = {"one": model_in(), "many": model_in(multiple=True)}
        performance = pb.FunctionOutput(kind=pb.ASSET_PERFORMANCE)
        model = pb.FunctionOutput(kind=pb.ASSET_MODEL)
        self.a(new_function("simple"))
        self.a(new_function("multiple", outputs={"models": pb.FunctionOutput(kind=pb.ASSET_MODEL, multiple=True)}))
        self.a(new_function("test", outputs={"perf": performance}))
        self.a(new_function("both", outputs={"model": model, "perf": performance}))
        self.a(new_function("train", inputs={
            "data": pb.FunctionInput(kind=pb.ASSET_DATA_MANAGER),
            "samples": pb.FunctionInput(kind=pb.ASSET_DATA_SAMPLE, multiple=True), **many}))
        for label in ("simple", "multiple", "test", "both", "train"):
            self.ready(label)
        return self

    def plan(self, label="plan", owner=A):
        return self.by(owner)(new_plan(label))

    def tasks(self, *tasks):
        return list(self.a(new_tasks(*tasks)).tasks)

    def act(self, label, *actions, worker=A):
        for action in actions:
            self.by(worker)(task_action(label, action))

    def finish(self, label, models=(), output_name="model", worker=A):
        """Executes a task, registers its models and ends it."""
        self.act(label, "EXECUTING", worker=worker)
        for model in models:
            self.by(worker)(new_models(new_model(model, label, output_name)))
        self.act(label, "DONE", worker=worker)

    def task(self, label):
        return self.a(pb.GetTaskParam(key=key(label)))

    def status(self, label):
        return pb.ComputeTaskStatus.values_by_number[self.task(label).status].name[len("STATUS_"):]

    def function(self, label):
        return self.a(pb.GetFunctionParam(key=key(label)))

    def get_plan(self, label="plan"):
        return self.a(pb.GetComputePlanParam(key=key(label)))

    def is_running(self, label="plan"):
        return self.a(pb.IsPlanRunningParam(key=key(label))).is_running

    def serves(self):
        """Whether the server answers."""
        try:
            self.a(pb.QueryVersionParam(), timeout=20)
        except grpc.RpcError:
            return False
        return self.server.is_running()
