"""What pods are told is what the application takes."""

from pathlib import Path
from typing import Any

import pytest
from click import Context, Group

from bookstore.cli import bookstore
from bookstore.config import Settings
from tests.chart.rendering import FILES, Chart, Object, named

# Serves as each of them: long enough, base64, and no secret.
CREDENTIAL = "c2lnbnMgd2ViaG9va3MgYW5kIGNvb2tpZXM="
FEATURES: dict[str, Any] = {
    "payment": {"provider": "sandbox", "sandbox": {"enabled": True}},
    "mail": {"host": "mail", "from": "shop@example.org"},
    "networkPolicy": {"enabled": False},
}


@pytest.mark.parametrize("file", FILES, ids=named)
def test_settings_are_those_of_the_application(file: Path, chart: Chart) -> None:
    known = {name.upper() for name in Settings.model_fields}
    told = [each["data"] for each in chart.render(file).all("ConfigMap") if "PUBLIC_URL" in each.get("data", {})]
    assert told
    for data in told:
        assert set(data) <= known


def variables(template: Object, maps: dict[str, dict[str, str]]) -> dict[str, str]:
    """What the first container of a pod reads, from its ConfigMap and as mounted secrets."""
    first = template["spec"]["containers"][0]
    (config,) = first["envFrom"]
    (volume,) = [one for one in template["spec"]["volumes"] if one["name"] == "secrets"]
    items = [item["path"] for source in volume["projected"]["sources"] for item in source["secret"]["items"]]
    return maps[config["configMapRef"]["name"]] | dict.fromkeys(items, CREDENTIAL)


@pytest.mark.parametrize("file", FILES, ids=named)
def test_every_pod_has_settings_and_secrets_that_go_together(
    file: Path, chart: Chart, monkeypatch: pytest.MonkeyPatch
) -> None:
    render = chart.render(file)
    maps = {each["metadata"]["name"]: each["data"] for each in render.all("ConfigMap") if "data" in each}
    pods: dict[str, Settings] = {}
    for _, template in render.pods():
        if any(volume["name"] == "secrets" for volume in template["spec"].get("volumes", [])):
            with monkeypatch.context() as patch:
                for name, value in variables(template, maps).items():
                    patch.setenv(name, value)
                pods[template["spec"]["containers"][0]["name"]] = Settings.load()
    web = [pods[name] for name in ("all", "api", "storefront") if name in pods]
    assert web
    for each in web:
        assert each.smtp_password is None
        assert (each.payment_pages is not None) == ("payments-reconcile" in pods)
    assert ("outbox-send" in pods) == (file.stem == "selling-values")
    assert pods["cart-purge"].payment_api_key is None
    if file.stem == "prod":
        assert {each.database.query["sslmode"] for each in pods.values()} == {"verify-full"}


def test_schedules_run_commands_that_there_are(chart: Chart) -> None:
    schedules = chart.render(values=FEATURES).all("CronJob")
    assert len(schedules) == 9
    for each in schedules:
        command: Any = bookstore
        for word in each["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"][0]["args"]:
            assert isinstance(command, Group), each
            command = command.get_command(Context(command), word)
        assert command is not None, each
        assert not isinstance(command, Group), each
