"""What holds for every rendering: the API server would take it, Pod Security "restricted" too, and its parts fit together."""
import json
import subprocess

import pytest
import yaml

from chart import CASES, CHART, CRDS, HELM, VALIDATE, containers_of, one, pod_of, render, server, template, values_of

# The oldest and the newest schemas of Kubernetes that kubectl-validate has.
VERSIONS = ["1.23", "1.30"]
# What is wrong in objects of Kubernetes and of the others: a name that is not known, a wrong type, something that is missing.
WRONG = [
    ("guide", "Deployment", lambda spec: spec["template"]["spec"]["containers"][0].update(readynessProbe={}), "readynessProbe"),
    ("metrics", "ServiceMonitor", lambda spec: spec["endpoints"][0].update(scrapeTimeOut="1s"), "scrapeTimeOut"),
    ("metrics", "ServiceMonitor", lambda spec: spec["endpoints"][0].update(interval="often"), "interval"),
    ("metrics", "PrometheusRule", lambda spec: spec["groups"][0]["rules"][0].pop("expr"), "expr"),
    ("cert-manager", "Certificate", lambda spec: spec.update(dnsNames="orchestrator.example.org"), "dnsNames"),
    ("cert-manager", "Certificate", lambda spec: spec.pop("issuerRef"), "issuerRef"),
]


def schema_errors(folder, rendered, version):
    (folder / "objects.yaml").write_text(rendered)
    done = subprocess.run([VALIDATE, folder, "--local-crds", CRDS, "--version", version], capture_output=True, text=True, timeout=60)
    return "" if done.returncode == 0 else done.stdout + done.stderr


@pytest.mark.parametrize("version", VERSIONS)
def test_schemas(tmp_path, version):
    assert not schema_errors(tmp_path, "".join(template(values_of(case)) for case in CASES), version)


@pytest.mark.parametrize("case, kind, spoil, told", WRONG, ids=[f"{kind} {told}" for _, kind, _, told in WRONG])
def test_schemas_refuse_what_is_wrong(tmp_path, case, kind, spoil, told):
    broken = one(render(values_of(case)), kind)
    spoil(broken["spec"])
    for version in VERSIONS:
        assert told in schema_errors(tmp_path, yaml.dump(broken, Dumper=yaml.CSafeDumper), version)


def test_lint():
    for case in ("default", "everything"):
        done = subprocess.run([HELM, "lint", "--strict", CHART, "--values", "-"], input=json.dumps(values_of(case)), capture_output=True,
                              text=True, timeout=60)
        assert done.returncode == 0, done.stdout + done.stderr


def pods():
    for case in CASES:
        for (kind, name), item in render(values_of(case)).items():
            if pod_of(item):
                yield f"{case}: {kind} {name}", pod_of(item)


def test_pod_security_restricted():
    seen = 0
    for where, pod in pods():
        security = pod["securityContext"]
        assert security["runAsNonRoot"] is True and security["runAsUser"] == 1001, where
        assert security["seccompProfile"] == {"type": "RuntimeDefault"}, where
        assert not {"hostNetwork", "hostPID", "hostIPC"} & set(pod), where
        for volume in pod.get("volumes", []):
            kinds = set(volume) - {"name"}
            assert kinds <= {"configMap", "secret", "projected", "emptyDir", "persistentVolumeClaim"}, (where, kinds)
        for container in containers_of(pod):
            own = container["securityContext"]
            assert own["allowPrivilegeEscalation"] is False, where
            assert own["capabilities"] == {"drop": ["ALL"]}, where
            assert own.get("privileged", False) is False and own.get("runAsUser", 1001) != 0, where
            seen += 1
    assert seen > 3 * len(CASES)


def test_pods_read_no_tokens_and_take_no_variables_of_services():
    for where, pod in pods():
        assert pod["automountServiceAccountToken"] is False and pod["enableServiceLinks"] is False, where


def test_every_mount_has_its_volume():
    for where, pod in pods():
        templates = {"data"} if "StatefulSet" in where else set()
        volumes = [volume["name"] for volume in pod.get("volumes", [])]
        assert len(volumes) == len(set(volumes)), where
        mounted = set()
        for container in containers_of(pod):
            paths = [mount["mountPath"] for mount in container.get("volumeMounts", [])]
            assert len(paths) == len(set(paths)), where
            assert not any(":" in path for path in paths), where
            mounted |= {mount["name"] for mount in container.get("volumeMounts", [])}
        assert set(volumes) <= mounted <= set(volumes) | templates, where


def test_no_path_is_projected_twice():
    """The API server refuses a projected volume in which two items have one path."""
    for where, pod in pods():
        for volume in pod.get("volumes", []):
            paths = [item["path"] for source in volume.get("projected", {}).get("sources", [])
                     for projection in source.values() for item in projection.get("items", [])]
            assert len(paths) == len(set(paths)), (where, volume)


def test_names_of_volumes_are_legal():
    for where, pod in pods():
        for volume in pod.get("volumes", []):
            assert len(volume["name"]) <= 63 and volume["name"].replace("-", "").isalnum() and volume["name"].islower(), where


def test_selected_pods_are_the_meant_ones():
    """Services and policies find pods by labels; a pod of the test or of the migrations is not an endpoint."""
    for case in CASES:
        objects = render(values_of(case))
        labels = {(kind, name): item["metadata"]["labels"] if kind == "Pod" else item["spec"]["template"]["metadata"]["labels"]
                  for (kind, name), item in objects.items() if pod_of(item)}
        for (kind, name), item in objects.items():
            selector = item["spec"].get("selector", {}) if kind == "Service" else None
            if selector is not None:
                found = {key[0] for key, own in labels.items() if selector.items() <= own.items()}
                assert found == ({"Deployment"} if item["metadata"]["name"] == server_service(objects) else {"StatefulSet"}), (case, name)
        (deployment,) = [item for (kind, _), item in objects.items() if kind == "Deployment"]
        own = deployment["spec"]["template"]["metadata"]["labels"]
        assert deployment["spec"]["selector"]["matchLabels"].items() <= own.items(), case


def server_service(objects):
    return one(objects, "Deployment")["metadata"]["name"]


def test_ports_of_services_are_ports_of_pods():
    for case in CASES:
        objects = render(values_of(case))
        open_ports = {port["containerPort"] for port in server(objects)["ports"]}
        wanted = {port["targetPort"] for port in objects["Service", server_service(objects)]["spec"]["ports"]}
        assert wanted == open_ports, case


def test_of_labels_that_are_given_twice_the_narrower_counts():
    """A key that is twice in one map is an error of YAML to some, as to Argo CD and kustomize."""
    rendered = template({
        "commonLabels": {"team": "common", "all": "1"}, "podLabels": {"team": "pods"}, "podAnnotations": {"checksum/config": "mine"},
        "postgresql": {"primary": {"podLabels": {"team": "database"}}},
        "metrics": {"enabled": True, **{each: {"enabled": True, "labels": {"team": each}}
                                       for each in ("serviceMonitor", "prometheusRule", "grafanaDashboard")}}})
    for document in yaml.compose_all(rendered, yaml.CSafeLoader):
        assert_keys_are_once(document)
    found = {item["kind"]: item for item in yaml.safe_load_all(rendered) if item and item["kind"] != "ConfigMap"}
    team = {kind: item["metadata"]["labels"]["team"] for kind, item in found.items()}
    assert (team["ServiceMonitor"], team["PrometheusRule"], team["Deployment"]) == ("serviceMonitor", "prometheusRule", "common")
    of_pods = {kind: item["spec"]["template"]["metadata"]["labels"] for kind, item in found.items() if kind in ("Deployment", "StatefulSet", "Job")}
    assert {kind: (labels["team"], labels["all"]) for kind, labels in of_pods.items()} == {
        "Deployment": ("pods", "1"), "StatefulSet": ("database", "1"), "Job": ("common", "1")}


def assert_keys_are_once(node):
    if isinstance(node, yaml.MappingNode):
        written = [key.value for key, _ in node.value]
        assert len(written) == len(set(written)), written
        for _, value in node.value:
            assert_keys_are_once(value)
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            assert_keys_are_once(item)


# Texts that YAML would take for something else.
ODD = """
nameOverride: "123"
priorityClassName: "007"
serviceAccount: {name: "1e3"}
ingress: {enabled: true, hostname: h, path: "*", extraHosts: [{name: "1", path: "*"}]}
service: {type: NodePort, nodePort: "30000"}
orchestrator:
  fullnameOverride: "true"
  image: {registry: "", repository: "1", tag: "2"}
  tls:
    enabled: true
    secrets: {pair: "1234"}
    cacert: "5678"
    mtls: {enabled: true, clientCACerts: {a: "1e3"}}
    createCertificates: {enabled: true, issuer: "9", issuerKind: "yes"}
database: {auth: {credentialsSecretName: "8"}}
postgresql: {primary: {priorityClassName: "7", persistence: {existingClaim: "6"}}}
metrics:
  enabled: true
  serviceMonitor: {enabled: true, namespace: "5", interval: 1m, scrapeTimeout: 5s}
  prometheusRule: {enabled: true, namespace: "5"}
"""


def test_texts_stay_texts(tmp_path):
    values = yaml.safe_load(ODD)
    assert not schema_errors(tmp_path, template(values, namespace="12"), "1.30")
    assert render(values)["Service", "true"]["spec"]["ports"][0]["nodePort"] == 30000
