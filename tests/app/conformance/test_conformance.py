"""`bookstore conformance` over what the chart renders: all holds, and each statement notices what breaks it."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from sqlalchemy import create_engine, text

from bookstore import schema
from bookstore.cli import bookstore
from bookstore.cluster.api import Kubernetes
from bookstore.config import Surface
from bookstore.conformance import cli, generic, install
from bookstore.conformance.asking import Outcome, ask, ask_all
from bookstore.conformance.factors import Factor
from bookstore.conformance.install import Install
from bookstore.conformance.objects import name_of
from bookstore.conformance.shop import packages
from bookstore.conformance.shop.settings import hash_of
from bookstore.conformance.statements import Need, Run, Statement
from ci import twelve_factor
from dev.postgres import OWNER
from tests.app.conformance.breaking import BREAKING, World, installed
from tests.app.conformance.served import Api, Namespace
from tests.chart.conftest import missing, package
from tests.chart.rendering import CHART, ROOT, Chart, Render, program
from tests.databases import Databases

STATEMENTS = cli.chosen()


@pytest.fixture(scope="module")
def chart(tmp_path_factory: pytest.TempPathFactory) -> Chart:
    """A copy of the chart."""
    helm = program("helm", "HELM")
    if helm is None:
        missing("helm is not on PATH")
    folder = tmp_path_factory.mktemp("chart") / "bookstore"
    shutil.copytree(CHART, folder)
    package(str(helm), folder)
    return Chart(folder, str(helm))


@pytest.fixture(scope="module")
def renders(chart: Chart) -> dict[str, Render]:
    """Of staging and dev, with one image."""
    return {name: chart.render(ROOT / f"values/{name}.yaml", namespace=name) for name in ("staging", "dev")}


@pytest.fixture
def world(renders: dict[str, Render], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> World:
    """Both environments, and this virtual environment as the image."""
    monkeypatch.setattr(packages, "LOCK", ROOT / "requirements/dev.txt")
    monkeypatch.setattr(packages, "distributions", installed)
    staging, dev = (Namespace(render, name) for name, render in renders.items())
    return World(staging, dev, monkeypatch, tmp_path)


@pytest.fixture
def api(world: World) -> Iterator[Api]:
    with Api(world.staging, world.dev).running() as api:
        yield api


@pytest.fixture
def asking(api: Api) -> Callable[[], Run]:
    """A function that looks at both environments, and may ask everything."""

    def look() -> Run:
        staging = Kubernetes.behind_proxy(api.url, "staging")
        return Run(
            Install(staging, None, tuple(Surface), inside=False),
            Install(replace(staging, namespace="dev"), "shop", tuple(Surface), inside=False),
            in_image=True,
            disturb=True,
            patience_seconds=0,
        )

    return look


def test_all_of_it_holds(asking: Callable[[], Run]) -> None:
    found = ask_all(asking(), STATEMENTS)
    assert {(each.statement.name, each.evidence) for each in found if each.outcome is not Outcome.HOLDS} == set()
    assert [each.statement.factor.number for each in found] == sorted(each.statement.factor.number for each in found)
    assert all(each.evidence for each in found)


def test_all_that_needs_no_leave_holds_of_production(chart: Chart) -> None:
    production = Namespace(chart.render(ROOT / "values/prod.yaml"), "prod")
    # Metrics have a Service of their own there, and no page.
    for each in production.objects["services"]:
        if "metrics" in name_of(each):
            production.answers[name_of(each), "/"] = production.answers[name_of(each), "/readyz"] = (404, "")
    with Api(production).running() as api:
        done = command(api, "--namespace=prod")
    assert done.exit_code == 0, done.output


def test_there_are_two_for_each_factor_that_change_nothing() -> None:
    for factor in Factor:
        assert sum(each.factor is factor and Need.DISTURB not in each.needs for each in STATEMENTS) >= 2, factor


def test_each_has_an_install_that_breaks_it() -> None:
    assert {each.name for each in STATEMENTS} == set(BREAKING)


@pytest.mark.parametrize("statement", STATEMENTS, ids=lambda each: each.name)
def test_a_broken_install_is_noticed(statement: Statement, world: World, asking: Callable[[], Run]) -> None:
    BREAKING[statement.name](world)
    found = ask(asking(), statement)
    assert found.outcome is Outcome.BROKEN, found.evidence
    assert "not understood" not in found.evidence
    assert "hunter2" not in found.evidence


class TestCommand:
    def test_prints_evidence_and_changes_nothing(self, api: Api) -> None:
        done = command(api, "--namespace=staging", "--against=dev/shop")
        assert done.exit_code == 0, done.output
        assert "\n12. Admin processes\n" in done.output
        assert "          Bookstore (staging) on shop-bookstore-storefront/" in done.output
        asked = sum(not {Need.IMAGE, Need.DISTURB} & set(each.needs) for each in STATEMENTS)
        assert f"{asked} hold, 0 are broken, {len(STATEMENTS) - asked} were not asked." in done.output
        assert api.changes == []

    def test_fails_where_a_statement_is_broken(self, api: Api, world: World) -> None:
        BREAKING["commands_exist"](world)
        done = command(api, "--namespace=staging")
        assert done.exit_code == 1
        assert "FAIL  Every command that a Job or CronJob runs" in done.output
        assert "CronJob shop-bookstore-cart-purge: cart purgee" in done.output

    def test_disturbs_where_it_may_and_puts_back(self, api: Api, world: World) -> None:
        done = command(api, "--namespace=staging", "--disturb")
        assert done.exit_code == 0, done.output
        assert "shop-bookstore-api: 2, 3, 2" in done.output
        assert {each["spec"]["replicas"] for each in world.staging.objects["deployments"]} == {1, 2}
        assert len([change for change in api.changes if change.startswith("DELETE")]) == 3
        # Helm may set another number without a conflict.
        scaled = [each["metadata"].get("managedFields") for each in world.staging.objects["deployments"]]
        assert [each for each in scaled if each] == [[{"manager": "helm"}]] * 2

    def test_asks_only_what_holds_of_any_application(self, api: Api) -> None:
        done = command(api, "--namespace=staging", "--generic", "--component=sandbox-payments")
        assert f"of {len(generic.STATEMENTS)}" not in done.output
        assert "Every setting is one that the code reads" not in done.output
        assert "sandbox-payments" in done.output

    @pytest.mark.parametrize(
        ("arguments", "sentence"),
        [
            (["--namespace=nowhere"], "Say --release: namespace nowhere has none."),
            (["--namespace=staging", "--release=other"], "Release other has no Deployment that serves"),
            ([], "Say --namespace."),
        ],
    )
    def test_what_is_not_there_is_said(self, api: Api, arguments: list[str], sentence: str) -> None:
        done = command(api, *arguments)
        assert done.exit_code in (1, 2)
        assert sentence in done.output

    def test_a_server_that_is_no_proxy_is_said(self) -> None:
        done = CliRunner().invoke(bookstore, ["conformance", "--namespace=x", "--server=https://kube:6443"])
        assert done.exit_code == 1
        assert "is not the address of a `kubectl proxy`" in done.output


def command(api: Api, *arguments: str) -> Any:
    return CliRunner().invoke(bookstore, ["conformance", f"--server={api.url}", *arguments])


def test_an_autoscaler_s_deployments_are_not_scaled(api: Api, world: World) -> None:
    world.staging.objects["horizontalpodautoscalers"] = [
        {"metadata": {"name": name_of(each)}, "spec": {"scaleTargetRef": {"name": name_of(each)}}}
        for each in world.staging.objects["deployments"]
    ]
    done = command(api, "--namespace=staging", "--disturb")
    assert "autoscalers own the number of every Deployment" in done.output


def test_it_knows_the_image_that_it_runs_in(
    asking: Callable[[], Run], world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOSTNAME", name_of(world.pod))
    assert cli._is_of(asking().install)
    monkeypatch.setenv("HOSTNAME", "a-laptop")
    assert not cli._is_of(asking().install)
    monkeypatch.setenv("HOSTNAME", name_of(world.pod))
    BREAKING["one_image"](world)
    assert not cli._is_of(asking().install)


def test_in_a_pod_services_are_asked_at_their_addresses_under_their_names(
    asking: Callable[[], Run], api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    inside = Install(asking().install.kubernetes, "shop", tuple(Surface), inside=True)
    (service, *_) = inside.services
    assert inside.ask(service, "/readyz").status == 0  # there is no such name here
    asked: list[str] = []

    def connect(host: str, _port: int, timeout: float) -> HTTPConnection:
        asked.append(host)
        return HTTPConnection("127.0.0.1", api.server_port, timeout=timeout)

    monkeypatch.setattr(install, "HTTPConnection", connect)
    api.hosts.clear()
    assert inside.ask(service, "/api/v1/namespaces/staging/pods").status == 200
    service["spec"]["clusterIP"] = "10.96.0.7"
    assert inside.ask(service, "/api/v1/namespaces/staging/pods").status == 200
    assert asked == ["shop-bookstore-api.staging.svc", "10.96.0.7"]
    assert api.hosts == {"shop-bookstore-api.staging.svc"}


def test_the_hash_is_the_chart_s(chart: Chart) -> None:
    render = chart.render(values={"settings": {"SHOP_NAME": "<Ex> Libris & Söhne\u2028"}})
    hashed = [each for each in render.all("ConfigMap") if each.get("immutable") and "SHOP_NAME" in each["data"]]
    assert hashed
    for each in hashed:
        assert name_of(each).endswith(f"-{hash_of(each['data'])}")


def test_the_schema_s_fingerprint_is_of_all_that_is_in_it(databases: Databases, worker_id: str) -> None:
    with databases.temporary(f"fingerprint_{worker_id}") as name:
        engine = create_engine(databases.url(name, OWNER).replace("postgresql:", "postgresql+psycopg:"))
        with engine.connect() as connection:
            before = schema.fingerprint(connection)
            assert before.startswith(f"{schema.known_revisions()[0]}-")
            for change in CHANGES:
                connection.execute(text(change))
                assert schema.fingerprint(connection) != before, change
                connection.rollback()
            assert schema.fingerprint(connection) == before
        engine.dispose()


CHANGES = (
    "ALTER TABLE book ADD COLUMN more text",
    "ALTER TABLE book ADD CONSTRAINT more CHECK (stock < 1000000)",
    "CREATE INDEX more ON book (stock)",
    "ALTER TABLE book ALTER COLUMN stock SET DEFAULT 7",
    "ALTER TABLE book ALTER COLUMN title DROP NOT NULL",
)


def test_the_page_is_up_to_date() -> None:
    assert twelve_factor.PAGE.read_text() == twelve_factor.page(), "run python -m ci.twelve_factor"
