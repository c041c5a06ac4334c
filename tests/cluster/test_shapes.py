"""Every shape of the chart's ci folder, as a real server takes it into a namespace of the strictest standard."""

import json
from pathlib import Path

import pytest
import yaml

from tests.chart.rendering import SHAPES, named
from tests.cluster.tools import make_namespace, run

NAMESPACE = "bookstore-shapes"


@pytest.fixture(scope="module", autouse=True)
def namespace() -> None:
    """It takes pods, but none is made."""
    make_namespace(NAMESPACE)


@pytest.mark.parametrize("shape", SHAPES, ids=named)
def test_the_server_takes_every_object_of_it(shape: Path, chart: Path) -> None:
    done = run("helm", "template", "shop", str(chart), "-n", NAMESPACE, "-f", str(shape))
    objects = [each for each in yaml.safe_load_all(done.stdout) if each]
    rendered = json.dumps({"apiVersion": "v1", "kind": "List", "items": objects})
    said = run("kubectl", "-n", NAMESPACE, "apply", "--server-side", "--dry-run=server", "-f", "-", text=rendered)
    assert said.stdout.count("serverside-applied") == len(objects)
    assert "would violate PodSecurity" not in said.stderr
