"""The figures that count: what each is called, what it should be, and what limits it."""
import dataclasses

from servers import EMBEDDED, POSTGRESQL


@dataclasses.dataclass(frozen=True)
class Headline:
    title: str
    scenario: str
    size: int
    unit: str
    embedded: float  # the targets
    postgresql: float
    reference: str  # what the Substra orchestrator 1.0 did on a machine of this kind
    per_call: int = 1  # what the unit counts, per call
    echo: bool = False  # limited by calls of a bare gRPC server, of the same bytes and as many at once
    tasks_per_commit: int = 0  # limited by the rows of tasks that the database takes, in commits of so many tasks
    stream: bool = False  # limited by streams of a bare gRPC server

    def target(self, store):
        return {EMBEDDED: self.embedded, POSTGRESQL: self.postgresql}[store]

    @property
    def more_is_better(self):
        return self.unit.endswith("/s")

    def reaches(self, value, store):
        return value >= self.target(store) if self.more_is_better else value <= self.target(store)


HEADLINES = [
    Headline("register a task, 1 at a time", "registration", 1, "calls/s", 1_500, 800, "306", 1, True, 1),
    Headline("register a task, 32 at once", "registration", 32, "calls/s", 10_000, 5_000, "183, 2 % fail", 1, True, 32),
    Headline("register 500 tasks per call", "batch", 500, "tasks/s", 40_000, 25_000, "3,500", 500, True, 500),
    Headline("register 5,000 tasks in one call", "batch", 5_000, "tasks/s", 50_000, 30_000, "2,240", 5_000, True,
             5_000),
    Headline("plan of 100,000 tasks: last tenth / first", "plan, last tenth / first", 100_000, "ratio", 1.1, 1.1,
             "grows"),
    Headline("EXECUTING, 32 at once", "executing", 32, "calls/s", 10_000, 5_000, "350", 1, True),
    Headline("RegisterModels, 32 at once", "models", 32, "calls/s", 10_000, 5_000, "259", 1, True),
    Headline("DONE, 32 at once", "done", 32, "calls/s", 10_000, 5_000, "277, 75 % fail", 1, True),
    Headline("DONE with 1,000 waiting children", "fan-out", 1_000, "ms", 20, 30, "9,861"),
    Headline("GetTask, 32 at once", "get-task", 32, "calls/s", 20_000, 12_000, "5,730", 1, True),
    Headline("all tasks by pages of 500: last tenth / first", "pages, last tenth / first", 100_000, "ratio", 1.2, 1.2,
             "grows"),
    Headline("replay, 1 subscriber", "replay", 1, "events/s", 150_000, 100_000, "8,400", stream=True),
    Headline("replay, 10 subscribers", "replay", 10, "events/s", 400_000, 300_000, "14,000", stream=True),
    Headline("call to delivery, 100 subscribers, 500 writes/s: p99", "live", 500, "ms", 10, 20, "cannot"),
    Headline("memory, idle", "memory", 0, "MB", 40, 40, "36"),
    Headline("memory after a million tasks in one plan", "memory", 1_000_000, "MB", 300, 300, "-"),
    Headline("start to serving, a million tasks stored", "start", 1_000_000, "ms", 300, 300, "-"),
]
