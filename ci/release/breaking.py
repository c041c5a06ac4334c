"""Values that an older release takes and a newer one refuses, told from their two schemas."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

Schema = dict[str, Any]
NUMBERS = {"number", "integer"}
# Those that take less when they rise, and those that take less when they fall.
LIMITS = {"minimum": 1, "minLength": 1, "maximum": -1, "maxLength": -1}


@dataclass
class Comparison:
    """An older schema of values beside a newer one."""

    old: Schema
    new: Schema
    # Definitions refer to each other, and each pair is compared once.
    seen: set[tuple[str, str]] = field(default_factory=set)

    def refused(self) -> dict[str, str]:
        """The dotted path of each value that the newer one does not take as the older one did, and why."""
        return dict(self._differences(self.old, self.new, ()))

    def _differences(self, old: Schema, new: Schema, path: tuple[str, ...]) -> Iterator[tuple[str, str]]:
        pair = (old.get("$ref", ""), new.get("$ref", ""))
        if pair != ("", ""):
            if pair in self.seen:
                return
            self.seen.add(pair)
        old, new = _resolved(self.old, old), _resolved(self.new, new)
        at = ".".join(path)
        if lost := _types(old) - _types(new):
            yield at, f"is no longer {' or '.join(sorted(lost))}"
            return
        if narrower := _narrower(old, new):
            yield at, narrower
        for key in sorted(set(new.get("required", [])) - set(old.get("required", []))):
            yield ".".join((*path, key)), "is now required"
        for key, value in old.get("properties", {}).items():
            yield from self._property(value, new, (*path, key))
        for key, each in (("additionalProperties", "*"), ("items", "[]")):
            if isinstance(old.get(key), dict):
                yield from self._property(old[key], {**new, "properties": {}}, (*path, each), key)
        if old.get("additionalProperties") is True and new.get("additionalProperties") is False:
            yield at, "takes no key of its own any more"

    def _property(
        self, value: Schema, new: Schema, path: tuple[str, ...], otherwise: str = "additionalProperties"
    ) -> Iterator[tuple[str, str]]:
        """A part of an object or list, which the newer one names, takes as any other, or does not have."""
        taken = new.get("properties", {}).get(path[-1], new.get(otherwise, True))
        if taken is False:
            yield ".".join(path), "is removed"
        elif isinstance(taken, dict):
            yield from self._differences(value, taken, path)


def _narrower(old: Schema, new: Schema) -> str:
    """What a value of the same type may not be any more; nothing where it may be all that it was."""
    for key, sign in LIMITS.items():
        if key in new and (key not in old or sign * new[key] > sign * old[key]):
            return f"has the {key} {new[key]}"
    if "enum" not in new:
        return ""
    if "enum" not in old:
        return f"is only {' or '.join(map(str, new['enum']))}"
    gone = [each for each in old["enum"] if each not in new["enum"]]
    return f"is no longer {' or '.join(map(str, gone))}" if gone else ""


def _resolved(root: Schema, node: Schema) -> Schema:
    while "$ref" in node:
        target: Any = root
        for key in node["$ref"].removeprefix("#/").split("/"):
            target = target[key]
        node = {**target, **{key: value for key, value in node.items() if key != "$ref"}}
    return node


def _types(node: Schema) -> set[str]:
    """The types that a schema takes; a number is taken as either kind."""
    if "anyOf" in node:
        return {each for one in node["anyOf"] for each in _types(one)}
    given = node.get("type", ["array", "boolean", "null", "object", "string", *NUMBERS])
    types = {given} if isinstance(given, str) else set(given)
    return types | NUMBERS if "number" in types else types
