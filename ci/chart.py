"""Make the chart's values.schema.json and README.md from its annotated values.yaml: `python -m ci.chart [--check]`.

`# == Title` begins a section, `# -- text` describes the next key, `# @schema {…}` adds to what the default implies.
Its own words: `def` names a definition, `mapOf` the definition of a map's entries (with `keys`, the pattern of their
names), `extends` lists blocks whose keys are allowed, too (by a map's entries), `open` allows any key, `stop` documents
nothing below.
"""

import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from ci import made, readme

ROOT = Path(__file__).parent.parent
CHART = ROOT / "charts/bookstore"
ENVIRONMENTS = ("dev", "staging", "prod")
OWN_WORDS = ("def", "mapOf", "keys", "extends", "open", "stop")


@dataclass
class Value:
    """A key of values.yaml, as its comments and its default say."""

    path: tuple[str, ...]
    default: Any
    description: str
    annotation: Mapping[str, Any]
    section: str
    children: list["Value"] = field(default_factory=list)

    def all(self) -> Iterator["Value"]:
        """It and everything below."""
        yield self
        for child in self.children:
            yield from child.all()


def read(path: Path = CHART / "values.yaml") -> list[Value]:
    """The top-level values."""
    text = path.read_text()
    lines = text.splitlines()
    node = yaml.compose(text, Loader=yaml.SafeLoader)
    return _children(node, lines, yaml.safe_load(text), ())


def _children(node: Any, lines: list[str], defaults: Any, path: tuple[str, ...]) -> list[Value]:
    values = []
    for key, value in node.value:
        at = (*path, key.value)
        # A key within {…} shares its line with others, so a comment above is not its own.
        alone = lines[key.start_mark.line][: key.start_mark.column].strip() == ""
        description, annotation = _comments(lines, key.start_mark) if alone else ("", {})
        section = _section(lines, key.start_mark.line)
        made = Value(at, defaults[key.value], description, annotation, section)
        # What a map holds is the writer's own, unless its entries extend blocks of this chart.
        ours = "def" not in annotation and ("mapOf" not in annotation or "extends" in annotation)
        if isinstance(value, yaml.MappingNode) and ours:
            made.children = _children(value, lines, made.default, at)
        values.append(made)
    return values


def _comments(lines: list[str], mark: Any) -> tuple[str, dict[str, Any]]:
    begin = " " * mark.column + "#"
    first = mark.line
    while first > 0 and lines[first - 1].startswith(begin):
        first -= 1
    words: list[str] = []
    annotation: dict[str, Any] = {}
    for line in lines[first : mark.line]:
        text = line.strip().removeprefix("#").strip()
        if text.startswith("-- "):
            words = [text.removeprefix("-- ")]
        elif text.startswith("@schema "):
            annotation |= yaml.safe_load(text.removeprefix("@schema "))
        elif words:
            words.append(text)
    return " ".join(words), annotation


def _section(lines: list[str], line: int) -> str:
    titles = (text.removeprefix("# == ") for text in reversed(lines[:line]) if text.startswith("# == "))
    return next(titles, "")


def schema(values: list[Value], definitions: Mapping[str, Any]) -> dict[str, Any]:
    """The JSON Schema: closed, except where Kubernetes, the subchart or an umbrella chart decides."""
    made = _object(values)
    shared = deepcopy(dict(definitions))
    blocks = {name: _references(f"#/$defs/{name}", one.get("properties", {})) for name, one in definitions.items()}
    blocks |= {value.path[0]: _references_below(value) for value in values}
    for value in (each for top in values for each in top.all()):
        if names := value.annotation.get("extends"):
            added = {key: one for name in names for key, one in blocks[name].items()}
            target = _find(made, value.path)
            # The entries of a map take the keys, not the map itself.
            if "mapOf" in value.annotation:
                takers = [shared[value.annotation["mapOf"]]]
            else:
                takers = target["properties"].values() if value.path == ("surfaces",) else [target]
            for one in takers:
                one["properties"] = added | one.get("properties", {})
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Values of the bookstore chart",
        **made,
        "$defs": shared,
    }


def _references(pointer: str, names: Iterable[str]) -> dict[str, Any]:
    return {name: {"$ref": f"{pointer}/properties/{name}"} for name in names}


def _references_below(value: Value) -> dict[str, Any]:
    return _references(f"#/properties/{value.path[0]}", [child.path[-1] for child in value.children])


def _find(made: dict[str, Any], path: tuple[str, ...]) -> dict[str, Any]:
    for key in path:
        made = made["properties"][key]
    return made


def _object(values: list[Value], *, is_open: bool = False) -> dict[str, Any]:
    properties = {value.path[-1]: _one(value) for value in values}
    return {"type": "object", "properties": properties, "additionalProperties": is_open}


def _one(value: Value) -> dict[str, Any]:
    annotation = value.annotation
    described = {"description": value.description} if value.description else {}
    more = {key: entry for key, entry in annotation.items() if key not in OWN_WORDS}
    if "def" in annotation:
        return {**described, "$ref": f"#/$defs/{annotation['def']}", **more}
    if "mapOf" in annotation:
        names = {"propertyNames": {"pattern": annotation["keys"]}} if "keys" in annotation else {}
        entries = {"$ref": f"#/$defs/{annotation['mapOf']}"}
        return {**described, "type": "object", **names, "additionalProperties": entries, **more}
    if annotation.get("stop"):
        enabled = {"enabled": {"type": "boolean"}}
        return {**described, "type": "object", "properties": enabled, "additionalProperties": True, **more}
    if isinstance(value.default, dict):
        return {**described, **_object(value.children, is_open=bool(annotation.get("open"))), **more}
    return {**described, **_scalar(value.default, more), **more}


def _scalar(default: Any, more: Mapping[str, Any]) -> dict[str, Any]:
    if isinstance(default, bool):
        return {"type": "boolean"}
    if isinstance(default, int):
        return {"type": "integer"} if "minimum" in more else {"type": "integer", "minimum": 0}
    if isinstance(default, list):
        return {"type": "array"}
    return {"type": "string"}


def outputs() -> dict[Path, str]:
    """Each made file with its content."""
    values = read()
    definitions = yaml.safe_load((CHART / "values.definitions.yaml").read_text())
    environments = {
        name: yaml.safe_load((ROOT / f"values/{name}.yaml").read_text()) for name in ("dev", "staging", "prod")
    }
    described = schema(values, definitions)
    return {
        CHART / "values.schema.json": json.dumps(described, indent=2, ensure_ascii=False) + "\n",
        CHART / "README.md": readme.render(CHART, values, described, environments),
    }


if __name__ == "__main__":
    sys.exit(made.main(outputs(), "ci.chart"))
