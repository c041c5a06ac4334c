"""Who runs PostgreSQL: it refuses root, but a container's or a rented machine's user is often root.

Root runs it in a user namespace where root is called nobody: files stay root's, so that it works under any path and
changes no permissions. Where namespaces are forbidden (most containers) root becomes nobody for good.
"""

import os
import pwd
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

NAMESPACE = ("unshare", "--user", "--map-user=65534", "--map-group=65534")


@dataclass(frozen=True)
class Account:
    """A command prefix and, to change user for good, the ids of that user (None keeps the present ones)."""

    prefix: tuple[str, ...] = ()
    uid: int | None = None
    gid: int | None = None

    def run(self, command: Sequence[str | Path], stdin: str = "") -> subprocess.CompletedProcess[str]:
        """Run `command` to its end with `stdin` as its input; stdout holds both its outputs."""
        return subprocess.run(
            [*self.prefix, *command],
            input=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            cwd="/",
            user=self.uid,
            group=self.gid,
            extra_groups=None if self.uid is None else [],
        )

    def spawn(self, command: Sequence[str | Path], output: IO[bytes]) -> subprocess.Popen[bytes]:
        """Start `command` with its outputs going to `output`, out of reach of a terminal's Ctrl-C.

        On Linux it gets SIGINT when the thread that started it ends, by SIGKILL too.
        """
        return subprocess.Popen(
            [*self.prefix, *dying_with_parent("INT"), *command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            cwd="/",
            user=self.uid,
            group=self.gid,
            extra_groups=None if self.uid is None else [],
        )

    def give(self, folder: Path) -> None:
        """Make `folder` and all that is in it the account's; nothing to do where the user stays the same."""
        if self.uid is None or self.gid is None or folder.stat().st_uid == self.uid:
            return
        for path in (folder, *folder.rglob("*")):
            os.chown(path, self.uid, self.gid, follow_symlinks=False)

    def can_use(self, program: Path, folder: Path) -> bool:
        """Whether the account can be had here, may run `program` and may pass through `folder`."""
        try:
            return self.run(["test", "-x", program, "-a", "-x", folder]).returncode == 0
        except (OSError, subprocess.SubprocessError):
            return False


def account_for(folder: Path, program: Path) -> Account | None:
    """Choose the account to run `program` with its data in the existing `folder`; None if root finds none that may."""
    if os.geteuid() != 0:
        return Account()
    owner = folder.stat()
    if owner.st_uid != 0:
        candidates = [Account(uid=owner.st_uid, gid=owner.st_gid)]
    else:
        nobody = pwd.getpwnam("nobody")
        candidates = [Account(prefix=NAMESPACE), Account(uid=nobody.pw_uid, gid=nobody.pw_gid)]
    return next((account for account in candidates if account.can_use(program, folder.parent)), None)


def dying_with_parent(signal: str) -> tuple[str, ...]:
    """Return a prefix of a command that then gets `signal` (such as "INT") when its parent dies; empty off Linux."""
    return ("setpriv", f"--pdeathsig={signal}") if shutil.which("setpriv") else ()
