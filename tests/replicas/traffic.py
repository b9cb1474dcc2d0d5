"""Writers and subscribers on several replicas, and the comparison of all that they were told with the database."""
import collections
import dataclasses
import hashlib
import itertools
import threading
import time

import grpc

from client import identity, outcome_of, raw_bytes
from protocol import pb
from world import A, B, key, new_plan, new_sample, new_samples

CHANNEL = "c"
SAMPLES = 3
RECOVERY_SECONDS = 60  # longer than any recovery may take; what hangs fails the test instead of the run
LAST = "the end"

NO_ANSWER = "no answer"
MAY_HAVE_HAPPENED = "which may have happened"


@dataclasses.dataclass
class Call:
    """A call that was made once and never repeated, and what was answered. Its events carry these asset keys."""
    keys: list
    status: str
    text: str
    started: float
    seconds: float

    def is_acknowledged(self):
        return self.status == "OK"

    def is_refused(self):
        """By the server, which says that nothing has happened; all else leaves it open."""
        return (self.status == "UNAVAILABLE" and self.text.endswith("; try again later")
                and MAY_HAVE_HAPPENED not in self.text)


def requests(name):
    """Calls without end, with the keys that prove them. A profiling step may come again: a call that is applied twice
    shows twice."""
    for i in itertools.count():
        label = f"{name} {i}"
        yield new_plan(f"plan {label}"), [key(f"plan {label}")]
        yield pb.ProfilingStep(asset_key=key(f"step {label}"), step="s", duration=1), [key(f"step {label}")]
        samples = [f"sample {label} {j}" for j in range(SAMPLES)]
        yield new_samples(*map(new_sample, samples)), [key(sample) for sample in samples]


class Traffic:
    """In channel c. Servers may be killed and started again: clients find them where they are. `name`: what tells the
    keys of two traffics of one channel apart."""

    def __init__(self, name=""):
        self.name = name
        self.calls = []
        self.seen = []  # one list of (event id, SHA-256 of the event) per subscriber
        self.stream_ends = collections.Counter()
        self.problems = []
        self._stop = threading.Event()
        self._given_up = threading.Event()
        self._changed = threading.Condition()
        self._acknowledged = 0
        self._writers = []
        self._subscribers = []

    # --- writers

    def write(self, server, count=1):
        for _ in range(count):
            thread = threading.Thread(target=self._write, args=(server, f"{self.name} {len(self._writers)}"), daemon=True)
            self._writers.append(thread)
            thread.start()
        return self

    def _write(self, server, name):
        connection = server.connect()
        for request, keys in requests(name):
            if self._stop.is_set():
                break
            began = time.monotonic()
            status, text = server.caller(A, CHANNEL, connection).outcome(request)
            call = Call(keys, status, text, began, time.monotonic() - began)
            with self._changed:
                self.calls.append(call)
                self._acknowledged += call.is_acknowledged()
                if status not in ("OK", "UNAVAILABLE"):
                    self.problems.append(call)
                self._changed.notify_all()
            if status != "OK":
                connection.close()
                time.sleep(0.05)
                connection = server.connect()
        connection.close()

    def wait_for(self, more):
        """Until so many more calls are acknowledged."""
        with self._changed:
            wanted = self._acknowledged + more
            done = self._changed.wait_for(lambda: self._acknowledged >= wanted, RECOVERY_SECONDS)
            assert done, ("calls do not succeed", self.calls[-3:])

    # --- subscribers

    def follow(self, server, count=1):
        for _ in range(count):
            seen = []
            self.seen.append(seen)
            thread = threading.Thread(target=self._follow, args=(server, seen), daemon=True)
            self._subscribers.append(thread)
            thread.start()
        return self

    def _follow(self, server, seen):
        """Resumes after the last event, until the last one of all."""
        while not self._given_up.is_set():
            connection = server.connect()
            start = seen[-1][0] if seen else ""
            stream = connection.unary_stream(
                "/orchestrator.EventService/SubscribeToEvents", request_serializer=raw_bytes)(
                    pb.SubscribeToEventsParam(start_event_id=start), metadata=identity(B, CHANNEL))
            try:
                for raw in stream:
                    event = pb.Event.FromString(raw)
                    seen.append((event.id, hashlib.sha256(raw).hexdigest()))
                    if event.asset_key == key(LAST):
                        stream.cancel()
                        return
                ended = "OK", ""
            except grpc.RpcError as error:
                ended = outcome_of(error)
            finally:
                connection.close()
            with self._changed:
                self.stream_ends[ended[0]] += 1
                if ended[0] != "UNAVAILABLE":
                    self.problems.append(("a stream ended", ended))
                    return
            time.sleep(0.05)

    # --- the end

    def give_up(self):
        """At the end of a test, however it went: no thread goes on."""
        self._stop.set()
        self._given_up.set()

    def stop_writers(self):
        self._stop.set()
        self._join(self._writers)

    def _join(self, threads):
        deadline = time.monotonic() + RECOVERY_SECONDS
        for thread in threads:
            thread.join(max(0, deadline - time.monotonic()))
        assert not any(thread.is_alive() for thread in threads), "clients hang"

    def finish(self, server):
        """Ends the writers, then, by a last call through `server`, the subscribers."""
        self.stop_writers()
        deadline = time.monotonic() + RECOVERY_SECONDS
        caller = server.caller(A, CHANNEL)
        while (outcome := caller.outcome(new_plan(LAST))[0]) not in ("OK", "ALREADY_EXISTS"):
            assert time.monotonic() < deadline, outcome
            time.sleep(0.05)
        self._join(self._subscribers)

    def check(self, postgres, database):
        """What was acknowledged is in the database once, what was refused is not, nothing else is in halves, and every
        subscriber was told exactly what is there. Gives the number of events."""
        assert self.problems == []
        rows = postgres.run(
            "SELECT position, events.id, encode(sha256(body), 'hex'), convert_from(asset_key, 'UTF8') FROM "
            "orchestrator.events JOIN orchestrator.channels ON channel = channels.id "
            f"WHERE convert_from(name, 'UTF8') = '{CHANNEL}' ORDER BY position", database)
        assert [int(row[0]) for row in rows] == list(range(1, len(rows) + 1))
        times = collections.Counter(row[3] for row in rows)
        for call in self.calls:
            found = [times[each] for each in call.keys]
            if call.is_acknowledged():
                assert set(found) == {1}, call
            elif call.is_refused():
                assert set(found) == {0}, call
            else:
                assert set(found) in ({0}, {1}), call
        history = [(row[1], row[2]) for row in rows]
        for seen in self.seen:
            differing = [pair for pair in itertools.zip_longest(seen, history) if pair[0] != pair[1]]
            assert not differing, (len(seen), len(history), differing[:3])
        return len(history)
