"""Images come through a mirror, and Kubernetes adds no settings: in every values file."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.chart.rendering import FILES, Chart, Render, containers, identity, named

every_file = pytest.mark.parametrize("file", FILES, ids=named)
Rendered = Callable[[Path], Render]


@every_file
def test_services_make_no_variables_that_the_application_reads(file: Path, rendered: Rendered) -> None:
    for owner, template in rendered(file).pods():
        if owner["kind"] != "StatefulSet":
            assert template["spec"]["enableServiceLinks"] is False


@every_file
def test_every_image_goes_through_the_mirror(file: Path, chart: Chart) -> None:
    mirrored = chart.render(file, values={"global": {"imageRegistry": "mirror.example"}})
    for owner, template in mirrored.pods():
        given = {"helper", "before"}  # said in full by the values file
        for each in containers(template):
            if each["name"] not in given:
                assert each["image"].startswith("mirror.example/"), identity(owner)
