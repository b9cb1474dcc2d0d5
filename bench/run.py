#!/usr/bin/python3
"""Measures the orchestrator on this machine: starts servers, makes load, and prints figures beside their targets and
the machine's own limits. Every part leaves a JSON file in the output folder, which report.py and plots.py read."""
import argparse
import json
import pathlib
import sys
import time

import report
from parts import GROWTH, SCENARIOS, Bench, machine
from servers import STORES, stores

PARTS = ["micro", "scenarios", "growth", "mixed"]


def show(figure):
    if "value" not in figure:
        return
    latencies = "".join(f"  {name} {figure[f'{name}_ms']:>8.3f} ms" for name in ("p50", "p99") if figure.get("p99_ms"))
    print(
        f"  {figure['scenario']:<36} {figure['size']:>9,} {figure.get('size_of', ''):<18}"
        f" {figure['value']:>12,.2f} {figure['unit']:<9}{latencies}  failures {figure['failures']}",
        flush=True)


def measure(bench, part, new_store, options):
    if part == "growth":
        return {"figures": bench.scenarios(new_store, GROWTH)}
    if part == "mixed":
        return {"figures": bench.mixed(new_store, options.seconds)}
    figures = bench.scenarios(new_store, options.scenario or SCENARIOS)
    if not options.scenario:
        figures += bench.memory_and_start(new_store)
    return {"figures": figures, "limits": bench.limits(new_store, figures)}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--binary", required=True, type=pathlib.Path, help="the server; the generator is beside it")
    parser.add_argument("--store", action="append", choices=STORES, help="both, unless given")
    parser.add_argument("--part", action="append", choices=PARTS, help="all, unless given")
    parser.add_argument("--scenario", action="append", choices=SCENARIOS, help="only these of the part `scenarios`")
    parser.add_argument("--scale", type=float, default=1, help="of the numbers of calls and tasks")
    parser.add_argument("--seconds", type=float, default=30, help="of the mixed load")
    parser.add_argument("--folder",
                        type=pathlib.Path,
                        help="where the stores are kept meanwhile; a temporary one, unless given")
    parser.add_argument("--output", type=pathlib.Path, default=pathlib.Path("build/bench"))
    options = parser.parse_args()
    options.output.mkdir(parents=True, exist_ok=True)
    bench = Bench(options.binary.resolve().parent, options.scale, show)
    parts = options.part or PARTS
    if "micro" in parts:
        bench.micro(options.output / report.MICRO)
    failures = 0
    for store in options.store or STORES:
        with stores(store, options.folder) as new_store:
            for part in (part for part in parts if part != "micro"):
                print(f"{part}, {store}", flush=True)
                started = time.monotonic()
                result = measure(bench, part, new_store, options)
                result |= {
                    "part": part,
                    "store": store,
                    "scale": options.scale,
                    "machine": machine(),
                    "took_s": round(time.monotonic() - started, 1)
                }
                report.write(options.output, result)
                failures += sum(figure.get("failures", 0) for figure in result["figures"])
    if "scenarios" in parts:
        print(report.text(options.output))
    return failures > 0


if __name__ == "__main__":
    sys.exit(main())
