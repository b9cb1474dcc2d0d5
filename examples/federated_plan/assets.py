"""What the hospitals register: functions, data sets, and the tasks of a federated plan."""
import dataclasses
import uuid

from client import pb
from storage import checksum

OPENER = pb.FunctionInput(kind=pb.ASSET_DATA_MANAGER)
SAMPLES = pb.FunctionInput(kind=pb.ASSET_DATA_SAMPLE, multiple=True)
MODEL = pb.FunctionInput(kind=pb.ASSET_MODEL)
MODELS = pb.FunctionInput(kind=pb.ASSET_MODEL, multiple=True)
START_MODEL = pb.FunctionInput(kind=pb.ASSET_MODEL, optional=True)  # the first round has none

FUNCTIONS = {  # name -> inputs, outputs
    "train": ({"opener": OPENER, "samples": SAMPLES, "model": START_MODEL},
              {"model": pb.FunctionOutput(kind=pb.ASSET_MODEL)}),
    "aggregate": ({"models": MODELS}, {"model": pb.FunctionOutput(kind=pb.ASSET_MODEL)}),
    "evaluate": ({"opener": OPENER, "samples": SAMPLES, "model": MODEL},
                 {"performance": pb.FunctionOutput(kind=pb.ASSET_PERFORMANCE)}),
}


@dataclasses.dataclass
class DataSet:
    """A data manager and the keys of its samples."""

    opener: str
    train_samples: list
    test_samples: list


def new_key():
    return str(uuid.uuid4())


def shared_with(*organizations):
    """Usable by these organizations and by the owner."""
    return pb.NewPermissions(authorized_ids=organizations)


def register_function(client, owner, name, storage, users):
    """Registers a function and answers its key. Its owner's worker will build it."""
    key = new_key()
    inputs, outputs = FUNCTIONS[name]
    client.FunctionService.RegisterFunction(pb.NewFunction(
        key=key, name=name, inputs=inputs, outputs=outputs, new_permissions=shared_with(*users),
        description=storage.put(owner, f"function/{key}/description", f"# {name}".encode()),
        archive=storage.put(owner, f"function/{key}/archive", name.encode())))
    return key


def register_samples(client, opener, contents):
    """Registers the checksums of samples; answers the samples by key. The orchestrator never sees the content."""
    samples = {new_key(): content for content in contents}
    client.DataSampleService.RegisterDataSamples(pb.RegisterDataSamplesParam(samples=[
        pb.NewDataSample(key=key, data_manager_keys=[opener], checksum=checksum(content.encode()))
        for key, content in samples.items()]))
    return samples


def register_data_set(client, owner, storage, contents, users):
    """Registers a data manager and its samples, the last one for tests; answers the data set and the samples."""
    key = new_key()
    client.DataManagerService.RegisterDataManager(pb.NewDataManager(
        key=key, name=f"patients of {owner}", new_permissions=shared_with(*users),
        logs_permission=shared_with(*users),
        description=storage.put(owner, f"data/{key}/description", b"# Patients"),
        opener=storage.put(owner, f"data/{key}/opener", b"one patient per line: severity, fitness, days")))
    samples = register_samples(client, key, contents)
    keys = list(samples)
    return DataSet(key, keys[:-1], keys[-1:]), samples


# --- Tasks ---


def from_asset(identifier, key):
    return pb.ComputeTaskInput(identifier=identifier, asset_key=key)


def from_task(identifier, task):
    """An input that is what another task will put out."""
    output = pb.ParentTaskOutputRef(parent_task_key=task.key, output_identifier="model")
    return pb.ComputeTaskInput(identifier=identifier, parent_task_output=output)


def data_inputs(opener, samples):
    return [from_asset("opener", opener), *(from_asset("samples", key) for key in samples)]


def new_task(plan, function, label, inputs, outputs, worker=""):
    """A task. Without `worker`, the owner of its data is the worker: data do not travel, tasks do."""
    return pb.NewComputeTask(key=new_key(), compute_plan_key=plan, function_key=function, worker=worker,
                             inputs=inputs, outputs=outputs, metadata={"label": label})


def train_task(plan, functions, label, opener, samples, aggregator, start=None):
    # Only the aggregator may use the model of one hospital, and only until it has been averaged.
    outputs = {"model": pb.NewComputeTaskOutput(permissions=shared_with(aggregator), transient=True)}
    start_inputs = [from_task("model", start)] if start else []
    return new_task(plan, functions["train"], label, data_inputs(opener, samples) + start_inputs, outputs)


def aggregate_task(plan, functions, label, parents, aggregator, users):
    inputs = [from_task("models", parent) for parent in parents]
    outputs = {"model": pb.NewComputeTaskOutput(permissions=shared_with(*users))}
    return new_task(plan, functions["aggregate"], label, inputs, outputs, worker=aggregator)


def evaluate_task(plan, functions, label, data_set, model):
    inputs = [*data_inputs(data_set.opener, data_set.test_samples), from_task("model", model)]
    outputs = {"performance": pb.NewComputeTaskOutput(permissions=pb.NewPermissions(public=True))}
    return new_task(plan, functions["evaluate"], label, inputs, outputs)


@dataclasses.dataclass
class Round:
    """One round: a training task and a test task per hospital, and the task that joins the models."""

    training: dict
    aggregation: pb.NewComputeTask
    tests: dict

    def tasks(self):
        return [*self.training.values(), self.aggregation, *self.tests.values()]


def federated_rounds(plan, functions, data_sets, aggregator, rounds):
    """The tasks of a federated plan: in each round, train everywhere, average, test everywhere."""
    result = []
    for number in range(1, rounds + 1):
        label = f"round {number}"
        start = result[-1].aggregation if result else None
        training = {owner: train_task(plan, functions, label, data.opener, data.train_samples, aggregator, start)
                    for owner, data in data_sets.items()}
        aggregation = aggregate_task(plan, functions, label, training.values(), aggregator, data_sets)
        tests = {owner: evaluate_task(plan, functions, label, data, aggregation)
                 for owner, data in data_sets.items()}
        result.append(Round(training, aggregation, tests))
    return result
