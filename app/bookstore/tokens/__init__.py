"""Bearer tokens for programs that change the shop through the API."""

from flask import Flask, g, request

from bookstore import db
from bookstore.config import Settings
from bookstore.errors import Forbidden, Unauthorized
from bookstore.tokens import service


def init_app(app: Flask, settings: Settings) -> None:
    """Let endpoints ask for a scope (see bookstore.web.authorize)."""
    app.extensions["authorize"] = authorize


def authorize(scope: str) -> None:
    """Let the request through if its bearer token (RFC 6750) is valid and has the scope; g.actor names it then."""
    # Not request.authorization: it decodes other schemes, and fails where one cannot be decoded.
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise Unauthorized("Send a token that has this scope, as Authorization: Bearer …")
    with db.reading() as session:
        found = service.find_token(session, token.strip())
    if found is None:
        raise Unauthorized("This token is unknown, expired or revoked.")
    if scope not in found.scopes:
        raise Forbidden(f"This token lacks the scope {scope!r}.")
    g.actor = f"token:{found.name}"
