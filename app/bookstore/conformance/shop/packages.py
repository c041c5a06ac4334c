"""What is in the image, asked from inside of it: every package is locked, every import declared."""

import ast
import re
import sys
from collections.abc import Iterable, Iterator
from importlib.metadata import Distribution, distributions, packages_distributions, requires
from pathlib import Path

from bookstore.conformance.factors import Factor
from bookstore.conformance.statements import Need, Run, Statements, broken_if

statements = Statements()

APPLICATION = "bookstore"
CODE = Path(__file__).parents[2]
# Where the Dockerfile puts it.
LOCK = Path(sys.prefix) / "requirements.txt"
# A name, its version, and the lines of its hashes, as pip reads them.
PINNED = re.compile(
    r"^([\w.-]+)(?:\[[^\]]*\])?==([^\s;\\]+)[^\n\\]*((?:\\\n\s+--hash=sha256:[0-9a-f]{64}\s*)*)", re.MULTILINE
)
REQUIRED = re.compile(r"[A-Za-z0-9._-]+")


@statements(
    Factor.DEPENDENCIES,
    "What is installed is what the lock says, to the version, each with its hash",
    Need.IMAGE,
    catches="a package that no lock names",
)
def packages_are_locked(run: Run) -> str:
    """The image carries the lock that it was built with."""
    return locked(LOCK.read_text(), distributions())


@statements(
    Factor.DEPENDENCIES,
    "The code imports nothing that it does not declare",
    Need.IMAGE,
    catches="an import of a package that only another one brought",
)
def imports_are_declared(run: Run) -> str:
    """Each import is Python's own, the application's, or of a package in its metadata."""
    return declared(CODE, requires(APPLICATION) or [])


def locked(lock: str, installed: Iterable[Distribution]) -> str:
    """Hold what is installed to a lock in pip's format; raises Broken."""
    pins = {_plain(name): (version, hashes) for name, version, hashes in PINNED.findall(lock)}
    found = {_plain(each.name): each.version for each in installed}
    found.pop(APPLICATION, None)
    broken_if(f"{name} {version} is not locked" for name, version in found.items() if name not in pins)
    broken_if(
        f"{name} is {version}, locked at {pins[name][0]}" for name, version in found.items() if version != pins[name][0]
    )
    broken_if(f"{name} is locked without a hash" for name in found if not pins[name][1].strip())
    return f"{len(found)} packages"


def declared(code: Path, requirements: list[str]) -> str:
    """Hold the imports of a folder's modules to requirements; raises Broken."""
    named = {_plain(match[0]) for each in requirements if (match := REQUIRED.match(each))}
    owners = packages_distributions()
    imported = {module: file for file in sorted(code.rglob("*.py")) for module in _imports(file)}
    others = {module: file for module, file in imported.items() if module not in sys.stdlib_module_names}
    others.pop(APPLICATION, None)
    broken_if(
        f"{file.relative_to(code)} imports {module}"
        for module, file in others.items()
        if not named & {_plain(owner) for owner in owners.get(module, [])}
    )
    return f"{len(others)} packages imported, {len(named)} declared"


def _imports(file: Path) -> Iterator[str]:
    tree = ast.parse(file.read_bytes())
    # What only a type checker reads need not be there.
    unread = {id(one) for node in ast.walk(tree) if _is_for_types(node) for one in ast.walk(node)}
    for node in ast.walk(tree):
        if id(node) in unread:
            continue
        if isinstance(node, ast.Import):
            yield from (each.name.partition(".")[0] for each in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.partition(".")[0]


def _is_for_types(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"


def _plain(name: str) -> str:
    """A package's name as the index compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()
