"""For each statement an install that breaks it, and it alone needs to notice: a function of the statement's name."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import Distribution
from pathlib import Path

import pytest

from bookstore import __version__
from bookstore.conformance import disturbing
from bookstore.conformance.objects import Object, name_of
from bookstore.conformance.shop import packages
from tests.app.conformance.served import LINE, Namespace


@dataclass
class World:
    """Staging, dev beside it, and the image that asks."""

    staging: Namespace
    dev: Namespace
    monkeypatch: pytest.MonkeyPatch
    folder: Path

    @property
    def template(self) -> Object:
        """The pod template of a Deployment."""
        return dict(self.staging.one("deployments", "api")["spec"]["template"])

    @property
    def container(self) -> Object:
        """Its container."""
        return dict_of(self.template["spec"]["containers"])

    @property
    def pod(self) -> Object:
        """One of its pods."""
        return self.staging.one("pods", "api")

    @property
    def cron_job(self) -> Object:
        """The container of a CronJob."""
        spec = self.staging.one("cronjobs", "cart-purge")["spec"]["jobTemplate"]["spec"]["template"]["spec"]
        return dict_of(spec["containers"])

    def set(self, name: str, value: str, namespace: Namespace | None = None) -> None:
        """Change a setting of every surface."""
        for each in (namespace or self.staging).objects["configmaps"]:
            if "BOOKSTORE_SURFACE" in each["data"]:
                each["data"][name] = value

    def told(self, namespace: Namespace, before: str, after: str) -> None:
        """Let pods say something else of the database."""
        assert before in namespace.ready_line
        namespace.ready_line = namespace.ready_line.replace(before, after)


def dict_of(containers: list[Object]) -> Object:
    return containers[0]


Breaking = Callable[[World], None]
BREAKING: dict[str, Breaking] = {}


def breaks(function: Breaking) -> Breaking:
    BREAKING[function.__name__] = function
    return function


@breaks
def one_version(world: World) -> None:
    world.staging.one("deployments", "api")["metadata"]["labels"]["app.kubernetes.io/version"] = "0.0.9"


@breaks
def one_image(world: World) -> None:
    (status,) = world.pod["status"]["containerStatuses"]
    status["imageID"] = f"bookstore@sha256:{'0' * 64}"


@breaks
def code_says_its_version(world: World) -> None:
    world.told(world.staging, f"Bookstore {__version__}", "Bookstore 0.0.0")


@breaks
def nothing_can_be_installed(world: World) -> None:
    world.container["securityContext"]["readOnlyRootFilesystem"] = False


@breaks
def nothing_is_installed(world: World) -> None:
    world.container["command"] = ["sh", "-c", "pip install requests && bookstore serve"]


@breaks
def packages_are_locked(world: World) -> None:
    world.monkeypatch.setattr(packages, "LOCK", world.folder / "lock")
    packages.LOCK.write_text(Path("requirements/dev.txt").read_text().replace("flask==", "flasque=="))


@breaks
def imports_are_declared(world: World) -> None:
    (world.folder / "module.py").write_text("import json\nimport yaml\n")
    world.monkeypatch.setattr(packages, "CODE", world.folder)
    world.monkeypatch.setattr(packages, "requires", lambda _name: ["flask~=3.1"])


@breaks
def no_secret_is_plain(world: World) -> None:
    world.set("DATABASE_PASSWORD", "hunter2")


@breaks
def no_environment_is_named(world: World) -> None:
    world.container.setdefault("env", []).append({"name": "APP_ENV", "value": "production"})


@breaks
def settings_are_known(world: World) -> None:
    world.set("SHOP_NAMES", "Bookstore")


@breaks
def pages_bear_the_shop_s_name(world: World) -> None:
    world.staging.answers["shop-bookstore-storefront", "/"] = (200, "<title>Bookstore</title>")


@breaks
def another_value_is_another_behaviour(world: World) -> None:
    world.dev.answers["shop-bookstore-all", "/"] = world.staging.answer("shop-bookstore-storefront", "/")


@breaks
def services_are_named_by_settings(world: World) -> None:
    for each in world.staging.objects["configmaps"]:
        each["data"] = dict.fromkeys(each["data"], "")


@breaks
def no_address_holds_a_login(world: World) -> None:
    world.set("DATABASE_URL", "postgresql://shop:hunter2@db/shop")


@breaks
def database_is_attached(world: World) -> None:
    for volume in world.pod["spec"]["volumes"]:
        volume.pop("projected", None)


@breaks
def database_is_swapped_by_value(world: World) -> None:
    for each in (world.staging, world.dev):
        world.set("DATABASE_HOST", "db.example.org", each)


@breaks
def images_are_exact(world: World) -> None:
    world.container["image"] = "bookstore"


@breaks
def newest_release_runs(world: World) -> None:
    world.container["env"] = [{"name": "NEW", "value": "1"}]
    world.staging.roll_out(world.staging.one("deployments", "api"))


@breaks
def earlier_releases_can_return(world: World) -> None:
    world.staging.objects["configmaps"].remove(world.staging.settings("api"))


@breaks
def settings_are_hashed(world: World) -> None:
    world.staging.settings("api")["data"]["SHOP_NAME"] = "Another"


@breaks
def nothing_lasts_in_a_pod(world: World) -> None:
    world.pod["spec"]["volumes"].append({"name": "uploads", "persistentVolumeClaim": {"claimName": "uploads"}})


@breaks
def no_client_is_tied(world: World) -> None:
    world.staging.one("services", "api")["spec"]["sessionAffinity"] = "ClientIP"


@breaks
def any_process_may_go(world: World) -> None:
    world.staging.answers["shop-bookstore-api", "/livez"] = (503, "no endpoints")


@breaks
def carts_outlive_processes(world: World) -> None:
    world.staging.carts_stay_in_pods = True


@breaks
def services_lead_to_ports(world: World) -> None:
    world.staging.one("services", "api")["spec"]["ports"][0]["targetPort"] = "https"


@breaks
def services_answer(world: World) -> None:
    world.staging.answers["shop-bookstore-api", "/readyz"] = (502, "Bad Gateway")


@breaks
def ports_are_settings(world: World) -> None:
    world.set("PORT", "8080")


@breaks
def as_many_serve_as_are_wanted(world: World) -> None:
    world.pod["status"]["conditions"][0]["status"] = "False"


@breaks
def none_takes_what_is_its_node_s(world: World) -> None:
    world.container["ports"][0]["hostPort"] = 8000


@breaks
def one_more_serves(world: World) -> None:
    world.monkeypatch.setattr(disturbing, "RECOVERY_SECONDS", 0.1)
    world.staging.makes_no_pods = True


@breaks
def processes_start_fast(world: World) -> None:
    for pod in world.staging.objects["pods"]:
        pod["status"]["conditions"][0]["lastTransitionTime"] = "2026-11-25T02:56:18Z"


@breaks
def processes_are_not_killed(world: World) -> None:
    (status,) = world.pod["status"]["containerStatuses"]
    status["lastState"] = {"terminated": {"exitCode": 137, "reason": "OOMKilled"}}


@breaks
def draining_fits(world: World) -> None:
    world.set("GRACEFUL_TIMEOUT_SECONDS", "60")


@breaks
def processes_stop_when_told(world: World) -> None:
    world.monkeypatch.setattr(disturbing, "RECOVERY_SECONDS", 0)
    world.staging.pods_stay = True
    for pod in world.staging.objects["pods"]:
        pod["spec"]["terminationGracePeriodSeconds"] = 0


@breaks
def both_run_one_image(world: World) -> None:
    for pod in world.dev.objects["pods"]:
        for status in pod["status"]["containerStatuses"]:
            status["imageID"] = f"bookstore@sha256:{'0' * 64}"


@breaks
def both_are_of_one_chart(world: World) -> None:
    for each in world.dev.objects["deployments"]:
        each["metadata"]["labels"]["helm.sh/chart"] = "bookstore-0.0.9"


@breaks
def postgresql_is_tested(world: World) -> None:
    world.told(world.staging, "PostgreSQL 17", "PostgreSQL 16")


@breaks
def both_have_one_postgresql(world: World) -> None:
    world.told(world.dev, "PostgreSQL 17", "PostgreSQL 18")


@breaks
def both_have_one_schema(world: World) -> None:
    world.told(world.dev, "0042-1a2b3c4d5e6f", "0042-000000000000")


@breaks
def lines_are_json(world: World) -> None:
    world.staging.logs[name_of(world.pod), "api"] = f"{json.dumps(LINE)}\nStarting up\n"


@breaks
def lines_are_complete(world: World) -> None:
    line = {name: value for name, value in LINE.items() if name != "level"}
    world.staging.logs[name_of(world.pod), "api"] = json.dumps(line)


@breaks
def no_log_is_kept(world: World) -> None:
    world.pod["spec"]["containers"][0]["volumeMounts"].append({"name": "logs", "mountPath": "/var/log"})


@breaks
def admin_runs_the_image_that_serves(world: World) -> None:
    spec = world.staging.one("cronjobs", "cart-purge")["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    for each in [*spec["initContainers"], *spec["containers"]]:
        each["image"] = "bookstore:0.0.9"


@breaks
def admin_has_the_same_settings(world: World) -> None:
    world.cron_job.setdefault("env", []).append({"name": "DATABASE_HOST", "value": "another"})


@breaks
def commands_exist(world: World) -> None:
    world.cron_job["args"] = ["cart", "purgee"]


def installed(*, without: frozenset[str] = frozenset({"pip", "setuptools", "wheel"})) -> list[Distribution]:
    """What is installed here but the installer, which the image does not have."""
    return [each for each in Distribution.discover() if each.name not in without]
