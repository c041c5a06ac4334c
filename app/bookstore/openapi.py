"""OpenAPI 3.1 of every endpoint, from the declarations that also validate requests; and its page for people."""

import re
from functools import cache
from typing import Any

from flask import Blueprint, Flask, Response, current_app, jsonify, render_template
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from bookstore import __version__, errors
from bookstore.config import Settings, Surface
from bookstore.errors import DomainError, Problem
from bookstore.problems import PROBLEM
from bookstore.web import CSV, JSON, Api, CsvFile, Operation

REF = "#/components/schemas/{model}"
FILE = {"type": "string", "format": "csv"}
PATH_PARAMETER = re.compile(r"<(?:\w+:)?(\w+)>")
# Any request can end in these: unreadable, unknown query or field, database away.
ALWAYS: tuple[type[DomainError], ...] = (errors.BadRequest, errors.InvalidInput, errors.ServiceUnavailable)


def init_app(app: Flask, settings: Settings) -> None:
    """Serve the document and its page where the API is."""
    if settings.bookstore_surface is Surface.STOREFRONT:
        return
    blueprint = Blueprint("openapi", __name__, url_prefix="/api")

    @blueprint.get("/openapi.json")
    def document_() -> Response:
        response = jsonify(document(current_app))
        response.headers["Cache-Control"] = "public, max-age=3600"
        return response

    @blueprint.get("/docs")
    def docs() -> str:
        problems = sorted(all_errors(), key=lambda error: error.status)
        return render_template("api_docs.html", document=document(current_app), problems=problems)

    app.register_blueprint(blueprint)


def all_errors() -> list[type[DomainError]]:
    """Every kind of problem that the API can answer with."""
    return DomainError.__subclasses__()


def document(app: Flask) -> dict[str, Any]:
    """The OpenAPI document of the application's registered endpoints."""
    return _document(tuple(blueprint for blueprint in app.blueprints.values() if isinstance(blueprint, Api)))


@cache
def _document(apis: tuple[Api, ...]) -> dict[str, Any]:
    operations = [(api, operation) for api in apis for operation in api.operations]
    schemas, components = _schemas([operation for _, operation in operations])
    paths: dict[str, dict[str, Any]] = {}
    for api, operation in operations:
        path = PATH_PARAMETER.sub(r"{\1}", f"{api.url_prefix}{operation.rule}")
        paths.setdefault(path, {})[operation.method.lower()] = _operation(operation, schemas)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Bookstore API",
            "version": __version__,
            "description": "Read the catalogue freely; change it with a bearer token. Errors are RFC 9457 problems.",
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def _schemas(operations: list[Operation]) -> tuple[dict[Any, Any], dict[str, Any]]:
    """The JSON schema reference of each model as input or output, and their definitions."""
    wanted: dict[tuple[type[BaseModel], Any], None] = {(Problem, "serialization"): None}
    for operation in operations:
        wanted |= {(model, "validation"): None for model in operation.parts.values()}
        if operation.answer and operation.answer is not CsvFile:
            wanted[(operation.answer, "serialization")] = None
    references, definitions = models_json_schema(list(wanted), ref_template=REF)
    return dict(references), definitions["$defs"]


def _operation(operation: Operation, schemas: dict[tuple[type[BaseModel], str], Any]) -> dict[str, Any]:
    described: dict[str, Any] = {
        "operationId": operation.name,
        "summary": operation.summary,
        "responses": _responses(operation, schemas),
    }
    if operation.description:
        described["description"] = operation.description
    if parameters := _parameters(operation):
        described["parameters"] = parameters
    if operation.takes_file or "body" in operation.parts:
        schema = FILE if operation.takes_file else schemas[(operation.parts["body"], "validation")]
        content = {name: {"schema": schema} for name in operation.content_types}
        described["requestBody"] = {"required": True, "content": content}
    if operation.scope:
        described["security"] = [{"token": []}]
        described["description"] = " ".join(
            filter(None, [operation.description, f"Needs a token with the scope `{operation.scope}`."])
        )
    return described


def _parameters(operation: Operation) -> list[dict[str, Any]]:
    found = []
    for part in ("path", "query"):
        if model := operation.parts.get(part):
            schema = model.model_json_schema(ref_template=REF)
            definitions = schema.get("$defs", {})
            for name, field in schema["properties"].items():
                required = name in schema.get("required", ())
                parameter = {"name": name, "in": part, "required": required, "schema": _inline(field, definitions)}
                if text := field.get("description"):
                    parameter["description"] = text
                found.append(parameter)
    if operation.conditional:
        found.append(
            {
                "name": "If-Match",
                "in": "header",
                # Required in truth; declared optional so that its absence has an answer of its own, 428.
                "required": False,
                "description": "The ETag of the last GET. Without it: 428; if it has changed since: 412.",
                "schema": {"type": "string"},
            }
        )
    if operation.idempotent:
        found.append(
            {
                "name": "Idempotency-Key",
                "in": "header",
                "required": True,
                "description": "A new one for each new order; repeating a request with its key repeats its answer.",
                "schema": {"type": "string", "pattern": "^[A-Za-z0-9._~:-]{1,255}$"},
            }
        )
    return found


def _inline(schema: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    """The schema of a parameter without references; enumerations are the only ones it can have.

    A parameter is absent rather than null, so the null alternative of an optional one is left out too.
    """
    if "$ref" in schema:
        return dict(definitions[schema["$ref"].rsplit("/", 1)[1]])
    if "anyOf" in schema:
        (schema_or_ref,) = [one for one in schema["anyOf"] if one != {"type": "null"}]
        return _inline(schema_or_ref, definitions)
    return {name: value for name, value in schema.items() if name not in ("title", "description")}


def _responses(operation: Operation, schemas: dict[tuple[type[BaseModel], str], Any]) -> dict[str, Any]:
    success: dict[str, Any] = {"description": "Done."}
    if operation.answer is CsvFile:
        success["content"] = {CSV: {"schema": FILE}}
    elif operation.answer:
        success["content"] = {JSON: {"schema": schemas[(operation.answer, "serialization")]}}
        success["headers"] = {"ETag": {"schema": {"type": "string"}, "description": "For If-Match and If-None-Match."}}
    if operation.status == 201:
        success["headers"]["Location"] = {"schema": {"type": "string"}, "description": "The new resource."}
    responses: dict[str, Any] = {str(operation.status): success}
    if operation.method == "GET" and operation.answer is not CsvFile:
        responses["304"] = {"description": "You have it already (If-None-Match)."}
    for error in _errors(operation):
        responses[str(int(error.status))] = {
            "description": error.title,
            "content": {PROBLEM: {"schema": schemas[(Problem, "serialization")]}},
        }
    return responses


def _errors(operation: Operation) -> list[type[DomainError]]:
    found = [*ALWAYS, *operation.errors]
    if operation.scope:
        found += [errors.Unauthorized, errors.Forbidden]
    if operation.scope and operation.method != "DELETE":
        found.append(errors.Conflict)
    if operation.conditional:
        found += [errors.PreconditionRequired, errors.PreconditionFailed]
    if operation.takes_file or "body" in operation.parts:
        found += [errors.UnsupportedMediaType, errors.ContentTooLarge]
    return sorted(set(found), key=lambda error: error.status)
