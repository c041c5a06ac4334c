"""Whatever an object names is there, and every pod is restricted and isolated: in every values file."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.chart.checks import CHECKS, Values, values_of
from tests.chart.rendering import FILES, Chart, Render, generated_keys, named, selects


@pytest.mark.parametrize("file", FILES, ids=named)
@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_every_file(check: Callable[[Render, Values], None], file: Path, rendered: Callable[[Path], Render]) -> None:
    check(rendered(file), values_of(file))


def test_names_of_the_bundled_database_are_followed(chart: Chart) -> None:
    for values in ({"fullnameOverride": "db"}, {"nameOverride": "pg"}):
        render = chart.render(values={"postgresql": values})
        (database,) = render.all("StatefulSet")
        name = database["metadata"]["name"]
        config = next(each for each in render.all("ConfigMap") if "BOOKSTORE_SURFACE" in each.get("data", {}))
        assert config["data"]["DATABASE_HOST"] == name
        assert (name, "app-password") in generated_keys(render)
        (template,) = [one for each, one in render.pods() if each["kind"] == "Deployment"]
        assert template["metadata"]["labels"][f"{name}-client"] == "true"
        policy = render.one("NetworkPolicy", "-all")["spec"]["egress"][-1]["to"][0]["podSelector"]["matchLabels"]
        assert selects(policy, database["spec"]["template"])
