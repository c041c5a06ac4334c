"""Run an image as a cluster would: another user, a read-only root, a memory /tmp.

docker or podman where one runs; else, as root, what buildah has built, mounted read-only in namespaces of its own.
"""

import json
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

SOCKETS = "/run/postgresql"

# $1 the image's root, $2 a folder to mount it on, $3 the folder of PostgreSQL's socket; the rest is the command.
IN_NAMESPACES = f"""
set -eu
root=$1; here=$2; sockets=$3; shift 3
mount --make-rprivate /
mount --bind "$root" "$here"
mount --rbind /dev "$here/dev"
mount -t tmpfs -o size=64m,mode=1777 tmpfs "$here/dev/shm"
mount -t proc proc "$here/proc"
mount -t tmpfs -o size=64m,mode=1777 tmpfs "$here/tmp"
mount -t tmpfs tmpfs "$here/run"
mkdir "$here{SOCKETS}"
mount --bind "$sockets" "$here{SOCKETS}"
mount -o remount,ro,bind "$here"
exec chroot --userspec=10001:10001 --groups= "$here" /usr/bin/env -i "$@"
"""


@dataclass(frozen=True)
class Image:
    """An image that an engine has."""

    engine: str
    name: str

    @cached_property
    def config(self) -> dict[str, Any]:
        """User, Entrypoint, Cmd, Env and Labels."""
        if self.engine == "buildah":
            described = json.loads(output("buildah", "inspect", "--type", "image", self.name))["OCIv1"]["config"]
        else:
            described = json.loads(output(self.engine, "image", "inspect", self.name))[0]["Config"]
        found: dict[str, Any] = described
        return found

    @contextmanager
    def command(
        self, *arguments: str, environment: Mapping[str, str], sockets: Path, entrypoint: str | None = None
    ) -> Iterator[list[str]]:
        """A command line that runs the image's entrypoint with these arguments, on the host's network."""
        if self.engine != "buildah":
            variables = [f"--env={name}={value}" for name, value in environment.items()]
            override = [f"--entrypoint={entrypoint}"] if entrypoint else []
            yield [
                self.engine, "run", "--rm", "--read-only", "--tmpfs=/tmp", "--network=host", "--cap-drop=ALL",
                "--security-opt=no-new-privileges", f"--volume={sockets}:{SOCKETS}", *variables, *override, self.name,
                *arguments,
            ]  # fmt: skip
            return
        variables = [*self.config["Env"], *(f"{name}={value}" for name, value in environment.items())]
        program = [entrypoint] if entrypoint else self.config["Entrypoint"]
        with self._mounted() as root, tempfile.TemporaryDirectory() as folder:
            yield [
                "unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-c", IN_NAMESPACES, "sh",
                str(root), folder, str(sockets), *variables, *program, *arguments,
            ]  # fmt: skip

    @contextmanager
    def _mounted(self) -> Iterator[Path]:
        container = output("buildah", "from", "--pull-never", self.name).strip()
        try:
            yield Path(output("buildah", "mount", container).strip())
        finally:
            output("buildah", "rm", container)


def engine() -> str | None:
    """What can run an image here."""
    if shutil.which("docker") and subprocess.run(["docker", "info"], capture_output=True, check=False).returncode == 0:
        return "docker"
    if shutil.which("buildah") and os.geteuid() == 0:
        return "buildah"
    return "podman" if shutil.which("podman") else None


def output(*command: str) -> str:
    """What a command prints; fails with what it says when it fails."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{' '.join(command)}: {done.stderr}"
    return done.stdout


def terminate(process: "subprocess.Popen[str]") -> None:
    """Send SIGTERM to the container's first process: docker passes it on, unshare does not."""
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    is_unshare = "unshare" in Path(f"/proc/{process.pid}/cmdline").read_text()
    os.kill(int(children[0]) if is_unshare else process.pid, signal.SIGTERM)
