"""Make a feature's folder, migration and test, and list it: `python -m dev.feature NAME`, plural: gift_cards."""

import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from string import Template

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
PACKAGE = ROOT / "app/bookstore"
VERSIONS = PACKAGE / "migrations/versions"
NEXT = """\
Made {feature}, with the migration {migration}. Next:
  write what it is: its table is in models.py and in the migration
  make lint && make test ARGS="tests/app/{feature}"
  python -m ci.reference    # the API's page
"""


def main() -> int:
    """Make it; return the exit code."""
    name = sys.argv[1] if len(sys.argv) == 2 else ""
    if not re.fullmatch("[a-z]+(_[a-z]+)*s", name):
        sys.stderr.write("Name it in the plural, in small letters: python -m dev.feature gift_cards\n")
        return 2
    if (PACKAGE / name).exists() or (PACKAGE / f"{name}.py").exists():
        sys.stderr.write(f"There is a {name} already.\n")
        return 1
    if find_spec("ruff") is None:
        sys.stderr.write("This needs what developers need: make .venv/dev.stamp\n")
        return 1
    migration = _next_migration(name)
    words = _words(name) | {"revision": migration.name[:4], "down_revision": f"{int(migration.name[:4]) - 1:04}"}
    made = [
        *_fill("app", PACKAGE / name, words),
        *_fill("tests", ROOT / "tests/app" / name, words),
        _write(migration, HERE / "template/migration.py.in", words),
        _list_part(name),
        _list_models(name),
    ]
    # Lines are sorted, and of the length that the names make.
    ruff = [sys.executable, "-m", "ruff"]
    subprocess.run([*ruff, "check", "--quiet", "--fix-only", *made], cwd=ROOT, check=True)
    subprocess.run([*ruff, "format", "--quiet", *made], cwd=ROOT, check=True)
    sys.stdout.write(NEXT.format(feature=name, migration=migration.name))
    return 0


def _words(name: str) -> dict[str, str]:
    """What the template's words become: gift_cards, gift_card, GiftCard, gift-cards."""
    single = name.removesuffix("s")
    return {
        "features": name,
        "feature": single,
        "Feature": "".join(part.capitalize() for part in single.split("_")),
        "path": name.replace("_", "-"),
        "said": single.replace("_", " "),
        "all_said": name.replace("_", " "),
    }


def _next_migration(name: str) -> Path:
    last = max(int(path.name[:4]) for path in VERSIONS.glob("[0-9]*.py"))
    return VERSIONS / f"{last + 1:04}_{name}.py"


def _fill(part: str, folder: Path, words: dict[str, str]) -> list[Path]:
    folder.mkdir()
    sources = sorted((HERE / "template" / part).glob("*.in"))
    return [_write(folder / Template(source.stem).substitute(words), source, words) for source in sources]


def _write(path: Path, source: Path, words: dict[str, str]) -> Path:
    path.write_text(Template(source.read_text()).substitute(words))
    return path


def _list_part(name: str) -> Path:
    path = PACKAGE / "app.py"
    text = path.read_text().replace("from bookstore import (\n", f"from bookstore import (\n    {name},\n", 1)
    path.write_text(text.replace("\n)  # fmt: skip", f"\n    {name},\n)  # fmt: skip", 1))
    return path


def _list_models(name: str) -> Path:
    path = PACKAGE / "models.py"
    line = f"from bookstore.{name} import models as {name}\n"
    text = path.read_text().replace("\nfrom bookstore", f"\n{line}from bookstore", 1)
    path.write_text(text.replace("__all__ = [\n", f'__all__ = [\n    "{name}",\n', 1))
    return path


if __name__ == "__main__":
    sys.exit(main())
