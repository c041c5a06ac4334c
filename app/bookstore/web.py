"""JSON endpoints: typed path, query and body in, a typed body out; OpenAPI comes from the same declarations.

A handler asks for what it needs by name (`session`, `path`, `query`, `body`), and `Api.operation` gives it: validated
by the pydantic model in the annotation, with the session of one unit of work (or of reading, for GET).
"""

import hashlib
import inspect
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Flask, Response, current_app, request, stream_with_context
from pydantic import BaseModel, ValidationError

from bookstore import db
from bookstore.config import Settings, Surface
from bookstore.errors import (
    BadRequest,
    ContentTooLarge,
    DomainError,
    InvalidInput,
    PreconditionFailed,
    PreconditionRequired,
    UnsupportedMediaType,
)
from bookstore.i18n.addresses import translate

JSON = "application/json"
MERGE_PATCH = "application/merge-patch+json"
CSV = "text/csv"
IDEMPOTENCY_KEY = re.compile(r'(?P<quote>"?)(?P<key>[A-Za-z0-9._~:-]{1,255})(?P=quote)')


class CsvFile(BaseModel):
    """Stands for a file in `Api.operation(answer=CsvFile)`; the handler gives `csv_file(...)`."""


@dataclass(frozen=True)
class Reply:
    """A body with a status or headers of its own."""

    body: BaseModel | bytes | None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Operation:
    """One method of one path: all that OpenAPI says of it."""

    method: str
    rule: str
    name: str
    summary: str
    description: str
    status: int
    scope: str | None
    conditional: bool
    idempotent: bool
    takes_file: bool
    parts: Mapping[str, type[BaseModel]]
    answer: type[BaseModel] | None
    errors: Sequence[type[DomainError]]

    @property
    def content_types(self) -> tuple[str, ...]:
        """What a body may be sent as."""
        if self.takes_file:
            return (CSV,)
        return (JSON, MERGE_PATCH) if self.method == "PATCH" else (JSON,)


class Api(Blueprint):
    """A blueprint of JSON endpoints that knows its operations."""

    def __init__(self, name: str, import_name: str, *, url_prefix: str) -> None:
        super().__init__(name, import_name, url_prefix=url_prefix)
        self.operations: list[Operation] = []

    def operation(
        self,
        method: str,
        rule: str,
        *,
        answer: type[BaseModel] | None = None,
        status: int = 200,
        scope: str | None = None,
        conditional: bool = False,
        errors: Sequence[type[DomainError]] = (),
    ) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        """Register a handler. `scope` is what a bearer token must have; `conditional` means that it needs If-Match.

        A handler that asks for `idempotency_key` gets what the request has in Idempotency-Key; one that asks for `file`
        gets the bytes of a CSV file of at most IMPORT_MAX_BYTES.
        """

        def register(handler: Callable[..., Any]) -> Callable[..., Any]:
            hints = inspect.get_annotations(handler, eval_str=True)
            summary, _, description = inspect.cleandoc(handler.__doc__ or "").partition("\n")
            operation = Operation(
                method=method,
                rule=rule,
                name=handler.__name__,
                summary=summary.rstrip("."),
                description=description.strip(),
                status=status,
                scope=scope,
                conditional=conditional,
                idempotent="idempotency_key" in hints,
                takes_file="file" in hints,
                parts={part: hints[part] for part in ("path", "query", "body") if part in hints},
                answer=answer,
                errors=errors,
            )
            self.operations.append(operation)
            view = _view(handler, operation, wants_session="session" in hints)
            self.add_url_rule(rule, handler.__name__, view, methods=[method])
            return handler

        return register


def register(
    app: Flask,
    settings: Settings,
    blueprints: Mapping[Surface, Sequence[Blueprint]],
    *,
    private: bool = False,
    translated: bool = False,
) -> None:
    """Register what this process's surface serves.

    What is `private` is kept by no cache and told to no other site; `translated` pages are there in every language.
    """
    for surface, served in blueprints.items():
        if settings.bookstore_surface in (Surface.ALL, surface):
            for blueprint in served:
                app.register_blueprint(blueprint)
                if private:
                    app.after_request_funcs.setdefault(blueprint.name, []).append(keep_private)
                if translated and surface is Surface.STOREFRONT:
                    translate(app, blueprint.name, private=private)


def keep_private(response: Response) -> Response:
    """No cache may keep what is one person's; and its address may be a secret, which no link of the page may tell."""
    response.headers["Cache-Control"] = "no-store"
    response.headers["Referrer-Policy"] = "same-origin"
    return response


def _view(handler: Callable[..., Any], operation: Operation, *, wants_session: bool) -> Callable[..., Response]:
    readers = {"path": _read_path, "query": _read_query, "body": _read_body}
    scope = db.reading if operation.method == "GET" else db.unit_of_work
    parts = [(name, readers[name], model) for name, model in operation.parts.items()]

    def view(**path: str) -> Response:
        if operation.scope:
            authorize(operation.scope)
        inputs: dict[str, Any] = {name: read(model, operation, path) for name, read, model in parts}
        if operation.takes_file:
            inputs["file"] = _read_file(operation)
        if operation.idempotent:
            inputs["idempotency_key"] = _read_idempotency_key()
        if not wants_session:
            return respond(handler(**inputs), operation.status)
        with scope() as session:
            result = handler(session=session, **inputs)
        return respond(result, operation.status)

    return view


def authorize(scope: str) -> None:
    """Let the request through if its bearer token has the scope; raises Unauthorized or Forbidden."""
    current_app.extensions["authorize"](scope)


def _read_idempotency_key() -> str:
    """draft-ietf-httpapi-idempotency-key-header-07: a quoted string; a bare one, as most clients send, will do."""
    found = IDEMPOTENCY_KEY.fullmatch(request.headers.get("Idempotency-Key", ""))
    if found is None:
        raise BadRequest("Send an Idempotency-Key of 1 to 255 letters, digits and -._~:, a new one for each new order.")
    return found["key"]


def _read_path(model: type[BaseModel], _operation: Operation, path: dict[str, str]) -> BaseModel:
    return _validate(lambda: model.model_validate(path), "path")


def _read_query(model: type[BaseModel], _operation: Operation, _path: dict[str, str]) -> BaseModel:
    # A parameter given twice stays a list, which no scalar field accepts: nothing is dropped silently.
    given = {name: values[0] if len(values) == 1 else values for name, values in request.args.lists()}
    return _validate(lambda: model.model_validate(given), "query")


def _read_body(model: type[BaseModel], operation: Operation, _path: dict[str, str]) -> BaseModel:
    data = _read_data(operation)
    return _validate(lambda: model.model_validate_json(data, strict=True), "body")


def _read_file(operation: Operation) -> bytes:
    request.max_content_length = current_app.config["SETTINGS"].import_max_bytes
    return _read_data(operation)


def _read_data(operation: Operation) -> bytes:
    if request.mimetype not in operation.content_types:
        raise UnsupportedMediaType(f"Send the body as {' or '.join(operation.content_types)}.")
    data = request.get_data(cache=False)
    # A body in chunks has no length to refuse beforehand: it was cut off at the limit.
    if request.content_length is None and len(data) == request.max_content_length:
        raise ContentTooLarge(f"Send at most {request.max_content_length} bytes.")
    return data


def _validate(read: Callable[[], BaseModel], part: str) -> BaseModel:
    try:
        return read()
    except ValidationError as error:
        if any(item["type"] == "json_invalid" for item in error.errors(include_input=False, include_url=False)):
            raise BadRequest("The body is not valid JSON.") from None
        raise InvalidInput.from_validation(error, part) from None


def csv_file(lines: Iterator[bytes], name: str) -> Response:
    """A CSV file to be saved under this name, sent as it is made."""
    response = Response(stream_with_context(lines), mimetype=CSV)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def respond(result: BaseModel | Reply | Response | None, status: int = 200) -> Response:
    """The response to a handler's result; 304 where the caller has it already."""
    if isinstance(result, Response):
        return result
    reply = result if isinstance(result, Reply) else Reply(result, status)
    body = reply.body.model_dump_json().encode() if isinstance(reply.body, BaseModel) else reply.body or b""
    response = Response(body, reply.status, mimetype=JSON if body else None)
    if not body:
        del response.headers["Content-Type"]
    elif reply.status < 300:
        tag = etag_of(body)
        response.set_etag(tag)
        if request.method in ("GET", "HEAD") and request.if_none_match.contains_weak(tag):
            response.status_code = 304
    response.headers.extend(reply.headers)
    return response


def next_page(cursor: str | None) -> str | None:
    """The address of the page after this one of the request's list; None on the last."""
    return f"{request.path}?{urlencode({**request.args.to_dict(), 'cursor': cursor})}" if cursor else None


def etag_of(body: bytes) -> str:
    """A strong validator of exactly these bytes (RFC 9110, section 8.8.3)."""
    return hashlib.blake2b(body, digest_size=12).hexdigest()


def require_match(current: BaseModel) -> None:
    """Raise unless If-Match names the current representation: 428 without it, 412 with another's."""
    if not request.if_match:
        raise PreconditionRequired("Send If-Match with the ETag of the last GET, so that no other's change is lost.")
    if not request.if_match.contains(etag_of(current.model_dump_json().encode())):
        raise PreconditionFailed("It has changed since: GET it again, and apply the change to what it is now.")
