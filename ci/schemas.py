"""Make the schemas that tests hold deploy/ and compose.yaml to: `python -m ci.schemas CRD.yaml... compose-spec.json`.

tests/deploy/schemas/README.md says which files these are. Of each CustomResourceDefinition this keeps the version that
is stored, without texts and status, closed as strict validation closes it, and with what occurs several times
kept once, under `$defs`: the generators of an ApplicationSet hold each other.
"""

import json
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(__file__).parent.parent / "tests/deploy/schemas"
# What a Kubernetes schema says beside what JSON Schema knows, and what only people read.
LEFT_OUT = ("description", "example", "format")
TEXTS = ("description", "title")
SHORTEST_SHARED = 200


def close(schema: Any) -> Any:
    """A structural schema of Kubernetes as a JSON Schema that refuses unknown keys."""
    if isinstance(schema, list):
        return [close(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    if schema.get("x-kubernetes-int-or-string"):
        return {"type": ["integer", "string"]}
    made = {
        key: {name: close(one) for name, one in value.items()} if key == "properties" else close(value)
        for key, value in schema.items()
        if key not in LEFT_OUT and not key.startswith("x-kubernetes-")
    }
    if "properties" in made and not schema.get("x-kubernetes-preserve-unknown-fields"):
        made.setdefault("additionalProperties", False)
    return made


def share(schema: Any) -> dict[str, Any]:
    """The same schema, with each part that occurs several times under `$defs`."""
    counted: Counter[str] = Counter()
    _count(schema, counted)
    names = {
        text: f"part{number}" for number, text in enumerate(sorted(t for t, times in counted.items() if times > 1))
    }
    parts = {name: _refer(json.loads(text), names, top=True) for text, name in names.items()}
    return {**_refer(schema, names, top=True), "$defs": parts}


def _text(schema: Any) -> str:
    return json.dumps(schema, sort_keys=True)


def _count(schema: Any, counted: Counter[str]) -> None:
    if isinstance(schema, dict):
        text = _text(schema)
        if "type" in schema and isinstance(schema["type"], str) and len(text) >= SHORTEST_SHARED:
            counted[text] += 1
    for each in schema.values() if isinstance(schema, dict) else schema if isinstance(schema, list) else ():
        _count(each, counted)


def _refer(schema: Any, names: Mapping[str, str], *, top: bool = False) -> Any:
    if isinstance(schema, list):
        return [_refer(each, names) for each in schema]
    if not isinstance(schema, dict):
        return schema
    if not top and (name := names.get(_text(schema))):
        return {"$ref": f"#/$defs/{name}"}
    return {key: _refer(value, names) for key, value in schema.items()}


def schema_of(crd: Mapping[str, Any]) -> dict[str, Any]:
    """The schema of the objects of a CustomResourceDefinition."""
    (version,) = [each for each in crd["spec"]["versions"] if each["storage"]]
    schema = close(version["schema"]["openAPIV3Schema"])
    kind = crd["spec"]["names"]["kind"]
    schema["properties"] |= {
        "apiVersion": {"const": f"{crd['spec']['group']}/{version['name']}"},
        "kind": {"const": kind},
        "metadata": {"type": "object", "required": ["name"]},
    }
    schema["properties"].pop("status", None)
    required = [name for name in schema.get("required", []) if name != "status"]
    return {**share(schema), "title": kind, "required": sorted({*required, "apiVersion", "kind", "metadata"})}


def without_texts(schema: Any) -> Any:
    """A JSON Schema without its descriptions; a property may be called so, too."""
    if isinstance(schema, list):
        return [without_texts(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        key: without_texts(value) for key, value in schema.items() if not isinstance(value, str) or key not in TEXTS
    }


def schemas(path: Path) -> Iterator[dict[str, Any]]:
    """Of what a file defines, each with a title."""
    if path.suffix == ".json":
        yield {**without_texts(json.loads(path.read_text())), "title": "compose"}
    else:
        for crd in yaml.load_all(path.read_text(), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
            yield schema_of(crd)


def main() -> None:
    """Write one file for each that is defined in those that are named."""
    for path in sys.argv[1:]:
        for schema in schemas(Path(path)):
            text = json.dumps(schema, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
            (FOLDER / f"{schema['title']}.json").write_text(text + "\n")


if __name__ == "__main__":
    main()
