"""The database, or the way to it, breaks under load: no call is reported wrongly, none is applied twice, no stream ends
well, and all goes on by itself."""
import signal
import time

import pytest

from checks import UNAVAILABLE
from gate import TO_CLIENT, TO_SERVER, Gate, corrupt_after, cut_after, cut_at
from postgres import Postgres
from readiness import watch_readiness
from traffic import Traffic
from world import World

WRITERS = 8
SUBSCRIBERS = 3


def start_traffic(server):
    World(server, "c").register_organizations()
    traffic = Traffic().write(server, WRITERS).follow(server, SUBSCRIBERS)
    traffic.wait_for(50)
    return traffic


def finish(traffic, server, postgres, database):
    """Calls succeed again, by themselves, in the same process; then all is compared."""
    traffic.wait_for(100)
    assert server.is_running(), server.log_text()
    traffic.finish(server)
    traffic.check(postgres, database)
    assert server.stop() == 0


def break_again_and_again(gate, traffic, breaks):
    for begin in breaks:
        begin(gate)
        traffic.wait_for(10)
        gate.meddle, gate.refuse, gate.delay = None, False, 0.0


def refuse_for_a_while(gate):
    gate.refuse = True
    gate.close_all()
    time.sleep(0.5)
    gate.refuse = False


def meddle(with_what):
    def begin(gate):
        gate.meddle = with_what

    return begin


def slow(gate):
    gate.delay = 0.05


def test_commits_that_are_cut(postgres, database, replica, chance, is_heavy):
    """Connections end where the answer to COMMIT should come, anywhere on the way to it, and all at once."""
    rounds = 400 if is_heavy else 40
    with Gate(postgres.port) as gate:
        server = replica(postgres.url(database, gate.port) + "?sslmode=disable", "--migrate").start()
        traffic = start_traffic(server)
        ways = [lambda: meddle(cut_at(TO_CLIENT, b"COMMIT\0")), lambda: meddle(cut_at(TO_CLIENT, b"COMMIT\0")),
                lambda: meddle(cut_after(TO_SERVER, chance.randrange(4000))),
                lambda: meddle(cut_after(TO_CLIENT, chance.randrange(1000))),
                lambda: Gate.close_all, lambda: slow]
        breaks = [chance.choice(ways)() for _ in range(rounds)] + [refuse_for_a_while]
        break_again_and_again(gate, traffic, breaks)
        finish(traffic, server, postgres, database)
    assert any(call.is_refused() for call in traffic.calls)
    assert not any("may have happened" in call.text for call in traffic.calls), "it could be found out"


@pytest.mark.parametrize("signal_number", [signal.SIGQUIT, signal.SIGINT], ids=["crash", "fast shutdown"])
def test_restart_of_the_database_under_load(replica, signal_number):
    with Postgres() as postgres:
        database = postgres.create_database()
        server = replica(postgres.url(database), "--migrate").start()
        traffic = start_traffic(server)
        with watch_readiness(server) as readiness:
            readiness.wait_for("SERVING")
            postgres.end(signal_number)
            readiness.wait_for("NOT_SERVING")
            time.sleep(0.3)
            postgres.start()
            readiness.wait_for("SERVING")
        finish(traffic, server, postgres, database)
    assert any(call.is_refused() for call in traffic.calls)
    assert set(traffic.stream_ends) <= {UNAVAILABLE}
