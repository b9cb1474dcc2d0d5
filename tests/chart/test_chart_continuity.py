"""What an upgrade of a release of chart 8.7.7 or 8.8.0 must find unchanged (deployment.md 1.3 to 1.8, 1.14, 1.16)."""
import pytest
import yaml

from chart import CASES, NAMESPACE, RELEASE, names, one, pod_of, render, server, values_of, variables

SERVER_SELECTOR = {"app.kubernetes.io/component": "server", "app.kubernetes.io/instance": "orchestrator",
                   "app.kubernetes.io/name": "orchestrator"}
DATABASE_SELECTOR = {"app.kubernetes.io/component": "primary", "app.kubernetes.io/instance": "orchestrator",
                     "app.kubernetes.io/name": "postgresql"}
COMMON_LABELS = {"helm.sh/chart": "orchestrator-9.0.0", "app.kubernetes.io/managed-by": "Helm"}

# The objects that a release "orchestrator" of chart 8 has, with the fields of them that the API server lets nobody change.
FIXED = {
    ("Deployment", "orchestrator-server"): {"selector": {"matchLabels": SERVER_SELECTOR}},
    ("Service", "orchestrator-server"): {},
    ("Service", "orchestrator-postgresql"): {},
    ("Service", "orchestrator-postgresql-hl"): {"clusterIP": "None"},
    ("StatefulSet", "orchestrator-postgresql"): {
        "serviceName": "orchestrator-postgresql-hl",
        "selector": {"matchLabels": DATABASE_SELECTOR},
        "podManagementPolicy": None,
        "volumeClaimTemplates": [{
            "apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "data"},
            "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "8Gi"}}},
        }],
    },
    ("ConfigMap", "orchestrator-server-config"): {},
    ("ConfigMap", "orchestrator-server-env"): {},
    ("ConfigMap", "orchestrator-server-database"): {},
    ("ConfigMap", "orchestrator-postgresql-extended-configuration"): {},
    ("Secret", "orchestrator-server-database"): {},
    ("Secret", "orchestrator-postgresql"): {},
    ("ServiceAccount", "orchestrator"): {},
    ("Job", "orchestrator-migrations"): {},
    ("NetworkPolicy", "orchestrator-deny-all"): {},
    ("NetworkPolicy", "orchestrator-common"): {},
    ("NetworkPolicy", "orchestrator-server"): {},
    ("NetworkPolicy", "orchestrator-database"): {},
    ("Pod", "orchestrator-test-connection"): {},
}
# What this chart has besides.
NEW = {("ConfigMap", "orchestrator-postgresql-configuration")}


def test_default_objects():
    assert set(render()) == set(FIXED) | NEW


def test_fields_that_cannot_change():
    objects = render()
    for key, fields in FIXED.items():
        for field, wanted in fields.items():
            assert objects[key]["spec"].get(field) == wanted, (key, field)


@pytest.mark.parametrize("kind", ["Secret", "Service", "Deployment", "StatefulSet"])
def test_types_that_cannot_change(kind):
    types = {"Secret": {"Opaque"}, "Service": {"ClusterIP"}}.get(kind, {None})
    objects = render()
    assert {(item.get("type") or item.get("spec", {}).get("type")) for (of, _), item in objects.items() if of == kind} == types


# (release, values) -> server objects, full name, migrations, database, network policies
NAMES = {
    ("orchestrator", "{}"): ("orchestrator-server", "orchestrator", "orchestrator-migrations", "orchestrator-postgresql",
                             "orchestrator"),
    ("orchestrator-org-1", "{}"): ("orchestrator-org-1-server", "orchestrator-org-1", "orchestrator-org-1-migrations",
                                   "orchestrator-org-1-postgresql", "orchestrator"),
    ("net", "{}"): ("net-orchestrator-server", "net-orchestrator", "net-orchestrator-migrations", "net-postgresql",
                    "orchestrator"),
    ("net", "{nameOverride: registry}"): ("net-registry-server", "net-registry", "net-registry-migrations", "net-postgresql",
                                          "registry"),
    ("my-registry", "{nameOverride: registry}"): ("my-registry-server", "my-registry", "my-registry-migrations",
                                                  "my-registry-postgresql", "registry"),
    ("net", "{fullnameOverride: full}"): ("net-orchestrator-server", "full", "net-orchestrator-migrations", "net-postgresql",
                                          "orchestrator"),
    ("net", "{orchestrator: {fullnameOverride: s}, migrations: {fullnameOverride: m}}"):
        ("s", "net-orchestrator", "m", "net-postgresql", "orchestrator"),
    ("with-postgresql", "{}"): ("with-postgresql-orchestrator-server", "with-postgresql-orchestrator",
                                "with-postgresql-orchestrator-migrations", "with-postgresql", "orchestrator"),
    ("x" * 41, "{nameOverride: with-the-name-override}"): (
        "x" * 41 + "-with-the-name-overrid", "x" * 41 + "-with-the-name-overrid", "x" * 41 + "-with-the-name-overrid",
        "x" * 41 + "-postgresql", "with-the-name-override"),
    ("postgresql-" + "x" * 41, "{}"): ("postgresql-" + "x" * 41 + "-orchestrat", "postgresql-" + "x" * 41 + "-orchestrat",
                                       "postgresql-" + "x" * 41 + "-orchestrat", "postgresql-" + "x" * 41, "orchestrator"),
}


@pytest.mark.parametrize("release, values", NAMES)
def test_names(release, values):
    server_name, full, migrations, database, policies = NAMES[release, values]
    objects = render(yaml.safe_load(values), release=release)
    assert names(objects, "Deployment") == [server_name]
    assert names(objects, "Service") == sorted([server_name, database, f"{database}-hl"])
    assert names(objects, "ConfigMap") == sorted([f"{server_name}-config", f"{server_name}-env", f"{server_name}-database",
                                                  f"{database}-configuration", f"{database}-extended-configuration"])
    assert names(objects, "Secret") == sorted([f"{server_name}-database", database])
    assert names(objects, "ServiceAccount") == [full]
    assert names(objects, "Job") == [migrations]
    assert names(objects, "StatefulSet") == [database]
    assert names(objects, "NetworkPolicy") == sorted(f"{policies}-{name}" for name in ("deny-all", "common", "server", "database"))
    assert names(objects, "Pod") == [f"{full}-test-connection"]
    assert variables(objects)["DATABASE_HOSTNAME"] == f"{database}.{NAMESPACE}"


def test_service_account_names():
    def account(values):
        return render({"serviceAccount": values})["Deployment", "orchestrator-server"]["spec"]["template"]["spec"]["serviceAccountName"]

    assert account({}) == "orchestrator"
    assert account({"name": "mine"}) == "mine"
    assert account({"create": False}) == "default"
    assert account({"create": False, "name": "mine"}) == "mine"
    assert not names(render({"serviceAccount": {"create": False}}), "ServiceAccount")


@pytest.mark.parametrize("values", [values_of(case) for case in CASES] + [{"serviceAccount": {"create": False}}],
                         ids=[*CASES, "no service account"])
def test_every_pod_names_a_service_account_that_is_there(values):
    """A field that is taken out keeps its value in the cluster, under its second name: that of chart 8's, which is gone then."""
    objects = render(values)
    there = {"default", *names(objects, "ServiceAccount")}
    for key, item in objects.items():
        if pod_of(item):
            assert pod_of(item).get("serviceAccountName") in there, key


def test_labels():
    objects = render()
    for kind, name in [("Deployment", "orchestrator-server"), ("Service", "orchestrator-server"), ("ConfigMap", "orchestrator-server-env"),
                       ("Secret", "orchestrator-server-database")]:
        assert objects[kind, name]["metadata"]["labels"] == SERVER_SELECTOR | COMMON_LABELS
    assert one(objects, "ServiceAccount")["metadata"]["labels"] == COMMON_LABELS
    assert objects["StatefulSet", "orchestrator-postgresql"]["metadata"]["labels"] == DATABASE_SELECTOR | COMMON_LABELS
    assert one(objects, "Job")["metadata"]["labels"] == COMMON_LABELS | {"app.kubernetes.io/component": "migrations"}
    assert objects["Service", "orchestrator-server"]["spec"]["selector"] == SERVER_SELECTOR
    assert objects["Service", "orchestrator-postgresql"]["spec"]["selector"] == DATABASE_SELECTOR


def test_labels_of_the_operator_are_not_in_selectors():
    objects = render({"commonLabels": {"team": "t"}, "podLabels": {"p": "q"}})
    for (kind, name), item in objects.items():
        assert item["metadata"]["labels"]["team"] == "t", (kind, name)
    assert objects["Deployment", "orchestrator-server"]["spec"]["selector"]["matchLabels"] == SERVER_SELECTOR
    for key, fields in FIXED.items():
        for field, wanted in fields.items():
            assert objects[key]["spec"].get(field) == wanted, (key, field)


TLS = {"orchestrator": {"tls": {"enabled": True}}}
MTLS = {"orchestrator": {"verifyClientMSPID": True, "tls": {"enabled": True, "mtls": {"enabled": True}}}}
PLAIN_ENV = {"ORCHESTRATOR_VERIFY_CLIENT_MSP_ID": "false", "ORCHESTRATOR_CHANNEL_CONFIG": "/var/orchestrator/config.yaml",
             "ORCHESTRATOR_TX_RETRY_BUDGET": "500ms", "LOG_SQL_VERBOSE": "false", "ORCHESTRATOR_TLS_ENABLED": "false",
             "ORCHESTRATOR_MTLS_ENABLED": "false"}
TLS_ENV = PLAIN_ENV | {"ORCHESTRATOR_TLS_ENABLED": "true",
                       "ORCHESTRATOR_TLS_CERT_PATH": "/var/orchestrator/tls/server/pair/tls.crt",
                       "ORCHESTRATOR_TLS_KEY_PATH": "/var/orchestrator/tls/server/pair/tls.key"}
MTLS_ENV = TLS_ENV | {"ORCHESTRATOR_MTLS_ENABLED": "true", "ORCHESTRATOR_VERIFY_CLIENT_MSP_ID": "true",
                      "ORCHESTRATOR_TLS_SERVER_CA_CERT": "/var/orchestrator/tls/server/cacert/ca.crt",
                      "ORCHESTRATOR_TLS_CLIENT_CA_CERT_DIR": "/var/orchestrator/tls/client/"}
SHARED_ADDRESS_ENV = PLAIN_ENV | {"ORCHESTRATOR_MAX_CONNECTIONS_PER_ADDRESS": "1000000"}


@pytest.mark.parametrize("values, wanted", [
    ({}, PLAIN_ENV), (TLS, TLS_ENV), (MTLS, MTLS_ENV),
    ({"orchestrator": {"verifyClientMSPID": True, "tls": {"mtls": {"enabled": True}}}}, PLAIN_ENV),
    ({"orchestrator": {"verifyClientMSPID": True, "tls": {"enabled": True}}}, TLS_ENV),
    ({"ingress": {"enabled": True, "hostname": "h"}}, SHARED_ADDRESS_ENV), ({"service": {"type": "LoadBalancer"}}, SHARED_ADDRESS_ENV),
], ids=["plain", "tls", "mtls", "mtls without tls", "check without mtls", "ingress", "load balancer"])
def test_keys_of_the_environment(values, wanted):
    assert render(values)["ConfigMap", "orchestrator-server-env"]["data"] == wanted


def test_keys_of_the_database():
    objects = render({"database": {"auth": {"password": "p"}}})
    assert objects["ConfigMap", "orchestrator-server-database"]["data"] == {
        "DATABASE_HOSTNAME": "orchestrator-postgresql.orchestrator", "DATABASE_PORT": "5432", "DATABASE_DATABASE": "orchestrator",
        "DATABASE_CONNECTION_PARAMETERS": "sslmode=disable"}
    assert objects["Secret", "orchestrator-server-database"]["stringData"] == {"DATABASE_USERNAME": "postgres", "DATABASE_PASSWORD": "p"}
    assert objects["Secret", "orchestrator-postgresql"]["stringData"] == {"postgres-password": "p"}


def test_order_of_the_sources_of_variables():
    sources = server(render())["envFrom"]
    assert [list(source) for source in sources] == [["configMapRef"], ["configMapRef"], ["secretRef"]]
    assert [list(source.values())[0]["name"] for source in sources] == [
        "orchestrator-server-env", "orchestrator-server-database", "orchestrator-server-database"]


def test_install_line_of_the_readme():
    objects = render(flags=["--set", "channels[0].name=mychannel", "--set", "channels[0].organizations={MyOrg1MSP}"])
    config = yaml.safe_load(objects["ConfigMap", "orchestrator-server-config"]["data"]["config.yaml"])
    assert config == {"channels": {"mychannel": ["MyOrg1MSP"]}}


def test_ports():
    assert server(render())["ports"] == [{"name": "grpc", "containerPort": 9000, "protocol": "TCP"}]
    service = render()["Service", "orchestrator-server"]["spec"]
    assert service["ports"] == [{"name": "grpc", "port": 9000, "targetPort": 9000, "protocol": "TCP", "nodePort": None}]
    service = render(values_of("nodeport"))["Service", "orchestrator-server"]["spec"]
    assert service["ports"] == [{"name": "grpc", "port": 443, "targetPort": 9000, "protocol": "TCP", "nodePort": 30443}]
    service = render({"metrics": {"enabled": True}})["Service", "orchestrator-server"]["spec"]
    assert service["ports"][1] == {"name": "metrics", "port": 8484, "targetPort": 8484, "protocol": "TCP"}


def test_job_is_a_hook():
    job = one(render(), "Job")
    assert job["metadata"]["annotations"] == {"helm.sh/hook": "post-install,post-upgrade",
                                              "helm.sh/hook-delete-policy": "before-hook-creation"}
    assert job["spec"]["template"]["spec"]["restartPolicy"] == "OnFailure"


def test_existing_claim_is_taken_over():
    database = render(values_of("existing-release"))["StatefulSet", f"{RELEASE}-postgresql"]["spec"]
    assert "volumeClaimTemplates" not in database
    assert {"name": "data", "persistentVolumeClaim": {"claimName": "data-old-postgresql-0"}} in database["template"]["spec"]["volumes"]


def test_images():
    objects = render(values_of("existing-release"))
    assert server(objects)["image"] == "orchestrator-server:dev"
    (wait,) = one(objects, "Job")["spec"]["template"]["spec"]["initContainers"]
    assert wait["image"] == "mirror.example.org/postgres:17"
    assert server(render())["image"] == "ghcr.io/substra/orchestrator-server:2.0.0"
    wait = one(render({"initImages": {"postgresql": {"tag": ""}}}), "Job")["spec"]["template"]["spec"]["initContainers"][0]
    assert wait["image"] == "docker.io/postgres:latest"
