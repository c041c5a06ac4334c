"""The bundled database under Argo CD, which runs the hooks of an install before the database exists."""

from pathlib import Path

from tests.cluster import argo
from tests.cluster.release import Release


def test_no_hook_needs_the_bundled_database(chart: Path) -> None:
    argo.check(Release(chart, "dev", "bookstore-argo-dev", settings=("hosts.shop.host=argo-dev.localhost",)))
