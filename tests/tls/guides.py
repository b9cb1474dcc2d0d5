"""Pastes guides: their `sh` blocks are run in one shell, their `text` blocks are what comes out."""
import contextlib
import os
import pathlib
import re
import socket
import subprocess

from server import BINARY

ROOT = pathlib.Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs" / "deploy"
MARK = "=== block "


def blocks(guide):
    """[(commands, [lines that must come out])]"""
    found = re.findall(r"^```(sh|text)\n(.*?)^```$", (DOCS / guide).read_text(), re.MULTILINE | re.DOTALL)
    steps = []
    for kind, text in found:
        if kind == "sh":
            steps.append((text, []))
        else:
            steps[-1][1].extend(text.splitlines())
    return steps


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def paste(steps, folder, port, tools=None, variables=None):
    """What each block printed. `tools`: name -> program, besides the server's. `variables`: for those tools."""
    substitutions = {"HOST=orchestrator.example.org": "HOST=localhost", "PORT=9000": f"PORT={port}",
                     "PORT=443": f"PORT={port}"}
    script = ""
    for number, (commands, _) in enumerate(steps):
        for old, new in substitutions.items():
            commands = commands.replace(old, new)
        script += f'echo "{MARK}{number}"\n{commands}'
    bin_folder = folder / "bin"
    bin_folder.mkdir()
    for name, program in {"orchestrator": BINARY, **(tools or {})}.items():
        (bin_folder / name).symlink_to(pathlib.Path(program).resolve())
    # No setting of the surroundings reaches the server of the guide, but for those of a sanitizer.
    environment = {name: value for name, value in os.environ.items() if name.endswith("SAN_OPTIONS")}
    environment |= {"PATH": f"{bin_folder}:{os.environ['PATH']}", "HOME": str(folder),
                    "ORCHESTRATOR_HTTP_ADDRESS": "127.0.0.1:0", **(variables or {})}
    shell = subprocess.Popen(["bash"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                             cwd=folder, env=environment, text=True, start_new_session=True)
    try:
        printed, _ = shell.communicate(script, timeout=120)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(shell.pid, 9)  # and with it what a guide that failed has left running
    return re.split(rf"^{MARK}\d+\n", printed, flags=re.MULTILINE)[1:]


def check(steps, printed):
    assert len(printed) == len(steps), printed
    for (commands, wanted), text in zip(steps, printed):
        for line in wanted:
            assert line in text, f"{commands}\nprinted:\n{text}"
