"""Production: an outside database, migrated before the release; autoscaled, closed, watched."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.cluster import outside
from tests.cluster.every import EveryEnvironment
from tests.cluster.probe import METRICS, PORT, SHOP, Probe, at, probe
from tests.cluster.prober import probing, stock_up
from tests.cluster.release import Release, installed, undisturbed
from tests.cluster.tools import Object, apply, eventually, get, kubectl, make_namespace

WAITING = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
# ADVISORY_LOCK of bookstore.admin.database.
LOCK = "SELECT 'held' FROM pg_advisory_lock(x'626F6F6B'::bigint);\n"
# A low target: little load is much, and the node bears it.
SCALING = (
    "surfaces.storefront.autoscaling.maxReplicas=3",
    "web.autoscaling.cpuPercent=20,web.autoscaling.scaleDownWindowSeconds=10",
)


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[outside.Database]:
    """A PostgreSQL with TLS that the chart did not make."""
    with outside.installed(tmp_path_factory.mktemp("tls")) as database:
        yield database


@pytest.fixture(scope="module")
def release(chart: Path, database: outside.Database) -> Iterator[Release]:
    """With `values/prod.yaml`."""
    release = Release(chart, "prod", "bookstore-prod")
    make_namespace(release.namespace)
    database.make_secrets(release.namespace)
    with installed(release):
        yield release


class TestProd(EveryEnvironment):
    pass


class TestMigration:
    def test_failing_it_leaves_the_old_pods_serving_and_helm_shows_why(self, release: Release) -> None:
        before = release.pods()
        with undisturbed(release):
            said = release.upgrade("database.owner.username=nobody,migrations.backoffLimit=0", fails=True)
            assert "password authentication failed" in said
            assert release.pods() == before, "a new pod was made"
        with undisturbed(release):
            release.upgrade()

    def test_of_two_at_once_one_does_the_work(self, release: Release, database: outside.Database) -> None:
        database.sql("CREATE DATABASE twice OWNER bookstore_owner")
        twice = Release(release.chart, "prod", release.namespace, release.name, ("database.name=twice",))
        parts = [each for each in twice.render() if each["metadata"]["name"].startswith("shop-bookstore-migrate")]
        (job,) = [each for each in parts if each["kind"] == "Job"]
        jobs = [job | {"metadata": {"name": f"twice-{number}"}} for number in (1, 2)]
        with held_lock(database, "twice"):
            apply(release.namespace, *(each for each in parts if each is not job), *jobs)
            eventually("both wait", lambda: database.sql(WAITING) == "2")
        for number in (1, 2):
            where = ["-n", release.namespace, "wait", "--for=jsonpath={.status.succeeded}=1", f"job/twice-{number}"]
            kubectl(*where, "--timeout=180s")
            # Making what is there already would have failed, and been tried again.
            assert not kubectl("-n", release.namespace, "get", f"job/twice-{number}", "-o", "jsonpath={.status.failed}")
        assert database.sql("SELECT count(*) FROM alembic_version", "twice") == "1"
        kubectl("-n", release.namespace, "delete", "job/twice-1", "job/twice-2")


@contextmanager
def held_lock(database: outside.Database, name: str) -> Iterator[None]:
    """The lock of migrations is another's, so that those that start in the block come to wait for it."""
    command = ["kubectl", *database.psql(name)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as session:
        assert session.stdin
        assert session.stdout
        session.stdin.write(LOCK)
        session.stdin.flush()
        assert session.stdout.readline() == "held\n"
        yield
        session.stdin.close()


class TestNetwork:
    def test_only_the_ingress_controller_reaches_the_shop(self, release: Release) -> None:
        pods = release.addresses()
        service = f"shop-bookstore-storefront.{release.namespace}.svc:80"
        with probe("ingress-nginx", release) as controller, probe("default", release) as stranger:
            everything = {service, *at(pods, SHOP), *at(pods, METRICS)}
            assert controller.reached(everything) == {service, *at(pods, SHOP)}
            assert stranger.reached(everything) == set()

    def test_the_shop_reaches_no_stranger(self, release: Release) -> None:
        shop = Probe(release.namespace, "deploy/shop-bookstore-api")
        database = f"postgres.{outside.PROD}.svc:5432"
        with probe("default", release) as stranger, probe("ingress-nginx", release) as other:
            listening = f"{stranger.address}:{PORT}"
            assert other.reached({listening}) == {listening}
            assert shop.reached({listening, database}) == {database}

    def test_monitoring_reads_every_pod_s_metrics_by_what_the_servicemonitor_selects(self, release: Release) -> None:
        (monitor,) = release.objects("servicemonitors")
        (endpoint,) = monitor["spec"]["endpoints"]

        def is_read(prometheus: Probe) -> bool:
            """Whether it reads all that there are now: on a busy node the autoscaler takes pods away again."""
            targets = endpoints(release, monitor)
            return targets == at(release.addresses(), METRICS) and all(
                "bookstore_build_info{" in prometheus.fetch(f"http://{target}{endpoint['path']}") for target in targets
            )

        with probe("monitoring", release) as prometheus:
            assert prometheus.reached(at(release.addresses(), SHOP)) == set()
            eventually("every pod's metrics are read", lambda: is_read(prometheus))


def endpoints(release: Release, monitor: Object) -> set[str]:
    """The addresses that a ServiceMonitor has Prometheus read."""
    (endpoint,) = monitor["spec"]["endpoints"]
    return {
        f"{address}:{port['port']}"
        for piece in get(release.namespace, "endpointslices", selected(monitor))
        for port in piece["ports"]
        if port["name"] == endpoint["port"]
        for each in piece["endpoints"]
        for address in each["addresses"]
    }


def selected(monitor: Object) -> str:
    """The selector of a ServiceMonitor; endpoints have the labels of their Service."""
    return ",".join(f"{key}={value}" for key, value in monitor["spec"]["selector"]["matchLabels"].items())


def wanted(release: Release) -> int:
    (scaler,) = release.objects("horizontalpodautoscalers", "storefront")
    return int(scaler["status"].get("desiredReplicas", 0))


def test_pods_come_under_load_stay_in_an_upgrade_and_go_after_it(release: Release) -> None:
    stock_up(release)
    release.upgrade(*SCALING)
    eventually("two pods at rest", lambda: wanted(release) == len(release.serving("storefront")) == 2, seconds=180)
    with probing(release, browse=4, buy=0, pause_seconds=0.02) as record:
        eventually(
            "three pods under load", lambda: wanted(release) == len(release.serving("storefront")) == 3, seconds=120
        )
        before = release.serving("storefront")
        release.upgrade(*SCALING)
        assert release.serving("storefront") == before
    assert not record.wrong
    eventually("two pods after it", lambda: wanted(release) == len(release.serving("storefront")) == 2, seconds=240)
