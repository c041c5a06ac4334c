"""Every setting, from the classes that define them."""

from pathlib import Path

from pydantic import BaseModel

import bookstore
from bookstore.admin import configuration
from bookstore.backup.config import BackupSettings
from bookstore.config import Settings
from ci.tables import code, table

PACKAGE = Path(bookstore.__file__).parent
HEAD = """\
# Settings

Made from the class `Settings` by `python -m ci.reference`; `bookstore config --help` prints the same, `bookstore
config` what is in force.

Each is read from the environment variable of its name, else from the file of its name in the folder `SECRETS_DIR` (a
mounted Secret), else from its default. An empty variable is none. A wrong value stops the process with the setting's
name and what to do. The chart sets those that follow from its [values](../../charts/bookstore/README.md#values), and
any other by `settings`.
"""
BACKUP = """\
## Of backups

`bookstore backup` reads these alone; the chart sets them from `backup`.
"""
LIMITS = {"ge": "at least", "gt": "more than", "le": "at most", "lt": "less than"}


def page() -> str:
    """The page."""
    return "\n".join([HEAD, _table(Settings), "", BACKUP, _table(BackupSettings), ""])


def _table(model: type[BaseModel]) -> str:
    limits = [_limits(field.metadata) for field in model.model_fields.values()]
    rows = [
        (code(name), ", ".join(filter(None, [kind.replace("|", ", "), limit])), _default(default), meaning)
        for (name, kind, default, meaning), limit in zip(configuration.table(model), limits, strict=True)
    ]
    return table(["setting", "type", "default", "meaning"], rows)


def _limits(metadata: list[object]) -> str:
    found = [
        f"{words} {getattr(one, name)}" for one in metadata for name, words in LIMITS.items() if hasattr(one, name)
    ]
    return ", ".join(found)


def _default(default: str) -> str:
    """A default as code; a file of the package without the place where it is installed."""
    return default if default == "required" else code(default.replace(f"{PACKAGE}/", ""))
