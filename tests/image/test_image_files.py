"""What the image is made of, as far as this can be seen without building it; `make test-image` builds it."""
import os
import pathlib
import re
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARY = os.environ["ORCHESTRATOR_BINARY"]


def output(*command):
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


def copied():
    """What the Dockerfile takes from the repository."""
    lines = re.findall(r"^COPY (?!--from)(.*)$", (ROOT / "docker" / "Dockerfile").read_text(), re.MULTILINE)
    return [source for line in lines for source in line.split()[:-1]]


def test_what_is_copied_exists_and_is_not_ignored():
    let_in = re.findall(r"^!(.*)$", (ROOT / ".dockerignore").read_text(), re.MULTILINE)
    assert copied()
    for source in copied():
        assert (ROOT / source).exists(), source
        assert source.split("/")[0] in let_in, source
    assert {source.split("/")[0] for source in copied()} == set(let_in)


def test_the_packages_hold_every_library():
    packages = output(ROOT / "docker" / "runtime-packages", BINARY).split()
    assert not [name for name in packages if name.endswith("-dev")]
    libraries = set(re.findall(r"^\s+(\S+) => /", output("ldd", BINARY), re.MULTILINE))
    held = {pathlib.Path(line).name for line in output("dpkg-query", "--listfiles", *packages).splitlines()}
    assert len(libraries) > 10 and libraries <= held, libraries - held


def test_what_is_laid_out(tmp_path):
    image = tmp_path / "image"
    subprocess.run([ROOT / "docker" / "lay-out", BINARY, image], check=True)
    assert output(image / "app" / "orchestrator", "version") == output(BINARY, "version")
    assert os.readlink(image / "usr" / "bin" / "orchestrator") == "/app/orchestrator"
    for program in ("grpc_health_probe", "migrate"):
        assert os.access(image / "usr" / "bin" / program, os.X_OK)
    numbers = [int(path.name.split("_")[0]) for path in sorted((image / "migrations").iterdir())]
    assert numbers == list(range(1, 65))
