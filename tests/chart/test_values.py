"""Values: bad ones are refused with a sentence, good ones in any combination render."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from tests.chart.checks import CHECKS, with_defaults
from tests.chart.rendering import CHART, ENVIRONMENTS, Chart, merged, named

BAD: list[dict[str, Any]] = yaml.safe_load((Path(__file__).parent / "bad_values.yaml").read_text())
OUTSIDE: dict[str, Any] = {
    "postgresql": {"enabled": False},
    "database": {
        "host": "db",
        "app": {"password": {"existingSecret": "app"}},
        "owner": {"password": {"existingSecret": "owner"}},
    },
    "networkPolicy": {"databases": {"main": {"peer": {"ipBlock": {"cidr": "10.0.0.5/32"}}}}},
}
SPLIT = {"surfaces": {"all": {"enabled": False}, "api": {"enabled": True}, "storefront": {"enabled": True}}}
BACKUP: dict[str, Any] = {"backup": {"enabled": True}}
S3: dict[str, Any] = {
    "backup": {
        "s3": {
            "enabled": True,
            "bucket": "backups",
            "accessKey": {"existingSecret": "store"},
            "secretKey": {"existingSecret": "store"},
        }
    },
    "networkPolicy": {"backupStores": {"store": {"peer": {"ipBlock": {"cidr": "10.0.0.6/32"}}}}},
}
PAYMENT: dict[str, Any] = {
    "payment": {
        "provider": "sandbox",
        "url": "https://pay.example",
        "apiKey": {"existingSecret": "payment"},
        "webhookSecret": {"value": "c29tZXRoaW5nIHRvIHNpZ24gd2ViaG9va3Mgd2l0aA=="},
    },
    "networkPolicy": {"payment": {"provider": {"peer": {"ipBlock": {"cidr": "203.0.113.0/24"}}}}},
}
SANDBOX: dict[str, Any] = {"payment": {"provider": "sandbox", "sandbox": {"enabled": True}}}
MAIL: dict[str, Any] = {
    "mail": {"host": "mail", "user": "shop", "password": {"existingSecret": "mail"}, "from": "shop@example.org"},
    "networkPolicy": {"mail": {"server": {"peer": {"ipBlock": {"cidr": "10.0.0.7/32"}}}}},
    "schedules": {"mine": {"schedule": "1 * * * *", "args": ["doctor"], "needs": ["mail"]}},
}
CACHE: dict[str, Any] = {"cache": {"valkey": {"enabled": True, "persistence": {"enabled": True}}}}
OUTSIDE_CACHE: dict[str, Any] = {
    "cache": {"host": "cache", "tls": True, "ca": {"value": "a"}, "password": {"existingSecret": "cache"}},
    "networkPolicy": {"cache": {"server": {"peer": {"ipBlock": {"cidr": "10.0.0.8/32"}}}}},
}
TRACING: dict[str, Any] = {
    "tracing": {"enabled": True, "endpoint": "http://collector:4318"},
    "networkPolicy": {"tracing": {"collector": {"peer": {"podSelector": {}}}}},
}
POD_VOLUME: dict[str, Any] = {"backup": {"persistence": {"enabled": False}}}
# Of Secrets that some of the choices name.
EXTERNAL: dict[str, Any] = {
    "externalSecrets": {
        name: {"storeRef": {"name": "vault"}, "data": {key: {"remoteKey": f"shop/{name}"} for key in keys}}
        for name, keys in {"key": ["secret-key"], "owner": ["password"], "store": ["access-key", "secret-key"]}.items()
    }
}


@pytest.mark.parametrize("bad", BAD, ids=[f"{number}" for number in range(len(BAD))])
def test_bad_values_are_refused_with_a_sentence(bad: dict[str, Any], chart: Chart) -> None:
    base = OUTSIDE if bad.get("base") == "outside" else {}
    error = chart.render(values=merged(base, bad["values"])).error
    assert bad["says"] in error


def test_the_corpus_is_large_and_has_no_doubles() -> None:
    assert len(BAD) >= 60
    assert len({str(bad) for bad in BAD}) == len(BAD)


def test_all_mistakes_come_in_one_message(chart: Chart) -> None:
    several = [bad for bad in BAD if bad["says"].startswith(("surfaces: `all`", "settings.WEB", "database.host: db"))]
    values: dict[str, Any] = {}
    for bad in several:
        values = merged(values, bad["values"])
    error = chart.render(values=values).error
    assert len(several) == 3
    assert all(bad["says"] in error for bad in several)


def test_a_release_s_name_must_do_for_a_service(chart: Chart) -> None:
    error = chart.render(release="my.shop").error
    assert "fullnameOverride: my.shop-bookstore cannot name a Service" in error
    overrides = {"fullnameOverride": "my-shop", "postgresql": {"fullnameOverride": "my-shop-db"}}
    assert not chart.render(release="my.shop", values=overrides).error


CHOICES = st.fixed_dictionaries(
    {
        "base": st.sampled_from([{}, OUTSIDE]),
        "surfaces": st.sampled_from([{}, SPLIT]),
        "scaling": st.sampled_from([{}, {"web": {"autoscaling": {"enabled": True}}}, {"web": {"replicas": 3}}]),
        "policies": st.sampled_from([{}, {"networkPolicy": {"enabled": False}}]),
        "monitor": st.sampled_from([{}, {"serviceMonitor": {"enabled": True}}]),
        "route": st.sampled_from(
            [
                {},
                {"hosts": {"a": {"host": "a.example", "tlsSecret": "a"}}, "ingress": {"enabled": True}},
                {"hosts": {"a": {"host": "a.example"}}, "httpRoute": {"enabled": True, "parentRefs": [{"name": "g"}]}},
            ]
        ),
        "tests": st.sampled_from([{}, {"tests": {"enabled": False}}]),
        "migrations": st.sampled_from([{}, {"migrations": {"mode": "external"}}, {"migrations": {"mode": "job"}}]),
        "key": st.sampled_from([{}, {"secretKey": {"existingSecret": "key"}}, {"secretKey": {"value": "v" * 32}}]),
        "account": st.sampled_from([{}, {"serviceAccount": {"create": False}}]),
        "limit": st.just({"database": {"connectionLimit": 500}}),
        "backup": st.sampled_from([{}, BACKUP, merged(BACKUP, S3), merged(merged(BACKUP, S3), POD_VOLUME)]),
        "external": st.sampled_from([{}, EXTERNAL]),
        "tuning": st.sampled_from([{}, {"cache": {"tuning": {"CACHE_TTL_SECONDS": 0}}}]),
        "payment": st.sampled_from([{}, PAYMENT, SANDBOX]),
        "mail": st.sampled_from([{}, MAIL, {"schedules": MAIL["schedules"]}]),
        "tracing": st.sampled_from([{}, TRACING]),
        "cache": st.sampled_from([{}, CACHE, OUTSIDE_CACHE]),
        "rules": st.sampled_from([{}, {"serviceMonitor": {"enabled": True}, "prometheusRule": {"enabled": True}}]),
    }
)


@hypothesis_settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(CHOICES)
def test_any_combination_renders(chart: Chart, choices: dict[str, dict[str, Any]]) -> None:
    values: dict[str, Any] = {}
    for choice in choices.values():
        values = merged(values, choice)
    render = chart.render(values=values)
    for check in CHECKS:
        check(render, with_defaults(values))
    jobs = 7 + 2 * bool(choices["backup"]) + bool(choices["payment"]) + 2 * (choices["mail"] == MAIL)
    assert len(render.all("CronJob")) == jobs
    beside = (choices["payment"] == SANDBOX) + (choices["cache"] == CACHE)
    assert len(render.all("Deployment")) == (2 if choices["surfaces"] else 1) + beside


@pytest.mark.parametrize("file", ENVIRONMENTS, ids=named)
def test_environments_hold_no_secret(file: Path) -> None:
    def values_of(block: Any) -> list[Any]:
        if not isinstance(block, dict):
            return []
        here = [block["value"]] if "existingSecret" in block and block.get("value") else []
        return here + [one for below in block.values() for one in values_of(below)]

    assert values_of(yaml.safe_load(file.read_text())) == []
    assert "password: " not in file.read_text().replace("password: {existingSecret", "")


def test_production_is_held_to_more(chart: Chart) -> None:
    (file,) = [file for file in ENVIRONMENTS if file.stem == "prod"]
    render = chart.render(file)
    deployments = {each["metadata"]["name"] for each in render.all("Deployment")}
    surfaces = {"shop-bookstore-api", "shop-bookstore-storefront"}
    assert deployments == surfaces | {"shop-bookstore-cache"}
    for kind in ("HorizontalPodAutoscaler", "PodDisruptionBudget"):
        assert {each["metadata"]["name"] for each in render.all(kind)} == surfaces
    assert render.all("Ingress")[0]["spec"]["tls"]
    assert render.all("ServiceMonitor")
    assert not render.all("StatefulSet", "Secret")
    images = {template["spec"]["containers"][0]["image"] for _, template in render.pods()}
    # What was tested is what runs; a cache holds nothing that may not vanish, and gets its fixes with its tag.
    assert {image for image in images if "@sha256:" not in image} == {"docker.io/valkey/valkey:8-trixie"}
    settings = [each["data"] for each in render.all("ConfigMap") if "DATABASE_USER" in each["data"]]
    assert {each["DATABASE_SSLMODE"] for each in settings} == {"verify-full"}
    assert {each["DATABASE_USER"] for each in settings} == {"bookstore", "bookstore_owner"}


def test_the_versions_are_one_number() -> None:
    about = yaml.safe_load((CHART / "Chart.yaml").read_text())
    project = (CHART.parent.parent / "pyproject.toml").read_text()
    assert f'version = "{about["appVersion"]}"' in project
    assert f"image: bookstore:{about['appVersion']}" in about["annotations"]["artifacthub.io/images"]
    values = yaml.safe_load((CHART / "values.yaml").read_text())["postgresql"]["image"]
    bundled = f"{values['registry']}/{values['repository']}:{values['tag']}"
    assert f"image: {bundled}" in about["annotations"]["artifacthub.io/images"]
