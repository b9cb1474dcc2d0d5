"""The parts of a measurement. Each gives a list of figures (bench/measure.h says what a figure has), with what the
server took: cpu_s, database_cpu_s, peak_mb, resident_mb."""
import json
import os
import statistics
import subprocess
import sys

from servers import Server
from targets import HEADLINES

ORGANIZATION = "BenchMSP"
SCENARIOS = ["registration", "batch", "plan", "lifecycle", "fan-out", "get-task", "pages", "replay", "live"]
GROWTH = ["task-growth", "event-growth"]
STARTS = 5  # of which the median counts
RAW_TASKS = 10_000


def lines_of(command):
    """The JSON lines that a program prints. When the program fails, so does the measurement; it does not outlive it."""
    process = subprocess.Popen([str(word) for word in command], stdout=subprocess.PIPE, text=True)
    try:
        for line in process.stdout:
            yield json.loads(line)
        if process.wait() != 0:
            sys.exit(f"{command[0]} failed with exit status {process.returncode}")
    finally:
        process.kill()
        process.wait()


class Bench:
    """`programs`: the folder of the server and of the programs that measure it. `show` is called with each figure."""
    def __init__(self, programs, scale, show):
        self.server_program = programs / "orchestrator"
        self.generator = programs / "orchestrator_bench"
        self.mixer = programs / "orchestrator_mix"
        self.limits_program = programs / "orchestrator_limits"
        self.micro_program = programs / "orchestrator_micro"
        self.scale = scale
        self.show = show

    def micro(self, file):
        """The microbenchmarks, which need no store; Google Benchmark writes its own JSON."""
        subprocess.run([
            self.micro_program, f"--benchmark_out={file}", "--benchmark_out_format=json",
            f"--benchmark_min_time={min(0.5, self.scale / 2)}"
        ],
                       check=True,
                       stderr=subprocess.DEVNULL)

    def figures_of(self, server, command):
        """What the generator prints, with what the server took meanwhile."""
        figures = []
        for line in lines_of(command):
            if "begin" in line:
                server.reset_peak()
                cpu, database_cpu = server.cpu_seconds(), server.store.database_cpu_seconds()
                continue
            line["cpu_s"] = server.cpu_seconds() - cpu
            line["database_cpu_s"] = server.store.database_cpu_seconds() - database_cpu
            line["peak_mb"] = server.peak_mb()
            line["resident_mb"] = server.resident_mb()
            figures.append(line)
            self.show(line)
        return figures

    def run(self, server, channel, *names):
        return self.figures_of(server,
                               [self.generator, "--scale", self.scale, server.address, ORGANIZATION, channel, *names])

    def scenarios(self, new_store, names):
        """Each in a channel of its own."""
        with Server(self.server_program, new_store(), {name: [ORGANIZATION] for name in names}) as server:
            return [figure for name in names for figure in self.run(server, name, name)]

    def memory_and_start(self, new_store):
        """Empty, and with up to a million tasks."""
        figures = []

        def add(scenario, tasks, value, unit):
            figures.append({
                "scenario": scenario,
                "size": tasks,
                "size_of": "tasks",
                "value": value,
                "unit": unit,
                "count": 0,
                "calls": 0,
                "failures": 0
            })
            self.show(figures[-1])

        store = new_store()
        channels = {"memory": [ORGANIZATION]}

        def add_starts(tasks):
            times = []
            for _ in range(STARTS):
                with Server(self.server_program, store, channels) as server:
                    times.append(server.start_ms)
            add("start", tasks, statistics.median(times), "ms")

        add_starts(0)
        with Server(self.server_program, store, channels) as server:
            add("memory", 0, server.resident_mb(), "MB")
            filled = self.run(server, "memory", "fill")
            figures += filled
            for figure in filled:
                add("memory", figure["size"], figure["resident_mb"], "MB")
        add_starts(filled[-1]["size"])
        return figures

    def limits(self, new_store, figures):
        """What bare gRPC and the bare database do with the same bytes and rows."""
        found = []
        with subprocess.Popen([self.limits_program, "serve-echo"],
                              stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE,
                              text=True) as echo:
            address = json.loads(echo.stdout.readline())["address"]
            for headline in HEADLINES:
                for figure in figures:
                    if (figure["scenario"], figure["size"]) == (headline.scenario, headline.size):
                        found += self._limits_of_grpc(address, headline, figure)
            echo.stdin.close()
        return found + self._limits_of_database(new_store)

    def _limits_of_grpc(self, address, headline, figure):
        if headline.echo:
            command = [
                "echo", address, figure["in_flight"], figure["request_bytes"], figure["response_bytes"], 2 * self.scale
            ]
        elif headline.stream:
            command = [
                "stream", address, figure["in_flight"], figure["response_bytes"], figure["calls"] // figure["in_flight"]
            ]
        else:
            return []
        return self._limit({"title": headline.title, "per_call": headline.per_call}, command)

    def _limits_of_database(self, new_store):
        store = new_store()
        tasks = max(10, int(RAW_TASKS * self.scale))
        with Server(self.server_program, store, {"raw": [ORGANIZATION]}) as server:
            for _ in lines_of(
                [self.generator, "--scale", tasks / 1_000_000, server.address, ORGANIZATION, "raw", "fill"]):
                pass
        found = self._limit({}, ["fsync", store.folder, 2 * self.scale])
        for headline in HEADLINES:
            if headline.tasks_per_commit:
                parts = max(1, tasks // headline.tasks_per_commit)
                found += self._limit({"title": headline.title, "tasks": tasks}, store.raw_rows_command(parts))
        return found

    def _limit(self, about, command):
        limits = [{**about, **line} for line in lines_of([self.limits_program, *command]) if "begin" not in line]
        for limit in limits:
            self.show(limit)
        return limits

    def mixed(self, new_store, seconds):
        """Ten channels, thirty organizations: what orchestrator_mix prints."""
        organizations = [f"Mix{i:02}MSP" for i in range(30)]
        channels = [f"mix{i}" for i in range(10)]
        with Server(self.server_program, new_store(), dict.fromkeys(channels, organizations)) as server:
            return self.figures_of(server,
                                   [self.mixer, server.address, seconds, ",".join(channels), ",".join(organizations)])


def machine():
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return {"processors": os.cpu_count(), "memory_gb": round(pages / 2**30)}
