#!/usr/bin/python3
"""Stands in for a cluster behind `kubectl` and `helm`, as which it is called, for the commands of the guides.

What they would send to a cluster is made by the real programs (REAL_KUBECTL, REAL_HELM) and kept in ./cluster. Of an
installed chart the server is run, from what its Deployment says: with the variables of its ConfigMaps and Secrets, with the
volumes laid out as files, and with its own probes. /var/orchestrator is a folder here, the port is GUIDE_PORT, and the
bundled database is the one that BUNDLED_HOST and BUNDLED_PORT tell; without them, the data are in a folder.
"""
import base64
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import time

import yaml

CLUSTER = pathlib.Path("cluster")
ROOT = CLUSTER / "root"
PROCESS = CLUSTER / "server.pid"
START_SECONDS = 60


def output(*command):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if done.returncode != 0:
        sys.exit(done.stderr)
    return done.stdout


def keep(objects):
    for each in objects:
        path = CLUSTER / "objects" / each["kind"] / each["metadata"]["name"]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(each))


def content(kind, name):
    """The files of a Secret or ConfigMap; None if there is none of that name."""
    path = CLUSTER / "objects" / kind / name
    if not path.exists():
        return None
    kept = json.loads(path.read_text())
    data = kept.get("data") or {}
    if kind == "Secret":
        data = {key: base64.b64decode(value).decode() for key, value in data.items()}
    return data | kept.get("stringData", {})


def source_files(source):
    """path -> text of what one source of a volume holds."""
    kind = "Secret" if "secret" in source else "ConfigMap"
    described = source.get("secret") or source["configMap"]
    name = described.get("name") or described["secretName"]
    found = content(kind, name)
    if found is None:
        return {} if described.get("optional") else sys.exit(f"{kind} {name} not found")
    items = described.get("items") or [{"key": key, "path": key} for key in found]
    return {item["path"]: found[item["key"]] for item in items if item["key"] in found}


def here(text):
    """What stands for a path or an address of the pod."""
    replacements = {"/app/orchestrator": "orchestrator", "/var/orchestrator": str(ROOT.resolve()),
                    "orchestrator-server:9000": "localhost:" + PORT, ":9000": ":" + PORT}
    for there, local in replacements.items():
        text = text.replace(there, local)
    return text


def command_here(words):
    return [word for each in words for word in
            (["orchestrator", "healthcheck"] if each == "/bin/grpc_health_probe" else [here(each)])]


def lay_out(pod):
    """The mounts of the server as files."""
    shutil.rmtree(ROOT, ignore_errors=True)
    volumes = {volume["name"]: volume for volume in pod["volumes"]}
    for mount in pod["containers"][0]["volumeMounts"]:
        volume = volumes[mount["name"]]
        place = pathlib.Path(here(mount["mountPath"]))
        for source in volume.get("projected", {"sources": [volume]})["sources"]:
            for path, text in source_files(source).items():
                target = place if mount.get("subPath") == path else place / path
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_text(text)


def variables(container):
    given = {}
    for source in container["envFrom"]:
        (kind, reference), = source.items()
        given |= content({"configMapRef": "ConfigMap", "secretRef": "Secret"}[kind], reference["name"])
    if given["DATABASE_HOSTNAME"].startswith("orchestrator-postgresql."):
        given |= {"DATABASE_HOSTNAME": os.environ.get("BUNDLED_HOST", ""), "DATABASE_PORT": os.environ.get("BUNDLED_PORT", "")}
    given |= {each["name"]: each["value"] for each in container["env"]}
    return {name: here(value) for name, value in given.items()} | {
        "ORCHESTRATOR_DATA_DIR": str(CLUSTER / "data"), "ORCHESTRATOR_LISTEN_ADDRESS": "127.0.0.1:" + PORT,
        "ORCHESTRATOR_HTTP_ADDRESS": "127.0.0.1:0"}


def container_of(kind, name):
    kept = json.loads((CLUSTER / "objects" / kind / name).read_text())
    return (kept["spec"]["template"]["spec"] if kind == "Deployment" else kept["spec"])["containers"][0]


def run_server(deployment):
    """As the cluster does: what must be there before, the server, then its probe until it serves."""
    pod = deployment["spec"]["template"]["spec"]
    container = pod["containers"][0]
    lay_out(pod)
    for each in pod.get("initContainers", []):
        if each["image"] == container["image"]:
            output(*command_here(each["command"] + each.get("args", [])))
    with open(CLUSTER / "server.log", "ab") as log:
        server = subprocess.Popen(command_here(container["command"]), env=os.environ | variables(container),
                                  stdout=log, stderr=log)
    PROCESS.write_text(str(server.pid))
    deadline = time.monotonic() + START_SECONDS
    probes = [command_here(container[name]["exec"]["command"])
              for name in ("startupProbe", "livenessProbe", "readinessProbe")]
    while any(subprocess.run(probe, capture_output=True).returncode for probe in probes):
        if server.poll() is not None or time.monotonic() > deadline:
            sys.exit("the server is not ready:\n" + (CLUSTER / "server.log").read_text())
        time.sleep(0.1)


def stop_server():
    process = int(PROCESS.read_text())
    os.kill(process, signal.SIGTERM)
    while pathlib.Path(f"/proc/{process}/cmdline").exists() and pathlib.Path(f"/proc/{process}/cmdline").read_text():
        time.sleep(0.05)
    PROCESS.unlink()


def execute(flags, words):
    """In the pod of the server, or of the bundled database."""
    if "orchestrator-postgresql-0" in flags:
        environment = {"PGHOST": os.environ["BUNDLED_HOST"], "PGPORT": os.environ["BUNDLED_PORT"],
                       "POSTGRES_USER": "postgres", "POSTGRES_DB": "orchestrator"}
    else:
        assert "deployment/orchestrator-server" in flags, flags
        environment = variables(container_of("Deployment", "orchestrator-server"))
    given = None if "--stdin" in flags else subprocess.DEVNULL
    code = subprocess.run(command_here(words), env=os.environ | environment, stdin=given).returncode
    if code != 0:
        print(f"command terminated with exit code {code}", file=sys.stderr)
    sys.exit(code)


def scale(replicas):
    if PROCESS.exists():
        stop_server()
    if replicas > 0:
        run_server(json.loads((CLUSTER / "objects" / "Deployment" / "orchestrator-server").read_text()))


def kubectl(arguments):
    verb = arguments[0]
    if verb == "exec":
        command = arguments.index("--")
        execute(arguments[:command], arguments[command + 1:])
    if verb == "scale":
        return scale(int(arguments[-1].removeprefix("--replicas=")))
    if verb in ("wait", "rollout"):
        return None  # all is done when a command ends
    assert verb == "create", arguments
    made = json.loads(output(os.environ["REAL_KUBECTL"], *arguments, "--dry-run=client", "--output", "json"))
    keep([made])
    print(f"{made['kind'].lower()}/{made['metadata']['name']} created")


def install(verb, arguments):
    rendered = output(os.environ["REAL_HELM"], "template", *arguments, *(["--is-upgrade"] if verb == "upgrade" else []))
    objects = [each for each in yaml.safe_load_all(rendered) if each]
    keep(objects)
    run_server(next(each for each in objects if each["kind"] == "Deployment"))
    print(f"NAME: {arguments[0]}\nSTATUS: deployed")


def helm(arguments):
    verb, *rest = arguments
    if verb in ("upgrade", "uninstall") and PROCESS.exists():
        stop_server()
    if verb in ("install", "upgrade"):
        install(verb, rest)
    elif verb == "uninstall":
        print(f'release "{rest[0]}" uninstalled')
    elif verb == "test":
        output(*command_here(container_of("Pod", f"{rest[0]}-test-connection")["command"]))
        print("Phase:          Succeeded")
    else:
        assert arguments[:2] == ["get", "values"], arguments
        print((CLUSTER / "values.yaml").read_text())


if __name__ == "__main__":
    PORT = os.environ["GUIDE_PORT"]
    {"kubectl": kubectl, "helm": helm}[pathlib.Path(sys.argv[0]).name](sys.argv[1:])
