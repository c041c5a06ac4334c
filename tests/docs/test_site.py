"""The documentation's site is made without a warning, of pages that are up to date."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from ci import reliability, site
from ci.reference import __main__ as reference
from tests.chart.rendering import ROOT


@pytest.mark.parametrize("path", reference.outputs(), ids=lambda path: path.name)
def test_reference_pages_are_up_to_date(path: Path) -> None:
    assert path.read_text() == reference.outputs()[path], "run python -m ci.reference"


def test_the_table_of_faults_is_that_of_the_recorded_runs() -> None:
    assert reliability.PAGE.read_text() == reliability.page(), "run python -m ci.reliability"


def test_the_site_is_made_without_a_warning_and_loads_nothing_from_elsewhere(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "ci.site", str(tmp_path)], cwd=ROOT, check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    pages = list((tmp_path / "html").rglob("*.html"))
    assert len(pages) > 40
    for page in pages:
        loaded = re.findall(r'<(?:script|img|link)\b[^>]*?\b(?:src|href)="(https?://[^"]+)', page.read_text())
        assert loaded == [], page


def test_every_picture_is_on_a_page() -> None:
    shown = {file for page in site.tracked() for file in site.files(page, (ROOT / page).read_text())}
    pictures = {path.relative_to(ROOT).as_posix() for path in (ROOT / "docs/images").rglob("*.[ps][nv]g")}
    assert len(pictures) > 5
    assert pictures <= shown


def test_a_link_to_nowhere_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "page.md").write_text("[no such file](values/none.yaml)")
    monkeypatch.setattr(site, "ROOT", tmp_path)
    with pytest.raises(ValueError, match=r"page\.md: values/none\.yaml is no file of the repository"):
        list(site.files("page.md", (tmp_path / "page.md").read_text()))
