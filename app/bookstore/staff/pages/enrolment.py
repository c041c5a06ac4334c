"""/staff/enrol: a new member chooses a password, with the link that an admin gave."""

from flask import Blueprint, render_template, request
from werkzeug.wrappers import Response as BaseResponse

from bookstore.identity.pages import reason_against
from bookstore.staff import log_in as service
from bookstore.staff.pages.login import go_on_to_code

pages = Blueprint("staff_enrolment", __name__, url_prefix="/staff")


@pages.get("/enrol/<token>")
def form(token: str) -> str:
    """The form for the password."""
    return render_template("staff/enrol.html", member=service.enrolling(token), given={}, errors={})


@pages.post("/enrol/<token>")
def enrol(token: str) -> BaseResponse | tuple[str, int]:
    """Set the password, and go on to the second factor."""
    service.count()
    member = service.enrolling(token)
    password = request.form.get("password", "")
    if reason := reason_against(password, member.username, member.email):
        return render_template("staff/enrol.html", member=member, given={}, errors={"password": reason}), 422
    return go_on_to_code(service.enrol(token, password))
