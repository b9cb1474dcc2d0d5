#!/usr/bin/python3
"""Turns what run.py has measured into tables: text, or the sections between `<!-- NAME -->` and `<!-- end NAME -->` of
a Markdown page, so that no number of it is written by hand."""
import argparse
import json
import pathlib
import re

from servers import STORES
from targets import HEADLINES

MICRO = "micro.json"
DOCUMENT = pathlib.Path(__file__).resolve().parents[1] / "docs" / "performance.md"


def write(folder, result):
    name = f"{result['part']}-{result['store']}.json"
    (folder / name).write_text(json.dumps(result, indent=1) + "\n")


def read(folder, part):
    """The results of a part, by store, in the order of the stores."""
    found = {}
    for store in STORES:
        file = folder / f"{part}-{store}.json"
        if file.exists():
            found[store] = json.loads(file.read_text())
    return found


def number(value):
    """As many digits as say something."""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def ms(value):
    return number(value) if value else "-"


def latencies(figure, *names):
    return [ms(figure.get(f"{name}_ms")) for name in names]


def figure_of(result, headline):
    """The figure of a headline. At another scale than 1 the sizes differ: the largest stands for it."""
    found = [figure for figure in result["figures"] if figure["scenario"] == headline.scenario]
    exact = [figure for figure in found if figure["size"] == headline.size]
    if exact or result["scale"] == 1 or not found:
        return exact[0] if exact else None
    return max(found, key=lambda figure: figure["size"])


def limit_of(result, headline):
    """The smallest of the machine's limits, in the unit of the headline, and what it is."""
    limits = []
    for limit in result.get("limits", []):
        if limit.get("title") != headline.title:
            continue
        if limit["scenario"] == "raw rows":
            limits.append((limit["tasks"] / limit["seconds"], "rows"))
        elif limit["scenario"] == "echo":
            limits.append((limit["value"] * limit["per_call"], "gRPC"))
        else:
            limits.append((limit["value"], "gRPC"))
    return min(limits, default=None)


def per_thousand(figure, field):
    return f"{figure[field] / figure['count'] * 1000:.3f}" if figure.get("count") and field in figure else "-"


def headline_rows(result):
    for headline in HEADLINES:
        figure = figure_of(result, headline)
        if figure is None:
            continue
        limit = limit_of(result, headline)
        target = headline.target(result["store"])
        sign = "≥" if headline.more_is_better else "≤"
        yield [
            headline.title, f"{number(figure['value'])} {headline.unit}", f"{sign} {target:,}",
            "yes" if headline.reaches(figure["value"], result["store"]) else "**no**", headline.reference,
            f"{number(limit[0])} ({limit[1]})" if limit else "-", f"{figure['value'] / limit[0]:.0%}" if limit else "-",
            str(figure["failures"]), *latencies(figure, "p50", "p99", "p999"),
            *(per_thousand(figure, name) for name in ("cpu_s", "database_cpu_s", "client_cpu_s")),
            number(figure["peak_mb"]) if "peak_mb" in figure else "-"
        ]


HEADLINE_COLUMNS = [
    "Figure", "Measured", "Target", "Reached", "Reference", "Limit", "Of limit", "Failures", "p50 ms", "p99 ms",
    "p99.9 ms", "Server CPU s", "Database CPU s", "Generator CPU s", "Peak MB"
]


def size_rows(result, prefix=""):
    for figure in result["figures"]:
        if figure["scenario"].startswith(prefix):
            yield [
                figure["scenario"], f"{figure['size']:,} {figure['size_of']}",
                f"{number(figure['value'])} {figure['unit']}", f"{figure['calls']:,}",
                str(figure["failures"]), *latencies(figure, "p50", "p99", "p999", "max"),
                number(figure.get("resident_mb", 0))
            ]


SIZE_COLUMNS = [
    "What", "At", "Figure", "Calls", "Failures", "p50 ms", "p99 ms", "p99.9 ms", "Longest ms", "Resident MB"
]


def limit_rows(result):
    for limit in result.get("limits", []):
        times = latencies(limit, "p50", "p99")
        if limit["scenario"] == "fsync":
            yield ["4 KiB appended and synchronized", f"{number(limit['value'])} a second", *times]
        elif limit["scenario"] == "raw rows":
            yield [f"the rows of tasks, {limit['tasks'] / limit['size']:,.0f} per commit",
                   f"{number(limit['tasks'] / limit['seconds'])} tasks/s", *times]
        elif limit["scenario"] == "echo":
            yield [f"bare gRPC calls, {limit['in_flight']} at once, {limit['request_bytes']:,} bytes there and "
                   f"{limit['response_bytes']:,} back", f"{number(limit['value'])} calls/s", *times]
        else:
            yield [f"bare gRPC streams, {limit['in_flight']} at once", f"{number(limit['value'])} messages/s", *times]


LIMIT_COLUMNS = ["Limit", "Measured", "p50 ms", "p99 ms"]


def spread_rows(result):
    """The least and the most favoured channel and organization."""
    for name in ("channel", "organization"):
        figures = [figure for figure in result["figures"] if figure["scenario"] == f"mixed by {name}"]
        if not figures:
            continue
        calls = [figure["calls"] for figure in figures]
        p99 = [figure["p99_ms"] for figure in figures]
        p50 = [figure["p50_ms"] for figure in figures]
        yield [
            f"{len(figures)} {name}s", f"{min(calls):,} to {max(calls):,}", f"{ms(min(p50))} to {ms(max(p50))}",
            f"{ms(min(p99))} to {ms(max(p99))}"
        ]


SPREAD_COLUMNS = ["Between", "Calls", "p50 ms", "p99 ms"]


def machine_text(results):
    for result in results.values():
        machine = result["machine"]
        shared = f"{machine['processors']} processors, {machine['memory_gb']} GB of memory, shared by all programs."
        return shared if result["scale"] == 1 else f"{shared} At scale {result['scale']}: no measurement of record."
    return ""


def table(columns, rows):
    rows = list(rows)
    return "\n".join("| " + " | ".join(row) + " |" for row in [columns, ["---"] * len(columns), *rows])


def tables_of(folder, part, columns, rows):
    return "\n\n".join(f"**{store}**\n\n" + table(columns, rows(result))
                       for store, result in read(folder, part).items())


def images(document):
    """The plots beside a page, in the folder of its name."""
    return "\n".join(f"![{file.stem}]({file.parent.name}/{file.name})"
                     for file in sorted(document.with_suffix("").glob("*.svg")))


def sections(folder, document):
    """The texts of the sections, by name; those of parts that were not measured are left out."""
    made = {
        "machine": machine_text(read(folder, "scenarios")),
        "headlines": tables_of(folder, "scenarios", HEADLINE_COLUMNS, headline_rows),
        "limits": tables_of(folder, "scenarios", LIMIT_COLUMNS, limit_rows),
        "sizes": tables_of(folder, "scenarios", SIZE_COLUMNS, size_rows),
        "growth": tables_of(folder, "growth", SIZE_COLUMNS, size_rows),
        "mixed": tables_of(folder, "mixed", SIZE_COLUMNS, lambda result: size_rows(result, "mixed: ")),
        "fairness": tables_of(folder, "mixed", SPREAD_COLUMNS, spread_rows),
        "microbenchmarks": microbenchmarks(folder),
        "plots": images(document),
    }
    return {name: text for name, text in made.items() if text}


def microbenchmarks(folder):
    file = folder / MICRO
    if not file.exists():
        return ""
    rows = [[entry["name"], f"{entry['cpu_time']:,.0f} {entry['time_unit']}"]
            for entry in json.loads(file.read_text())["benchmarks"]]
    return table(["What", "Processor time"], rows)


def text(folder):
    """The headlines as plain text."""
    lines = []
    for store, result in read(folder, "scenarios").items():
        rows = [HEADLINE_COLUMNS, *headline_rows(result)]
        widths = [max(len(row[i].replace("*", "")) for row in rows) for i in range(len(HEADLINE_COLUMNS))]
        lines += ["", f"{store}; processor seconds are per thousand calls, tasks or events"]
        lines += [
            "  ".join(cell.replace("*", "").ljust(width) for cell, width in zip(row, widths)).rstrip() for row in rows
        ]
    return "\n".join(lines)


def render(page, made):
    for name, content in made.items():
        begin, end = f"<!-- {name} -->", f"<!-- end {name} -->"
        page, count = re.subn(f"{begin}.*?{end}", lambda _: f"{begin}\n{content}\n{end}", page, flags=re.DOTALL)
        if count != 1:
            raise SystemExit(f"the page must have one section {begin}")
    return page


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--results", type=pathlib.Path, default=pathlib.Path("build/bench"))
    parser.add_argument("--document", type=pathlib.Path, default=DOCUMENT, help="whose sections are written")
    options = parser.parse_args()
    options.document.write_text(render(options.document.read_text(), sections(options.results, options.document)))


if __name__ == "__main__":
    main()
