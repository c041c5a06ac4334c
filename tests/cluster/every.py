"""What every environment does on a real cluster: a base of the test classes of each."""

import json
from typing import Any

from tests.cluster.release import Release
from tests.cluster.tools import kubectl

BOOK: dict[str, Any] = {
    "isbn": "9780306406157",
    "title": "On Clusters",
    "authors": ["A. Uthor"],
    "price_cents": 1250,
    "currency": "USD",
    "stock": 2,
}


class EveryEnvironment:
    """Tests of the module's release."""

    def test_nothing_restarts_while_starting(self, release: Release) -> None:
        assert not release.restarts()

    def test_the_pages_open_through_the_ingress(self, release: Release) -> None:
        with release.client() as client:
            page = client.get("/")
            assert page.status_code == 200, page.text
            assert "<h1" in page.text
            assert client.get("/metrics").status_code == 404

    def test_books_are_written_and_read_through_the_ingress(self, release: Release) -> None:
        token = release.execute("bookstore", "token", "add", "e2e", "--scope", "catalogue")
        headers = {"Authorization": f"Bearer {token.strip()}"}
        with release.client() as client:
            made = client.post("/api/v1/books", json=BOOK, headers=headers)
            assert made.status_code == 201, made.text
            where = made.headers["Location"]
            assert client.get(where).json()["title"] == BOOK["title"]
            assert BOOK["title"] in client.get("/").text
            found = client.get(where)
            gone = client.delete(where, headers=headers | {"If-Match": found.headers["ETag"]})
            assert gone.status_code == 204, gone.text
        release.execute("bookstore", "token", "revoke", "e2e")

    def test_the_doctor_finds_nothing(self, release: Release) -> None:
        assert "FAIL" not in release.execute("bookstore", "doctor")

    def test_helm_test_is_green(self, release: Release) -> None:
        with release.client() as client:
            # No test is about time, and the machine may have other work.
            release.upgrade(f"tests.ingressUrl={client.base_url},tests.conformance.startSeconds=600")
        done = release.helm("test", "--timeout=3m")
        assert f"{release.name}-bookstore-test-conformance" in done
        assert "Phase:          Failed" not in done

    def test_an_upgrade_with_no_changes_restarts_nothing(self, release: Release) -> None:
        before = release.lasting()
        release.upgrade()
        assert release.lasting() == before

    def test_the_server_takes_every_object(self, release: Release) -> None:
        rendered = json.dumps({"apiVersion": "v1", "kind": "List", "items": release.render()})
        how = ["--server-side", "--dry-run=server", "--force-conflicts"]
        kubectl("-n", release.namespace, "apply", *how, "-f", "-", text=rendered)
