"""compose.yaml runs what the chart runs for values/dev.yaml and a cache: images, settings, commands, users, secrets."""

import json
import re
import shlex
import subprocess
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import yaml

from tests.chart.rendering import ROOT, Chart, Object, Render
from tests.deploy.checking import SCHEMAS

COMPOSE: Any = yaml.safe_load((ROOT / "compose.yaml").read_text())
SERVICES: dict[str, Any] = COMPOSE["services"]
FOLDER = ROOT / "deploy/compose"
SHOP = ("web", "migrate", "schedules", "sandbox", "secrets")
SECRETS_DIR = "/run/secrets/bookstore"
# By service, the Deployment, StatefulSet or Job that it is in the chart.
PARTS = {
    "web": ("Deployment", "-all"),
    "sandbox": ("Deployment", "-sandbox-payments"),
    "cache": ("Deployment", "-cache"),
    "database": ("StatefulSet", "-postgresql"),
}
every_part = pytest.mark.parametrize("name", PARTS)


@pytest.fixture(scope="session")
def dev(chart: Chart) -> Render:
    """Development, with a cache."""
    return chart.render(ROOT / "values/dev.yaml", values={"cache": {"valkey": {"enabled": True}}})


def pod(dev: Render, name: str) -> Object:
    """The pod of a service, as the chart has it."""
    if name == "migrate":
        (job,) = [each for each in dev.all("Job") if "-migrate-" in each["metadata"]["name"]]
        return dict(job["spec"]["template"]["spec"])
    return dict(dev.one(*PARTS[name])["spec"]["template"]["spec"])


def settings(dev: Render, first: Object) -> dict[str, str]:
    """What the chart tells a container, and where its secrets are."""
    (source,) = first["envFrom"]
    told = dev.one("ConfigMap", source["configMapRef"]["name"])["data"]
    return {**told, **{each["name"]: each["value"] for each in first["env"]}}


def unescaped(command: list[str]) -> list[str]:
    """A command as the container gets it."""
    return [word.replace("$$", "$") for word in command]


def one_line(words: list[str]) -> list[str]:
    """Without the line breaks that YAML keeps or folds."""
    return [" ".join(word.split()) for word in words]


def test_it_is_what_compose_takes() -> None:
    jsonschema_rs.validator_for(json.loads((SCHEMAS / "compose.json").read_text())).validate(COMPOSE)
    for each in SERVICES.values():
        assert set(each.get("networks", [])) <= set(COMPOSE["networks"])
        assert set(each.get("depends_on", {})) <= set(SERVICES)
        for volume in each.get("volumes", []):
            source = volume.split(":")[0]
            assert (ROOT / source).exists() if source.startswith("./") else source in COMPOSE["volumes"]


@every_part
def test_image_user_memory_and_ports_are_the_chart_s(name: str, dev: Render) -> None:
    theirs, service = pod(dev, name), SERVICES[name]
    first = theirs["containers"][0]
    assert service["image"] == first["image"]
    security = {**theirs["securityContext"], **first["securityContext"]}
    assert service["user"] == f"{security['runAsUser']}:{security['runAsGroup']}"
    assert service["deploy"]["resources"]["limits"]["memory"] == first["resources"]["limits"]["memory"].rstrip("i")
    published = [port.rsplit(":", 1)[1] for port in service.get("ports", [])]
    assert set(published) <= {str(port["containerPort"]) for port in first["ports"]}
    assert all(port.startswith("127.0.0.1:") for port in service.get("ports", []))


@pytest.mark.parametrize("name", SERVICES)
def test_every_container_is_restricted(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert (service["image"] == SERVICES["web"]["image"]) == (name in SHOP)
    # Root's name alone, and nobody to talk to.
    assert (service["user"] == "0:0") == (service.get("network_mode") == "none") == (name == "secrets")


def test_the_shop_has_the_same_settings(dev: Render) -> None:
    ours, theirs = SERVICES["web"]["environment"], settings(dev, pod(dev, "web")["containers"][0])
    # The log's level is in a mounted folder there, and what is to be tuned, of which the defaults hold here.
    assert set(ours) == set(theirs) - {"TUNING_DIR"} | {"LOG_LEVEL"}
    tuning = dev.one("ConfigMap", "-cache-tuning")["data"]
    assert ours["LOG_LEVEL"] == tuning["LOG_LEVEL"]
    # Addresses, and that there is no proxy.
    places = {"ALLOWED_HOSTS", "CACHE_HOST", "CACHE_PREFIX", "DATABASE_HOST", "PAYMENT_PAGE_ORIGIN", "PAYMENT_URL"}
    places |= {"LOG_LEVEL", "PUBLIC_URL", "TRUSTED_PROXIES"}
    assert {name: value for name, value in ours.items() if name not in places} == {
        name: value for name, value in theirs.items() if name not in {*places, "TUNING_DIR"}
    }


def test_the_migration_has_the_same_settings_and_commands(dev: Render) -> None:
    theirs = pod(dev, "migrate")
    first = theirs["containers"][0]
    assert SERVICES["migrate"]["environment"] == {**settings(dev, first), "DATABASE_HOST": "database"}
    (text,) = SERVICES["migrate"]["command"]
    commands = [shlex.split(one.partition("bookstore ")[2]) for one in text.split(";")]
    assert commands == [each["args"] for each in (*theirs["initContainers"], first)]


def test_whoever_is_told_of_a_place_can_reach_it() -> None:
    for name, places in {
        "web": ("database", "cache", "sandbox"),
        "schedules": ("database", "cache", "sandbox"),
    }.items():
        told = " ".join(SERVICES[name]["environment"].values())
        for place in places:
            assert place in told
            assert set(SERVICES[name]["networks"]) & set(SERVICES[place]["networks"])
    assert set(SERVICES["migrate"]["networks"]) == set(SERVICES["database"]["networks"]) == {"data"}
    assert COMPOSE["networks"]["data"] == {"internal": True}


def test_the_schedules_are_those_of_the_chart(dev: Render) -> None:
    script = (FOLDER / "schedules.sh").read_text()
    ours = [shlex.split(line) for line in re.findall(r"^  bookstore (.+) \|\| :$", script, re.MULTILINE)]
    theirs = [
        each["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"][0]["args"] for each in dev.all("CronJob")
    ]
    assert sorted(ours) == sorted(theirs)


def test_the_database_is_made_alike(dev: Render) -> None:
    first, ours = pod(dev, "database")["containers"][0], SERVICES["database"]
    (made,) = dev.one("ConfigMap", "-postgresql-init-scripts")["data"].items()
    assert (FOLDER / "initdb" / made[0]).read_text() == made[1]
    theirs = {each["name"]: each["value"] for each in first["env"]}
    assert ours["environment"] == {name: theirs[name] for name in ours["environment"]}
    secrets = str(Path(theirs["POSTGRES_PASSWORD_FILE"]).parent)
    assert f"secrets-database:{secrets}:ro" in ours["volumes"]
    probe = first["startupProbe"]
    assert one_line(unescaped(ours["healthcheck"]["test"][1:])) == one_line(probe["exec"]["command"])
    assert ours["healthcheck"]["start_period"] == f"{probe['periodSeconds'] * probe['failureThreshold']}s"


def test_the_cache_has_the_same_settings(dev: Render) -> None:
    (text,) = SERVICES["cache"]["command"]
    (conf,) = [each["data"] for each in dev.all("ConfigMap") if "valkey.conf" in each["data"]]
    theirs = {line for line in conf["valkey.conf"].splitlines() if not line.startswith("#")}
    eviction = dev.one("ConfigMap", "-cache-tuning")["data"]["CACHE_EVICTION"]
    ours = set(text.splitlines()[1:-1])
    assert ours == theirs | {f"maxmemory-policy {eviction}", "requirepass $$(cat /run/secrets/valkey/password)"}
    probe = pod(dev, "cache")["containers"][0]["readinessProbe"]["exec"]["command"]
    assert unescaped(SERVICES["cache"]["healthcheck"]["test"][1:]) == probe


def test_the_shop_and_the_sandbox_are_asked_and_started_alike(dev: Render) -> None:
    shop = pod(dev, "web")
    path = shop["containers"][0]["readinessProbe"]["httpGet"]["path"]
    assert SERVICES["web"]["healthcheck"]["test"][-1] == f"http://127.0.0.1:8000{path}"
    assert SERVICES["web"]["stop_grace_period"] == f"{shop['terminationGracePeriodSeconds']}s"
    (text,) = SERVICES["sandbox"]["command"]
    ours = shlex.split(text.partition("exec bookstore ")[2])
    theirs = pod(dev, "sandbox")["containers"][0]["args"]
    assert [word.partition("=")[0] for word in ours] == [word.partition("=")[0] for word in theirs]
    for word in ours:
        assert word in theirs or word.startswith(("--webhook-url=http://web:8000/", "--public-url=http://localhost:"))
    assert SERVICES["web"]["environment"]["PAYMENT_PAGE_ORIGIN"] in text


def test_all_wait_for_what_they_need() -> None:
    needs = {name: service.get("depends_on", {}) for name, service in SERVICES.items()}
    done, healthy = {"condition": "service_completed_successfully"}, {"condition": "service_healthy"}
    assert needs["web"] == {"migrate": done, "cache": healthy, "sandbox": healthy}
    assert needs["schedules"] == {"migrate": done}
    assert needs["migrate"] == {"database": healthy}
    for name in ("database", "cache", "sandbox"):
        assert needs[name] == {"secrets": done}
        assert "healthcheck" in SERVICES[name]


def test_everybody_has_the_secrets_that_they_read_and_no_other(dev: Render, tmp_path: Path) -> None:
    made = make_secrets(tmp_path)
    for name in ("web", "migrate"):
        (volume,) = [one for one in pod(dev, name)["volumes"] if one["name"] == "secrets"]
        sources = [one["secret"] for one in volume["projected"]["sources"] if not one["secret"].get("optional")]
        files = {item["path"] for source in sources for item in source["items"]}
        (mounted,) = [one for one in SERVICES[name]["volumes"] if one.split(":")[1] == SECRETS_DIR]
        folder = mounted.split(":")[0].removeprefix("secrets-")
        assert set(made[folder]) == files
    assert made["sandbox"].items() <= made["app"].items()
    assert made["cache"] == {"password": made["app"]["CACHE_PASSWORD"]}
    assert made["database"]["app-password"] == made["app"]["DATABASE_PASSWORD"]
    assert made["database"]["owner-password"] == made["owner"]["DATABASE_PASSWORD"]
    assert len({value for files in made.values() for value in files.values()}) == 7
    assert make_secrets(tmp_path) == made


def make_secrets(root: Path) -> dict[str, dict[str, str]]:
    """What the service of that name makes, in folders for its volumes."""
    folders = [volume.split(":")[1] for volume in SERVICES["secrets"]["volumes"] if volume.startswith("secrets-")]
    for folder in folders:
        (root / folder.lstrip("/")).mkdir(parents=True, exist_ok=True)
    script = (FOLDER / "secrets.sh").read_text().replace("cd /secrets\n", f"cd {root / 'secrets'}\n")
    done = subprocess.run(["sh", "-eu", "-c", script], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    made = {folder.name: folder for folder in sorted((root / "secrets").iterdir())}
    return {name: {file.name: file.read_text() for file in folder.iterdir()} for name, folder in made.items()}
