"""What every environment does on a real cluster."""

import json
import shutil
from typing import Any

import pytest

from tests.cluster.tools import (
    CHART,
    RELEASE,
    eventually,
    get,
    helm,
    in_pod,
    kubectl,
    names,
    namespace,
    run,
    shop,
    values,
)

BOOK: dict[str, Any] = {
    "isbn": "9780306406157",
    "title": "On Clusters",
    "authors": ["A. Uthor"],
    "price_cents": 1250,
    "currency": "USD",
    "stock": 2,
}


def api_deployment(environment: str) -> str:
    return f"shop-bookstore-{'all' if environment == 'dev' else 'api'}"


def test_helm_test_is_green(environment: str) -> None:
    with shop(environment) as client:
        run(
            "helm",
            "upgrade",
            RELEASE,
            str(CHART),
            "-n",
            namespace(environment),
            *values(environment),
            "--set",
            f"tests.ingressUrl={client.base_url}",
            "--wait=watcher",
            "--timeout=5m",
        )
    done = run("helm", "test", RELEASE, "-n", namespace(environment), "--timeout", "3m")
    assert done.stdout.count("Phase:          Succeeded") >= 3, done.stdout


def test_the_pages_open_through_the_ingress(environment: str) -> None:
    with shop(environment) as client:
        page = client.get("/")
        assert page.status_code == 200
        assert "<h1" in page.text
        assert client.get("/metrics").status_code == 404


def test_books_are_written_and_read_through_the_ingress(environment: str) -> None:
    token = in_pod(environment, api_deployment(environment), "bookstore", "token", "add", "e2e", "--scope", "catalogue")
    headers = {"Authorization": f"Bearer {token.strip()}"}
    with shop(environment) as client:
        made = client.post("/api/v1/books", json=BOOK, headers=headers)
        assert made.status_code == 201, made.text
        where = made.headers["Location"]
        assert client.get(where).json()["title"] == BOOK["title"]
        assert BOOK["title"] in client.get("/").text
        found = client.get(where)
        gone = client.delete(where, headers=headers | {"If-Match": found.headers["ETag"]})
        assert gone.status_code == 204, gone.text
    in_pod(environment, api_deployment(environment), "bookstore", "token", "revoke", "e2e")


def test_the_doctor_finds_nothing(environment: str) -> None:
    assert "FAIL" not in in_pod(environment, api_deployment(environment), "bookstore", "doctor")


def test_an_upgrade_with_no_changes_restarts_nothing(environment: str) -> None:
    helm("upgrade", environment)
    before = {pod["metadata"]["uid"] for pod in get(namespace(environment), "pods")}
    helm("upgrade", environment)
    after = {pod["metadata"]["uid"] for pod in get(namespace(environment), "pods")}
    assert before == after


def test_nothing_restarted_while_starting(environment: str) -> None:
    for pod in get(namespace(environment), "pods", "-l", "app.kubernetes.io/name=bookstore"):
        for container in pod["status"]["containerStatuses"]:
            assert container["restartCount"] == 0, pod["metadata"]["name"]


def test_the_server_takes_every_object(environment: str) -> None:
    rendered = run("helm", "template", RELEASE, str(CHART), "-n", namespace(environment), *values(environment)).stdout
    kubectl(
        "apply",
        "--server-side",
        "--dry-run=server",
        "--force-conflicts",
        "-n",
        namespace(environment),
        "-f",
        "-",
        text=rendered,
    )


STRANGER = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {"name": "stranger"},
    "spec": {
        "restartPolicy": "Never",
        "automountServiceAccountToken": False,
        "securityContext": {"runAsNonRoot": True, "runAsUser": 999, "seccompProfile": {"type": "RuntimeDefault"}},
        "containers": [
            {
                "name": "stranger",
                "image": "docker.io/library/postgres:17-trixie",
                "command": ["sleep", "600"],
                "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
            }
        ],
    },
}


@pytest.mark.usefixtures("installed")
def test_a_stranger_reaches_neither_database_nor_metrics() -> None:
    where = namespace("staging")
    kubectl("-n", where, "apply", "-f", "-", text=json.dumps(STRANGER))
    kubectl("-n", where, "wait", "--for=condition=Ready", "pod/stranger", "--timeout=60s")
    pod = next(pod for pod in get(where, "pods", "-l", "app.kubernetes.io/component=api"))["status"]["podIP"]

    def reaches(host: str, port: int) -> bool:
        script = f"timeout 3 bash -c ': </dev/tcp/{host}/{port}'"
        return run("kubectl", "-n", where, "exec", "stranger", "--", "bash", "-c", script, check=False).returncode == 0

    try:
        assert reaches(pod, 8000), "the shop is open to every client in staging"
        assert not reaches(pod, 9000)
        assert not reaches("shop-postgresql", 5432)
    finally:
        kubectl("-n", where, "delete", "pod", "stranger", "--wait=false", "--grace-period=0", "--force")


@pytest.mark.usefixtures("installed")
def test_a_failed_migration_leaves_the_old_pods_serving() -> None:
    before = names(namespace("prod"), "pods", "-l", "app.kubernetes.io/component in (api,storefront)")
    failed = helm("upgrade", "prod", "--set", "database.owner.username=nobody", check=False)
    assert failed.returncode != 0
    assert "password authentication failed" in failed.stdout + failed.stderr
    assert names(namespace("prod"), "pods", "-l", "app.kubernetes.io/component in (api,storefront)") == before
    with shop("prod") as client:
        assert client.get("/").status_code == 200
    helm("upgrade", "prod")


@pytest.mark.skipif(shutil.which("helm3") is None, reason="helm3 is not on PATH")
def test_helm_3_installs_too_and_uninstall_leaves_what_is_documented() -> None:
    program = "helm3"
    where = "bookstore-helm3"
    kubectl("create", "namespace", where)
    kubectl("label", "namespace", where, "pod-security.kubernetes.io/enforce=restricted")
    try:
        run(
            program,
            "install",
            RELEASE,
            str(CHART),
            "-n",
            where,
            *values("dev"),
            "--set",
            "hosts.shop.host=helm3.localhost",
            "--wait",
            "--timeout=4m",
        )
        run(program, "test", RELEASE, "-n", where)
        run(program, "uninstall", RELEASE, "-n", where, "--wait")
        eventually("pods are gone", lambda: not names(where, "pods"))
        left = kubectl(
            "-n",
            where,
            "get",
            "all,secret,configmap,pvc,networkpolicy,role,rolebinding,serviceaccount,ingress,poddisruptionbudget",
            "-o",
            "name",
        ).split()
        kinds = sorted(name.partition("/")[0] for name in left if not name.endswith(("/kube-root-ca.crt", "/default")))
        assert kinds == ["configmap", "persistentvolumeclaim", "secret", "secret"], left
    finally:
        kubectl("delete", "namespace", where, "--wait=false")
