"""Collect the texts that are marked in code and templates into the catalogues of each language (`make messages`).

What is new has no translation yet, and what is gone is kept aside; a test fails until a translator has been there.
"""

from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

from bookstore.i18n.messages import MESSAGES

ROOT = Path(__file__).parents[1]
SHOP = "app/bookstore"
METHODS = [("**.py", "python"), ("templates/**", "jinja2")]
# As Babel's own, with the one that marks what is translated where it is shown.
KEYWORDS = {
    "_": None, "gettext": None, "gettext_noop": None, "ngettext": (1, 2), "pgettext": ((1, "c"), 2),
}  # fmt: skip


def collected() -> Catalog:
    """Every marked text, with the files where it is."""
    found = Catalog()
    options = {"templates/**": {"silent": "false"}}
    for file, _line, message, _comments, context in extract_from_dir(ROOT / SHOP, METHODS, options, KEYWORDS):
        found.add(message, locations=[(f"{SHOP}/{file}", 0)], context=context)
    return found


def update(file: Path, template: Catalog) -> None:
    """Bring a language's catalogue up to date; its header stays as it is."""
    with file.open("rb") as old:
        catalogue = read_po(old)
    header = file.read_text().partition("\n\n")[0]
    catalogue.update(template, no_fuzzy_matching=True)
    with file.open("wb") as new:
        new.write(f"{header}\n\n".encode())
        write_po(new, catalogue, width=0, omit_header=True, sort_by_file=True, include_lineno=False)


if __name__ == "__main__":
    for catalogue in sorted(MESSAGES.glob("*.po")):
        update(catalogue, collected())
