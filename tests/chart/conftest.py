"""The tools are had once. Where one cannot be, the tests that need it do not run, and the summary says so."""
import subprocess

import pytest

from chart import HELM, ROOT

_not_run = set()


def install(script):
    done = subprocess.run([ROOT / "scripts" / script], capture_output=True, text=True, timeout=1800)
    if done.returncode == 3:
        _not_run.add(done.stderr.strip())
        pytest.skip(done.stderr.strip())
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="session", autouse=True)
def helm(request):
    if not HELM.exists():
        with request.config.pluginmanager.getplugin("capturemanager").global_and_fixture_disabled():
            print("\nbuilding Helm for the tests of the chart: once, a few minutes", flush=True)
    install("install-helm")


@pytest.fixture(scope="session")
def promtool(helm):
    install("install-promtool")


def pytest_terminal_summary(terminalreporter):
    for reason in sorted(_not_run):
        terminalreporter.write_line(f"chart tests not run: {reason}", yellow=True, bold=True)
