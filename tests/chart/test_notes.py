"""What Helm tells after an installation."""
import shutil

import pytest
import yaml

import chart
from chart import merged, values_of

# `helm template` leaves the notes out, but lets other templates include them.
SHOWN = """kind: Notes
metadata:
  name: notes
text: {{ include (print $.Template.BasePath "/NOTES.txt") . | toJson }}
"""


@pytest.fixture(scope="module")
def notes(tmp_path_factory):
    copy = tmp_path_factory.mktemp("notes") / "orchestrator"
    shutil.copytree(chart.CHART, copy)
    (copy / "templates" / "shown.yaml").write_text(SHOWN)

    def shown(values):
        text = chart.template(values, folder=copy, flags=["--show-only", "templates/shown.yaml"])
        return yaml.safe_load(text)["text"]

    return shown


@pytest.mark.parametrize("case, said", [
    ("default", ["orchestrator-server.orchestrator:9000", "service/orchestrator-server 9000:9000", "grpcurl -plaintext", "no channels",
                 "can claim to be any organization"]),
    ("guide", ["orchestrator.example.org:443", "grpcurl -cacert ca.crt", "can claim to be any organization"]),
    ("nodeport", ["orchestrator-server.orchestrator:443", "{.spec.ports[0].nodePort}"]),
    ("embedded", ["claim orchestrator-server-data"]),
    ("existing-release", ['is "postgres"']),
    ("everything", ["everything-server.orchestrator:443", "orchestrator.example.org:443", "third.example.org:443",
                    "{.status.loadBalancer.ingress[0]}"]),
])
def test_notes(notes, case, said):
    text = notes(values_of(case))
    for words in said:
        assert words in text
    assert "deployment/orchestrator-server\n" in text or case == "everything"
    assert ("WARNING" in text) == any(words in ("no channels", "can claim to be any organization", 'is "postgres"') for words in said)


def test_notes_tell_of_a_database_that_nobody_uses(notes):
    values = {"database": {"host": "db", "auth": {"password": "p"}}}
    assert "deployed but not used" in notes(values)
    assert "deployed but not used" not in notes(merged(values, {"postgresql": {"enabled": False}}))
