"""The bundled database: what its chart makes of our values, which are for the official image."""

import re
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.chart.checks import DEFAULTS, with_defaults
from tests.chart.policies import the_database_and_its_clients_may_meet
from tests.chart.rendering import Chart, Object, Render, generated_keys

PRIMARY = DEFAULTS["postgresql"]["primary"]
SECRETS = "/opt/bitnami/postgresql/secrets"
# Every way to another name, by the subchart's own values or by an umbrella chart's.
NAMES: list[tuple[str, dict[str, Any]]] = [
    ("db", {"postgresql": {"fullnameOverride": "db"}}),
    ("shop-pg", {"postgresql": {"nameOverride": "pg"}}),
    ("shared", {"global": {"postgresql": {"fullnameOverride": "shared"}}}),
]


def server(render: Render) -> Object:
    """The container of the database."""
    (database,) = render.all("StatefulSet")
    (found,) = database["spec"]["template"]["spec"]["containers"]
    return dict(found)


def mounts(render: Render) -> dict[str, Object]:
    """Where its container has which volume."""
    (database,) = render.all("StatefulSet")
    volumes = {each["name"]: each for each in database["spec"]["template"]["spec"]["volumes"]}
    volumes |= {each["metadata"]["name"]: each for each in database["spec"].get("volumeClaimTemplates", [])}
    return {each["mountPath"].rstrip("/"): volumes[each["name"]] for each in server(render)["volumeMounts"]}


def settings(render: Render) -> dict[str, str]:
    """What the shop's pods are told of the database."""
    found = [each["data"] for each in render.all("ConfigMap") if "DATABASE_HOST" in each.get("data", {})]
    return {key: value for data in found for key, value in data.items() if key in {"DATABASE_HOST", "DATABASE_PORT"}}


def test_the_official_image_finds_what_it_reads(chart: Chart) -> None:
    render = chart.render()
    container = server(render)
    env = {each["name"]: each["value"] for each in container["env"]}
    assert not {"command", "args"} & set(container)
    assert env["POSTGRES_INITDB_ARGS"] == PRIMARY["initdb"]["args"]
    assert env["POSTGRES_PASSWORD_FILE"] == f"{SECRETS}/postgres-password"
    assert not {"POSTGRES_USER", "POSTGRES_PASSWORD", "POSTGRES_DB"} & set(env)
    places = mounts(render)
    assert Path(env["PGDATA"]).parent.as_posix() in places
    assert {"/dev/shm", "/var/run/postgresql"} <= set(places)  # noqa: S108 the image writes there
    scripts = render.one("ConfigMap", places["/docker-entrypoint-initdb.d"]["configMap"]["name"])
    assert scripts["data"] == PRIMARY["initdb"]["scripts"]


def test_every_password_that_it_reads_is_made(chart: Chart) -> None:
    render = chart.render()
    secret = mounts(render)[SECRETS]["secret"]
    assert not set(secret) & {"items", "optional"}
    scripts = render.one("ConfigMap", mounts(render)["/docker-entrypoint-initdb.d"]["configMap"]["name"])
    read = set(re.findall(rf"{SECRETS}/([-a-z]+)", yaml.safe_dump([server(render), scripts["data"]])))
    assert read == {"postgres-password", "owner-password", "app-password"}
    made = {key for name, key in generated_keys(render) if name == secret["secretName"]}
    assert made == read


def test_it_is_probed_as_we_say(chart: Chart) -> None:
    container = server(chart.render())
    for probe in ("Startup", "Readiness", "Liveness"):
        assert container[f"{probe.lower()}Probe"] == PRIMARY[f"custom{probe}Probe"]


@pytest.mark.parametrize(("name", "values"), NAMES, ids=[name for name, _ in NAMES])
def test_its_names_are_followed(name: str, values: dict[str, Any], chart: Chart) -> None:
    render = chart.render(values=values)
    (database,) = render.all("StatefulSet")
    assert database["metadata"]["name"] == name
    assert settings(render)["DATABASE_HOST"] == name
    assert (name, "app-password") in generated_keys(render)
    assert mounts(render)[SECRETS]["secret"]["secretName"] == name
    the_database_and_its_clients_may_meet(render, with_defaults(values))


def test_an_umbrella_chart_may_say_its_port_and_its_secret(chart: Chart) -> None:
    given = {"service": {"ports": {"postgresql": "6432"}}, "auth": {"existingSecret": "given"}}
    render = chart.render(values={"global": {"postgresql": given}})
    assert settings(render) == {"DATABASE_HOST": "shop-postgresql", "DATABASE_PORT": "6432"}
    assert render.one("Service", "shop-postgresql")["spec"]["ports"][0]["port"] == 6432
    assert mounts(render)[SECRETS]["secret"]["secretName"] == "given"
    assert {name for name, _ in generated_keys(render)} == {"shop-bookstore"}


def test_server_settings_reach_it(chart: Chart) -> None:
    args = ["-c", "max_connections=200"]
    assert server(chart.render(values={"postgresql": {"primary": {"args": args}}}))["args"] == args


def test_our_own_message_comes_before_the_subchart_s(chart: Chart, tmp_path: Path) -> None:
    copy = Chart(tmp_path / "bookstore", chart.helm)
    shutil.copytree(chart.folder, copy.folder)
    (package,) = (copy.folder / "charts").glob("postgresql-*.tgz")
    shutil.unpack_archive(package, copy.folder / "charts")
    package.unlink()
    # As deep as the deepest templates of Bitnami's chart.
    fails = copy.folder / "charts/postgresql/templates/primary/statefulset.yaml"
    fails.parent.mkdir(exist_ok=True)
    fails.write_text('{{ fail "a certificate is required" }}')
    assert "a certificate is required" in copy.render().error
    error = copy.render(values={"postgresql": {"tls": {"enabled": True}}}).error
    assert "postgresql.tls.enabled: needs Bitnami's own image" in error
    assert "a certificate is required" not in error
