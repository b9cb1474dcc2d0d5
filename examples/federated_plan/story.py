"""The story that the demo tells, chapter by chapter. Every chapter checks what it claims."""
import functools
import random
import time

import grpc

import assets
import learning
from client import Client, pb
from history import replay
from storage import Storage
from worker import Worker

HOSPITALS = {"st-anna": (0.0, 0.6), "riverside": (0.2, 0.8), "northgate": (0.4, 1.0)}  # id -> severity of its cases
COORDINATOR, AGGREGATOR, CARELESS = HOSPITALS  # who owns the plans, who averages, whose data are broken later
ROUNDS = 3
SAMPLES_EACH, PATIENTS_PER_SAMPLE = 3, 40


class Deviation(Exception):
    """Something did not go as this story tells it."""


def expect(condition, text):
    if not condition:
        raise Deviation(text)


def refusal(call, request, code):
    """The text with which the orchestrator refuses a call."""
    try:
        call(request)
    except grpc.RpcError as error:
        expect(error.code() is code, f"refused with {error.code().name}, not {code.name}: {error.details()}")
        return error.details()
    raise Deviation("a call was accepted that had to be refused")


class Story:
    def __init__(self, address, channel, check_server, console, stack):
        self.console = console
        self.check_server = check_server
        self.storage = Storage()
        self.clients = {name: stack.enter_context(Client(address, name, channel)) for name in HOSPITALS}
        self.coordinator = self.clients[COORDINATOR]
        self.workers = {}
        self.data_sets = {}
        self.functions = {}
        stack.callback(self.disconnect)

    def disconnect(self):
        for worker in self.workers.values():
            worker.disconnect()

    def wait_until(self, condition):
        while not condition():
            self.check_server()
            for worker in self.workers.values():
                worker.check()
            time.sleep(0.01)

    def wait_until_all_have_seen_everything(self):
        """Answers the id of the newest event."""
        newest = pb.QueryEventsParam(sort=pb.DESCENDING, page_size=1)
        last = self.coordinator.EventService.QueryEvents(newest).events[0].id
        self.wait_until(lambda: all(worker.cursor == last for worker in self.workers.values()))
        return last

    def is_running(self, plan):
        return self.coordinator.ComputePlanService.IsPlanRunning(pb.IsPlanRunningParam(key=plan)).is_running

    # --- The chapters ---

    def join(self):
        self.console.title("Three hospitals join and follow the events of the channel")
        for name, client in self.clients.items():
            organization = pb.RegisterOrganizationParam(address=f"http://{name}.example")
            try:
                client.OrganizationService.RegisterOrganization(organization)
            except grpc.RpcError as error:
                if error.code() is not grpc.StatusCode.ALREADY_EXISTS:  # it joined in an earlier run
                    raise
            say = functools.partial(self.console.step, name)
            say("is registered")
            self.workers[name] = Worker(client, name, self.storage, samples={}, say=say)
            self.workers[name].connect()

    def register_assets(self):
        self.console.title("They register data, which stay where they are, and functions, which are built")
        numbers = random.Random(1)
        for name, client in self.clients.items():
            contents = [learning.make_sample(numbers, PATIENTS_PER_SAMPLE, HOSPITALS[name])
                        for _ in range(SAMPLES_EACH)]
            self.console.step(name, f"registers {SAMPLES_EACH} samples of {PATIENTS_PER_SAMPLE} patients")
            self.data_sets[name], samples = assets.register_data_set(
                client, name, self.storage, contents, users=[COORDINATOR])
            self.workers[name].samples.update(samples)
        for name in assets.FUNCTIONS:
            self.console.step(COORDINATOR, f'registers function "{name}"')
            self.functions[name] = assets.register_function(
                self.coordinator, COORDINATOR, name, self.storage, users=HOSPITALS)

    def register_plan(self, name):
        key = assets.new_key()
        self.coordinator.ComputePlanService.RegisterPlan(pb.NewComputePlan(key=key, name=name))
        return key

    def register_tasks(self, tasks):
        self.coordinator.ComputeTaskService.RegisterTasks(pb.RegisterTasksParam(tasks=tasks))

    def run_federated_plan(self):
        self.console.title("A plan: all tasks are registered at once, then the events carry the work")
        plan = self.register_plan("days to recovery")
        rounds = assets.federated_rounds(plan, self.functions, self.data_sets, AGGREGATOR, ROUNDS)
        tasks = [task for round_ in rounds for task in round_.tasks()]
        self.console.step(COORDINATOR, f"registers {len(tasks)} tasks in {ROUNDS} rounds")
        self.register_tasks(tasks)
        self.wait_until(lambda: not self.is_running(plan))
        for task in tasks:
            status = self.task(task.key).status
            expect(status == pb.STATUS_DONE, f"a task is {pb.ComputeTaskStatus.Name(status)} after the plan has ended")
        return plan, rounds

    def task(self, key):
        return self.coordinator.ComputeTaskService.GetTask(pb.GetTaskParam(key=key))

    def use_disabled_output(self, plan, rounds):
        self.console.title("A disabled model cannot be used again")
        spent = rounds[0].training[CARELESS]
        task = assets.aggregate_task(plan, self.functions, "again", [spent], AGGREGATOR, HOSPITALS)
        text = refusal(self.coordinator.ComputeTaskService.RegisterTasks, pb.RegisterTasksParam(tasks=[task]),
                       grpc.StatusCode.INVALID_ARGUMENT)
        expect("has been disabled" in text, f"refused for another reason: {text}")
        self.console.step(COORDINATOR, f"is refused: {text}")

    def run_failing_plan(self):
        self.console.title("A second plan fails, and a hospital that was away catches up")
        absent = self.workers[CARELESS]
        absent.disconnect()
        self.console.step(CARELESS, "goes offline")

        opener = self.data_sets[CARELESS].opener
        broken = assets.register_samples(self.clients[CARELESS], opener, ["0.5,0.5,unknown"])
        absent.samples.update(broken)
        plan = self.register_plan("broken data")
        parent = assets.train_task(plan, self.functions, "broken", opener, list(broken), AGGREGATOR)
        child = assets.aggregate_task(plan, self.functions, "broken", [parent], AGGREGATOR, HOSPITALS)
        self.console.step(COORDINATOR, "registers a task with broken data, and its child")
        self.register_tasks([parent, child])

        self.console.step(CARELESS, "is back and goes on after the last event it has seen")
        absent.connect()
        self.wait_until(lambda: not self.is_running(plan))
        self.wait_until_all_have_seen_everything()

        report = self.coordinator.FailureReportService.GetFailureReport(
            pb.GetFailureReportParam(asset_key=parent.key))
        log = self.storage.get(report.logs_address).decode().splitlines()
        self.console.step(COORDINATOR, f"reads the report: {log[-1]}")
        failed = self.coordinator.ComputePlanService.GetPlan(pb.GetComputePlanParam(key=plan))
        expect(failed.HasField("failure_date"), "the plan of a failed task has no failure date")
        self.console.step(COORDINATOR, f"the plan failed at {failed.failure_date.ToJsonString()}")
        status = pb.ComputeTaskStatus.Name(self.task(child.key).status)
        expect(status == "STATUS_WAITING_FOR_PARENT_TASKS", f"the child of a failed task is {status}")
        self.console.step(COORDINATOR, f"the child never started: {status}")

    def show_performances(self, rounds):
        self.console.title("Performance of the common model (R², 1 is perfect)")
        self.console.line("  hospital  " + "".join(f"   round {number}" for number in range(1, ROUNDS + 1)))
        for name in HOSPITALS:
            values = [self.performance(round_.tests[name].key) for round_ in rounds]
            self.console.line(f"  {name:<10}" + "".join(f"{value:10.3f}" for value in values))
            expect(values == sorted(set(values)), f"the model did not improve in every round at {name}")

    def performance(self, task):
        of_task = pb.QueryPerformancesParam(filter=pb.PerformanceQueryFilter(compute_task_key=task))
        found = self.coordinator.PerformanceService.QueryPerformances(of_task).Performances
        expect(len(found) == 1, f"task {task} has {len(found)} performances, not one")
        return found[0].performance_value

    def compare_histories(self):
        self.console.title("One history: what each hospital saw live, and what each reads from the beginning")
        last = self.wait_until_all_have_seen_everything()
        seen = set()
        self.console.line("  hospital           events   SHA-256 of all events in order")
        for name, client in self.clients.items():
            for kind, history in (("live", self.workers[name].history), ("replay", replay(client, last))):
                seen.add((history.events, history.fingerprint()))
                self.console.line(f"  {name:<11}{kind:<7}{history.events:>6}   {history.fingerprint()}")
        expect(len(seen) == 1, "the histories differ")
