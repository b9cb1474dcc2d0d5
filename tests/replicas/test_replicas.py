"""Two replicas on one database: one order, whoever writes and whoever is asked; and what the others notice when one
dies or hangs."""
import signal
import threading
import time

from checks import OK, UNAVAILABLE
from history import check_state
from protocol import pb
from world import World, key, new_model, new_models, new_plan, new_task, task_action


def two(replica, postgres, database):
    return [replica(postgres.url(database), "--migrate").start() for _ in range(2)]


def test_a_subscriber_of_one_sees_what_is_written_through_the_other(postgres, database, replica):
    first, second = two(replica, postgres, database)
    writing, reading = World(first, "c").register_organizations(), World(second, "c")
    stream = reading.b.subscribe()
    assert [next(stream).asset_key for _ in range(3)] == ["OrgA", "OrgB", "OrgC"]
    for i in range(100):
        (writing if i % 2 else reading).a(new_plan(f"p{i}"))
        assert next(stream).asset_key == key(f"p{i}")
        assert reading.get_plan(f"p{i}") == writing.get_plan(f"p{i}"), "a read on any replica shows every commit"
    stream.cancel()
    assert check_state(writing) == check_state(reading)
    assert first.stop() == second.stop() == 0


def test_one_plan_through_two_replicas(postgres, database, replica):
    """Both take tasks to DONE whose children wait for tasks of both: each child is released once, after its last
    parent."""
    servers = two(replica, postgres, database)
    worlds = [World(server, "c") for server in servers]
    worlds[0].register_organizations().functions().plan()
    roots = [f"root {i}" for i in range(60)]
    children = {f"child {i}": [roots[(i + j * 7) % 60] for j in range(3)] for i in range(60)}
    worlds[1].tasks(*map(new_task, roots), *(new_task(label, parents=of) for label, of in children.items()))
    outcomes = []

    def work(number):
        caller = worlds[number % 2].a
        for label in roots[number::6]:
            outcomes.extend(caller.outcome(request) for request in (
                task_action(label, "EXECUTING"), new_models(new_model(f"model of {label}", label)),
                task_action(label, "DONE")))

    threads = [threading.Thread(target=work, args=(i,)) for i in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes == [(OK, "")] * 180
    events = check_state(worlds[0])
    assert check_state(worlds[1]) == events
    reached = {}
    for position, event in enumerate(events):
        if event.asset_kind == pb.ASSET_COMPUTE_TASK and event.event_kind == pb.EVENT_ASSET_UPDATED:
            assert reached.setdefault((event.asset_key, event.compute_task.status), position) == position
    for label, parents in children.items():
        assert reached[key(label), pb.STATUS_WAITING_FOR_EXECUTOR_SLOT] > max(
            reached[key(parent), pb.STATUS_DONE] for parent in parents)


def test_kills_under_load(postgres, database, replica, traffic, chance, is_heavy):
    """20 writers and 10 subscribers on each of two replicas, one of which dies again and again."""
    kills = 50 if is_heavy else 5
    servers = two(replica, postgres, database)
    World(servers[0], "c").register_organizations()
    load = traffic()
    for server in servers:
        load.write(server, 20).follow(server, 10)
    for _ in range(kills):
        load.wait_for(chance.randint(50, 300))
        victim = chance.choice(servers)
        victim.kill()
        victim.start()
    load.wait_for(100)
    load.finish(servers[0])
    assert load.check(postgres, database) > 50 * kills
    assert load.stream_ends[UNAVAILABLE] >= kills
    for server in servers:
        assert server.stop() == 0


def stop_in_a_transaction(postgres, server, name):
    """SIGSTOP while a connection of the server, under its `application_name`, is between two statements of a
    transaction that writes."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        server.process.send_signal(signal.SIGSTOP)
        time.sleep(0.05)
        held = postgres.run("SELECT count(*) FROM pg_locks JOIN pg_stat_activity USING (pid) WHERE state = 'idle in "
                            f"transaction' AND application_name = '{name}' AND mode = 'RowExclusiveLock'")
        if held != [["0"]]:
            return
        server.process.send_signal(signal.SIGCONT)
        time.sleep(0.02)
    raise AssertionError("the server was never met in a transaction")


def test_a_replica_that_hangs_in_a_batch(postgres, database, replica, traffic):
    """Its channel is free again after the 10 s that the database waits for it; until then others are refused within the
    5 s that a writer waits. Other channels, reads and subscribers wait for nothing."""
    hanging = replica(postgres.url(database) + "?application_name=hanging", "--migrate").start()
    other = replica(postgres.url(database), "--migrate").start()
    for channel in ("c", "other"):
        World(hanging, channel).register_organizations()
    busy = traffic().write(hanging, 4).follow(other, 2)
    busy.wait_for(20)
    stop_in_a_transaction(postgres, hanging, "hanging")
    began = time.monotonic()
    waiting = traffic("waiting").write(other, 2)
    elsewhere = World(other, "other")
    for i in range(20):
        started = time.monotonic()
        assert elsewhere.a.outcome(new_plan(f"p{i}")) == (OK, "")
        assert World(other, "c").a.outcome(pb.QueryPlansParam(page_size=1)) == (OK, "")
        assert time.monotonic() - started < 4
    waiting.wait_for(2)
    assert time.monotonic() - began < 10 + 5 + 10, "the stated bound, and room for a busy machine"
    waiting.stop_writers()
    refused = [call for call in waiting.calls if call.is_refused()]
    assert all("another writer holds the channel" in call.text for call in refused)
    assert all(call.seconds < 5 + 8 for call in waiting.calls)
    hanging.process.send_signal(signal.SIGCONT)
    busy.wait_for(20)
    busy.calls += waiting.calls
    busy.finish(other)
    busy.check(postgres, database)
    assert hanging.stop() == other.stop() == 0
