"""Whatever an object names is there, and every pod is restricted and isolated: in every values file."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.chart.checks import CHECKS, values_of
from tests.chart.rendering import FILES, Render, Values, named


@pytest.mark.parametrize("file", FILES, ids=named)
@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_every_file(check: Callable[[Render, Values], None], file: Path, rendered: Callable[[Path], Render]) -> None:
    check(rendered(file), values_of(file))
