"""/account/data: to take along all that is kept of the customer, and to delete the account."""

import orjson
from flask import Blueprint, Response, redirect, render_template, request
from werkzeug.wrappers import Response as BaseResponse

from bookstore.customers import personal_data, service
from bookstore.customers.current import require_customer
from bookstore.db import reading, unit_of_work
from bookstore.errors import Conflict, TooManyRequests
from bookstore.i18n import gettext
from bookstore.identity import sessions
from bookstore.identity.pages import NOT_YOURS
from bookstore.identity.sessions import Kind

pages = Blueprint("customer_data", __name__, url_prefix="/account")


@pages.get("/data")
def show() -> str:
    """What can be done with the data."""
    return _page({})


@pages.get("/data.json")
def export() -> Response:
    """Everything, as a file."""
    with reading() as session:
        content = personal_data.export(session, require_customer().id)
    response = Response(orjson.dumps(content, option=orjson.OPT_INDENT_2), mimetype="application/json")
    response.headers["Content-Disposition"] = 'attachment; filename="account.json"'
    return response


@pages.post("/delete")
def delete() -> BaseResponse | tuple[str, int] | str:
    """Delete the account for good."""
    customer = require_customer()
    try:
        if service.checked(customer.id, request.form.get("password", "")) is None:
            return _page({"password": gettext(NOT_YOURS)}), 422
        with unit_of_work() as session:
            personal_data.erase(session, customer.id)
    except (TooManyRequests, Conflict) as problem:
        return _page({"password": problem.detail}), int(problem.status)
    response = redirect("/", 303, Response)
    sessions.forget(response, Kind.CUSTOMER)
    return response


def _page(errors: dict[str, str]) -> str:
    return render_template("account/data.html", customer=require_customer(), given={}, errors=errors)
