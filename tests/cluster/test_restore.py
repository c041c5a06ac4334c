"""The namespace is lost with all in it but one volume: what docs/runbooks/restore.md says brings the shop back."""

import json
import re
import time
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path

import pytest

from tests.cluster.backup import checksums, run_cron_job
from tests.cluster.prober import Customer, probing, stock_up
from tests.cluster.release import QUIET, Release
from tests.cluster.runbook import Runbook
from tests.cluster.tools import eventually, kubectl, make_namespace, run

pytestmark = pytest.mark.full
OLD, NEW = "bookstore-lost", "bookstore-found"
SETTINGS = ("backup.enabled=true,backup.persistence.size=1Gi", QUIET)
ORDERS = 20


@pytest.fixture
def release(chart: Path) -> Release:
    """With `values/dev.yaml` and backups, on the cluster's default StorageClass."""
    release = Release(chart, "dev", OLD, settings=SETTINGS)
    make_namespace(OLD)
    release.install()
    eventually("it answers", release.answers)
    return release


@pytest.fixture
def runbook(chart: Path, tmp_path: Path) -> Iterator[Runbook]:
    """The section, where a person would follow it: beside the chart."""
    (tmp_path / "charts").mkdir()
    (tmp_path / "charts/bookstore").symlink_to(chart)
    names = {"old": OLD, "new": NEW, "values": f"-f {tmp_path / 'values.yaml'}"}
    yield Runbook("docs/runbooks/restore.md", "test_restore.py", tmp_path, names)
    kubectl("delete", "namespace", OLD, NEW, "--ignore-not-found", "--wait=false")
    for volume in json.loads(kubectl("get", "pv", "-o", "json"))["items"]:
        if volume["spec"].get("claimRef", {}).get("namespace") in (OLD, NEW):
            name = volume["metadata"]["name"]
            kubectl("patch", "pv", name, "-p", '{"spec": {"persistentVolumeReclaimPolicy": "Delete"}}')


def test_a_namespace_comes_back_with_every_row(release: Release, runbook: Runbook) -> None:
    stock_up(release)
    with release.client() as client, probing(release) as record:
        bought = Customer(client).order()
        eventually("there are orders", lambda: len(record.orders) >= ORDERS)
    before = checksums(release)
    run_cron_job(release, "backup")
    said = run("helm", "get", "values", release.name, "-n", OLD, "--output=yaml").stdout
    (runbook.folder / "values.yaml").write_text(said)
    runbook.follow(2)  # The volume is retained, and the key is kept.
    with release.client() as client:
        Customer(client).order()
    assert checksums(release) != before
    kubectl("delete", "namespace", OLD, "--timeout=300s")

    began = time.monotonic()
    *_, wanted, of_the_empty_shop = sorted(set(re.findall(r"bookstore-\w+[.]dump$", runbook.follow(4), re.MULTILINE)))
    assert wanted < of_the_empty_shop
    runbook.tell("file", wanted)
    runbook.follow(1)
    found = Release(release.chart, "dev", NEW, settings=SETTINGS)
    assert checksums(found) == before
    print(f"{wanted} restored {time.monotonic() - began:.0f} s after the loss")  # noqa: T201  # with pytest -rP
    with found.client() as client:
        where = f"/api/v1/orders/{bought['number']}"

        def opens() -> bool:
            return client.get(where, params={"token": bought["token"]}).status_code == HTTPStatus.OK

        eventually("the link of an order opens it", opens, seconds=180)
        Customer(client).order()
    assert "FAIL" not in found.execute("bookstore", "doctor")
