"""The chart as Helm renders it."""
import copy
import functools
import json
import pathlib
import re
import subprocess

import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
CHART = ROOT / "charts" / "orchestrator"
HELM = ROOT / "build" / "tools" / "helm"
VALIDATE = ROOT / "build" / "tools" / "kubectl-validate"
CRDS = ROOT / "build" / "tools" / "crds"
PROMTOOL = ROOT / "build" / "tools" / "promtool"
CASES = sorted(path.stem for path in (pathlib.Path(__file__).parent / "values").glob("*.yaml"))

RELEASE = "orchestrator"
NAMESPACE = "orchestrator"


class Refused(Exception):
    """What Helm said instead of rendering."""


def values_of(case):
    return yaml.safe_load((pathlib.Path(__file__).parent / "values" / f"{case}.yaml").read_text()) or {}


def merged(values, more):
    result = copy.deepcopy(values)
    for key, value in more.items():
        result[key] = merged(result[key], value) if isinstance(value, dict) and isinstance(result.get(key), dict) else value
    return result


@functools.lru_cache(maxsize=None)
def _template(values, release, namespace, folder, flags):
    command = [str(HELM), "template", release, str(folder), "--namespace", namespace, "--values", "-", *flags]
    done = subprocess.run(command, input=values, capture_output=True, text=True, timeout=60)
    if done.returncode != 0:
        raise Refused(done.stderr)
    return done.stdout


def template(values=None, release=RELEASE, namespace=NAMESPACE, folder=CHART, flags=()):
    return _template(json.dumps(values or {}), release, namespace, folder, tuple(flags))


def render(values=None, release=RELEASE, namespace=NAMESPACE, flags=()):
    """The objects, as {(kind, name): object}. No two may have one name."""
    objects = {}
    for document in yaml.load_all(template(values, release, namespace, flags=flags), yaml.CSafeLoader):
        if document is None:
            continue
        key = (document["kind"], document["metadata"]["name"])
        assert key not in objects, key
        objects[key] = document
    return objects


def refusal(values):
    """The text by which the values are refused; a test fails if they are not."""
    try:
        template(values)
    except Refused as refused:
        return str(refused)
    raise AssertionError("these values were taken")


def names(objects, kind):
    return sorted(name for of_kind, name in objects if of_kind == kind)


def one(objects, kind):
    (name,) = names(objects, kind)
    return objects[kind, name]


def pod_of(item):
    """The pod's spec of an object that has pods; None for others."""
    if item["kind"] == "Pod":
        return item["spec"]
    return item["spec"].get("template", {}).get("spec") if item["kind"] in ("Deployment", "StatefulSet", "Job") else None


def containers_of(pod):
    return pod.get("initContainers", []) + pod["containers"]


def server(objects):
    """The server's own container."""
    (container,) = pod_of(one(objects, "Deployment"))["containers"]
    return container


def variables(objects):
    """What the ConfigMaps and Secrets of the chart give the server as variables, and what it is given directly."""
    found = {}
    for source in server(objects)["envFrom"]:
        for reference, kind, field in (("configMapRef", "ConfigMap", "data"), ("secretRef", "Secret", "stringData")):
            if reference in source:
                found |= objects.get((kind, source[reference]["name"]), {}).get(field, {})
    return found | {entry["name"]: entry["value"] for entry in server(objects)["env"] if "value" in entry}


def steady(text):
    """A rendering without what is new each time: made passwords, and the hashes of what contains them."""
    text = re.sub(r'((?:DATABASE_PASSWORD|postgres-password): )"[A-Za-z0-9]{32}"', r'\1"(made)"', text)
    return re.sub(r"(checksum/\w+: )[0-9a-f]{64}", r"\1(hash)", text)
