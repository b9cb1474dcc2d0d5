"""Helm is built once. Where it cannot be, the tests of the chart do not run, and the summary says so."""
import subprocess

import pytest

from chart import HELM, ROOT

_not_run = []


@pytest.fixture(scope="session", autouse=True)
def helm(request):
    if not HELM.exists():
        with request.config.pluginmanager.getplugin("capturemanager").global_and_fixture_disabled():
            print("\nbuilding Helm for the tests of the chart: once, a few minutes", flush=True)
    done = subprocess.run([ROOT / "scripts" / "install-helm"], capture_output=True, text=True, timeout=1800)
    if done.returncode == 3:
        _not_run.append(done.stderr.strip())
        pytest.skip(done.stderr.strip())
    assert done.returncode == 0, done.stderr


def pytest_terminal_summary(terminalreporter):
    for reason in set(_not_run):
        terminalreporter.write_line(f"chart tests not run: {reason}", yellow=True, bold=True)
