"""The sandbox's API and pages."""

import hmac
import time
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, TypeVar

from flask import Flask, Response, jsonify, redirect, render_template, request
from pydantic import BaseModel, Field, ValidationError
from werkzeug.exceptions import HTTPException, abort
from werkzeug.wrappers import Response as BaseResponse

from bookstore.formats import money
from bookstore.payments.models import PaymentState
from bookstore.payments.sandbox import store
from bookstore.payments.sandbox.cards import CARDS, Card
from bookstore.payments.sandbox.delivery import Courier
from bookstore.payments.sandbox.store import KeyReused, NotPossible, Store

Model = TypeVar("Model", bound=BaseModel)


@dataclass(frozen=True)
class Options:
    """How a sandbox is run; `public_url` is where buyers reach it, if not where the shop does."""

    api_key: str
    webhook_secret: str
    webhook_url: str
    public_url: str | None
    database: str
    slow_seconds: float
    lifetime_seconds: float


class PaymentIn(BaseModel):
    """What the shop wants paid."""

    reference: str
    amount_cents: int = Field(gt=0)
    currency: str = Field(pattern="^[A-Z]{3}$")
    return_url: str = Field(pattern="^https?://")


class RefundIn(BaseModel):
    """What the shop gives back: all of it."""

    amount_cents: int


def create_sandbox(options: Options) -> Flask:
    """The WSGI application, with its courier at work."""
    app = Flask("bookstore", static_folder=None)
    app.jinja_env.filters["money"] = money
    payments = Store(options.database)
    courier = Courier(payments, options.webhook_url, options.webhook_secret)
    courier.start()
    _add_edges(app, options)
    _add_api(app, options, payments, courier)
    _add_pages(app, options, payments, courier)
    return app


def _add_edges(app: Flask, options: Options) -> None:
    @app.before_request
    def authorize() -> None:
        sent = request.headers.get("Authorization", "").encode()
        if request.path.startswith("/v1/") and not hmac.compare_digest(sent, f"Bearer {options.api_key}".encode()):
            abort(HTTPStatus.UNAUTHORIZED, "Send the API key of this sandbox, as Authorization: Bearer …")

    @app.errorhandler(HTTPException)
    def say_why(error: HTTPException) -> tuple[Response, int]:
        return jsonify(error=error.description), error.code or 500


def _add_api(app: Flask, options: Options, payments: Store, courier: Courier) -> None:
    @app.post("/v1/payments")
    def create() -> tuple[Response, int]:
        wanted = _body(PaymentIn).model_dump()
        pages = f"{options.public_url or request.host_url.rstrip('/')}/pay"
        with payments.transaction() as connection:
            made = _once(connection, lambda: store.create(connection, wanted, pages, options.lifetime_seconds))
        return jsonify(made), 201

    @app.get("/v1/payments/<identity>")
    def read(identity: str) -> Response:
        with payments.transaction() as connection:
            found = store.find(connection, identity)
        if found is None:
            abort(HTTPStatus.NOT_FOUND)
        time.sleep(max(0, found["stuck_until"] - time.time()))
        return jsonify(store.shown(found))

    @app.post("/v1/payments/<identity>/refunds")
    def refund(identity: str) -> Response:
        with payments.transaction() as connection:
            found = store.find(connection, identity)
            if found is None:
                abort(HTTPStatus.NOT_FOUND)
            if _body(RefundIn).amount_cents != found["amount_cents"]:
                abort(HTTPStatus.UNPROCESSABLE_ENTITY, "A payment is refunded whole.")

            def give_back() -> dict[str, Any]:
                refunded = store.move(connection, identity, PaymentState.PAID, PaymentState.REFUNDED)
                store.announce(connection, refunded, 1, time.time())
                return refunded

            done = _once(connection, give_back)
        courier.wake()
        return jsonify(done)


def _add_pages(app: Flask, options: Options, payments: Store, courier: Courier) -> None:
    def page(identity: str, problem: str | None = None) -> str:
        with payments.transaction() as connection:
            found = store.find(connection, identity)
        if found is None:
            abort(HTTPStatus.NOT_FOUND)
        return render_template("payments/sandbox.html", payment=found, cards=CARDS, problem=problem)

    @app.get("/pay/<identity>")
    def show(identity: str) -> str:
        return page(identity)

    @app.post("/pay/<identity>")
    def pay(identity: str) -> BaseResponse | tuple[str, int]:
        card = CARDS.get("".join(request.form.get("card", "").split()))
        if card is None:
            return page(identity, "The sandbox takes only the numbers below."), 422
        late = time.time() + options.slow_seconds if card.slow else 0.0
        try:
            with payments.transaction() as connection:
                store.find(connection, identity)  # or it has expired
                paid = store.move(connection, identity, PaymentState.OPEN, card.state, late)
                back = connection.execute("SELECT return_url FROM payment WHERE id = ?", (identity,)).fetchone()[0]
                event = store.announce(connection, paid, card.notices, late or time.time()) if card.notices else None
        except NotPossible:
            return page(identity), 409
        _tell(courier, card, event)
        return redirect(back, 303)


def _tell(courier: Courier, card: Card, event: str | None) -> None:
    if event and card.early:
        courier.deliver(event)
    elif event:
        courier.wake()


def _body(model: type[Model]) -> Model:
    try:
        return model.model_validate_json(request.get_data())
    except ValidationError as error:
        abort(HTTPStatus.UNPROCESSABLE_ENTITY, error.errors(include_input=False, include_url=False)[0]["msg"])


def _once(connection: Any, make: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    key = request.headers.get("Idempotency-Key")
    if not key:
        abort(HTTPStatus.BAD_REQUEST, "Send an Idempotency-Key.")
    try:
        return store.once(connection, key, request.path.encode() + request.get_data(), make)
    except KeyReused:
        abort(HTTPStatus.UNPROCESSABLE_ENTITY, "This Idempotency-Key belongs to another request.")
    except NotPossible:
        abort(HTTPStatus.CONFLICT, "This payment cannot be refunded.")
