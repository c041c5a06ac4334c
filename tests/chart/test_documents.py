"""The values that documents show are values of the chart."""

import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.chart.checks import CHECKS, with_defaults
from tests.chart.rendering import ENVIRONMENTS, Chart, merged
from tests.docs import blocks
from tests.docs.blocks import Block

VALUES = [block for block in blocks.everywhere("yaml") if block.what == "values"]


@pytest.mark.parametrize("block", VALUES, ids=str)
def test_values_render(block: Block, chart: Chart) -> None:
    values = merged(below(block), yaml.safe_load(block.text))
    render = chart.render(values=values)
    for check in CHECKS:
        check(render, with_defaults(values))


def test_the_alert_of_the_page_becomes_a_rule(chart: Chart, tmp_path: Path) -> None:
    (block,) = (block for block in blocks.of_page("docs/how-to/add-an-alert.md") if block.title)
    shutil.copytree(chart.folder, tmp_path / "charts/bookstore")
    (tmp_path / block.title).write_text(block.text)
    values = {"serviceMonitor": {"enabled": True}, "prometheusRule": {"enabled": True}}
    rule = Chart(tmp_path / "charts/bookstore", chart.helm).render(values=values).one("PrometheusRule", "bookstore")
    (made,) = [one for one in rule["spec"]["groups"][-1]["rules"] if one["alert"] == Path(block.title).stem]
    assert 'namespace="shop"' in made["expr"]
    assert made["annotations"]["runbook_url"].endswith(f"{Path(block.title).stem}.md")


def below(block: Block) -> dict[str, Any]:
    """The values that the block's go over."""
    if not block.rest:
        return {}
    for file in ENVIRONMENTS:
        if file.stem == block.rest:
            return dict(yaml.safe_load(file.read_text()))
    (other,) = [other for other in blocks.of_page(block.page) if other.title == block.rest]
    return merged(below(other), yaml.safe_load(other.text))
