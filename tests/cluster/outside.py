"""A PostgreSQL of a namespace of its own, as `values/prod.yaml` expects one, with an authority for its certificate."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.cluster.tools import ROOT, kubectl, make_namespace

NAMESPACE = "bookstore-data"
PSQL = ("-n", NAMESPACE, "exec", "-i", "deploy/postgres", "--", "psql", "--no-psqlrc", "-U", "postgres")
PASSWORDS = (
    "--from-literal=owner-password=not-a-secret-owner",
    "--from-literal=app-password=not-a-secret-app",
)


@dataclass(frozen=True)
class Database:
    """The server; its certificates are in a folder."""

    folder: Path

    def make_secrets(self, namespace: str) -> None:
        """The Secrets that `values/prod.yaml` names."""
        secret(namespace, "bookstore-database", *PASSWORDS, f"--from-file=ca.crt={self.folder / 'ca.crt'}")
        secret(namespace, "bookstore", f"--from-literal=secret-key={'not-a-secret-' * 4}")

    def sql(self, statement: str, database: str = "postgres") -> str:
        """What a statement of the superuser gives, in psql's plain form."""
        return kubectl(*PSQL, "-d", database, "-Atc", statement).strip()


def secret(namespace: str, name: str, *arguments: str) -> None:
    """Make or replace a Secret."""
    made = kubectl("create", "secret", "generic", name, *arguments, "--dry-run=client", "-o", "yaml")
    kubectl("-n", namespace, "apply", "-f", "-", text=made)


@contextmanager
def installed(folder: Path) -> Iterator[Database]:
    """It, from its installation to the end of the block; BOOKSTORE_E2E_KEEP leaves it there."""
    certify(folder)
    make_namespace(NAMESPACE)
    secret(
        NAMESPACE, "database", *PASSWORDS, *(f"--from-file={name}={folder / name}" for name in ("tls.crt", "tls.key"))
    )
    kubectl("-n", NAMESPACE, "apply", "-f", str(ROOT / "docs/examples/postgres.yaml"))
    kubectl("-n", NAMESPACE, "rollout", "status", "deployment/postgres", "--timeout=120s")
    yield Database(folder)
    if not os.environ.get("BOOKSTORE_E2E_KEEP"):
        kubectl("delete", "namespace", NAMESPACE, "--wait=false")


def certify(folder: Path) -> None:
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
    host = f"subjectAltName=DNS:postgres.{NAMESPACE}.svc.cluster.local"
    name = ["-addext", host, "-addext", "basicConstraints=critical,CA:FALSE"]
    for arguments in (authority, [*server, *name]):
        subprocess.run([*make, *arguments], cwd=folder, check=True, capture_output=True)
