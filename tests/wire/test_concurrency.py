"""Many clients at once: nothing is lost, nothing happens twice, and everybody sees one order."""
import concurrent.futures
import itertools
import random
import threading

import grpc
import pytest

from checks import EXISTS, OK, UNKNOWN, check_events
from client import CALL_SECONDS, list_all
from protocol import pb
from server import MEMORY_FACTOR
from world import A, B, MEMBERS, World, key, new_model, new_models, new_plan, new_task, new_tasks, output, task_action

CLIENTS = 32


@pytest.fixture(scope="module")
def connections(server):
    """One connection per client, as separate processes have them. All are open before they race: gRPC 1.51's client now and
    then reports a connection that it is still making as failed, which says nothing of the server."""
    made = [server.connect() for _ in range(CLIENTS)]
    for connection in made:
        grpc.channel_ready_future(connection).result(CALL_SECONDS)
    yield made
    for connection in made:
        connection.close()


def race(jobs):
    """Runs all jobs at the same time and gives their results in order."""
    start = threading.Barrier(len(jobs))

    def run(job):
        start.wait()
        return job()

    with concurrent.futures.ThreadPoolExecutor(len(jobs)) as pool:
        return [future.result() for future in [pool.submit(run, job) for job in jobs]]


def test_20_registrations_of_one_organization(server, connections, empty):
    """A backend starts 20 processes that all register it: one wins, the others learn that it is done."""
    callers = [server.caller(A, empty.channel, connection) for connection in connections[:20]]
    outcomes = race([lambda caller=caller: caller.outcome(pb.RegisterOrganizationParam()) for caller in callers])
    assert sorted(outcomes) == [(EXISTS, f'OE0006: organization with key "{A}" already exists')] * 19 + [(OK, "")]
    assert len(empty.events_after()) == 1


def test_one_plan_and_32_clients(server, connections, fresh):
    """All take their tasks to DONE while the children of each wait for several of them: no call fails, each child is
    released exactly once, after its last parent."""
    per_client, width = 4, 3
    fresh.functions().plan()
    count = CLIENTS * per_client
    roots = [f"root {i}" for i in range(count)]
    children = {f"child {i}": [roots[(i + j * CLIENTS) % count] for j in range(width)] for i in range(count)}
    fresh.tasks(*(new_task(label) for label in roots), *(new_task(label, parents=of) for label, of in children.items()))
    start = fresh.head()

    def work(number):
        caller = server.caller(A, fresh.channel, connections[number])
        outcomes = []
        for label in roots[number::CLIENTS]:
            for request in (task_action(label, "EXECUTING"), new_models(new_model(f"model of {label}", label)),
                            task_action(label, "DONE")):
                outcomes.append(caller.outcome(request))
        return outcomes

    results = race([lambda number=number: work(number) for number in range(CLIENTS)])
    assert {outcome for outcomes in results for outcome in outcomes} == {(OK, "")}
    events = fresh.events_after(start)
    check_events(events, fresh.channel)
    done_at, released_at = {}, {}
    for position, event in enumerate(events):
        if event.asset_kind != pb.ASSET_COMPUTE_TASK:
            continue
        if event.compute_task.status == pb.STATUS_DONE:
            assert done_at.setdefault(event.asset_key, position) == position
        if event.compute_task.status == pb.STATUS_WAITING_FOR_EXECUTOR_SLOT:
            assert released_at.setdefault(event.asset_key, position) == position
    assert set(done_at) == {key(label) for label in roots}
    for label, parents in children.items():
        assert released_at[key(label)] > max(done_at[key(parent)] for parent in parents)
        assert fresh.status(label) == "WAITING_FOR_EXECUTOR_SLOT"


def test_one_task_and_32_workers(server, connections, fresh):
    """Of all that race on one task, one starts it, one gives its model, one ends it."""
    fresh.functions().plan()
    fresh.tasks(new_task("t"), new_task("child", parents=["t"]))
    callers = [server.caller(A, fresh.channel, connection) for connection in connections]

    def one_wins(requests, status):
        outcomes = race([lambda pair=pair: pair[0].outcome(pair[1]) for pair in zip(callers, requests)])
        assert sorted(code for code, _ in outcomes) == sorted([OK] + [status] * (CLIENTS - 1))

    one_wins([task_action("t", "EXECUTING")] * CLIENTS, UNKNOWN)
    one_wins([new_models(new_model(f"m{i}", "t")) for i in range(CLIENTS)], EXISTS)
    one_wins([task_action("t", "DONE")] * CLIENTS, UNKNOWN)
    assert len(fresh.a(pb.GetComputeTaskModelsParam(compute_task_key=key("t"))).models) == 1
    assert [event.asset_key for event in fresh.events_after()].count(key("child")) == 2, "created, released"


def test_one_key_and_32_clients(server, connections, fresh):
    callers = [server.caller(A if i % 2 else B, fresh.channel, connection) for i, connection in enumerate(connections)]
    outcomes = race([lambda caller=caller: caller.outcome(new_plan("p")) for caller in callers])
    assert sorted(code for code, _ in outcomes) == sorted([OK] + [EXISTS] * (CLIENTS - 1))
    winner = callers[[code for code, _ in outcomes].index(OK)]
    assert fresh.get_plan("p").owner == winner.organization


def test_disable_and_new_children_race(server, connections, fresh):
    """A model is never disabled under a child that was accepted before, and never given to one accepted after."""
    fresh.functions().plan()
    fresh.tasks(new_task("p", outputs={"model": output(transient=True)}), new_task("first", parents=["p"]))
    fresh.finish("p", ["m"])
    fresh.finish("first")
    callers = [server.caller(A, fresh.channel, connection) for connection in connections]
    disable = pb.DisableOutputParam(compute_task_key=key("p"), identifier="model")
    requests = [new_tasks(new_task(f"child {i}", parents=["p"])) if i % 2 else disable for i in range(CLIENTS)]
    outcomes = race([lambda pair=pair: pair[0].outcome(pair[1])[0] for pair in zip(callers, requests)])
    children_accepted = any(code == OK for code in outcomes[1::2])
    disabled = any(code == OK for code in outcomes[0::2])
    model = fresh.a(pb.GetModelParam(key=key("m")))
    assert disabled is not children_accepted
    assert model.HasField("address") is children_accepted




def test_subscribers_that_come_and_go(server, connections, fresh):
    """They leave after some events and resume from the last one, over and over, while 8 clients write: each has seen
    every event once, in the one order."""
    writers, plans_each, followers = 8, 120, 8
    seen = [[] for _ in range(followers)]
    problems = []

    def write(number):
        caller = server.caller(A, fresh.channel, connections[number])
        for i in range(plans_each):
            outcome = caller.outcome(new_plan(f"plan {number} {i}"))
            if outcome != (OK, ""):
                problems.append(outcome)

    def resume(number):
        chance = random.Random(number)
        caller = server.caller(B, fresh.channel, connections[writers + number])
        ids = seen[number]
        while True:
            stream = caller.subscribe(ids[-1] if ids else "")
            for _ in range(chance.randint(1, 150)):
                event = next(stream)
                ids.append(event.id)
                if event.asset_key == key("the end"):
                    stream.cancel()
                    return
            stream.cancel()

    threads = [threading.Thread(target=write, args=(i,)) for i in range(writers)]
    threads += [threading.Thread(target=resume, args=(i,)) for i in range(followers)]
    for thread in threads:
        thread.start()
    for thread in threads[:writers]:
        thread.join()
    fresh.a(new_plan("the end"))
    for thread in threads[writers:]:
        thread.join()
    assert problems == []
    history = [event.id for event in fresh.events_after()]
    assert len(set(history)) == len(history) == 3 + writers * plans_each + 1
    assert history == sorted(history)
    for ids in seen:
        assert ids == history


def test_pages_while_others_write(server, connections, fresh):
    """What was there when the first page was read is in the pages, once."""
    before = [f"before {i}" for i in range(40)]
    for label in before:
        fresh.a(new_plan(label))
    stop = threading.Event()

    def write():
        caller = server.caller(B, fresh.channel, connections[0])
        number = 0
        while not stop.is_set():
            caller(new_plan(f"during {number}"))
            number += 1

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for _ in range(10):
            listed = [plan.key for plan in list_all(fresh.a, pb.QueryPlansParam(page_size=7), "plans")]
            assert listed[:40] == [key(label) for label in before]
            assert len(set(listed)) == len(listed)
    finally:
        stop.set()
        writer.join()


def test_look_ups_whose_callers_leave(own_server):
    """Those that wait are answered together; who leaves meanwhile takes nothing from the others."""
    server = own_server({"c": MEMBERS}).start()
    world = World(server, "c").register_organizations()
    labels = [f"p{i}" for i in range(400)]
    for label in labels:
        world.a(new_plan(label))
    for _ in range(60):
        busy = [world.a.later(pb.QueryPlansParam(page_size=len(labels))) for _ in range(8)]
        calls = [(label, world.a.later(pb.GetComputePlanParam(key=key(label)), timeout)) for label, timeout in
                 zip(random.sample(labels, 60), itertools.cycle([0.004, 0.01, 0.02, 60]))]
        for label, call in calls[3::4]:
            assert call.result().key == key(label)
        for _, call in calls:
            assert call.exception() is None or call.code() is grpc.StatusCode.DEADLINE_EXCEEDED
        assert all(len(call.result().plans) == len(labels) for call in busy)


# --- subscribers that do not read


def large_plan(label):
    """An event of about 80 kB."""
    return new_plan(label, metadata={f"{i:0100}": "v" * 100 for i in range(400)})


def test_subscribers_that_never_read(own_server):
    """Back-pressure, no dropping: they cost no memory, hold back nobody, and get everything when they read at last."""
    stalled, plans = 20, 300
    server = own_server({"c": MEMBERS}).start()
    world = World(server, "c").register_organizations()
    world.a(large_plan("warm"))
    sleepers = [server.connect() for _ in range(stalled)]
    streams = [server.caller(B, "c", connection).subscribe() for connection in sleepers]
    for stream in streams:
        next(stream)
    before = server.memory_bytes()
    live = world.a.subscribe(world.head())
    for i in range(plans):
        world.a(large_plan(f"p{i}"))
        assert next(live).asset_key == key(f"p{i}")
    live.cancel()
    # What each of them has not read is 24 MB.
    assert server.memory_bytes() - before < MEMORY_FACTOR * (100 << 20)
    rest = [next(streams[0]).asset_key for _ in range(plans + 3)]
    assert rest == ["OrgB", "OrgC", key("warm"), *(key(f"p{i}") for i in range(plans))]
    for connection in sleepers:
        connection.close()
