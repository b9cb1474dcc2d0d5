"""An organization at work: it follows the events of the channel and does what falls to it. Nobody else tells it."""
import json
import threading
import time
import traceback
import uuid

import grpc

import learning
from client import pb
from history import History

FINAL_STATUSES = (pb.STATUS_DONE, pb.STATUS_FAILED, pb.STATUS_CANCELED)


class WorkerError(Exception):
    """A worker has stopped because of an error of its own."""


class Worker:
    """The worker of one organization.

    `samples` maps the keys of its data samples to their content, which never leaves the organization.
    `say` takes one line of progress.
    """

    def __init__(self, client, organization, storage, samples, say):
        self.organization = organization
        self.samples = samples
        self.history = History()
        self.cursor = ""  # the id of the last event that was dealt with; a real worker keeps it on disk
        self._failure = None
        self._client = client
        self._storage = storage
        self._say = say

    # --- Following the events ---

    def connect(self):
        """Follows the channel from the event after the cursor, or from the first event ever."""
        start = pb.SubscribeToEventsParam(start_event_id=self.cursor)
        self._events = self._client.EventService.SubscribeToEvents(start)
        self._thread = threading.Thread(target=self._follow, daemon=True)
        self._thread.start()

    def disconnect(self):
        self._events.cancel()
        self._thread.join()

    def check(self):
        """Raises what has stopped the worker, if something has."""
        if isinstance(self._failure, grpc.RpcError):
            raise self._failure
        if self._failure:
            raise WorkerError(f"the worker of {self.organization} stopped: {self._failure!r}") from self._failure

    def _follow(self):
        try:
            for event in self._events:
                self._handle(event)
                self.history.add(event)
                self.cursor = event.id
            self._failure = RuntimeError("the stream of events ended as if there could be no more")
        except grpc.RpcError as error:
            # A worker in production would wait a few seconds and connect again.
            if error.code() is not grpc.StatusCode.CANCELLED:
                self._failure = error
        except Exception as error:  # check() passes it on to whoever waits for this thread
            self._failure = error

    def _handle(self, event):
        match event.WhichOneof("asset"):
            case "function" if event.event_kind == pb.EVENT_ASSET_CREATED:
                if event.function.owner == self.organization:
                    self._build(event.function.key)
            case "compute_task":
                task = event.compute_task
                if task.status == pb.STATUS_WAITING_FOR_EXECUTOR_SLOT and task.worker == self.organization:
                    self._execute(task.key)
                elif task.status in FINAL_STATUSES:
                    self._forget_inputs(task)

    # --- Building a function ---

    def _build(self, key):
        """Makes the image of a function of ours. Tasks that wait for it then become runnable."""
        functions = self._client.FunctionService
        function = functions.GetFunction(pb.GetFunctionParam(key=key))
        if function.status != pb.FUNCTION_STATUS_WAITING:
            return  # an old event, seen again in a replay
        functions.ApplyFunctionAction(
            pb.ApplyFunctionActionParam(function_key=key, action=pb.FUNCTION_ACTION_BUILDING))
        start = time.perf_counter()
        image = self._storage.get(function.archive)  # a real one would be built from the archive
        self._profile(key, "build_image", start)

        start = time.perf_counter()
        address = self._storage.put(self.organization, f"image/{key}", image)
        functions.UpdateFunction(pb.UpdateFunctionParam(key=key, name=function.name, image=address))
        functions.ApplyFunctionAction(pb.ApplyFunctionActionParam(function_key=key, action=pb.FUNCTION_ACTION_READY))
        self._profile(key, "save_function", start)
        self._say(f'built function "{function.name}"')

    def _profile(self, key, step, start):
        microseconds = max(1, round((time.perf_counter() - start) * 1e6))
        self._client.ProfilingService.RegisterProfilingStep(
            pb.ProfilingStep(asset_key=key, step=step, duration=microseconds))

    # --- Executing a task ---

    def _execute(self, key):
        tasks = self._client.ComputeTaskService
        task = tasks.GetTask(pb.GetTaskParam(key=key))
        plan = self._client.ComputePlanService.GetPlan(pb.GetComputePlanParam(key=task.compute_plan_key))
        stopped = plan.HasField("cancelation_date") or plan.HasField("failure_date")
        if task.status != pb.STATUS_WAITING_FOR_EXECUTOR_SLOT or stopped:
            return
        self._apply(task, pb.TASK_ACTION_EXECUTING)
        inputs = tasks.GetTaskInputAssets(pb.GetTaskInputAssetsParam(compute_task_key=key)).assets
        function = self._client.FunctionService.GetFunction(pb.GetFunctionParam(key=task.function_key))
        title = f"{task.metadata['label']}: {function.name}"
        try:
            result = self._run(function, inputs)
        except Exception:  # whatever goes wrong in the code of others is a result, too
            self._report_failure(task, traceback.format_exc())
            self._say(f"{title} failed")
            return
        self._register_result(task, function, result)
        self._apply(task, pb.TASK_ACTION_DONE, "task completed")
        self._say(f"{title} done")

    def _apply(self, task, action, log=""):
        self._client.ComputeTaskService.ApplyTaskAction(
            pb.ApplyTaskActionParam(compute_task_key=task.key, action=action, log=log))

    def _run(self, function, inputs):
        """Runs the function on the inputs. The image of the toy is the name of a function of learning.py."""
        samples = [self.samples[item.data_sample.key] for item in inputs if item.HasField("data_sample")]
        models = [json.loads(self._storage.get(item.model.address)) for item in inputs if item.HasField("model")]
        code = getattr(learning, self._storage.get(function.image).decode())
        return code(samples, models)

    def _register_result(self, task, function, result):
        """Registers the result as the only output that the functions of the toy have."""
        [(identifier, output)] = function.outputs.items()
        if output.kind == pb.ASSET_PERFORMANCE:
            self._client.PerformanceService.RegisterPerformance(pb.NewPerformance(
                compute_task_key=task.key, compute_task_output_identifier=identifier, performance_value=result))
            return
        key = str(uuid.uuid4())
        address = self._storage.put(self.organization, f"model/{key}", json.dumps(result).encode())
        self._client.ModelService.RegisterModels(pb.RegisterModelsParam(models=[pb.NewModel(
            key=key, compute_task_key=task.key, compute_task_output_identifier=identifier, address=address)]))

    def _report_failure(self, task, log):
        """Fails the task, and with it the plan."""
        logs_address = self._storage.put(self.organization, f"logs/{task.key}", log.encode())
        self._client.FailureReportService.RegisterFailureReport(pb.NewFailureReport(
            asset_key=task.key, asset_type=pb.FAILED_ASSET_COMPUTE_TASK, error_type=pb.ERROR_TYPE_EXECUTION,
            logs_address=logs_address))

    # --- Forgetting what is not needed any more ---

    def _forget_inputs(self, task):
        """Disables our transient outputs that this finished task has used.

        Here each has one consumer. With several, the orchestrator refuses until the last one has finished.
        """
        tasks = self._client.ComputeTaskService
        for item in task.inputs:
            if not item.HasField("parent_task_output"):
                continue
            key, output = item.parent_task_output.parent_task_key, item.parent_task_output.output_identifier
            parent = tasks.GetTask(pb.GetTaskParam(key=key))
            if parent.worker != self.organization or not parent.outputs[output].transient:
                continue
            models = self._client.ModelService.GetComputeTaskOutputModels(
                pb.GetComputeTaskModelsParam(compute_task_key=key)).models
            if any(model.HasField("address") for model in models):  # a disabled model has none
                tasks.DisableOutput(pb.DisableOutputParam(compute_task_key=key, identifier=output))
                self._say(f"{parent.metadata['label']}: own model disabled")
