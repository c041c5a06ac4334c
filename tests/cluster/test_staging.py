"""Staging: production's shape on the bundled database, migrated by a Job beside the release."""

import json
import re
import time
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from tests.cluster.backup import checksums, run_cron_job
from tests.cluster.conforming import conformance
from tests.cluster.every import BOOK, EveryEnvironment
from tests.cluster.migration import BROKEN, GIVE_UP, LONGEST, with_migration
from tests.cluster.probe import METRICS, SHOP, Probe, at, probe
from tests.cluster.release import Release, installed, undisturbed
from tests.cluster.tools import eventually, kubectl

DATABASE = 5432


@pytest.fixture(scope="module")
def release(chart: Path) -> Iterator[Release]:
    """With `values/staging.yaml`."""
    with installed(Release(chart, "staging", "bookstore-staging")) as release:
        yield release


class TestStaging(EveryEnvironment):
    pass


@pytest.mark.full
def test_going_back_on_failure_touches_no_pod(release: Release) -> None:
    broken = f"{with_migration(release, BROKEN)},{GIVE_UP}"
    with undisturbed(release):
        release.upgrade(broken, wait="--rollback-on-failure", timeout=LONGEST, fails=True)
        (*_, last) = json.loads(release.helm("history", "--output=json"))
        assert (last["status"], last["description"][:8]) == ("deployed", "Rollback")

    def is_well() -> bool:
        """Not at once: on a busy node a new connection to the database may take too long."""
        said = release.execute("bookstore", "doctor", check=False)
        return "ok    database" in said and "FAIL" not in said

    eventually("the doctor finds nothing", is_well)


def test_a_book_is_bought_and_paid_at_the_sandbox(release: Release) -> None:
    token = release.execute("bookstore", "token", "add", "buying", "--scope", "catalogue").strip()
    with release.client() as client:

        def post(path: str, body: dict[str, Any] | None, **headers: str) -> dict[str, Any]:
            def ask() -> httpx.Response:
                return client.post(f"/api/v1{path}", json=body, headers=headers)

            # As the shop asks for where its provider has not answered in time; no test is about time.
            if (answer := ask()).status_code == HTTPStatus.SERVICE_UNAVAILABLE:
                time.sleep(int(answer.headers["Retry-After"]))
                answer = ask()
            assert answer.is_success, answer.text
            return dict(answer.json())

        post("/books", BOOK | {"isbn": "9780131103627"}, Authorization=f"Bearer {token}")
        cart = post("/carts", None)["id"]
        client.put(f"/api/v1/carts/{cart}/lines/9780131103627", json={"quantity": 1}).raise_for_status()
        address = {"name": "R", "street": "1 Main St", "city": "C", "postal_code": "10001", "country": "US"}
        total = post("/quotes", {"cart_id": cart, "country": "US"})["total_cents"]
        wanted = {"cart_id": cart, "email": "r@example.org", "address": address, "expected_total_cents": total}
        order = post("/orders", wanted, **{"Idempotency-Key": "a-key-of-this-test"})
        where = f"/orders/{order['number']}"
        page = post(f"{where}/payment?token={order['token']}", None)["checkout_url"]
        paid = client.post(urlsplit(page).path, data={"card": "4242424242424242"})
        assert paid.status_code == HTTPStatus.SEE_OTHER, paid.text

        def is_paid() -> bool:
            return bool(client.get(f"/api/v1{where}", params={"token": order["token"]}).json()["state"] == "paid")

        eventually("the provider's webhook has come", is_paid)


def test_while_the_database_is_away_the_shop_says_so_itself(release: Release) -> None:
    def asked() -> httpx.Response:
        with release.client() as client:
            return client.get("/api/v1/books")

    def says_so() -> bool:
        answer = asked()
        return answer.status_code == HTTPStatus.SERVICE_UNAVAILABLE and "Retry-After" in answer.headers

    with undisturbed(release):
        scale_database(release, 0)
        eventually("the shop says that it has no database", says_so)
        # Longer than a pod takes to leave its Service after two failed probes.
        for _ in range(20):
            assert says_so()
            time.sleep(1)
        scale_database(release, 1)
        eventually("it has it again", lambda: asked().status_code == HTTPStatus.OK, seconds=120)
    assert not release.restarts()


def scale_database(release: Release, replicas: int) -> None:
    kubectl("-n", release.namespace, "scale", "statefulset/shop-postgresql", f"--replicas={replicas}")


@pytest.mark.full
class TestConformance:
    def test_it_bears_being_disturbed(self, release: Release) -> None:
        found = conformance(release, "--disturb")
        assert "shop-bookstore-api: 2, 3, 2" in found
        assert "needs leave to disturb" not in found
        # What it changed is Helm's again.
        release.upgrade("web.replicas=3")
        release.upgrade()

    def test_going_back_returns_the_release_that_was(self, release: Release) -> None:
        before = releases(release)
        release.upgrade("settings.SHOP_NAME=Another")
        assert releases(release).isdisjoint(before)
        release.helm("rollback", "--wait=watcher", "--timeout=5m")
        assert releases(release) == before


def releases(release: Release) -> set[str]:
    """The image and the settings of each Deployment, as conformance names them."""
    return set(re.findall(r"revision \d+: (\S+ \+ [^;\n]+)", conformance(release, check=False)))


class TestBackup:
    def test_a_restore_brings_every_row_back(self, release: Release) -> None:
        token = release.execute("bookstore", "token", "add", "backup", "--scope", "catalogue").strip()
        with release.client() as client:
            client.headers["Authorization"] = f"Bearer {token}"
            made = client.post("/api/v1/books", json=BOOK)
            assert made.status_code == 201, made.text
            before = checksums(release)
            run_cron_job(release, "backup")
            tag = {"If-Match": client.get(made.headers["Location"]).headers["ETag"]}
            assert client.delete(made.headers["Location"], headers=tag).status_code == 204
            assert checksums(release) != before
            with undisturbed(release):
                run_cron_job(release, "restore")
            assert client.get(made.headers["Location"]).json()["title"] == BOOK["title"]
        assert checksums(release) == before
        assert "FAIL" not in release.execute("bookstore", "doctor")


def test_strangers_reach_the_shop_but_neither_its_database_nor_its_metrics(release: Release) -> None:
    pods = release.addresses()
    database = f"shop-postgresql.{release.namespace}.svc:{DATABASE}"
    with probe(release.namespace, release) as neighbour, probe("default", release) as stranger:
        for each in (neighbour, stranger):
            assert each.reached({database, *at(pods, SHOP), *at(pods, METRICS)}) == at(pods, SHOP)
    assert Probe(release.namespace, "deploy/shop-bookstore-api").reached({database}) == {database}
