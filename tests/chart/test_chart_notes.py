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
    ("default", ["orchestrator-server.orchestrator:9000", "service/orchestrator-server 9000:9000", "grpcurl -plaintext"]),
    ("guide", ["orchestrator.example.org:443", "grpcurl -cacert ca.crt"]),
    ("nodeport", ["orchestrator-server.orchestrator:443", "{.spec.ports[0].nodePort}"]),
    ("embedded", ["claim orchestrator-server-data"]),
    ("everything", ["deployment/everything-server", "everything-server.orchestrator:443", "orchestrator.example.org:443",
                    "third.example.org:443", "{.status.loadBalancer.ingress[0]}"]),
])
def test_notes(notes, case, said):
    text = notes(values_of(case))
    for words in said:
        assert words in text


WARNINGS = {"there are no channels", "can claim to be any organization", "deployed but not used", 'is "postgres"'}
SAFE = merged(values_of("mtls"), {"database": {"auth": {"password": "p"}}})


@pytest.mark.parametrize("more, warnings", [
    ({}, set()),
    ({"channels": []}, {"there are no channels"}),
    ({"orchestrator": {"verifyClientMSPID": False}}, {"can claim to be any organization"}),
    ({"orchestrator": {"tls": {"enabled": False}}}, {"can claim to be any organization"}),
    ({"database": {"host": "db"}}, {"deployed but not used"}),
    ({"database": {"host": "db"}, "postgresql": {"enabled": False}}, set()),
    ({"database": {"auth": {"password": "postgres"}}}, {'is "postgres"'}),
    ({"database": {"auth": {"password": ""}}, "postgresql": {"auth": {"password": "postgres"}}}, {'is "postgres"'}),
    ({"database": {"auth": {"password": "postgres", "credentialsSecretName": "s"}}}, set()),
    ({"database": {"auth": {"password": "postgres"}}, "embedded": {"enabled": True}}, set()),
])
def test_warnings(notes, more, warnings):
    text = notes(merged(SAFE, more))
    assert {warning for warning in WARNINGS if warning in text} == warnings
    assert text.count("WARNING") == len(warnings)
