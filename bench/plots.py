#!/usr/bin/python3
"""Draws what run.py has measured, as SVG: cost against size for each scenario, and the mixed load over time."""
import argparse
import collections
import pathlib

import matplotlib

matplotlib.use("svg")
from matplotlib import pyplot  # noqa: E402

import report  # noqa: E402

COSTS = {"calls/s": "µs per call", "tasks/s": "µs per task", "events/s": "µs per event"}
GROUPS = ["grown plan: ", "history: "]  # whose scenarios are lines of one plot
OVER_TIME = "mixed over time"
WIDE = 20  # costs that differ by more than this are drawn by their orders of magnitude


def cost(figure):
    """What one call, task or event takes; what is no rate is a cost already."""
    return 1e6 / figure["value"] if figure["unit"] in COSTS else figure["value"]


def lines_of(results):
    """{plot: {line: figures}}, for every scenario that was measured at several sizes."""
    plots = collections.defaultdict(lambda: collections.defaultdict(list))
    for store, result in results.items():
        for figure in result["figures"]:
            group = next((name for name in GROUPS if figure["scenario"].startswith(name)), None)
            plot = f"{group}{store}" if group else figure["scenario"]
            plots[plot][figure["scenario"].removeprefix(group) if group else store].append(figure)
    return {plot: lines for plot, lines in plots.items() if any(len(figures) > 1 for figures in lines.values())}


def save(folder, name):
    file = folder / ("".join(letter if letter.isalnum() else "-"
                             for letter in name).strip("-").replace("--", "-") + ".svg")
    pyplot.tight_layout()
    pyplot.savefig(file, metadata={"Date": None})
    pyplot.close()


def draw_costs(folder, plot, lines):
    pyplot.figure(figsize=(6.4, 3.6))
    for line, figures in lines.items():
        pyplot.plot([figure["size"] for figure in figures], [cost(figure) for figure in figures],
                    marker="o",
                    label=line)
    first = next(iter(lines.values()))[-1]
    if all(figure["size"] > 0 for figures in lines.values() for figure in figures):
        pyplot.xscale("log")
    costs = [cost(figure) for figures in lines.values() for figure in figures]
    if max(costs) > WIDE * min(costs) > 0:
        pyplot.yscale("log")
    else:
        pyplot.ylim(bottom=0)
    pyplot.xlabel(first["size_of"])
    pyplot.ylabel(COSTS.get(first["unit"], first["unit"]))
    pyplot.title(plot)
    pyplot.legend(fontsize="small")
    pyplot.grid(alpha=0.3)
    save(folder, plot)


def draw_over_time(folder, store, figures):
    _, (latency, memory) = pyplot.subplots(2, 1, sharex=True, figsize=(6.4, 5))
    seconds = [figure["size"] for figure in figures]
    for name in ("p50_ms", "p99_ms", "max_ms"):
        latency.plot(seconds, [figure[name] for figure in figures], label=name.removesuffix("_ms"))
    latency.set_yscale("log")
    latency.set_ylabel("ms per call")
    latency.legend(fontsize="small")
    memory.plot(seconds, [figure["resident_mb"] for figure in figures])
    memory.set_ylim(bottom=0)
    memory.set_ylabel("MB resident, server")
    memory.set_xlabel("seconds")
    latency.set_title(f"{OVER_TIME}: {store}")
    save(folder, f"{OVER_TIME} {store}")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--results", type=pathlib.Path, default=pathlib.Path("build/bench"))
    parser.add_argument("--output", type=pathlib.Path, default=pathlib.Path("build/bench"))
    options = parser.parse_args()
    options.output.mkdir(parents=True, exist_ok=True)
    matplotlib.rcParams["svg.hashsalt"] = "orchestrator"  # equal figures give equal files
    matplotlib.rcParams["svg.fonttype"] = "none"  # text stays text
    for part in ("scenarios", "growth"):
        for plot, lines in lines_of(report.read(options.results, part)).items():
            draw_costs(options.output, plot, lines)
    for store, result in report.read(options.results, "mixed").items():
        draw_over_time(options.output, store,
                       [figure for figure in result["figures"] if figure["scenario"] == OVER_TIME])


if __name__ == "__main__":
    main()
