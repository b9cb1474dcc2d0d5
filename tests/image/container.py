"""The image as a container runtime runs it: as an unprivileged user, over a root folder that is read only, as process 1
of its own process numbers. It needs root and buildah, and no container runtime."""
import json
import pathlib
import subprocess

# The arguments: root folder, user, then pairs of a path here and its place in the image, `--`, and the command.
ENTER = """
root=$1 user=$2
shift 2
mount --bind "$root" "$root"
mount -o remount,bind,ro "$root"
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
while [ "$1" != -- ]; do
  mount --bind "$1" "$root/$2"
  shift 2
done
shift
exec chroot "$root" setpriv --reuid "$user" --regid "$user" --clear-groups --no-new-privs --bounding-set=-all "$@"
"""
# Where a deployment mounts something. A runtime makes such places before it closes the root folder.
FOLDERS = ["var/orchestrator/tls"]
FILES = ["var/orchestrator/config.yaml"]
STOP_SECONDS = 15


def buildah(*arguments):
    return subprocess.run(["buildah", *arguments], check=True, stdout=subprocess.PIPE, text=True).stdout.strip()


class Image:
    def __init__(self, name):
        self.config = json.loads(buildah("inspect", "--type", "image", name))["OCIv1"]["config"]
        self.container = buildah("from", "--pull-never", name)
        self.root = pathlib.Path(buildah("mount", self.container))
        for folder in FOLDERS:
            (self.root / folder).mkdir(parents=True)
        for file in FILES:
            (self.root / file).touch()

    def remove(self):
        buildah("rm", self.container)

    def default_user(self):
        return int(self.config["User"].split(":")[0])

    def start(self, *command, user=None, environment=None, mounts=None):
        """Without a command: the image's. `mounts`: path here -> path there."""
        variables = [*self.config["Env"], *(f"{name}={value}" for name, value in (environment or {}).items())]
        places = [str(word) for pair in (mounts or {}).items() for word in pair]
        words = ["env", "-i", "-C", self.config["WorkingDir"], *variables, *(command or self.config["Cmd"])]
        return Container(subprocess.Popen(
            ["unshare", "--mount", "--pid", "--fork", "--kill-child=SIGKILL", "sh", "-ec", ENTER, "sh", str(self.root),
             str(user or self.default_user()), *places, "--", *words],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True))

    def run(self, *command, **options):
        """(exit status, what it printed)."""
        return self.start(*command, **options).wait()


class Container:
    def __init__(self, process):
        self.process = process
        self.printed = ""

    def first_process(self):
        """Process 1 of the container, by its number here."""
        return int(pathlib.Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text())

    def wait_for(self, text):
        """Reads until a line has `text`."""
        for line in self.process.stdout:
            self.printed += line
            if text in line:
                return
        raise AssertionError(f"it has ended without {text!r}:\n{self.printed}")

    def stop(self):
        """What a pod's end does: SIGTERM for process 1. (exit status, all that was printed)."""
        subprocess.run(["kill", "-TERM", str(self.first_process())], check=True)
        return self.wait(STOP_SECONDS)

    def wait(self, seconds=60):
        try:
            rest, _ = self.process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise
        self.printed += rest
        return self.process.returncode, self.printed
