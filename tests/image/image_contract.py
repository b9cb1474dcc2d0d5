"""What the built image promises, checked inside it (`make test-image`). The ports are those of the deployments, so this
runs in a network of its own."""
import os
import pathlib
import re
import tempfile
import time

import grpc
import pytest
from client import Caller
from container import Image
from pki import Authority
from postgres import Postgres
from protocol import pb

CHANNELS = "channels:\n  mychannel:\n  - MyOrg1MSP\n"
CONFIG = "var/orchestrator/config.yaml"
DATA = "var/lib/orchestrator"
PROBE = ["/bin/grpc_health_probe", "-v", "-addr=:9000"]
PROBE_SECONDS = 20
VERSION = "1.2.3-test"
PASSWORD = "s3cret@/"
PASSWORD_IN_URL = "s3cret%40%2F"  # the chart puts it into the URL as it is
LISTENING = "gRPC server listening"

# The shell lines of the chart 8.8.0, in meaning: the test of the parameters is true for empty ones too, so the URL may
# end in a question mark; the server is started without `exec`.
COMPOSE = """
URL="postgres://${DATABASE_USERNAME}:${DATABASE_PASSWORD}@${DATABASE_HOSTNAME}:${DATABASE_PORT}/${DATABASE_DATABASE}"
if [ -n $DATABASE_CONNECTION_PARAMETERS ]; then
  URL="${URL}?${DATABASE_CONNECTION_PARAMETERS}"
fi
"""
SERVE = COMPOSE + 'export ORCHESTRATOR_DATABASE_URL="$URL"\n/app/orchestrator\n'
MIGRATE = COMPOSE + 'migrate -source file:///migrations/ -database "$URL" up\n'
CHART_SETTINGS = {"ORCHESTRATOR_VERIFY_CLIENT_MSP_ID": "false", "ORCHESTRATOR_CHANNEL_CONFIG": "/" + CONFIG,
                  "ORCHESTRATOR_TX_RETRY_BUDGET": "500ms", "LOG_SQL_VERBOSE": "false", "ORCHESTRATOR_TLS_ENABLED": "false",
                  "ORCHESTRATOR_MTLS_ENABLED": "false", "LOG_LEVEL": "INFO"}


@pytest.fixture(scope="session")
def image():
    image = Image(os.environ["IMAGE"])
    yield image
    image.remove()


@pytest.fixture
def channel_file(tmp_path):
    path = tmp_path / "config.yaml"
    path.write_text(CHANNELS)
    return path


@pytest.fixture(scope="session")
def postgres():
    """It asks for the password, as a real one does."""
    with tempfile.TemporaryDirectory() as folder:
        rules = pathlib.Path(folder) / "hba.conf"
        rules.write_text("local all all trust\nhost all all 127.0.0.1/32 scram-sha-256\n")
        rules.parent.chmod(0o755)
        with Postgres(hba_file=rules) as server:
            server.run(f"CREATE ROLE postgres SUPERUSER LOGIN PASSWORD '{PASSWORD}'")
            yield server


@pytest.fixture(params=["", "sslmode=disable", "sslmode=prefer&pool_max_conns=8"])
def database(request, postgres):
    """The variables that the chart gives to its containers, for an empty database."""
    return {"DATABASE_HOSTNAME": "127.0.0.1", "DATABASE_PORT": postgres.port, "DATABASE_USERNAME": "postgres",
            "DATABASE_PASSWORD": PASSWORD_IN_URL, "DATABASE_DATABASE": postgres.create_database(),
            "DATABASE_CONNECTION_PARAMETERS": request.param}


def query_version(credentials=None):
    connection = (grpc.secure_channel("localhost:9000", credentials) if credentials
                  else grpc.insecure_channel("localhost:9000"))
    with connection:
        return Caller(connection, "MyOrg1MSP", "mychannel")(pb.QueryVersionParam()).orchestrator


def wait_until_serving(image, *flags, **options):
    """Asks again as a cluster does: the probe has a second, and the machine may be busy."""
    deadline = time.monotonic() + PROBE_SECONDS
    while (answer := image.run(*PROBE, *flags, **options))[0] != 0:
        assert time.monotonic() < deadline, answer
    assert "status: SERVING" in answer[1]


def test_what_the_runtime_is_told(image):
    config = image.config
    assert config["Cmd"] == ["/app/orchestrator"] and not config.get("Entrypoint")
    assert config["WorkingDir"] == "/app"
    assert config["User"] == "1001:1001"  # a number: runtimes can see that it is not root
    assert set(config["ExposedPorts"]) == {"9000/tcp", "8484/tcp"}
    assert config["Labels"]["org.opencontainers.image.version"] == VERSION


@pytest.mark.parametrize("user", [1001, 54321])
def test_any_user_finds_what_deployments_name(image, user):
    def run(command):
        return image.run("sh", "-c", command, user=user)

    assert run("id -u") == (0, f"{user}\n")
    assert run("touch /x /app/x /migrations/x 2>&1 | grep -c 'Read-only'") == (0, "3\n")
    versions = run("pwd; /app/orchestrator version; orchestrator version; migrate -version")
    assert versions == (0, f"/app\n{VERSION}\n{VERSION}\n{VERSION}\n")
    assert run("command -v migrate") == (0, "/usr/bin/migrate\n")
    assert run("test -x /bin/migrate && test -x /bin/grpc_health_probe && test -d /var/lib/orchestrator")[0] == 0
    names = run("cd /migrations && cat * >/dev/null && ls")[1].split()
    assert [int(re.fullmatch(r"(\d{6})_\w+\.up\.sql", name)[1]) for name in names] == list(range(1, 65))


def test_every_library_belongs_to_a_package(image):
    packages = "ldd /app/orchestrator | awk '$2==\"=>\"{print \"*/\" $1}' | xargs dpkg-query -S"
    status, owners = image.run("sh", "-c", packages)
    assert status == 0 and "libgrpc++1.51:" in owners, owners
    assert image.run("dpkg", "--audit") == (0, "")


def volume(image, folder):
    """As a runtime makes a new volume: with the mode of the image's folder."""
    folder.mkdir()
    folder.chmod((image.root / DATA).stat().st_mode & 0o7777)
    return folder


@pytest.mark.parametrize("user", [1001, 54321])
def test_the_default_command_serves_a_folder(image, channel_file, tmp_path, user):
    data = volume(image, tmp_path / "data")
    server = image.start(user=user, mounts={channel_file: CONFIG, data: DATA})
    server.wait_for(LISTENING)
    wait_until_serving(image, user=user)
    assert query_version() == VERSION
    status, printed = server.stop()
    assert status == 0 and '"message":"stopped"' in printed, printed
    assert (data / "channels" / "mychannel.db").exists()


def test_probe_exit_codes(image):
    assert image.run("/bin/grpc_health_probe")[0] == 1
    status, printed = image.run(*PROBE)
    assert status == 2 and 'failed to connect service ":9000" within 1s' in printed


def test_the_chart_that_was_there_before(image, channel_file, database):
    """The server may start first; the migration may be repeated; a pod's end reaches the server."""
    server = image.start("sh", "-c", SERVE, environment={**CHART_SETTINGS, **database}, mounts={channel_file: CONFIG})
    server.wait_for(LISTENING)
    for record in ('"message":"migrated"', '"message":"nothing to migrate"'):
        status, printed = image.run("sh", "-c", MIGRATE, environment=database)
        assert status == 0 and record in printed, printed
    server.wait_for("all channels are open")
    wait_until_serving(image)
    assert query_version() == VERSION
    status, printed = server.stop()
    assert status == 0 and "Received interruption signal" in printed, printed


def test_the_chart_of_this_repository(image, channel_file, database):
    """The program puts the address together itself, so the password needs no encoding."""
    database = {**database, "DATABASE_PASSWORD": PASSWORD}
    server = image.start("/app/orchestrator", "serve", "--migrate", environment={**CHART_SETTINGS, **database},
                         mounts={channel_file: CONFIG})
    server.wait_for(LISTENING)
    assert image.run("/app/orchestrator", "migrate", environment=database)[0] == 0
    wait_until_serving(image, "-service=readiness")
    status, printed = server.stop()
    assert status == 0 and '"store":"PostgreSQL"' in printed, printed


def test_the_chart_with_mutual_tls(image, channel_file, tmp_path):
    """The probe's flags and the places of the files are the chart's."""
    authority = Authority(tmp_path, "ca")
    pair = authority.server()
    files = tmp_path / "tls"
    places = {"server/pair/tls.crt": pair.chain, "server/pair/tls.key": pair.key.read_text(),
              "server/cacert/ca.crt": authority.crt.read_text(), "client/orchestrator/ca.crt": authority.crt.read_text()}
    for place, text in places.items():
        (files / place).parent.mkdir(parents=True, exist_ok=True)
        (files / place).write_text(text)
    at = "/var/orchestrator/tls"
    settings = {**CHART_SETTINGS, "ORCHESTRATOR_TLS_ENABLED": "true", "ORCHESTRATOR_MTLS_ENABLED": "true",
                "ORCHESTRATOR_TLS_CERT_PATH": f"{at}/server/pair/tls.crt",
                "ORCHESTRATOR_TLS_KEY_PATH": f"{at}/server/pair/tls.key",
                "ORCHESTRATOR_TLS_SERVER_CA_CERT": f"{at}/server/cacert/ca.crt",
                "ORCHESTRATOR_TLS_CLIENT_CA_CERT_DIR": f"{at}/client/"}
    data = volume(image, tmp_path / "data")
    server = image.start(environment=settings, mounts={channel_file: CONFIG, files: at, data: DATA})
    server.wait_for(LISTENING)
    trusting = ["-tls", f"-tls-ca-cert={at}/server/cacert/ca.crt", "-tls-server-name=localhost"]
    known = [f"-tls-client-key={at}/server/pair/tls.key", f"-tls-client-cert={at}/server/pair/tls.crt"]
    wait_until_serving(image, *trusting, *known, mounts={files: at})
    assert image.run(*PROBE, *trusting, mounts={files: at})[0] == 2
    client = authority.issue("/O=MyOrg1MSP/CN=backend")
    assert query_version(grpc.ssl_channel_credentials(authority.crt.read_bytes(), client.key.read_bytes(),
                                                      client.chain.encode())) == VERSION
    assert server.stop()[0] == 0


@pytest.mark.parametrize("arguments, complaint", [
    (["-database", "postgres://h/d", "down"], "the only command here is `up`, without a number; got `down`"),
    (["-database", "postgres://h/d", "up", "3"], "got `up 3`"),
    (["-path", "/migrations", "up"], "-database wants a URL"),
    (["-database=mysql://h/d", "up"], "-database wants a URL"),
    (["-source"], "flag needs an argument: -source"),
    (["--force", "up"], "flag provided but not defined: --force"),
])
def test_migrate_refuses_what_it_does_not_do(image, arguments, complaint):
    status, printed = image.run("migrate", *arguments)
    assert status == 1 and complaint in printed
