"""kill -9 under load, again and again: what was acknowledged is there, what was not is there whole or not at all."""
import itertools
import subprocess
import threading
import time

import grpc
import pytest

from checks import EXISTS, OK, UNAVAILABLE
from client import outcome_of
from history import History, check_state
from protocol import pb
from readiness import watch_readiness
from world import (A, B, MEMBERS, World, key, new_model, new_models, new_plan, new_sample, new_samples, new_task,
                   new_tasks, task_action)

ROUNDS = 8
CLIENTS = 6
BATCH = 5


class Load:
    """Clients that work on plans of their own until the server is gone, and remember what was acknowledged."""

    def __init__(self, server, round_number):
        self.server = server
        self.round = round_number
        self.acknowledged = []
        self.cut_off = []
        self.unexpected = []
        self.lock = threading.Lock()
        self.enough = threading.Event()
        self.threads = [threading.Thread(target=self.work, args=(i,)) for i in range(CLIENTS)]

    def requests(self, client):
        """Calls of all sizes, each with the events' asset keys that prove it."""
        for i in itertools.count():
            name = f"{self.round} {client} {i}"
            tasks = [f"task {name} {j}" for j in range(BATCH)]
            yield new_plan(f"plan {name}"), [f"plan {name}"]
            samples = [f"sample {name} {j}" for j in range(BATCH)]
            yield new_samples(*map(new_sample, samples)), samples
            yield new_tasks(*(new_task(each, plan=f"plan {name}", parents=tasks[:j][-1:])
                              for j, each in enumerate(tasks))), tasks
            yield task_action(tasks[0], "EXECUTING"), []
            yield new_models(new_model(f"model {name}", tasks[0])), [f"model {name}"]
            yield task_action(tasks[0], "DONE"), []

    def work(self, client):
        connection = self.server.connect()
        caller = self.server.caller(A, "c", connection)
        for request, labels in self.requests(client):
            try:
                caller(request)
            except grpc.RpcError as error:
                with self.lock:
                    if error.code() is grpc.StatusCode.CANCELLED:
                        self.cut_off.append((request, labels))
                    elif error.code() is not grpc.StatusCode.UNAVAILABLE:
                        self.unexpected.append((outcome_of(error), str(request)))
                break
            with self.lock:
                self.acknowledged.append((request, labels))
                if len(self.acknowledged) == 100 + 37 * self.round:
                    self.enough.set()
        connection.close()

    def run_and_kill(self):
        for thread in self.threads:
            thread.start()
        assert self.enough.wait(60), "the load does not move"
        self.server.kill()
        for thread in self.threads:
            thread.join()
        assert self.unexpected == [] and self.cut_off == []


def follow_until_cut(server, seen):
    """A subscriber at the time of the crash; gives the thread."""
    connection = server.connect()
    stream = server.caller(B, "c", connection).subscribe()

    def read():
        try:
            for event in stream:
                seen.append(event)
        except grpc.RpcError:
            connection.close()

    thread = threading.Thread(target=read)
    thread.start()
    return thread


def check_acknowledged(history, load):
    for request, labels in load.acknowledged:
        kinds = {"NewComputePlan": pb.ASSET_COMPUTE_PLAN, "RegisterDataSamplesParam": pb.ASSET_DATA_SAMPLE,
                 "RegisterTasksParam": pb.ASSET_COMPUTE_TASK, "RegisterModelsParam": pb.ASSET_MODEL}
        kind = kinds.get(request.DESCRIPTOR.name)
        assert {key(label) for label in labels} <= set(history.of(kind) if kind else ())
        if kind is None:
            task = history.of(pb.ASSET_COMPUTE_TASK)[request.compute_task_key]
            reached = {pb.TASK_ACTION_EXECUTING: (pb.STATUS_EXECUTING, pb.STATUS_DONE),
                       pb.TASK_ACTION_DONE: (pb.STATUS_DONE,)}[request.action]
            assert task.status in reached


def check_whole_batches(events):
    """Tasks and samples come in batches of one size: all of a batch share a time, and none is missing."""
    for kind in (pb.ASSET_COMPUTE_TASK, pb.ASSET_DATA_SAMPLE):
        created = [event for event in events
                   if event.asset_kind == kind and event.event_kind == pb.EVENT_ASSET_CREATED]
        sizes = [len(list(group)) for _, group in itertools.groupby(
            created, key=lambda event: event.timestamp.ToNanoseconds())]
        assert set(sizes) == {BATCH}
    for first, second in zip(events, events[1:]):
        if first.asset_kind == pb.ASSET_MODEL:
            assert second.compute_task_output_asset.asset_key == first.asset_key


def test_kill_under_load(own_server):
    server = own_server({"c": MEMBERS}).start()
    World(server, "c").register_organizations().functions()
    before, loads = [], []
    for number in range(ROUNDS):
        seen = []
        follower = follow_until_cut(server, seen)
        loads.append(Load(server, number))
        loads[-1].run_and_kill()
        follower.join()
        server.start()
        world = World(server, "c")
        events = world.events_after()
        assert events[:len(before)] == before, "the past does not change"
        assert events[:len(seen)] == seen, "what a subscriber was told stays true"
        history = History(events, "c")
        for load in loads:
            check_acknowledged(history, load)
        check_whole_batches(events)
        before = events
    check_state(world)
    assert server.stop() == 0


def test_repeating_what_was_cut_off(own_server):
    """A client that repeats a call whose answer it never got learns that it was done, or does it now."""
    server = own_server({"c": MEMBERS}).start()
    World(server, "c").register_organizations()
    connection = server.connect()
    caller = server.caller(A, "c", connection)
    pending = [caller.later(new_plan(f"p{i}")) for i in range(200)]
    pending[50].result()
    server.kill()
    answered = []
    for number, future in enumerate(pending):
        try:
            future.result()
            answered.append(number)
        except grpc.RpcError as error:
            assert error.code() is grpc.StatusCode.UNAVAILABLE
    connection.close()
    server.start()
    world = World(server, "c")
    for number in range(200):
        status, _ = world.a.outcome(new_plan(f"p{number}"))
        assert status == EXISTS if number in answered else status in (OK, EXISTS)
    assert len(world.a(pb.QueryPlansParam(page_size=1000)).plans) == 200
    check_state(world)


def test_stop_with_a_stalled_subscriber(own_server):
    """SIGTERM: the process ends within seconds and well, although a subscriber does not take what it is sent."""
    server = own_server({"c": MEMBERS}).start()
    world = World(server, "c").register_organizations()
    stalled = server.connect()
    stream = server.caller(B, "c", stalled).subscribe()
    next(stream)
    padding = {f"{i:0100}": "v" * 100 for i in range(1000)}
    for i in range(100):  # far more than the windows of a connection hold
        world.a(new_plan(f"p{i}", metadata=padding))
    started = time.monotonic()
    assert server.stop() == 0
    assert time.monotonic() - started < 5
    with pytest.raises(grpc.RpcError) as ended:
        while True:
            next(stream)
    assert outcome_of(ended.value)[0] == UNAVAILABLE
    stalled.close()


def test_stop_with_an_idle_connection(own_server):
    """A client that keeps a connection and calls nothing notices a stop late; the server does not wait for it."""
    server = own_server({"c": MEMBERS}).start()
    World(server, "c").register_organizations()
    started = time.monotonic()
    assert server.stop() == 0
    assert time.monotonic() - started < 3


def test_stop_is_told_to_probes(own_server):
    server = own_server({"c": MEMBERS}).start()
    with watch_readiness(server) as readiness:
        readiness.wait_for("SERVING")
        assert server.stop() == 0
        readiness.wait_for("NOT_SERVING")


def test_stop_under_load(own_server):
    """Calls that have begun are answered, later ones get UNAVAILABLE. gRPC itself cuts off, as cancelled, what arrives
    between its stop and the client's notice: such a call has not happened."""
    server = own_server({"c": MEMBERS}).start()
    World(server, "c").register_organizations().functions()
    load = Load(server, 0)
    for thread in load.threads:
        thread.start()
    assert load.enough.wait(60)
    assert server.stop() == 0
    for thread in load.threads:
        thread.join()
    assert load.unexpected == []
    server.start()
    world = World(server, "c")
    history = History(check_state(world), "c")
    check_acknowledged(history, load)
    written = {asset for kind in pb.AssetKind.values for asset in history.of(kind.number)}
    for request, labels in load.cut_off:
        assert not written & {key(label) for label in labels}
        if not labels:
            assert world.a.outcome(request) == (OK, ""), "the task can still make that step"


@pytest.mark.data_folder
def test_second_process_on_the_same_folder(own_server):
    """Refused with a text that says why and what to do; the first goes on."""
    server = own_server({"c": MEMBERS}).start()
    world = World(server, "c").register_organizations()
    second = subprocess.run(server.command(), capture_output=True, text=True, timeout=30)
    assert second.returncode == 2
    assert f"the data folder {server.data} is in use by another orchestrator" in second.stderr
    assert str(server.process.pid) in second.stderr
    assert world.a.outcome(new_plan("p")) == (OK, "")
    server.kill()
    server.start()  # a killed process leaves no lock behind
    assert World(server, "c").get_plan("p").name == "p"
