"""docs/logging.md and its schema against the code, against what a server writes, and the level while it runs."""

import ast
import json
import os
import re
import signal
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import jsonschema_rs

from tests.app.test_tuning import mount
from tests.databases import Databases
from tests.servers import Gunicorn, children, serve

DOCS, CODE = Path(__file__).parents[2] / "docs", Path(__file__).parents[2] / "app/bookstore"
SCHEMA = json.loads((DOCS / "logging.schema.json").read_text())
# Given by keyword, and written as another field.
RENAMED = {"exc_info": "exception"}


def rows(columns: int) -> list[tuple[str, ...]]:
    """The page's rows of so many columns after the first, which is a name."""
    pattern = r"^\| `(\w+)`" + r" \| (.+?)" * columns + r" \|$"
    return re.findall(pattern, (DOCS / "logging.md").read_text(), flags=re.MULTILINE)


def calls() -> list[tuple[str, str, set[str]]]:
    """The event, the level and the fields of each line that the code can write."""
    trees = [ast.parse(path.read_text()) for path in CODE.rglob("*.py")]
    found = []
    for call in (node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Call)):
        match call:
            case ast.Call(
                func=ast.Attribute(value=ast.Name(id="log"), attr=level), args=[ast.Constant(value=str(event))]
            ):
                fields = {RENAMED.get(str(keyword.arg), str(keyword.arg)) for keyword in call.keywords}
                found.append((event, level.replace("exception", "error"), fields))
    return found


def test_the_page_lists_every_field() -> None:
    fields = {name: one["description"] for name, one in SCHEMA["properties"].items()}
    assert {name: text for name, text in rows(1) if name in fields} == fields


def test_the_page_lists_every_event_of_the_code_with_its_level() -> None:
    assert len(calls()) > 20
    assert {(event, level) for event, level, _ in rows(2)} == {(event, level) for event, level, _ in calls()}


def test_the_schema_has_every_field_of_the_code() -> None:
    assert set().union(*(fields for *_, fields in calls())) <= set(SCHEMA["properties"])


def check(lines: list[dict[str, object]]) -> None:
    """Every line is as the schema says."""
    validator = jsonschema_rs.validator_for(SCHEMA, validate_formats=True)
    for line in lines:
        assert not list(validator.iter_errors(line)), line


def eventually(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def access_lines(server: Gunicorn) -> int:
    return sum(line["event"] == "request" for line in server.lines())


def changes(server: Gunicorn) -> int:
    return sum(line["event"] == "log_level_changed" for line in server.lines())


def test_the_level_follows_its_file_in_every_worker(databases: Databases, sample: str, tmp_path: Path) -> None:
    with serve(databases.environment(sample, WEB_WORKERS="2", TUNING_DIR=str(tmp_path))) as server:
        assert httpx.get(f"{server.url}/no/such/page").status_code == 404
        mount(tmp_path, "1", LOG_LEVEL="WARNING")
        # Nobody asks for anything meanwhile.
        eventually(lambda: changes(server) == 2)
        before = access_lines(server)
        for _ in range(20):
            assert httpx.get(f"{server.url}/livez").status_code == 200
        assert access_lines(server) == before
        # gunicorn's own lines follow; the worker in its place begins as the server did.
        os.kill(children(server.process.pid)[0], signal.SIGTERM)
        eventually(lambda: changes(server) == 3)
        assert not any("Worker exiting" in str(line["event"]) for line in server.lines())
        mount(tmp_path, "2", LOG_LEVEL="LOUD")
        eventually(lambda: sum(line["event"] == "tuning_refused" for line in server.lines()) == 2)
        mount(tmp_path, "3", LOG_LEVEL="DEBUG")
        eventually(lambda: changes(server) == 5)
        assert httpx.get(f"{server.url}/no/such/page").status_code == 404
        assert access_lines(server) == before + 1
        assert server.stop() == 0
        check(server.lines())
        assert any("Worker exiting" in str(line["event"]) for line in server.lines())
        assert "/no/such" not in server.output.read_text()
