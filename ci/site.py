"""Make the documentation's site from the repository's Markdown: `python -m ci.site [FOLDER]`, in .site without one.

Each page has the place on the site that it has in the repository, so that links are right in both. Exits with 1 where
one leads nowhere, be it to a page, a heading or a file.
"""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

from markdown_it import MarkdownIt

ROOT = Path(__file__).parent.parent
# A page is in the first section that has a pattern for it.
SECTIONS = {
    "Tutorial": ("docs/tutorial.md",),
    "How-to": ("docs/how-to/*.md", "docs/runbooks/restore.md"),
    "Runbooks": ("docs/runbooks/*.md",),
    "Reference": ("docs/reference/*.md", "docs/metrics.md", "docs/logging.md", "charts/bookstore/README.md"),
    "Explanation": ("docs/explanation/*.md", "docs/*.md"),
    "Decisions": ("docs/adr/*.md",),
    "Project": ("**/*.md", "*.md"),
}
HOME = ("README.md", "docs/README.md")


def tracked() -> list[str]:
    """The repository's Markdown, but for what other pages are made from."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.md"]
    listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout.splitlines()
    return sorted(path for path in listed if not path.endswith(".in.md") and (ROOT / path).exists())


def links(text: str) -> Iterator[str]:
    """Where a page's links and pictures lead to."""
    for block in MarkdownIt("commonmark").enable("table").parse(text):
        for token in block.children or []:
            target = token.attrGet("href" if token.type == "link_open" else "src")
            if isinstance(target, str):
                yield target


def files(page: str, text: str) -> Iterator[str]:
    """The files beside pages that it links to; ValueError for what is not there, or is a folder."""
    for link in links(text):
        url = urlsplit(link)
        if url.scheme or not url.path or url.path.endswith(".md"):
            continue
        target = (ROOT / PurePosixPath(page).parent / unquote(url.path)).resolve()
        if not target.is_file() or ROOT not in target.parents:
            raise ValueError(f"{page}: {link} is no file of the repository")
        yield target.relative_to(ROOT).as_posix()


def navigation(pages: list[str]) -> list[object]:
    """The first pages, and each section with its pages."""
    left = [page for page in pages if page not in HOME]
    sections: list[object] = [{"Home": list(HOME)}]
    for title, patterns in SECTIONS.items():
        found = [page for pattern in patterns for page in left if PurePosixPath(page).match(pattern)]
        found = list(dict.fromkeys(found))
        left = [page for page in left if page not in found]
        sections.append({title: found})
    return sections


def toml(value: object) -> str:
    """Lists, maps and texts as TOML writes them within a line."""
    if isinstance(value, list):
        return f"[{', '.join(map(toml, value))}]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(key)} = {toml(one)}" for key, one in value.items()) + "}"
    return json.dumps(value)


def gather(folder: Path) -> None:
    """Put the pages, what they link to, and the site's configuration into the folder."""
    shutil.rmtree(folder / "pages", ignore_errors=True)
    pages = tracked()
    texts = {page: (ROOT / page).read_text() for page in pages}
    for path in {*pages, *(file for page, text in texts.items() for file in files(page, text))}:
        target = folder / "pages" / path
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / path, target)
    places = 'docs_dir = "pages"\nsite_dir = "html"\n'
    about = (ROOT / "ci/site.toml").read_text()
    nav = f"nav = {toml(navigation(pages))}\n"
    (folder / "zensical.toml").write_text(about.replace("[project]\n", f"[project]\n{places}{nav}", 1))


def main() -> int:
    """Make the site; return the exit code."""
    folder = Path(sys.argv[1]) if sys.argv[1:] else ROOT / ".site"
    try:
        gather(folder)
    except ValueError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    command = [sys.executable, "-m", "zensical", "build", "--clean", "--strict"]
    return subprocess.run(command, cwd=folder, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
