"""The benchmark as a whole, very small: every figure comes out, nothing fails, and the tables can be made of it. How
fast anything is, is no question here."""
import json
import os
import pathlib
import subprocess
import sys

import pytest

BENCH = pathlib.Path(__file__).resolve().parents[2] / "bench"
BINARY = pathlib.Path(os.environ["ORCHESTRATOR_BINARY"])


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    folder = tmp_path_factory.mktemp("results")
    command = [
        sys.executable, BENCH / "run.py", "--binary", BINARY, "--store", "embedded", "--scale", "0.002", "--seconds", "2",
        "--output", folder
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=280, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


def figures(results, part):
    return json.loads((results / f"{part}-embedded.json").read_text())["figures"]


@pytest.mark.parametrize("scenario", [
    "registration", "batch", "plan", "plan, last tenth / first", "executing", "models", "done", "fan-out", "get-task",
    "pages", "pages, last tenth / first", "replay", "live", "fill", "memory", "start"
])
def test_scenario_gives_figures(results, scenario):
    found = [figure for figure in figures(results, "scenarios") if figure["scenario"] == scenario]
    assert found
    for figure in found:
        assert figure["value"] > 0 and figure["failures"] == 0, figure


def test_what_the_server_took_is_there(results):
    for figure in figures(results, "scenarios"):
        if figure["scenario"] not in ("memory", "start"):
            assert figure["cpu_s"] >= 0 and figure["database_cpu_s"] == 0, figure
            assert figure["peak_mb"] > 1 and figure["resident_mb"] > 1, figure


def test_limits_of_the_machine(results):
    limits = json.loads((results / "scenarios-embedded.json").read_text())["limits"]
    assert {limit["scenario"] for limit in limits} == {"echo", "stream", "fsync", "raw rows"}
    for limit in limits:
        assert limit["value"] > 0 and limit["failures"] == 0, limit


def test_growth(results):
    found = figures(results, "growth")
    assert len({figure["scenario"] for figure in found}) == 14
    assert all(figure["value"] > 0 and figure["failures"] == 0 for figure in found), found


def test_mixed_load_loses_nothing(results):
    found = {figure["scenario"]: figure for figure in figures(results, "mixed")}
    lost = found["mixed: changes lost or out of order"]
    assert lost["calls"] > 100 and lost["failures"] == 0, lost
    assert all(figure["failures"] == 0 for figure in figures(results, "mixed"))
    assert found["mixed: commit to delivery"]["calls"] > 100


def test_tables_are_made_of_the_figures(results, tmp_path):
    page = tmp_path / "performance.md"
    page.write_text((BENCH.parent / "docs" / "performance.md").read_text())
    subprocess.run([sys.executable, BENCH / "report.py", "--results", results, "--document", page], check=True)
    text = page.read_text()
    assert "| register a task, 32 at once |" in text
    assert "| KeyFromText |" in text
    assert "no measurement of record" in text
