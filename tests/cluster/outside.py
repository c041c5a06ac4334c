"""A PostgreSQL of a namespace of its own, as `values/prod.yaml` expects one, with an authority for its certificate."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.cluster.tools import ROOT, eventually, kubectl, make_namespace

# What `values/prod.yaml` names, and what others use, so that they may run beside it.
PROD, ANOTHER = "bookstore-data", "bookstore-more-data"
PASSWORDS = (
    "--from-literal=owner-password=not-a-secret-owner",
    "--from-literal=app-password=not-a-secret-app",
)
CERTIFICATE = ("tls.crt", "tls.key")


@dataclass(frozen=True)
class Database:
    """The server in a namespace; its certificates are in a folder."""

    namespace: str
    folder: Path

    @property
    def host(self) -> str:
        """Its name."""
        return f"postgres.{self.namespace}.svc.cluster.local"

    def psql(self, database: str) -> list[str]:
        """Arguments of kubectl that run psql there, as the superuser."""
        where = ["-n", self.namespace, "exec", "-i", "deploy/postgres"]
        return [*where, "--", "psql", "--no-psqlrc", "-U", "postgres", "-d", database, "-At"]

    def make_secrets(self, namespace: str) -> None:
        """The Secrets that `values/prod.yaml` names."""
        secret(namespace, "bookstore-database", *PASSWORDS, f"--from-file=ca.crt={self.folder / 'ca.crt'}")
        secret(namespace, "bookstore", f"--from-literal=secret-key={'not-a-secret-' * 4}")

    def settings(self, name: str) -> tuple[str, ...]:
        """Values of a release that uses it, with the Secret that `make_secrets` makes."""
        ca, owner, app = (f"database.{part}" for part in ("ca", "owner.password", "app.password"))
        return (
            f"postgresql.enabled=false,database.host={self.host},database.name={name},database.sslmode=verify-full",
            f"{ca}.existingSecret=bookstore-database,{ca}.key=ca.crt",
            f"{owner}.existingSecret=bookstore-database,{owner}.key=owner-password",
            f"{app}.existingSecret=bookstore-database,{app}.key=app-password",
        )

    def make_own_secret(self, folder: Path) -> None:
        """The Secret of the server itself, with the certificate in a folder."""
        secret(self.namespace, "database", *PASSWORDS, *(f"--from-file={name}={folder / name}" for name in CERTIFICATE))

    def show(self, folder: Path) -> None:
        """Have the server show the certificate in a folder to whoever connects from now on."""
        self.make_own_secret(folder)
        wanted, read = (folder / "tls.crt").read_text(), ("cat", "/run/secrets/database/tls.crt")
        where = ("-n", self.namespace, "exec", "deploy/postgres", "--")
        eventually("the server has it", lambda: kubectl(*where, *read) == wanted, seconds=180)
        assert self.sql("SELECT pg_reload_conf()") == "t"

    def sql(self, statement: str, database: str = "postgres") -> str:
        """What a statement of the superuser gives, in psql's plain form."""
        return kubectl(*self.psql(database), "-c", statement).strip()


def secret(namespace: str, name: str, *arguments: str) -> None:
    """Make or replace a Secret."""
    made = kubectl("create", "secret", "generic", name, *arguments, "--dry-run=client", "-o", "yaml")
    kubectl("-n", namespace, "apply", "-f", "-", text=made)


@contextmanager
def installed(folder: Path, namespace: str = PROD) -> Iterator[Database]:
    """It, from its installation to the end of the block; BOOKSTORE_E2E_KEEP leaves it there."""
    database = Database(namespace, folder)
    certify(folder, database.host)
    make_namespace(namespace)
    database.make_own_secret(folder)
    kubectl("-n", namespace, "apply", "-f", str(ROOT / "docs/examples/postgres.yaml"))
    kubectl("-n", namespace, "rollout", "status", "deployment/postgres", "--timeout=120s")
    yield database
    if not os.environ.get("BOOKSTORE_E2E_KEEP"):
        kubectl("delete", "namespace", namespace, "--wait=false")


def certify(folder: Path, host: str) -> None:
    """An authority, and a server's certificate for the database's name."""
    make = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-nodes",
        "-days",
        "2",
    ]
    authority = ["-subj", "/CN=authority", "-keyout", "ca.key", "-out", "ca.crt"]
    server = ["-subj", "/CN=postgres", "-keyout", "tls.key", "-out", "tls.crt", "-CA", "ca.crt", "-CAkey", "ca.key"]
    name = ["-addext", f"subjectAltName=DNS:{host}", "-addext", "basicConstraints=critical,CA:FALSE"]
    for arguments in (authority, [*server, *name]):
        subprocess.run([*make, *arguments], cwd=folder, check=True, capture_output=True)
