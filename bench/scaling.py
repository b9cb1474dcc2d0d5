#!/usr/bin/python3
"""Measures what more replicas and more channels bring on one PostgreSQL server: two load generators register tasks at
once, against one replica or one each, in one channel or one each. Prints a table, and with --document writes it into
docs/scaling.md between its marks."""
import argparse
import contextlib
import json
import pathlib
import re
import subprocess

from servers import POSTGRESQL, Server, stores

DOCUMENT = pathlib.Path(__file__).resolve().parents[1] / "docs" / "scaling.md"
ORGANIZATION = "BenchMSP"
GENERATORS = 2
LAYOUTS = [(1, 1), (2, 1), (1, 2), (2, 2)]  # replicas, channels
SIZES = [1, 8, 64]  # calls at once of each generator
HEADINGS = ["Replicas", "Channels", "Calls at once", "Calls/s", "p50, ms", "p99, ms", "Failures"]


def start(generator, scale, server, channel):
    return subprocess.Popen([generator, "--scale", str(scale), server.address, ORGANIZATION, channel, "registration"],
                            stdout=subprocess.PIPE, text=True)


def figures_of(generator):
    """By the number of calls at once."""
    lines, _ = generator.communicate()
    if generator.returncode != 0:
        raise SystemExit("the load generator failed")
    figures = [json.loads(line) for line in lines.splitlines()]
    return {figure["size"]: figure for figure in figures if "value" in figure}


def measure(programs, scale, store, replicas, channels):
    """Rows of the table. The generators take the same steps at the same times."""
    names = {f"channel{i}": [ORGANIZATION] for i in range(channels)}
    with contextlib.ExitStack() as stack:
        servers = [stack.enter_context(Server(programs / "orchestrator", store, names)) for _ in range(replicas)]
        running = [start(programs / "orchestrator_bench", scale, servers[i % replicas], f"channel{i % channels}")
                   for i in range(GENERATORS)]
        all_figures = [figures_of(each) for each in running]
    for size in SIZES:
        figures = [each[size] for each in all_figures]
        yield [replicas, channels, size * GENERATORS, f"{sum(each['value'] for each in figures):,.0f}",
               *(f"{max(each[name] for each in figures):.2f}" for name in ("p50_ms", "p99_ms")),
               sum(each["failures"] for each in figures)]


def table(rows):
    lines = [HEADINGS, ["---:"] * len(HEADINGS), *rows]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--binary", required=True, type=pathlib.Path, help="the server; the generator is beside it")
    parser.add_argument("--scale", type=float, default=1, help="of the numbers of calls")
    parser.add_argument("--document", action="store_true", help="write the table into docs/scaling.md")
    options = parser.parse_args()
    programs = options.binary.resolve().parent
    with stores(POSTGRESQL) as new_store:
        rows = [row for layout in LAYOUTS for row in measure(programs, options.scale, new_store(), *layout)]
    text = table(rows)
    print(text)
    if options.document:
        page = DOCUMENT.read_text()
        DOCUMENT.write_text(re.sub(r"(<!-- measured -->\n).*?(<!-- end measured -->)", rf"\1\n{text}\n\n\2", page, flags=re.S))


if __name__ == "__main__":
    main()
