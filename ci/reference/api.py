"""Every operation of the API and every model, from the OpenAPI document."""

from collections.abc import Iterator
from itertools import groupby
from typing import Any

from bookstore.app import create_app
from bookstore.config import Settings, Surface
from bookstore.openapi import document
from ci.tables import code, table

Schema = dict[str, Any]
HEAD = """\
# API

Made from the OpenAPI document by `python -m ci.reference`. A running shop has that document at `/api/openapi.json`,
and examples for each operation at `/api/docs`.

Answers are JSON; times are UTC, prices are integers in the currency's smallest unit, lists come in pages whose `next`
leads on. Errors are [problems](#problem) (RFC 9457). A change needs a token (`bookstore token add`) in the header
`Authorization: Bearer …` and, where the operation takes `If-Match`, the `ETag` that was read.
"""
LIMITS = {
    "minimum": "at least {}",
    "exclusiveMinimum": "more than {}",
    "maximum": "at most {}",
    "minLength": "at least {} characters",
    "maxLength": "at most {} characters",
    "minItems": "at least {} of them",
    "maxItems": "at most {} of them",
}


def page() -> str:
    """The page."""
    # What they sign is not looked at.
    described = document(create_app(Settings(secret_key="-" * 32, bookstore_surface=Surface.ALL)))
    models = described["components"]["schemas"]
    parts = [HEAD.rstrip(), *_operations(described["paths"]), "## Models", *map(_model, sorted(models), _in(models))]
    return "\n\n".join(parts) + "\n"


def _in(models: dict[str, Schema]) -> list[Schema]:
    return [models[name] for name in sorted(models)]


def _operations(paths: dict[str, Any]) -> Iterator[str]:
    for group, under in groupby(paths.items(), lambda item: item[0].split("/")[3]):
        yield f"## {group.partition('.')[0].replace('-', ' ').capitalize()}"
        for path, methods in under:
            for method, operation in methods.items():
                yield _operation(method.upper(), path, operation)


def _operation(method: str, path: str, operation: Schema) -> str:
    parts = [f"### {method} {path}", f"{operation['summary']}.", operation.get("description", "")]
    if parameters := operation.get("parameters"):
        rows = [
            (code(one["name"]), one["in"], _type(one["schema"]), "yes" if one["required"] else "", _meaning(one))
            for one in parameters
        ]
        parts.append(table(["parameter", "in", "type", "required", "meaning"], rows))
    if body := operation.get("requestBody"):
        kinds = [f"{code(kind)}: {_type(content['schema'])}" for kind, content in body["content"].items()]
        parts.append(f"Takes {', or '.join(kinds)}.")
    parts.append(_answers(operation["responses"]))
    return "\n\n".join(filter(None, parts))


def _answers(responses: dict[str, Schema]) -> str:
    """The answers where all is well, then what else may come."""
    said = []
    for status, answer in sorted(responses.items()):
        if status < "300":
            kinds = [_type(content["schema"]) for content in answer.get("content", {}).values()]
            said.append(" ".join([f"**{status}**", *kinds]))
    others = [status for status in sorted(responses) if status >= "300"]
    return f"Answers {', '.join(said)}; else {', '.join(others)}."


def _meaning(one: Schema) -> str:
    text = one.get("description") or one["schema"].get("description", "")
    return str(text)


def _model(name: str, model: Schema) -> str:
    parts = [f"### {name}", model.get("description", "")]
    if "properties" in model:
        required = model.get("required", [])
        rows = [
            (code(field), _type(schema), "yes" if field in required else "", schema.get("description", ""))
            for field, schema in model["properties"].items()
        ]
        parts.append(table(["field", "type", "required", "meaning"], rows))
    else:
        parts.append(_type(model))
    return "\n\n".join(filter(None, parts))


def _type(schema: Schema) -> str:
    """A schema in a few words; a model as a link."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    if "anyOf" in schema:
        return " or ".join(map(_type, schema["anyOf"]))
    if "enum" in schema:
        return ", ".join(code(str(one)) for one in schema["enum"])
    if "const" in schema:
        return code(str(schema["const"]))
    words = [schema.get("format") or str(schema.get("type", "anything"))]
    if "items" in schema:
        words[0] = f"list of {_type(schema['items'])}"
    elif isinstance(more := schema.get("additionalProperties"), dict):
        words[0] = f"map of {_type(more)}"
    words += [text.format(schema[name]) for name, text in LIMITS.items() if name in schema]
    return ", ".join(words)
