"""The chart's README: what it says by hand, then the environments and the values as tables."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ci.chart import Value

LONGEST_DEFAULT = 60
LIMITS = {"minimum": "at least", "maximum": "at most"}


def render(
    chart: Path, values: list["Value"], schema: Mapping[str, Any], environments: Mapping[str, Mapping[str, Any]]
) -> str:
    """The whole page; README.in.md is the part by hand."""
    text = (chart / "README.in.md").read_text()
    made = text.replace("{{environments}}", _environments(values, environments))
    return made.replace("{{values}}", _values(values, schema))


def _environments(values: list["Value"], environments: Mapping[str, Mapping[str, Any]]) -> str:
    defaults = {".".join(value.path): value.default for top in values for value in top.all()}
    flat = {name: dict(_leaves(given)) for name, given in environments.items()}
    paths = sorted({path for leaves in flat.values() for path in leaves})
    rows = ["| value | default | " + " | ".join(flat) + " |", "|---|---|" + "---|" * len(flat)]
    for path in paths:
        default = _code(defaults[path]) if path in defaults else ""
        cells = [_code(leaves[path]) if path in leaves else "" for leaves in flat.values()]
        rows.append(f"| `{path}` | {default} | " + " | ".join(cells) + " |")
    return "\n".join(rows)


def _leaves(given: Mapping[str, Any], path: str = "") -> list[tuple[str, Any]]:
    found: list[tuple[str, Any]] = []
    for key, value in given.items():
        at = f"{path}.{key}" if path else key
        # A label's name has dots of its own: a map that has such keys is shown whole.
        deeper = isinstance(value, dict) and value and not any("." in each for each in value)
        found += _leaves(value, at) if deeper else [(at, value)]
    return found


def _values(values: list["Value"], schema: Mapping[str, Any]) -> str:
    lines: list[str] = []
    section = None
    for top in values:
        if top.section != section:
            section = top.section
            lines += ["", f"### {section}", "", "| value | type | default | meaning |", "|---|---|---|---|"]
        for value in top.all():
            whole = not value.children or value.annotation.get("stop")
            below = any(value.path[: len(stop)] == stop and value.path != stop for stop in _stops(top))
            if below or not (value.description or whole):
                continue
            default = _code(value.default) if whole and not value.annotation.get("stop") else ""
            kind = _type(schema, value.path)
            lines.append(
                f"| `{'.'.join(value.path)}` | {kind} | {default} | {value.description.replace('|', '&#124;')} |"
            )
    return "\n".join(lines).strip()


def _type(schema: Mapping[str, Any], path: tuple[str, ...]) -> str:
    """What may be written as a value, in a few words; nothing where the schema leaves it to others."""
    here: Mapping[str, Any] = schema
    for key in path:
        entries = here.get("additionalProperties")
        here = here.get("properties", {}).get(key) or (entries if isinstance(entries, dict) else {})
        here = schema["$defs"].get(here.get("$ref", "").removeprefix("#/$defs/"), here)
    if "enum" in here:
        return ", ".join(map(_code, here["enum"]))
    kinds = here.get("type") or [one["type"] for one in here.get("anyOf", []) if "type" in one]
    limits = [f"{words} {here[name]}" for name, words in LIMITS.items() if here.get(name)]
    return ", ".join([" or ".join([kinds] if isinstance(kinds, str) else kinds), *limits])


def _stops(top: "Value") -> list[tuple[str, ...]]:
    return [value.path for value in top.all() if value.annotation.get("stop")]


def _code(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False).replace("|", "&#124;")
    return f"`{text if len(text) <= LONGEST_DEFAULT else text[:LONGEST_DEFAULT] + '…'}`"
