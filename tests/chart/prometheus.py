"""A real Prometheus that scrapes a running shop."""

import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import yaml

from tests.chart.conftest import missing
from tests.servers import Gunicorn, free_port, get

START_SECONDS = 30
LABELS = {"namespace": "shop", "service": "shop-bookstore-api-metrics", "pod": "shop-bookstore-api-1"}
# How long ago each CronJob succeeded: kube-state-metrics would say it, where there is Kubernetes.
CRONJOBS = {
    "backup": 54_000, "cart-purge": 51_900, "notices-send": 200, "orders-expire": 140, "orders-purge-keys": 51_300,
    "outbox-purge": 50_700, "outbox-send": 40, "payments-reconcile": 260, "sessions-purge": 2400, "stock-check": 48_900,
}  # fmt: skip


def tool(name: str) -> str:
    """A program of Prometheus."""
    found = shutil.which(name)
    if found is None:
        missing(f"{name} is not on PATH (Debian's package prometheus)")
    return str(found)


@dataclass(frozen=True)
class Prometheus:
    """A running server."""

    url: str

    def query(self, expression: str) -> list[Any]:
        """What an expression is now."""
        return self._ask("query", query=expression)

    def query_range(self, expression: str, begin: float, end: float, step: int) -> list[Any]:
        """What it was, each so many seconds."""
        return self._ask("query_range", query=expression, start=begin, end=end, step=step)

    def _ask(self, kind: str, **parameters: str | float) -> list[Any]:
        answer = get(f"{self.url}/api/v1/{kind}", params=parameters).json()
        assert answer["status"] == "success", answer
        return list(answer["data"]["result"])


@contextmanager
def scraping(shop: Gunicorn, rules: Path, folder: Path) -> Iterator[Prometheus]:
    """Prometheus with the chart's rules, from when it answers; it asks the shop each second."""
    program, address = tool("prometheus"), f"127.0.0.1:{free_port()}"
    target = {"targets": [f"127.0.0.1:{shop.metrics_port}"], "labels": LABELS}
    jobs = [{"job_name": "shop", "scrape_interval": "1s", "scrape_timeout": "1s", "static_configs": [target]}]
    cronjobs = [
        {
            "record": "kube_cronjob_status_last_successful_time",
            "expr": str(time.time() - ago),
            "labels": {"namespace": "shop", "cronjob": f"shop-bookstore-{name}"},
        }
        for name, ago in CRONJOBS.items()
    ]
    (folder / "cronjobs.yml").write_text(yaml.safe_dump({"groups": [{"name": "cronjobs", "rules": cronjobs}]}))
    config = {
        "global": {"evaluation_interval": "1s"},
        "rule_files": [str(rules), "cronjobs.yml"],
        "scrape_configs": jobs,
    }
    (folder / "prometheus.yml").write_text(yaml.safe_dump(config))
    command = [program, f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/data"]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([*command, f"--web.listen-address={address}"], stdout=log, stderr=subprocess.STDOUT)
    try:
        deadline = time.monotonic() + START_SECONDS
        while not _answers(f"http://{address}/-/ready"):
            assert process.poll() is None, (folder / "log").read_text()
            assert time.monotonic() < deadline, (folder / "log").read_text()
            time.sleep(0.1)
        yield Prometheus(f"http://{address}")
    finally:
        process.terminate()
        process.wait()


def _answers(url: str) -> bool:
    try:
        return get(url).is_success
    except httpx.TransportError:
        return False
