"""All three environments on a real cluster, side by side: pytest -n0 tests/cluster, with KUBECONFIG."""

import os
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.cluster.tools import MANIFESTS, RELEASE, helm, kubectl, make_namespace, namespace, run

ENVIRONMENTS = ("dev", "staging", "prod")
HERE = Path(__file__).parent
DATA = "bookstore-data"
DATABASE_HOST = f"postgres.{DATA}.svc.cluster.local"
OWNER_PASSWORD = "not-a-secret-owner"
APP_PASSWORD = "not-a-secret-app"


def pytest_ignore_collect(config: pytest.Config) -> bool | None:
    """Only when asked for by path: it needs a cluster, and installs into it."""
    asked = (Path(argument.partition("::")[0]).resolve() for argument in config.args)
    return None if any(path == HERE or HERE in path.parents for path in asked) else True


@pytest.fixture(scope="session", autouse=True)
def cluster() -> None:
    """A cluster that answers."""
    assert os.environ.get("KUBECONFIG"), "set KUBECONFIG to the cluster to install into"
    kubectl("version")


@pytest.fixture(scope="session")
def outside_database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A PostgreSQL with TLS in a namespace of its own, and prod's Secrets for it."""
    folder = tmp_path_factory.mktemp("tls")
    certificates(folder)
    passwords = [f"--from-literal=owner-password={OWNER_PASSWORD}", f"--from-literal=app-password={APP_PASSWORD}"]
    make_namespace(DATA)
    secret(DATA, "database", *passwords, *(f"--from-file={name}={folder / name}" for name in ("tls.crt", "tls.key")))
    kubectl("-n", DATA, "apply", "-f", str(MANIFESTS / "outside-database.yaml"))
    kubectl("-n", DATA, "rollout", "status", "deployment/postgres", "--timeout=120s")
    prod = namespace("prod")
    make_namespace(prod)
    secret(prod, "bookstore-database", *passwords, f"--from-file=ca.crt={folder / 'ca.crt'}")
    secret(prod, "bookstore", f"--from-literal=secret-key={'not-a-secret-' * 4}")
    yield
    kubectl("delete", "namespace", DATA, "--wait=false")


def certificates(folder: Path) -> None:
    """An authority, and a server's certificate for the database's name."""
    make = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
    authority = ["-subj", "/CN=authority", "-keyout", "ca.key", "-out", "ca.crt"]
    server = ["-subj", "/CN=postgres", "-keyout", "tls.key", "-out", "tls.crt", "-CA", "ca.crt", "-CAkey", "ca.key"]
    name = ["-addext", f"subjectAltName=DNS:{DATABASE_HOST}", "-addext", "basicConstraints=critical,CA:FALSE"]
    for arguments in (authority, [*server, *name]):
        subprocess.run([*make, *arguments], cwd=folder, check=True, capture_output=True)


def secret(in_namespace: str, name: str, *arguments: str) -> None:
    """Make or replace a Secret."""
    made = kubectl(
        "-n", in_namespace, "create", "secret", "generic", name, *arguments, "--dry-run=client", "-o", "yaml"
    )
    kubectl("-n", in_namespace, "apply", "-f", "-", text=made)


@pytest.fixture(scope="session")
def installed(request: pytest.FixtureRequest) -> Iterator[None]:
    """Every environment, installed at the same time."""
    request.getfixturevalue("outside_database")
    kubectl("apply", "--server-side", "-f", str(MANIFESTS / "prometheus-crds.yaml"))
    for environment in ENVIRONMENTS:
        make_namespace(namespace(environment))
    with ThreadPoolExecutor() as pool:
        list(pool.map(lambda environment: helm("install", environment), ENVIRONMENTS))
    yield
    if os.environ.get("BOOKSTORE_E2E_KEEP"):
        return
    for environment in ENVIRONMENTS:
        run("helm", "uninstall", RELEASE, "-n", namespace(environment), check=False)
        kubectl("delete", "namespace", namespace(environment), "--wait=false")


@pytest.fixture(params=ENVIRONMENTS)
def environment(request: pytest.FixtureRequest) -> str:
    """Each environment in turn."""
    request.getfixturevalue("installed")
    return str(request.param)
