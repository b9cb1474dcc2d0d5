"""The alerts and the dashboard ask for what the server gives, the metrics and labels of tests/wire/metrics.txt, and ask in a
way that Prometheus understands. When each alert fires is said in alerts_test.yaml."""
import json
import pathlib
import re
import shutil
import subprocess

import pytest
import yaml

from chart import CHART, PROMTOOL, ROOT, one, render, values_of

ALERTS_TEST = pathlib.Path(__file__).parent / "alerts_test.yaml"

# Prometheus adds these to what the operator's ServiceMonitor lets it find.
OF_PROMETHEUS = {"namespace", "service", "pod"}
# The server of metrics.txt is one without TLS; tests/tls/test_tls_metrics.py sees these.
OF_TLS = {"orc_tls_certificate_expiry_timestamp_seconds": {"kind", "organization"}}
WORDS = {"by", "sum", "min", "max", "rate", "increase", "absent", "topk", "histogram_quantile", "time"}


def given():
    """What can be asked for: {name: its labels}."""
    metrics = {"up": OF_PROMETHEUS}
    for line in re.findall(r"^\w.*", (ROOT / "tests" / "wire" / "metrics.txt").read_text(), re.MULTILINE):
        name, kind, labels = line.split()[:3]
        labels = OF_PROMETHEUS | OF_TLS.get(name, set()) | set(labels.strip("{}").split(",")) - {""}
        if kind == "histogram":
            metrics |= {f"{name}_bucket": labels | {"le"}, f"{name}_sum": labels, f"{name}_count": labels}
        else:
            metrics[name] = labels
    return metrics


def alerts():
    """(expression, labels that its texts name) of each. Nothing in the file needs Helm to be read."""
    for alert in re.split(r"^- alert: ", (CHART / "files" / "alerts.yaml").read_text(), flags=re.MULTILINE)[1:]:
        expression = re.search(r"expr: (?:\|\n)?(.*)", alert)[1].replace("SELECTOR", 'namespace="n", service="s"')
        yield alert.split()[0], expression, set(re.findall(r"\$labels\.(\w+)", alert))


def panels():
    for panel in json.loads((CHART / "files" / "dashboard.json").read_text())["panels"]:
        for target in panel["targets"]:
            yield panel["title"], target["expr"], set(re.findall(r"\{\{(\w+)\}\}", target["legendFormat"]))


def choices():
    """The lists of the dashboard's variables: label_values(metric, label)."""
    for variable in json.loads((CHART / "files" / "dashboard.json").read_text())["templating"]["list"]:
        if variable["type"] == "query":
            for text in (variable["query"], variable["definition"]):
                expression, label = re.fullmatch(r"label_values\((.*), (\w+)\)", text).groups()
                yield variable["name"], expression, {label}


ASKED = [*alerts(), *panels(), *choices()]


@pytest.mark.parametrize("expression, shown", [asked[1:] for asked in ASKED], ids=[asked[0] for asked in ASKED])
def test_what_is_asked_for_is_there(expression, shown):
    bare = re.sub(r"\{[^}]*\}|\[[^]]*\]|\bby \([^)]*\)", "", expression)
    names = set(re.findall(r"[a-z_]\w*", bare)) - WORDS
    assert names and names <= set(given())
    labels = set.union(*(given()[name] for name in names))
    kept = [set(re.findall(r"\w+", group)) for group in re.findall(r"\bby \(([^)]*)\)", expression)]
    chosen = {label for group in re.findall(r"\{([^}]*)\}", expression) for label in re.findall(r"(\w+)\s*[=!]", group)}
    assert chosen | set().union(*kept) <= labels
    if re.search(r"\b(sum|min|max)\b", expression):
        labels = set.union(set(), *kept)  # the others are summed up
    assert shown <= labels


def run_promtool(folder, groups, *command):
    """What promtool says of the rules, in a folder where they are rules.yaml; empty if it takes them."""
    (folder / "rules.yaml").write_text(yaml.safe_dump({"groups": groups}))
    done = subprocess.run([PROMTOOL, *command], cwd=folder, capture_output=True, text=True, timeout=60)
    return "" if done.returncode == 0 else done.stdout + done.stderr


def as_rules(expressions):
    """Each expression as a rule that keeps its value. Grafana's variables have values when Prometheus sees them."""
    rules = [{"record": f"r{i}", "expr": re.sub(r"\$(namespace|service)", "x", expression).replace("$__rate_interval", "5m")}
             for i, expression in enumerate(expressions)]
    return [{"name": "expressions", "rules": rules}]


def test_prometheus_takes_the_expressions_of_the_dashboard(promtool, tmp_path):
    expressions = [asked[1] for asked in (*panels(), *choices())]
    assert len(expressions) > 15 and not run_promtool(tmp_path, as_rules(expressions), "check", "rules", "rules.yaml")


@pytest.mark.parametrize("wrong", ["sum by (pod) (rate(orc_ready))", 'up{namespace="n"', "$other", "histogram_quantile(up, 0.9)"])
def test_prometheus_refuses_what_is_wrong(promtool, tmp_path, wrong):
    assert "parse error" in run_promtool(tmp_path, as_rules(["up", wrong]), "check", "rules", "rules.yaml")


def rendered_alerts():
    return one(render(values_of("metrics")), "PrometheusRule")["spec"]["groups"]


def test_alerts_fire_when_they_should(promtool, tmp_path):
    shutil.copy(ALERTS_TEST, tmp_path)
    assert not run_promtool(tmp_path, rendered_alerts(), "check", "rules", "rules.yaml")
    assert not run_promtool(tmp_path, rendered_alerts(), "test", "rules", ALERTS_TEST.name)


def test_every_alert_is_seen_firing_and_silent():
    tests = [each for group in yaml.safe_load(ALERTS_TEST.read_text())["tests"] for each in group["alert_rule_test"]]
    for alert in (rule["alert"] for group in rendered_alerts() for rule in group["rules"]):
        assert {bool(each.get("exp_alerts")) for each in tests if each["alertname"] == alert} == {True, False}, alert
