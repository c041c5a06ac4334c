"""What the pages of every kind of account do alike: send others to log in, and change the own password."""

from collections.abc import Callable, Collection
from typing import NoReturn
from urllib.parse import urlencode

from flask import Response, abort, current_app, redirect, request
from werkzeug.wrappers import Response as BaseResponse

from bookstore.errors import TooManyRequests
from bookstore.i18n import gettext, gettext_noop
from bookstore.identity import passwords, sessions
from bookstore.identity.sessions import Kind

NOT_YOURS = gettext_noop("This is not your present password.")


def send_to_log_in(home: str) -> NoReturn:
    """Go to the log-in of the account's pages below `home`, and come back afterwards."""
    # A form cannot be sent again after the log-in, so only a page is gone back to.
    wanted = request.full_path.rstrip("?") if request.method == "GET" else home
    abort(redirect(f"{home}/login?{urlencode({'next': wanted})}", 303))


def is_closed(home: str, opened: Collection[str]) -> bool:
    """Whether the request is for a page at or below `home` that is not among the opened endpoints."""
    is_below = request.path == home or request.path.startswith(f"{home}/")
    return is_below and request.endpoint is not None and request.endpoint not in opened


def reason_against(password: str, *personal: str) -> str | None:
    """As passwords.reason_against, which also hears the shop's name."""
    return passwords.reason_against(password, *personal, current_app.config["SETTINGS"].shop_name)


def logged_in(kind: Kind, token: str, target: str) -> BaseResponse:
    """Have the browser keep a session, and go on."""
    response = redirect(target, 303, Response)
    sessions.remember(response, kind, token)
    return response


def change_password(
    kind: Kind,
    personal: tuple[str, ...],
    change: Callable[[str, str], str | None],
    page: Callable[[dict[str, str]], str],
    target: str,
) -> BaseResponse | tuple[str, int]:
    """Change the password as the form says, and go to `target`; or give the page with what is wrong by field.

    `change` takes the present and the new password; it gives a new session's token, None for a wrong present one.
    """
    new = request.form.get("new_password", "")
    if reason := reason_against(new, *personal):
        return page({"new_password": reason}), 422
    try:
        token = change(request.form.get("password", ""), new)
    except TooManyRequests as error:
        return page({"password": error.detail}), 429
    if token is None:
        return page({"password": gettext(NOT_YOURS)}), 422
    return logged_in(kind, token, target)
