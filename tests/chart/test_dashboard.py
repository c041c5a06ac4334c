"""The dashboard: where its panels are, and what each shows of a running shop."""

import json
import os
import re
import time
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path

import pytest

from tests.app.payments.market import market
from tests.caches import Valkey
from tests.chart.dashboard import COLUMNS, draw, expression
from tests.chart.prometheus import scraping
from tests.chart.rendering import CHART, ROOT
from tests.chart.traffic import traffic
from tests.databases import Databases, bookstore
from tests.servers import get, serve

WITHIN_SECONDS = 60
PICTURES = "BOOKSTORE_PICTURES"
DASHBOARD = json.loads((CHART / "dashboards/bookstore.json").read_text())
PANELS = DASHBOARD["panels"]


@pytest.fixture(scope="module")
def valkey() -> Iterator[Valkey]:
    with Valkey() as server:
        yield server


def test_panels_stay_within_the_columns_and_off_each_other() -> None:
    taken = [
        {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
        for at in (panel["gridPos"] for panel in PANELS)
    ]
    assert all(0 <= x < COLUMNS for panel in taken for x, _ in panel)
    assert all(one.isdisjoint(other) for one, other in combinations(taken, 2))
    # No holes either: Grafana would move panels up into them.
    assert len(set().union(*taken)) == COLUMNS * (1 + max(y for panel in taken for _, y in panel))


def test_every_panel_shows_something(
    databases: Databases, sample: str, valkey: Valkey, rules: Path, tmp_path: Path
) -> None:
    with serve(databases.environment(sample, **valkey.settings)) as shop, scraping(shop, rules, tmp_path) as prometheus:
        begin, deadline = time.time(), time.monotonic() + WITHIN_SECONDS
        for panel in PANELS:
            for target in panel["targets"]:
                # Until there is something to see: a rate needs requests between two scrapes.
                while not (found := prometheus.query(expression(target, "1h"))):
                    assert time.monotonic() < deadline, f"nothing to see: {panel['title']}, {target['refId']}"
                    get(f"{shop.url}/books")
                    time.sleep(0.2)
                labels = set(re.findall(r"\{\{(\w+)\}\}", target["legendFormat"]))
                assert all(labels <= set(one["metric"]) for one in found), panel["title"]
        # Whatever kinds of panel and units there are, a picture can be made of them.
        assert draw(DASHBOARD, prometheus, begin, time.time()).count("<g ") == len(PANELS)


@pytest.mark.skipif(PICTURES not in os.environ, reason="make pictures makes it")
def test_picture(databases: Databases, valkey: Valkey, rules: Path, tmp_path: Path) -> None:
    with market(databases, "pictured", **valkey.settings) as open_, scraping(open_.shop, rules, tmp_path) as prometheus:
        bookstore("catalogue", "import", str(ROOT / "data/sample-books.csv"), env=open_.environment)
        begin = time.time()
        traffic(open_, databases)
        picture = draw(DASHBOARD, prometheus, begin, time.time())
    Path(os.environ[PICTURES], "dashboard.svg").write_text(picture)
