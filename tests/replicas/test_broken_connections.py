"""The database, or the way to it, breaks under load: no call is reported wrongly, none is applied twice, no stream ends
well, and all goes on by itself."""
import signal
import time

import pytest

from checks import UNAVAILABLE
from gate import TO_CLIENT, TO_SERVER, Fault, Gate
from postgres import Postgres
from readiness import watch_readiness
from world import World

WRITERS = 8
SUBSCRIBERS = 3


def begin(load, server):
    World(server, "c").register_organizations()
    load.write(server, WRITERS).follow(server, SUBSCRIBERS)
    load.wait_for(50)
    return load


def finish(load, server, postgres, database):
    """Calls succeed again, by themselves, in the same process; then all is compared."""
    load.wait_for(100)
    assert server.is_running(), server.log_text()
    load.finish(server)
    load.check(postgres, database)
    assert server.stop() == 0


def inject(fault):
    def break_something(gate):
        gate.meddle = fault
        assert fault.done.wait(30), "nothing passes"
        gate.meddle = None

    return break_something


def refuse_for_a_while(gate):
    gate.refuse = True
    gate.close_all()
    time.sleep(0.5)
    gate.refuse = False


def delay_for_a_while(gate):
    gate.delay = 0.05
    time.sleep(0.3)
    gate.delay = 0.0


def break_again_and_again(gate, load, breaks):
    for break_something in breaks:
        break_something(gate)
        load.wait_for(10)


def test_commits_that_are_cut(postgres, database, replica, traffic, chance, is_heavy):
    """Connections end where the answer to COMMIT should come, anywhere on the way to it, and all at once."""
    ways = [lambda: inject(Fault(TO_CLIENT, text=b"COMMIT\0")), lambda: inject(Fault(TO_CLIENT, text=b"COMMIT\0")),
            lambda: inject(Fault(TO_SERVER, chance.randrange(4000))),
            lambda: inject(Fault(TO_CLIENT, chance.randrange(1000))),
            lambda: Gate.close_all, lambda: delay_for_a_while]
    breaks = [chance.choice(ways)() for _ in range(500 if is_heavy else 40)] + [refuse_for_a_while]
    with Gate(postgres.port) as gate:
        server = replica(postgres.url(database, gate.port) + "?sslmode=disable", "--migrate").start()
        load = begin(traffic(), server)
        break_again_and_again(gate, load, breaks)
        finish(load, server, postgres, database)
    assert not any("may have happened" in call.text for call in load.calls), "it could be found out"


def test_bytes_that_are_changed_under_tls(secure, replica, traffic, chance, is_heavy):
    """TLS notices it: a connection ends, and nothing wrong is stored or told."""
    user, database = secure.new_owner("secret")
    ways = [lambda: inject(Fault(TO_SERVER, chance.randrange(4000), corrupt=True)),
            lambda: inject(Fault(TO_CLIENT, chance.randrange(4000), corrupt=True))]
    breaks = [chance.choice(ways)() for _ in range(100 if is_heavy else 10)]
    with Gate(secure.port) as gate:
        url = f"postgresql://{user}:secret@127.0.0.1:{gate.port}/{database}?sslmode=require"
        server = replica(url, "--migrate").start()
        load = begin(traffic(), server)
        break_again_and_again(gate, load, breaks)
        finish(load, server, secure, database)


@pytest.mark.parametrize("signal_number", [signal.SIGQUIT, signal.SIGINT], ids=["crash", "fast shutdown"])
def test_restart_of_the_database_under_load(replica, traffic, signal_number):
    with Postgres() as postgres:
        database = postgres.create_database()
        server = replica(postgres.url(database), "--migrate").start()
        load = begin(traffic(), server)
        with watch_readiness(server) as readiness:
            readiness.wait_for("SERVING")
            postgres.end(signal_number)
            readiness.wait_for("NOT_SERVING")
            time.sleep(0.3)
            postgres.start()
            readiness.wait_for("SERVING")
        finish(load, server, postgres, database)
    assert set(load.stream_ends) <= {UNAVAILABLE}
