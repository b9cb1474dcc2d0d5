"""Pastes guides. What a page has in fences is run, all blocks of a guide in one shell, in a folder that looks like a clone
of the repository; blocks of `text` are what comes out. What is indented is to be looked at or adapted."""
import contextlib
import os
import pathlib
import re
import subprocess
import typing

from ports import free_port
from server import BINARY

ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGES = sorted(str(page.relative_to(ROOT)) for page in
               [ROOT / "README.md", *(page for folder in ("bench", "charts", "docs", "examples", "proto")
                                      for page in (ROOT / folder).rglob("*.md"))])
MARK, REFUSED = "=== block ", "=== refused"
# What differs from run to run.
VARIES = "|".join([r"\d{4}-\d\d-\d\dT[\d:.]+Z", r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", r"(\d+ +)?\b[0-9a-f]{64}\b",
                   r"\d+ MiB free", r"^ +\d+\.\d\d s", r"(?<=^Orchestrator on )127.0.0.1:\d+",
                   # Whether the machine follows a time server.
                   "^(fine   |warning)  clock: .*", "\\d warnings?$"])
# What is run for a block that is no shell's, which is saved in the file `shown`.
USES = {
    "python": "mv shown first.py",
    # Not as the user of the guide, who is made there.
    "sql": 'psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 --file shown "$ADMINISTRATOR dbname={database}"',
    "yaml": {
        "charts/orchestrator/README.md": '"$REAL_HELM" template orchestrator charts/orchestrator --values shown > rendered',
        "docs/operate/running.md": "orchestrator check --channel-config shown --data-dir other --listen 127.0.0.1:0",
        "docs/start/first-steps.md": "sed /^#/d examples/channels.yaml | diff shown -",
    },
}
# Commands that serve until somebody presses Ctrl-C in their terminal: that happens before the next of them.
SERVES = re.compile(r"^(make run|\S*orchestrator serve [^&\n]*)$", re.MULTILINE)
PRELUDE = rf"""
set -o errtrace
trap 'echo "{REFUSED}: $BASH_COMMAND"' ERR
press_ctrl_c() {{
  [ -z "${{TERMINAL_PID:-}}" ] || {{ printf '\003' >&"${{TERMINAL[1]}}"; wait "$TERMINAL_PID" || true; }}
}}
in_terminal() {{
  press_ctrl_c
  : > terminal
  coproc TERMINAL {{ script --quiet --flush --command "$*" terminal > /dev/null 2>&1; }}
  until grep "gRPC server listening" terminal; do sleep 0.1; kill -0 "$TERMINAL_PID" || break; done
}}
"""


BLOCK = re.compile(r"^```(\w*)\n((?:.*\n)*?)^```$|(?<=\n\n)((?: {4}.*\n|\n(?= {4}))+)", re.MULTILINE)


class Block(typing.NamedTuple):
    page: str
    kind: str  # "" if it is indented
    text: str
    wanted: list  # lines that must come out


def blocks(page):
    """Those of a page in their order, without drawings."""
    found, text = [], (ROOT / page).read_text()
    assert not re.search("^ *(```|~~~)", BLOCK.sub("", text), re.MULTILINE), f"{page}: a fence that is not seen"
    for fence, fenced, indented in BLOCK.findall(text):
        if fence == "text":
            next(block for block in reversed(found) if block.kind).wanted.extend(fenced.splitlines())
        elif fence != "mermaid":
            found.append(Block(page, fence, fenced or indented, []))
    return found


def pasted(page):
    return [block for block in blocks(page) if block.kind]


def commands_of(block):
    if block.kind == "sh":
        return SERVES.sub(r"in_terminal \1", block.text)
    use = USES[block.kind]
    if block.kind == "yaml":
        use = use[block.page]
    if block.kind == "sql":
        use = use.format(database="postgres" if "CREATE DATABASE" in block.text else "orchestrator")
    return f"cat > shown <<'END'\n{block.text}END\n{use}\n"


def here(text, port, http_port, database_port):
    """With what stands for names and ports of the guides."""
    replacements = {"orchestrator.example.org": "localhost", "PORT=9000": f"PORT={port}", "PORT=443": f"PORT={port}",
                    "0.0.0.0": "127.0.0.1", ":9000": f":{port}", ":443": f":{port}", ":8484": f":{http_port}",
                    "db.example.org:5432": f"localhost:{database_port}", "db.example.org/": f"localhost:{database_port}/",
                    "db.example.org": "localhost", "port: 5432": f"port: {database_port}"}
    return re.sub("|".join(map(re.escape, replacements)), lambda found: replacements[found[0]], text)


def run(steps, folder, tools=None, variables=None, database_port=0, http_port=0):
    """Pastes the blocks and checks what comes out. `tools`: name -> program, besides the server's. `variables`: for those
    tools."""
    ports = {"port": free_port(), "http_port": http_port, "database_port": database_port}
    steps = [block._replace(text=here(block.text, **ports), wanted=[here(line, **ports) for line in block.wanted])
             for block in steps]
    check(steps, paste(steps, folder, ports, tools or {}, variables or {}))


def paste(steps, folder, ports, tools, variables):
    """What each block printed."""
    for name in ("Makefile", "charts", "examples", "proto"):
        (folder / name).symlink_to(ROOT / name)
    bin_folder = folder / "bin"
    bin_folder.mkdir()
    (folder / "build" / "release").mkdir(parents=True)
    (folder / "scripts").mkdir()
    for name in ("build", "install-dependencies"):  # has been done
        (folder / "scripts" / name).symlink_to("/bin/true")
    for place in (bin_folder, folder / "build" / "release"):
        (place / "orchestrator").symlink_to(pathlib.Path(BINARY).resolve())
    for name, program in tools.items():
        (bin_folder / name).symlink_to(pathlib.Path(program).resolve())
    # No setting of the surroundings reaches the server of the guide, but for those of a sanitizer.
    environment = {name: value for name, value in os.environ.items() if name.endswith("SAN_OPTIONS")}
    environment |= {"PATH": f"{bin_folder}:{os.environ['PATH']}", "HOME": str(folder), "NO_COLOR": "1",
                    "GUIDE_PORT": str(ports["port"]),
                    "ORCHESTRATOR_LISTEN_ADDRESS": f"127.0.0.1:{ports['port']}",
                    "ORCHESTRATOR_HTTP_ADDRESS": f"127.0.0.1:{ports['http_port']}", **variables}
    script = PRELUDE + "".join(f'echo "{MARK}{number}"\n{commands_of(block)}' for number, block in enumerate(steps))
    shell = subprocess.Popen(["bash"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                             cwd=folder, env=environment, text=True, start_new_session=True)
    try:
        printed, _ = shell.communicate(script + "press_ctrl_c", timeout=120)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(shell.pid, 9)  # and with it what a guide that failed has left running
    return re.split(rf"^{MARK}\d+\n", printed, flags=re.MULTILINE)[1:]


def settled(text):
    return re.sub(VARIES, "~", text, flags=re.MULTILINE)


def check(steps, printed):
    """`...` in what is wanted stands for anything. A block that shows nothing may not have a command that fails."""
    assert len(printed) == len(steps), printed
    for block, text in zip(steps, printed):
        told = f"{block.page}:\n{block.text}\nprinted:\n{text}"
        assert block.wanted or REFUSED not in text, told
        for line in block.wanted:
            pattern = ".*".join(map(re.escape, settled(line).split("...")))
            assert re.search(pattern, settled(text)), f"no line {line!r} from {told}"
