"""Values that are wrong are refused with a text that helps, and README.md describes all there are."""
import re

import pytest
import yaml

from chart import CHART, Refused, merged, refusal, render, template, variables

PATH = re.compile(r"^\| `([^`]+)` \|", re.MULTILINE)


def leaves(values, path=""):
    for key, value in values.items():
        if isinstance(value, dict) and value and not key.endswith(("annotations", "labels", "SecurityContext")):
            yield from leaves(value, f"{path}{key}.")
        else:
            yield path + key


def test_the_readme_describes_every_value():
    values = yaml.safe_load((CHART / "values.yaml").read_text())
    described = PATH.findall((CHART / "README.md").read_text())
    assert sorted(described) == sorted(leaves(values))


def test_the_schema_knows_every_value():
    """Its own defaults, given as a user would give them."""
    template(yaml.safe_load((CHART / "values.yaml").read_text()))


# Every value of chart 8 (deployment.md 1.2) that is not in the values of another test.
CHART_8 = """
imagePullSecrets: [{name: s}]
nameOverride: n
fullnameOverride: f
serviceAccount: {create: true, annotations: {a: b}, name: n}
podAnnotations: {a: b}
podSecurityContext: {fsGroup: 1}
securityContext: {privileged: false}
service: {type: NodePort, port: 9001, nodePort: 30001}
metrics:
  enabled: true
  serviceMonitor: {enabled: true, namespace: n, interval: 1m, scrapeTimeout: 1s, relabelings: [{}], metricRelabelings: [{}], honorLabels: true}
ingress:
  enabled: true
  ingressClassName: null
  annotations: {a: b}
  hostname: h
  path: /
  pathType: ImplementationSpecific
  extraPaths: []
  extraHosts: [{name: h, path: /, pathType: Prefix}]
  extraTls: []
resources: {requests: {cpu: 1, memory: 1Gi}, limits: {cpu: 1, memory: 1Gi}}
nodeSelector: {a: b}
tolerations: []
affinity: {}
database:
  auth: {database: d, username: u, password: p, credentialsSecretName: null}
  host: null
  port: 5433
  connectionParameters: sslmode=disable&connect_timeout=3
postgresql:
  enabled: true
  auth: {enablePostgresUser: false, username: u, password: p, database: d}
  primary:
    extendedConfiguration: tcp_keepalives_idle = 5
    podSecurityContext: {enabled: true, runAsNonRoot: true, runAsUser: 1001, fsGroup: 1001, seccompProfile: {type: RuntimeDefault}}
    containerSecurityContext: {enabled: true, allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}
    resources: {requests: {memory: 512Mi, cpu: 1000m}, limits: {memory: 2Gi, cpu: 1000m}}
    persistence: {existingClaim: c}
orchestrator:
  image: {registry: r, repository: r, pullPolicy: Always, tag: null}
  fullnameOverride: f
  logLevel: INFO
  logSQLVerbose: true
  verifyClientMSPID: true
  txRetryBudget: 500ms
  tls:
    createCertificates: {enabled: false, domains: [], duration: 2160h, issuer: i, issuerKind: Issuer}
    enabled: true
    secrets: {pair: p}
    cacert: c
    mtls: {enabled: true, clientCACerts: {A: [c], B: c}}
channels: [{name: c, organizations: [o]}]
migrations: {fullnameOverride: m}
initImages: {postgresql: {registry: r, repository: r, tag: "17"}}
"""


def test_values_of_chart_8_are_taken():
    rendered = template(yaml.safe_load(CHART_8))
    assert "enabled: true" not in rendered  # of bitnami's security contexts, which is none of Kubernetes


@pytest.mark.parametrize("values, text", [
    ("{chanels: []}", "Additional property chanels is not allowed"),
    ("{channels: [{name: c}]}", "channels.0: organizations is required"),
    ("{channels: [{name: c, organizations: []}, {name: c, organizations: []}]}", "channels: c is given twice"),
    ("{service: {type: External}}", 'service.type must be one of the following: "ClusterIP", "NodePort", "LoadBalancer"'),
    ("{service: {port: 70000}}", "service.port: Must be less than or equal to 65535"),
    ("{orchestrator: {tls: {enabled: 'yes'}}}", "orchestrator.tls.enabled: Invalid type. Expected: boolean, given: string"),
    ("{orchestrator: {txRetryBudget: 5}}", "orchestrator.txRetryBudget: Invalid type. Expected: string, given: integer"),
    ("{orchestrator: {txRetryBudget: soon}}", 'orchestrator.txRetryBudget: "soon" is not a duration such as 500ms'),
    ("{orchestrator: {tls: {cacert: CA}}}", 'orchestrator.tls.cacert: "CA" cannot be the name of a Secret or a ConfigMap'),
    ("{orchestrator: {tls: {mtls: {clientCACerts: {Org: [a, B]}}}}}", 'orchestrator.tls.mtls.clientCACerts.Org: "B" cannot be the name'),
    ("{orchestrator: {tls: {mtls: {clientCACerts: {a/b: c}}}}}", 'clientCACerts: "a/b" names a folder'),
    ("{orchestrator: {tls: {mtls: {clientCACerts: {'..': c}}}}}", 'clientCACerts: ".." names a folder'),
    ("{orchestrator: {tls: {createCertificates: {enabled: true}}}}", "createCertificates.issuer is empty"),
    ("{orchestrator: {tls: {enabled: true, createCertificates: {enabled: true, issuer: i, domains: [a.example.org]}}}}",
     "domains lacks orchestrator-server.orchestrator.svc.cluster.local, the name that the probes ask for"),
    ("{embedded: {enabled: true}, replicaCount: 2}", "embedded.enabled allows one replica"),
    ("{embedded: {enabled: true}, autoscaling: {enabled: true}}", "embedded.enabled allows one replica"),
    ("{embedded: {enabled: true}, database: {host: db}}", "embedded.enabled and database.host exclude each other"),
    ("{postgresql: {enabled: false}}", "set database.host to the database to use, or embedded.enabled"),
    ("{database: {host: db}}", "the database db needs database.auth.password, or database.auth.credentialsSecretName"),
    ("{database: {auth: {password: a}}, postgresql: {auth: {password: b}}}", "database.auth.password and postgresql.auth.password differ"),
    ("{postgresql: {auth: {username: other}}}", "database.auth.username (postgres) and postgresql.auth.username (other) differ"),
    ("{postgresql: {auth: {database: other}}}", "database.auth.database (orchestrator) and postgresql.auth.database (other) differ"),
    ("{postgresql: {image: {repository: bitnamilegacy/postgresql}}}", "an image of bitnami's. Remove the value"),
    ("{postgresql: {primary: {persistence: {subPath: x}}}}", "postgresql.primary.persistence.subPath is not a value of this chart"),
    ("{postgresql: {auth: {existingSecret: x}}}", "postgresql.auth.existingSecret is not a value of this chart"),
    ("{commonLabels: {app.kubernetes.io/name: x}}", "commonLabels: the label app.kubernetes.io/name is the chart's own"),
    ("{postgresql: {primary: {podLabels: {app.kubernetes.io/component: x}}}}", "postgresql.primary.podLabels: the label"),
    ("{metrics: {serviceMonitor: {enabled: true}}}", "metrics.serviceMonitor.enabled needs metrics.enabled"),
    ("{metrics: {prometheusRule: {enabled: true}}}", "metrics.prometheusRule.enabled needs metrics.enabled"),
    ("{ingress: {enabled: true}}", "ingress.enabled needs a host: set ingress.hostname, or ingress.extraHosts"),
    ("{service: {type: NodePort, nodePort: '3000O'}}", 'service.nodePort: "3000O" is not a port'),
    ("{service: {type: NodePort, nodePort: 70000}}", 'service.nodePort: "70000" is not a port'),
    ("{orchestrator: {fullnameOverride: '1e3'}}", '"1e3" cannot be the name of a Service'),
    ("{channels: [{name: '', organizations: []}]}", "channels.0.name: String length must be greater than or equal to 1"),
    ("{channels: [{name: c, organizations: [o, '']}]}", "channels.0.organizations.1: String length must be greater than or equal to 1"),
    ("{global: {postgresql: {auth: {password: p}}}}", "global.postgresql has no effect: this chart deploys PostgreSQL without bitnami's. Set database.auth"),
    ("{global: {storageClass: fast}}", "Set postgresql.primary.persistence.storageClass"),
    ("{global: {defaultStorageClass: fast}}", "Set postgresql.primary.persistence.storageClass"),
    ("{global: {imageRegistry: r}}", "Set orchestrator.image.registry, postgresql.image.registry and initImages.postgresql.registry"),
    ("{global: {imagePullSecrets: [s]}}", "global.imagePullSecrets has no effect: this chart deploys PostgreSQL without bitnami's. Set imagePullSecrets"),
])
def test_refusals(values, text):
    assert text in refusal(yaml.safe_load(values))


# Templates get the numbers of values files as floating-point ones, and those of --set as whole ones.
NUMBERS = """
channels:
  - name: 12345678901
    organizations: [1234567, 999999999999999, -20000000, true, "00123"]
database:
  auth:
    password: 12345678901234
postgresql:
  auth:
    password: "12345678901234"
"""


def test_numbers_arrive_as_they_are_written(tmp_path):
    (tmp_path / "values.yaml").write_text(NUMBERS)
    objects = render(flags=["--values", str(tmp_path / "values.yaml")])
    config = yaml.safe_load(objects["ConfigMap", "orchestrator-server-config"]["data"]["config.yaml"])
    assert config == {"channels": {"12345678901": ["1234567", "999999999999999", "-20000000", "true", "00123"]}}
    assert variables(objects)["DATABASE_PASSWORD"] == "12345678901234"
    objects = render(flags=["--set", "channels[0].name=1234567,channels[0].organizations={12345678901}"])
    config = yaml.safe_load(objects["ConfigMap", "orchestrator-server-config"]["data"]["config.yaml"])
    assert config == {"channels": {"1234567": ["12345678901"]}}


@pytest.mark.parametrize("values, path", [
    ("channels: [{name: 1234567890123456, organizations: []}]", "channels.0.name"),
    ("channels: [{name: a, organizations: []}, {name: b, organizations: [1, -1000000000000000]}]", "channels.1.organizations"),
    ("database: {auth: {password: 1000000000000000000000000000}}", "database.auth.password"),
    ("postgresql: {auth: {password: 1234567890123456}}", "postgresql.auth.password"),
])
def test_numbers_that_are_not_exact_are_refused(tmp_path, values, path):
    (tmp_path / "values.yaml").write_text(values)
    with pytest.raises(Refused, match=f"{path}: a number of 16 digits or more is not exact. Write it in quotes"):
        template(flags=["--values", str(tmp_path / "values.yaml")])


def test_global_values_of_others_are_left_alone():
    template({"global": {"domain": "example.org", "security": {"allowInsecureImages": True}, "imageRegistry": "", "imagePullSecrets": []}})


# What a deployment does without: a resource, an annotation or a label, or what Kubernetes or the server has a default for.
DISPENSABLE = re.compile(r"(.*\.)?(resources|annotations|labels|registry|pullPolicy|logLevel|readinessService)$"
                         r"|podDisruptionBudget\.maxUnavailable$|postgresql\.primary\.\w+SecurityContext\.|initImages\.postgresql\.tag$")


def emptied(values, needed, path=""):
    """The same values with nothing after the keys that a deployment does without; the paths of the others are added to `needed`."""
    result = {}
    for key, value in values.items():
        if not value or DISPENSABLE.match(path + key):
            result[key] = None
            continue
        needed.append(path + key)
        result[key] = emptied(value, needed, f"{path}{key}.") if isinstance(value, dict) else value
    return result


def test_keys_with_nothing_after_them():
    """They take their defaults away. What cannot be done without is asked for by name; the rest is rendered."""
    needed = []
    values = emptied(yaml.safe_load((CHART / "values.yaml").read_text()), needed)
    for path in needed:
        with pytest.raises(Refused, match=f"{re.escape(path)}: nothing comes after it. Remove it, and its default holds"):
            template(flags=["--set", f"{path}=null"])
    switches = {"tls": {"enabled": False, "mtls": {"enabled": False}}, "verifyClientMSPID": False, "logSQLVerbose": False}
    template(merged(values, {"orchestrator": switches}))


def test_switches_with_nothing_after_them():
    empty = "{orchestrator: {verifyClientMSPID: , logSQLVerbose: , tls: {enabled: , mtls: {enabled: }}}}"
    assert "nothing comes after it" in refusal(yaml.safe_load(empty))


def test_values_of_a_release_of_chart_8_alone_are_refused():
    """`helm upgrade --reuse-values` takes the defaults of the old chart, with all of bitnami's, for those of the new one."""
    old = merged(yaml.safe_load(CHART_8), {"embedded": None, "autoscaling": None, "networkPolicies": None, "postgresql": {"architecture": "standalone"}})
    assert "Do not upgrade with --reuse-values" in refusal(old)


def test_versions_of_kubernetes():
    template(flags=["--kube-version", "1.19.0"])
    with pytest.raises(Refused, match="chart requires kubeVersion: >= 1.19.0-0"):
        template(flags=["--kube-version", "1.18.20"])


@pytest.mark.parametrize("release", ["x" * 42, "x" * 50, "postgresql-" + "x" * 42])
def test_a_release_name_that_is_too_long(release):
    """The pods of a StatefulSet get a label of its name and ten characters more, of 63 at most."""
    with pytest.raises(Refused, match="at most 41 characters, or 52 if it contains postgresql"):
        template(release=release)
    template({"embedded": {"enabled": True}}, release=release)
