"""The scripts and files that the chart gives to containers, run for real: against PostgreSQL, the shell, the server's program."""
import contextlib
import json
import os
import pathlib
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

import pytest

from chart import ROOT, merged, one, pod_of, render, server, values_of, variables

for folder in ("tls", "wire"):
    sys.path.insert(0, str(ROOT / "tests" / folder))

from pki import Authority  # noqa: E402
from ports import free_port  # noqa: E402

PROGRAMS = pathlib.Path("/usr/lib/postgresql/15/bin")
PASSWORD = "it's \"quoted\" \\ and $PATH :'password'; --"


# The bundled PostgreSQL on a volume of chart 8: no configuration in the data, a user without password, a group that may write.


class Database:
    """A container's view of the volume. As root, runs as a user that no file of users knows."""

    def __init__(self, folder):
        objects = render({"database": {"auth": {"password": PASSWORD}}})
        self.configuration = folder / "configuration"
        self.configuration.mkdir()
        for name in ("orchestrator-postgresql-configuration", "orchestrator-postgresql-extended-configuration"):
            for file, text in objects["ConfigMap", name]["data"].items():
                (self.configuration / file).write_text(text)
        self.container = pod_of(one(objects, "StatefulSet"))["containers"][0]
        self.data = folder / "data"
        self.environment = {"PATH": f"{PROGRAMS}:{os.environ['PATH']}", "PGDATA": str(self.data), "CONFIGURATION": str(self.configuration),
                            "POSTGRES_USER": "postgres", "POSTGRES_DB": "orchestrator", "POSTGRES_PASSWORD": PASSWORD,
                            "TMPDIR": str(folder), "HOME": "/nonexistent"}
        self.user = {} if os.geteuid() != 0 else {"user": 64123, "group": 64123, "extra_groups": []}
        folder.chmod(0o755)
        if self.user:
            with pytest.raises(KeyError):
                pwd.getpwuid(self.user["user"])
            os.chown(folder, self.user["user"], self.user["group"])

    def run(self, *command, **more):
        return subprocess.run([str(word) for word in command], env=self.environment | more, cwd="/", capture_output=True, text=True,
                              timeout=120, **self.user)

    def prepare(self, **more):
        return self.run("/bin/sh", self.configuration / "prepare.sh", **more)

    def fill_as_chart_8(self):
        """initdb wants to know its user's name, so root lets an ordinary user do it and hands the files over."""
        maker = {"user": pwd.getpwnam("postgres").pw_uid} if self.user else {}
        self.data.mkdir()
        if maker:
            os.chown(self.data, maker["user"], -1)
        subprocess.run([PROGRAMS / "initdb", "--username=postgres", "--auth=trust", "--no-sync", "--encoding=UTF8", "--locale=C", self.data],
                       check=True, capture_output=True, cwd="/", timeout=120, **maker)
        for name in ("postgresql.conf", "pg_hba.conf"):
            (self.data / name).unlink()
        for path in (self.data, *self.data.rglob("*")):
            if self.user:
                os.chown(path, self.user["user"], self.user["group"])
            path.chmod(path.stat().st_mode | 0o070)

    def make_database(self):
        """As chart 8's server did, without a password."""
        hba = self.configuration / "open"
        hba.write_text("local all all trust\n")
        self.data.chmod(0o700)
        folder = self.configuration.parent
        options = {"config_file": self.configuration / "postgresql.conf", "hba_file": hba, "listen_addresses": "",
                   "unix_socket_directories": folder}
        options = " ".join(f"-c {name}={value}" for name, value in options.items())
        assert self.run("pg_ctl", "-w", "-s", "-l", folder / "log", "-o", options, "start").returncode == 0
        done = self.run("psql", "-X", "-h", folder, "-U", "postgres", "-d", "postgres", "-c", "CREATE DATABASE orchestrator")
        assert self.run("pg_ctl", "-w", "-s", "-m", "fast", "stop").returncode == 0
        assert done.returncode == 0, done.stderr
        self.data.chmod(0o2770)

    @contextlib.contextmanager
    def serving(self):
        """PostgreSQL with the arguments of the rendered container; gives the port."""
        port = free_port()
        arguments = [word.replace("/etc/postgresql", str(self.configuration)) for word in self.container["args"]]
        process = subprocess.Popen([*arguments, "-c", f"port={port}", "-c", f"unix_socket_directories={self.configuration.parent}",
                                    "-c", "listen_addresses=127.0.0.1"], env=self.environment, cwd="/", **self.user)
        try:
            deadline = time.monotonic() + 60
            while self.run("pg_isready", "-q", "-h", "127.0.0.1", "-p", port, "-U", "postgres", "-d", "orchestrator").returncode != 0:
                assert process.poll() is None and time.monotonic() < deadline
                time.sleep(0.05)
            yield port
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(60)

    def log_in(self, port, password):
        return self.run("psql", "-X", "-A", "-t", "-w", "-h", "127.0.0.1", "-p", port, "-U", "postgres", "-d", "orchestrator", "-c",
                        "SHOW tcp_keepalives_idle; SELECT current_user", PGPASSWORD=password)


def migrate(database):
    """The Job's command and variables, for a database of ours."""
    objects = render({"postgresql": {"enabled": False}, "database": database})
    (job,) = pod_of(one(objects, "Job"))["containers"]
    return subprocess.run([os.environ["ORCHESTRATOR_BINARY"], *job["command"][1:]], env=os.environ | variables(objects),
                          capture_output=True, text=True, timeout=60)


@pytest.fixture
def database():
    """In a folder of its own: other users cannot enter those of pytest."""
    with tempfile.TemporaryDirectory() as folder:
        yield Database(pathlib.Path(folder))


def test_a_volume_of_chart_8_gets_the_password(database):
    database.fill_as_chart_8()
    database.make_database()
    for _ in range(2):  # and it may be done again at every start
        prepared = database.prepare()
        assert prepared.returncode == 0, prepared.stdout + prepared.stderr
    with database.serving() as port:
        right = database.log_in(port, PASSWORD)
        assert right.returncode == 0 and right.stdout.split() == ["5", "postgres"], right.stderr
        for wrong in ("postgres", ""):
            refused = database.log_in(port, wrong)
            assert refused.returncode != 0 and "password" in refused.stderr
        assert migrate({"host": "127.0.0.1", "port": port, "auth": {"password": PASSWORD}}).returncode == 0


def test_a_first_start_that_was_interrupted(database):
    database.fill_as_chart_8()
    assert database.prepare().returncode == 0
    with database.serving() as port:
        assert database.log_in(port, PASSWORD).returncode == 0


def test_an_empty_volume_is_left_to_the_image(database):
    database.data.mkdir()
    prepared = database.prepare()
    assert (prepared.returncode, prepared.stdout + prepared.stderr) == (0, "")
    assert list(database.data.iterdir()) == []


def test_data_of_another_version_are_left_alone(database):
    database.data.mkdir()
    (database.data / "PG_VERSION").write_text("14\n")
    prepared = database.prepare()
    assert prepared.returncode == 1
    assert "are of PostgreSQL 14, the image is of PostgreSQL 15" in prepared.stderr
    assert [path.name for path in database.data.iterdir()] == ["PG_VERSION"]


def test_a_user_that_the_data_do_not_know(database):
    database.fill_as_chart_8()
    prepared = database.prepare(POSTGRES_USER="nobody")
    assert prepared.returncode != 0 and 'role "nobody" does not exist' in prepared.stderr
    assert not (database.data / "postmaster.pid").exists()


# The check of certificates


def check_tls(folder, values, *present):
    """Runs the check with the files `present`; gives the exit status and what it says."""
    (check,) = pod_of(one(render(values), "Deployment"))["initContainers"]
    for name in present:
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("PEM")
    script = check["args"][0].replace("/var/orchestrator/tls", str(folder))
    done = subprocess.run([*check["command"], script], capture_output=True, text=True, timeout=60)
    return done.returncode, done.stderr


NEITHER = "namespace orchestrator has neither a Secret nor a ConfigMap %s with the key ca.crt\n"
LONG = "an organization whose name is longer than the name of a volume may be"


def test_missing_cas_are_told(tmp_path):
    assert check_tls(tmp_path, values_of("guide")) == (1, NEITHER % "orchestrator-tls-cacert")
    assert check_tls(tmp_path, values_of("guide"), "server/cacert/ca.crt") == (0, "")
    assert check_tls(tmp_path, values_of("mtls"), "client/MyOrg1MSP/org1-ca.crt", "client/my-org1-msp/other-ca_configmap.crt",
                     f"client/{LONG}/long.ca.crt") == (1, NEITHER % "org1-old-ca" + NEITHER % "orchestrator-tls-cacert")
    assert check_tls(tmp_path, values_of("mtls"), "client/MyOrg1MSP/org1-old-ca_configmap.crt",
                     "client/Org.With.Dots/orchestrator-tls-cacert.crt") == (0, "")


# The server's program, with the command, variables and files that the chart gives it


def run_as_rendered(folder, values):
    """Starts the server, asks it by each of the probes, stops it. Gives the log record of the open port."""
    objects = render(merged(values, {"ingress": {"hostname": "localhost"}}))
    home = Authority(folder, "home")
    pair = home.server()
    for name, source in {"server/pair/tls.crt": pair.crt, "server/pair/tls.key": pair.key, "server/cacert/ca.crt": home.crt,
                         "client/MyOrg1MSP/ca.crt": home.crt}.items():
        (folder / "tls" / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, folder / "tls" / name)
    (folder / "config.yaml").write_text(one_config(objects))
    given = {name: text.replace("/var/orchestrator", str(folder)).replace("/var/lib/orchestrator", str(folder / "data"))
             for name, text in variables(objects).items()}
    command = [os.environ["ORCHESTRATOR_BINARY"], *server(objects)["command"][1:], "--listen", "127.0.0.1:0"]
    process = subprocess.Popen(command, env=os.environ | given | {"ORCHESTRATOR_HTTP_ADDRESS": "127.0.0.1:0"}, stderr=subprocess.PIPE,
                               text=True)
    records = []
    try:
        for line in process.stderr:
            if not line.startswith("{"):
                continue  # gRPC writes lines of its own
            records.append(json.loads(line))
            if records[-1]["message"] == "gRPC server listening":
                for kind in ("startup", "liveness", "readiness"):
                    ask(server(objects)[f"{kind}Probe"], folder, records[-1]["address"])
                return records[-1]
        raise AssertionError(records)
    finally:
        process.terminate()
        process.stderr.read()
        process.wait(30)
        assert process.returncode == 0, records


def ask(probe, folder, address):
    """As the kubelet does: again and again, but for 30 seconds only."""
    words = [word.replace("/var/orchestrator", str(folder)).replace("-addr=:9000", f"-addr={address}") for word in probe["exec"]["command"]]
    assert words[0] == "/bin/grpc_health_probe"  # in the image another name of the program's own probe
    deadline = time.monotonic() + 30
    while True:
        done = subprocess.run([os.environ["ORCHESTRATOR_BINARY"], "healthcheck", *words[1:]], capture_output=True, text=True, timeout=60)
        if done.returncode == 0:
            return
        assert time.monotonic() < deadline, done.stdout + done.stderr
        time.sleep(0.1)


def one_config(objects):
    (config,) = [item for (kind, name), item in objects.items() if kind == "ConfigMap" and name.endswith("-config")]
    return config["data"]["config.yaml"]


EMBEDDED = {"embedded": {"enabled": True}}


def test_the_server_starts_with_what_the_chart_gives_it(tmp_path):
    record = run_as_rendered(tmp_path, merged(values_of("embedded"), {"orchestrator": {"logSQLVerbose": True, "txRetryBudget": "1m30s"}}))
    assert (record["channels"], record["tls"], record["verifyClientMSPID"]) == ("1", "off", "off")
    assert record["organizations"] == "2" and record["store"] == str(tmp_path / "data")


def test_the_server_starts_without_channels_and_with_mutual_tls(tmp_path):
    record = run_as_rendered(tmp_path, merged(EMBEDDED, {"orchestrator": {
        "verifyClientMSPID": True, "tls": {"enabled": True, "mtls": {"enabled": True, "clientCACerts": {"MyOrg1MSP": "ca"}}}}}))
    assert (record["channels"], record["tls"], record["verifyClientMSPID"]) == ("0", "mutual", "on")


def test_the_server_reads_every_name_of_a_channel(tmp_path):
    values = {"channels": values_of("everything")["channels"]}
    assert run_as_rendered(tmp_path, merged(EMBEDDED, values))["channels"] == "2"


def test_settings_without_a_value_of_their_own_reach_the_server(tmp_path):
    values = merged(EMBEDDED, {"ingress": {"enabled": True, "hostname": "localhost"}})
    variable = "ORCHESTRATOR_MAX_CALLS_PER_ORGANIZATION"
    run_as_rendered(tmp_path / "good", merged(values, {"extraEnv": [{"name": variable, "value": "500"}]}))
    with pytest.raises(AssertionError, match=f"{variable}.*many"):
        run_as_rendered(tmp_path / "bad", merged(values, {"extraEnv": [{"name": variable, "value": "many"}]}))


def test_the_migrations_tell_whom_they_do_not_reach():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        done = migrate({"host": "127.0.0.1", "port": port, "connectionParameters": "connect_timeout=2&pool_max_conns=8",
                        "auth": {"username": "u ser", "password": PASSWORD, "database": "d/b"}})
    assert done.returncode == 2
    assert f"port {port} failed" in done.stderr and PASSWORD not in done.stderr
