"""All that the documentation has to be pasted works as it is pasted. What needs a cluster has stand-ins: what kubectl and helm
would send to one is made by the real programs, and the server is run from it."""
import pathlib
import shutil

import pytest

from guides import BINARY, PAGES, ROOT, Block, blocks, here, pasted, run
from not_run import NOT_RUN
from ports import free_port

HERE = pathlib.Path(__file__).parent
HELM = ROOT / "build" / "tools" / "helm"  # by scripts/install-helm

DEPLOY = pasted("docs/deploy/guide.md")
TLS, MUTUAL_TLS = pasted("docs/deploy/tls.md"), pasted("docs/deploy/mtls.md")
TROUBLESHOOTING = pasted("docs/deploy/troubleshooting.md")
EXTERNAL_DATABASE = pasted("docs/deploy/external-database.md")
UPGRADE = pasted("docs/deploy/upgrade.md")
CHART = pasted("charts/orchestrator/README.md")
README = pasted("README.md")
FIRST_STEPS = pasted("docs/start/first-steps.md")
RUNNING = pasted("docs/operate/running.md")
MONITORING = pasted("docs/operate/monitoring.md")
POSTGRESQL = pasted("docs/operate/postgresql.md")
FORMATS = pasted("docs/internals/formats.md")
PLAIN = "grpcurl -plaintext"
GUIDES = [DEPLOY, TLS, MUTUAL_TLS, TROUBLESHOOTING, EXTERNAL_DATABASE, UPGRADE, CHART, README, FIRST_STEPS, RUNNING, MONITORING,
          POSTGRESQL, FORMATS]


def after(steps, text):
    """How many blocks there are up to the one with this text."""
    return next(number for number, block in enumerate(steps, 1) if text in block.text)


def first_line(block):
    return block.text.split("\n")[0].strip()


@pytest.fixture
def grpcurl():
    real = ROOT / "build" / "tools" / "grpcurl"  # by scripts/install-helm
    if real.exists():
        return {"grpcurl": real}
    return {} if shutil.which("grpcurl") else {"grpcurl": HERE / "stand_in_grpcurl.py"}


@pytest.fixture
def cluster(grpcurl):
    """Tools and variables of a stand-in for one."""
    if not HELM.exists():
        pytest.skip("there is no Helm: scripts/install-helm says why")
    tools = {name: HERE / "stand_in_cluster.py" for name in ("kubectl", "helm")}
    return {**tools, **grpcurl}, {"REAL_KUBECTL": shutil.which("kubectl"), "REAL_HELM": str(HELM)}


def without(steps, *texts):
    return [block for block in steps if not any(text in block.text for text in texts)]


def administrator_of(database):
    return {"ADMINISTRATOR": f"host={database.folder} port={database.port} user=orc"}


@pytest.mark.parametrize("page", PAGES)
def test_every_block_is_run_or_has_a_reason_not_to(page):
    found = blocks(page)
    assert {first_line(block) for block in found if not block.kind} == set(NOT_RUN.get(page, {}))
    assert [block for block in found if block.kind] == [block for steps in GUIDES for block in steps if block.page == page]


def test_blocks_are_seen():
    """The test above would also pass if it found none."""
    assert len([page for page in PAGES if blocks(page)]) >= 16 and set(NOT_RUN) <= set(PAGES)


def test_what_stands_in_for_a_port_is_left_as_it_is():
    shown = "PORT=9000\ncurl localhost:443 db.example.org:5432"
    assert here(shown, 44395, 0, 44301) == "PORT=44395\ncurl localhost:44395 localhost:44301"


@pytest.mark.parametrize("steps", [TLS, TLS + MUTUAL_TLS], ids=["tls", "mutual tls"])
def test_tls(steps, tmp_path, grpcurl):
    run(steps, tmp_path, grpcurl)


def test_deploy(tmp_path, cluster):
    """With a look at its troubles while the server has TLS and asks nobody for a certificate."""
    steps = without(DEPLOY, PLAIN)
    there = after(steps, "orchestrator.InfoService/QueryVersion")
    run(steps[:there] + TROUBLESHOOTING + steps[there:], tmp_path, *cluster)


def installed_without_tls():
    """The guide, by those who skip TLS."""
    values, = (block for block in DEPLOY if "cat > values.yaml" in block.text)
    install, = (block for block in DEPLOY if "helm install" in block.text)
    return [values, install._replace(text=install.text.replace("--values tls.yaml ", ""))]


def test_deploy_without_tls(tmp_path, cluster):
    plain, = (block for block in DEPLOY if PLAIN in block.text)
    run(installed_without_tls() + [plain], tmp_path, *cluster)


def test_backup_of_the_bundled_database(tmp_path, cluster, database):
    """One organization is registered before the dump, another behind it. What chart 8 left is not touched."""
    database.run("CREATE ROLE postgres LOGIN SUPERUSER")
    database.run("CREATE DATABASE orchestrator OWNER postgres")
    database.run("CREATE TABLE of_chart_8 AS SELECT 8", "orchestrator")

    def call(organization, method):
        return (f'grpcurl -plaintext -H "mspid: {organization}" -H "channel: our-channel" localhost:$GUIDE_PORT '
                f"orchestrator.OrganizationService/{method}\n")

    def registered(count):
        return Block("", "sh", f"""{call("ingen", "GetAllOrganizations").strip()} | grep -c '"id"'\n""", [str(count)])

    dump, *restore = [block for block in POSTGRESQL if "kubectl" in block.text]
    before = Block("", "sh", call("ingen", "RegisterOrganization"), [])
    behind = Block("", "sh", call("biotechnica", "RegisterOrganization"), [])
    tools, variables = cluster
    try:
        run(installed_without_tls() + [before, dump, behind, registered(2), *restore, registered(1)], tmp_path, tools,
            variables | {"BUNDLED_HOST": str(database.folder), "BUNDLED_PORT": str(database.port)})
        assert database.run("SELECT * FROM of_chart_8", "orchestrator") == [["8"]]
    finally:
        database.run("DROP DATABASE orchestrator WITH (FORCE)")
        database.run("DROP ROLE postgres")


def test_chart(tmp_path, cluster):
    run(CHART, tmp_path, *cluster)


def test_external_database(tmp_path, cluster, database):
    values, = (block for block in DEPLOY if "cat > values.yaml" in block.text)
    shutil.copy(database.authority.crt, tmp_path / "ca.crt")
    tools, variables = cluster
    run([values] + EXTERNAL_DATABASE, tmp_path, tools, variables | administrator_of(database), database.port)


def test_upgrade(tmp_path, cluster):
    (tmp_path / "cluster").mkdir()
    shutil.copy(ROOT / "tests" / "chart" / "values" / "existing-release.yaml", tmp_path / "cluster" / "values.yaml")
    run(UPGRADE, tmp_path, *cluster)


def test_first_steps(tmp_path, grpcurl):
    """And what there is to do with the data then."""
    there = after(RUNNING, "orchestrator check")
    embedded = [block for block in FORMATS if block.kind != "sql"]
    run(RUNNING[:there] + FIRST_STEPS + RUNNING[there:] + embedded, tmp_path, grpcurl)


def test_readme(tmp_path, database):
    database.run("CREATE ROLE orchestrator LOGIN PASSWORD 'secret'")
    database.run("CREATE DATABASE orchestrator OWNER orchestrator")
    run(README, tmp_path, database_port=database.port)


def test_postgresql(tmp_path, database):
    """With first calls before the backup. The events are looked at when they are restored."""
    (tmp_path / "channels.yaml").write_text((ROOT / "examples" / "channels.yaml").read_text())
    of_formats = [block for block in FORMATS if block.kind == "sql"]
    steps = [block._replace(text=block.text.replace("/etc/db-ca.crt", str(database.authority.crt)))
             for block in without(POSTGRESQL, "kubectl")]
    served, dumped = after(steps, "orchestrator serve"), after(steps, "pg_dump")
    calls = [block for block in README if "first.py" in block.text or block.kind == "python"]
    stop = Block("", "sh", "press_ctrl_c\n", [])
    run(steps[:served] + calls + steps[served:dumped] + [stop] + steps[dumped:] + of_formats, tmp_path, {},
        administrator_of(database), database.port)


@pytest.mark.skipif(any(each in pathlib.Path(BINARY).read_bytes() for each in (b"__asan_init", b"__tsan_init")),
                    reason="a sanitizer has an allocator of its own")
def test_monitoring(tmp_path):
    serve, = (block for block in README if "serve" in block.text and "data-dir" in block.text)
    profiled = [block._replace(text=block.text.replace("seconds=10", "seconds=1")) for block in MONITORING]
    run([serve] + profiled, tmp_path, variables={"ORCHESTRATOR_PROFILING": "true", "MALLOC_CONF": "prof:true"},
        http_port=free_port())
