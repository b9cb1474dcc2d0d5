"""What each switch does, above all where chart 8 did something else (deployment.md 6)."""
import json
import re

import pytest
import yaml

from chart import containers_of, merged, names, one, pod_of, render, server, steady, values_of, variables

PASSWORD = {"database": {"auth": {"password": "p"}}}


def pod(values=None):
    return pod_of(one(render(values), "Deployment"))


def probe(container, kind):
    return container[f"{kind}Probe"]["exec"]["command"]


# Start and stop


def test_the_program_is_started_directly_and_migrates():
    assert server(render())["command"] == ["/app/orchestrator", "serve", "--migrate"]
    assert "args" not in server(render())
    (job,) = pod_of(one(render(), "Job"))["containers"]
    assert job["command"] == ["/app/orchestrator", "migrate"]


def test_the_pod_has_time_to_stop():
    assert pod()["terminationGracePeriodSeconds"] == 30


def test_the_migrations_wait_for_the_database_without_credentials():
    (wait,) = pod_of(one(render(), "Job"))["initContainers"]
    assert "pg_isready" in wait["args"][0]
    assert wait["envFrom"] == [{"configMapRef": {"name": "orchestrator-server-database"}}]


# Probes


PLAIN = ["/bin/grpc_health_probe", "-v", "-addr=:9000"]
CA = ["-tls", "-tls-ca-cert=/var/orchestrator/tls/server/cacert/ca.crt"]
PAIR = ["-tls-client-key=/var/orchestrator/tls/server/pair/tls.key", "-tls-client-cert=/var/orchestrator/tls/server/pair/tls.crt"]
SERVICE = ["-tls-server-name=orchestrator-server.orchestrator.svc.cluster.local"]


@pytest.mark.parametrize("case, flags", [
    ("default", []), ("cert-manager", CA + SERVICE), ("guide", CA + ["-tls-server-name=orchestrator.example.org"]),
    ("mtls", CA + ["-tls-server-name=orchestrator.example.org"] + PAIR)])
def test_probes(case, flags):
    container = server(render(values_of(case)))
    assert probe(container, "liveness") == probe(container, "startup") == PLAIN + flags
    assert probe(container, "readiness") == PLAIN + ["-service=readiness"] + flags
    for kind, wanted in {"liveness": (10, 2, 3), "startup": (10, 2, 6)}.items():
        own = container[f"{kind}Probe"]
        assert (own["periodSeconds"], own["timeoutSeconds"], own["failureThreshold"]) == wanted


def test_no_readiness_probe_for_an_image_that_does_not_know_it():
    assert "readinessProbe" not in server(render(values_of("reference-image")))


@pytest.mark.parametrize("case, name, flags", [
    ("default", "orchestrator-server:9000", []),
    ("mtls", "orchestrator-server:9000", CA + ["-tls-server-name=orchestrator.example.org"] + PAIR),
    ("nodeport", "orchestrator-server:443", [])])
def test_helm_test_asks_the_service_for_its_health(case, name, flags):
    objects = render(values_of(case))
    test = one(objects, "Pod")
    assert test["metadata"]["annotations"]["helm.sh/hook"] == "test"
    assert test["spec"]["containers"][0]["command"] == PLAIN[:2] + [f"-addr={name}", "-service=readiness"] + flags
    service = objects["Service", "orchestrator-server"]
    assert not service["spec"]["selector"].items() <= test["metadata"]["labels"].items()


# What rolls the pods


@pytest.mark.parametrize("change", [
    {"channels": [{"name": "c", "organizations": ["o"]}]},
    {"orchestrator": {"txRetryBudget": "1s"}},
    {"database": {"connectionParameters": "sslmode=prefer"}},
    {"database": {"auth": {"password": "q"}}},
    {"database": {"auth": {"username": "q"}}},
], ids=json.dumps)
def test_a_change_of_what_the_server_reads_rolls_its_pods(change):
    def checksum(values):
        return one(render(values), "Deployment")["spec"]["template"]["metadata"]["annotations"]["checksum/config"]

    assert checksum(PASSWORD) == checksum(merged(PASSWORD, {"resources": {"limits": {"cpu": "2"}}}))
    assert checksum(PASSWORD) != checksum(merged(PASSWORD, change))


def test_a_new_password_restarts_the_bundled_database():
    def checksum(password):
        values = {"database": {"auth": {"password": password}}}
        return one(render(values), "StatefulSet")["spec"]["template"]["metadata"]["annotations"]["checksum/configuration"]

    assert checksum("p") != checksum("q")


def test_channels_keep_their_names_as_texts():
    objects = render(values_of("everything"))
    config = yaml.safe_load(objects["ConfigMap", "everything-server-config"]["data"]["config.yaml"])
    assert config == {"channels": {"mychannel": ["MyOrg1MSP", "123", "true", "yes", "a: b"], "7": ["MyOrg2MSP"]}}


# Certificates


def sources(pod_spec, name):
    (volume,) = [volume for volume in pod_spec["volumes"] if volume["name"] == name]
    return volume["projected"]["sources"]


def test_the_ca_is_in_a_secret_or_a_config_map():
    config_map, secret = sources(pod(values_of("guide")), "orchestrator-tls-cacert")
    assert config_map == {"configMap": {"name": "orchestrator-tls-cacert", "optional": True}}
    assert secret == {"secret": {"name": "orchestrator-tls-cacert", "optional": True,
                                 "items": [{"key": "ca.crt", "path": "ca.crt"}]}}


def client_cas(values):
    """{organization: names of the files that its folder may have}, from mounts and volumes."""
    found = {}
    for mount in server(render(values))["volumeMounts"]:
        folder, _, organization = mount["mountPath"].partition("/client/")
        if organization:
            assert folder == "/var/orchestrator/tls" and mount["readOnly"] is True
            projections = [projection for source in sources(pod(values), mount["name"]) for projection in source.values()]
            assert all(projection["optional"] is True for projection in projections)
            assert all(item["key"] == "ca.crt" for projection in projections for item in projection["items"])
            found[organization] = sorted(item["path"] for projection in projections for item in projection["items"])
    return found


def test_folders_of_client_cas():
    assert client_cas(values_of("mtls")) == {
        "MyOrg1MSP": ["org1-ca.crt", "org1-ca_configmap.crt", "org1-old-ca.crt", "org1-old-ca_configmap.crt"],
        "my-org1-msp": ["other-ca.crt", "other-ca_configmap.crt"],
        "Org.With.Dots": ["orchestrator-tls-cacert.crt", "orchestrator-tls-cacert_configmap.crt"],
        "an organization whose name is longer than the name of a volume may be": ["long.ca.crt", "long.ca_configmap.crt"]}


def test_mutual_tls_without_client_cas():
    values = {"orchestrator": {"tls": {"enabled": True, "mtls": {"enabled": True}}}}
    assert client_cas(values) == {}
    assert variables(render(values))["ORCHESTRATOR_MTLS_ENABLED"] == "true"


def test_certificate():
    spec = one(render(values_of("cert-manager")), "Certificate")["spec"]
    assert spec["secretName"] == "orchestrator-tls-server-pair"
    assert spec["dnsNames"] == ["orchestrator-server.orchestrator.svc.cluster.local", "orchestrator-server",
                                "orchestrator-server.orchestrator", "orchestrator-server.orchestrator.svc"]
    assert spec["issuerRef"] == {"name": "substra-issuer", "kind": "ClusterIssuer"}
    assert (spec["duration"], spec["renewBefore"], spec["isCA"]) == ("2160h", "360h", False)
    assert spec["privateKey"] == {"algorithm": "RSA", "encoding": "PKCS1", "size": 2048, "rotationPolicy": "Always"}
    assert spec["usages"] == ["server auth", "client auth"]
    assert "subject" not in spec
    spec = one(render(values_of("everything")), "Certificate")["spec"]
    assert spec["subject"] == {"organizations": ["ingen"]} and spec["issuerRef"]["kind"] == "Issuer"
    assert spec["dnsNames"] == ["*.example.org", "orchestrator.example.net"]


# The database


def test_a_password_is_made_once_for_both_sides():
    objects = render()
    made = objects["Secret", "orchestrator-server-database"]["stringData"]["DATABASE_PASSWORD"]
    assert re.fullmatch("[A-Za-z0-9]{32}", made)
    assert objects["Secret", "orchestrator-postgresql"]["stringData"]["postgres-password"] == made


@pytest.mark.parametrize("auth", [{"database": {"auth": {"password": "p"}}}, {"postgresql": {"auth": {"password": "p"}}}])
def test_either_place_of_the_password_holds_for_both_sides(auth):
    objects = render(auth)
    assert objects["Secret", "orchestrator-server-database"]["stringData"]["DATABASE_PASSWORD"] == "p"
    assert objects["Secret", "orchestrator-postgresql"]["stringData"]["postgres-password"] == "p"


@pytest.mark.parametrize("values, secret", [
    ({}, "orchestrator-server-database"),
    ({"database": {"auth": {"credentialsSecretName": "mine"}}}, "mine")])
def test_the_bundled_database_has_the_credentials_of_the_server(values, secret):
    objects = render(values)
    assert server(objects)["envFrom"][-1] == {"secretRef": {"name": secret}}
    assert ("Secret", "orchestrator-postgresql") in objects or secret == "mine"
    for container in containers_of(pod_of(one(objects, "StatefulSet"))):
        taken = {entry["name"]: entry.get("valueFrom", {}).get("secretKeyRef") for entry in container["env"]}
        assert taken["POSTGRES_USER"] == {"name": secret, "key": "DATABASE_USERNAME"}
        assert taken["POSTGRES_PASSWORD"] == {"name": secret, "key": "DATABASE_PASSWORD"}


def test_the_bundled_database_asks_everybody_for_the_password():
    configuration = one({key: item for key, item in render().items() if key[1] == "orchestrator-postgresql-configuration"}, "ConfigMap")
    lines = [line.split() for line in configuration["data"]["pg_hba.conf"].splitlines() if not line.startswith("#")]
    assert lines == [["local", "all", "all", "trust"], ["host", "all", "all", "all", "scram-sha-256"]]


def test_the_data_stay_where_chart_8_had_them():
    for container in containers_of(pod_of(one(render(), "StatefulSet"))):
        assert {"name": "PGDATA", "value": "/bitnami/postgresql/data"} in container["env"]
        assert {"name": "data", "mountPath": "/bitnami/postgresql"} in container["volumeMounts"]
        assert container["image"] == "docker.io/library/postgres:16-bookworm"


EXTERNAL = {"postgresql": {"enabled": False}, "database": {"host": "db.example.org", "auth": {"password": "p"}}}


@pytest.mark.parametrize("values, parameters", [
    ({}, "sslmode=disable"),
    (EXTERNAL, ""),
    (merged(EXTERNAL, {"postgresql": {"enabled": True}}), ""),
    (merged(EXTERNAL, {"database": {"connectionParameters": "sslmode=require&connect_timeout=5"}}), "sslmode=require&connect_timeout=5"),
    (merged(EXTERNAL, {"database": {"cacert": "ca"}}), "sslmode=verify-full&sslrootcert=/var/orchestrator/database/ca.crt"),
], ids=["bundled", "external", "external beside the bundled one", "given", "with a CA"])
def test_encryption_to_the_database(values, parameters):
    assert variables(render(values))["DATABASE_CONNECTION_PARAMETERS"] == parameters


def test_external_database_brings_no_database():
    objects = render(values_of("external-database"))
    assert not names(objects, "StatefulSet") and not names(objects, "Secret") and names(objects, "Service") == ["orchestrator-server"]
    assert names(objects, "Job") == ["orchestrator-migrations"]
    for container in (server(objects), pod_of(one(objects, "Job"))["containers"][0]):
        assert {"secretRef": {"name": "database-credentials"}} in container["envFrom"]
        assert {"name": "orchestrator-database-cacert", "mountPath": "/var/orchestrator/database", "readOnly": True} in container["volumeMounts"]


def test_password_with_special_characters_arrives_as_it_is():
    assert variables(render(values_of("replicas")))["DATABASE_PASSWORD"] == "p@ss/w:rd?#'\"%20"


# The embedded store


def test_embedded_store():
    objects = render(values_of("embedded"))
    assert names(objects, "StatefulSet") == names(objects, "Secret") == names(objects, "Job") == []
    deployment = one(objects, "Deployment")["spec"]
    assert deployment["replicas"] == 1 and deployment["strategy"] == {"type": "Recreate"}
    assert server(objects)["command"] == ["/app/orchestrator", "serve"]
    claim = one(objects, "PersistentVolumeClaim")
    assert claim["metadata"]["annotations"] == {"helm.sh/resource-policy": "keep"}
    assert claim["spec"] == {"accessModes": ["ReadWriteOnce"], "storageClassName": "fast", "resources": {"requests": {"storage": "20Gi"}}}
    assert {"name": "data", "persistentVolumeClaim": {"claimName": claim["metadata"]["name"]}} in pod_of(one(objects, "Deployment"))["volumes"]
    folder = variables(objects)["ORCHESTRATOR_DATA_DIR"]
    assert {"name": "data", "mountPath": folder} in server(objects)["volumeMounts"]
    assert not any(name.startswith("DATABASE_") for name in variables(objects))


def test_embedded_store_on_an_existing_claim():
    objects = render({"embedded": {"enabled": True, "persistence": {"existingClaim": "mine"}}})
    assert not names(objects, "PersistentVolumeClaim")
    assert {"name": "data", "persistentVolumeClaim": {"claimName": "mine"}} in pod_of(one(objects, "Deployment"))["volumes"]


# Several replicas


def test_replicas():
    assert one(render({"replicaCount": 3}), "Deployment")["spec"]["replicas"] == 3
    objects = render(values_of("replicas"))
    deployment = one(objects, "Deployment")
    assert "replicas" not in deployment["spec"]  # the autoscaler's
    selector = deployment["spec"]["selector"]
    scaler = one(objects, "HorizontalPodAutoscaler")["spec"]
    assert scaler["scaleTargetRef"] == {"apiVersion": "apps/v1", "kind": "Deployment", "name": "orchestrator-server"}
    assert (scaler["minReplicas"], scaler["maxReplicas"]) == (2, 4)
    budget = one(objects, "PodDisruptionBudget")["spec"]
    assert budget == {"maxUnavailable": 1, "selector": selector}
    (spread,) = pod_of(deployment)["topologySpreadConstraints"]
    assert spread["labelSelector"] == selector
    everything = render(values_of("everything"))
    assert one(everything, "PodDisruptionBudget")["spec"]["minAvailable"] == "50%"
    (spread,) = pod_of(one(everything, "Deployment"))["topologySpreadConstraints"]
    assert spread["labelSelector"] == {"matchLabels": {"team": "federation"}}


def test_off_by_default():
    kinds = {kind for kind, _ in render()}
    assert not kinds & {"HorizontalPodAutoscaler", "PodDisruptionBudget", "Ingress", "Certificate", "ServiceMonitor", "PrometheusRule",
                        "PersistentVolumeClaim"}


# Network policies


def policy(values, name):
    return render(values)["NetworkPolicy", f"orchestrator-{name}"]["spec"]


def egress_ports(values):
    return {(port["port"], bool(rule.get("to"))) for rule in policy(values, "common")["egress"] for port in rule["ports"]}


def test_policies_select_by_labels_that_stay():
    for item in (item for case in ("default", "everything") for (kind, _), item in render(values_of(case)).items() if kind == "NetworkPolicy"):
        assert "helm.sh/chart" not in steady(json.dumps(item["spec"]))
        assert set(item["spec"]["podSelector"]["matchLabels"]) <= {
            "app.kubernetes.io/name", "app.kubernetes.io/instance", "app.kubernetes.io/component"}


def test_policies_deny_what_they_do_not_allow():
    deny = policy({}, "deny-all")
    assert deny["policyTypes"] == ["Ingress", "Egress"] and "ingress" not in deny and "egress" not in deny


def test_policies_admit_clients_at_the_port_of_the_pod():
    for values in ({}, values_of("nodeport")):
        assert policy(values, "server")["ingress"] == [{"ports": [{"protocol": "TCP", "port": 9000}]}]
    metrics = {"metrics": {"enabled": True}}
    assert policy(metrics, "server")["ingress"][1] == {"ports": [{"protocol": "TCP", "port": 8484}]}
    peers = [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "monitoring"}}}]
    assert policy(merged(metrics, {"networkPolicies": {"metricsPeers": peers}}), "server")["ingress"][1]["from"] == peers


def test_policies_let_the_server_reach_its_database():
    assert egress_ports({}) == {(53, True), (9000, True), (5432, True)}
    assert egress_ports(values_of("external-database")) == {(53, True), (9000, True), (6432, False)}
    assert egress_ports(values_of("embedded")) == {(53, True), (9000, True)}
    database = policy({}, "database")
    components = [peer["podSelector"]["matchLabels"]["app.kubernetes.io/component"] for peer in database["ingress"][0]["from"]]
    assert components == ["server", "migrations"]
    assert database["policyTypes"] == ["Ingress", "Egress"] and "egress" not in database


def test_every_pod_is_under_a_policy_of_its_release():
    for case in ("default", "everything"):
        objects = render(values_of(case))
        selectors = [item["spec"]["podSelector"]["matchLabels"] for (kind, _), item in objects.items() if kind == "NetworkPolicy"
                     and "Egress" in item["spec"]["policyTypes"]]
        for (kind, name), item in objects.items():
            if pod_of(item):
                labels = item["metadata"]["labels"] if kind == "Pod" else item["spec"]["template"]["metadata"]["labels"]
                assert any(selector.items() <= labels.items() for selector in selectors), (kind, name)


def test_policies_of_two_releases_in_one_namespace():
    assert names(render(values_of("everything")), "NetworkPolicy") == ["second-common", "second-database", "second-deny-all", "second-server"]
    assert names(render({"networkPolicies": {"enabled": False}}), "NetworkPolicy") == []


# Ingress


def test_ingress():
    ingress = one(render(values_of("guide")), "Ingress")
    assert ingress["metadata"]["annotations"] == {"nginx.ingress.kubernetes.io/ssl-passthrough": "true"}
    backend = {"service": {"name": "orchestrator-server", "port": {"number": 9000}}}
    assert ingress["spec"] == {"ingressClassName": "nginx", "rules": [{
        "host": "orchestrator.example.org",
        "http": {"paths": [{"path": "/", "pathType": "ImplementationSpecific", "backend": backend}]}}]}


def test_ingress_with_everything():
    ingress = one(render(values_of("everything")), "Ingress")
    assert ingress["metadata"]["annotations"] == {
        "nginx.ingress.kubernetes.io/ssl-passthrough": "true", "nginx.ingress.kubernetes.io/backend-protocol": "GRPCS",
        "example.org/contact": "operations"}
    first, second, third = ingress["spec"]["rules"]
    assert first["host"] == "orchestrator.example.org"
    assert [path["path"] for path in first["http"]["paths"]] == ["/extra", "/orchestrator"]
    assert (second["host"], third["host"]) == ("other.example.org", "third.example.org")
    assert third["http"]["paths"][0]["path"] == "/third" and third["http"]["paths"][0]["pathType"] == "Exact"
    assert ingress["spec"]["tls"] == [{"hosts": ["orchestrator.example.org"], "secretName": "ingress-tls"}]


# Monitoring


def test_service_monitor():
    monitor = one(render(values_of("metrics")), "ServiceMonitor")
    assert monitor["metadata"]["labels"]["release"] == "prometheus"
    (endpoint,) = monitor["spec"]["endpoints"]
    assert endpoint == {"port": "metrics", "interval": "30s", "scrapeTimeout": "10s", "honorLabels": True,
                        "relabelings": [{"targetLabel": "environment", "replacement": "orchestrator"}]}
    assert monitor["spec"]["namespaceSelector"] == {"matchNames": ["orchestrator"]}
    service = render(values_of("metrics"))["Service", "orchestrator-server"]
    assert monitor["spec"]["selector"]["matchLabels"].items() <= service["metadata"]["labels"].items()
    (minimal,) = one(render(values_of("everything")), "ServiceMonitor")["spec"]["endpoints"]
    assert minimal == {"port": "metrics"}


def test_metrics_variable():
    assert "METRICS_ENABLED" not in variables(render())
    assert variables(render(values_of("metrics")))["METRICS_ENABLED"] == "true"


def test_prometheus_rules_ask_for_this_release():
    rule = one(render(values_of("metrics")), "PrometheusRule")
    (group,) = rule["spec"]["groups"]
    assert rule["metadata"]["labels"]["release"] == "prometheus" and len(group["rules"]) >= 3
    for alert in group["rules"]:
        assert set(alert) - {"for"} == {"alert", "expr", "labels", "annotations"}
        assert 'namespace="orchestrator", service="orchestrator-server"' in alert["expr"]
        assert "SELECTOR" not in alert["expr"]


def test_dashboard():
    found = render(values_of("metrics"))["ConfigMap", "orchestrator-server-dashboard"]
    assert found["metadata"]["labels"]["grafana_dashboard"] == "1" and found["metadata"]["namespace"] == "monitoring"
    dashboard = json.loads(found["data"]["orchestrator.json"])
    assert len(dashboard["panels"]) >= 10
    for panel in dashboard["panels"]:
        for target in panel["targets"]:
            assert 'namespace="$namespace", service="$service"' in target["expr"]
            assert target["expr"].count("(") == target["expr"].count(")") and target["expr"].count("{") == target["expr"].count("}")


# Pods


def test_security_contexts_of_the_operator_take_effect():
    objects = render({"podSecurityContext": {"runAsUser": 2000}, "securityContext": {"readOnlyRootFilesystem": False}})
    for kind in ("Deployment", "Job", "Pod"):
        spec = pod_of(one(objects, kind))
        assert spec["securityContext"]["runAsUser"] == 2000 and spec["securityContext"]["runAsNonRoot"] is True
        assert spec["containers"][0]["securityContext"]["readOnlyRootFilesystem"] is False
        assert spec["containers"][0]["securityContext"]["allowPrivilegeEscalation"] is False


def test_bitnami_security_contexts_can_be_left_out():
    """For a cluster that chooses users by itself."""
    off = {"enabled": False}
    pod_off = pod_of(one(render({"postgresql": {"primary": {"podSecurityContext": off, "containerSecurityContext": off}}}), "StatefulSet"))
    assert "securityContext" not in pod_off
    assert not any("securityContext" in container for container in containers_of(pod_off))
    on = {"enabled": True}
    assert pod_of(one(render({"postgresql": {"primary": {"podSecurityContext": on, "containerSecurityContext": on}}}), "StatefulSet")) == \
        pod_of(one(render(), "StatefulSet"))


def test_variables_of_the_operator_win():
    """The API server may refuse a list in which a name is twice."""
    given = [{"name": "LOG_LEVEL", "value": "DEBUG"}, {"name": "METRICS_ENABLED", "valueFrom": {"configMapKeyRef": {"name": "c", "key": "k"}}}]
    assert server(render({"metrics": {"enabled": True}, "extraEnv": given}))["env"] == given
    (job,) = pod_of(one(render({"extraEnv": given}), "Job"))["containers"]
    assert job["env"] == given
    own = [{"name": "LOG_LEVEL", "value": "INFO"}, {"name": "METRICS_ENABLED", "value": "true"}]
    other = [{"name": "OTHER", "value": "1"}]
    assert server(render({"metrics": {"enabled": True}, "extraEnv": other}))["env"] == own + other
