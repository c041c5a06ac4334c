"""/staff/reviews: what buyers wrote, to be shown or not."""

from flask import Blueprint, redirect, render_template, request
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse

from bookstore.db import reading, unit_of_work
from bookstore.errors import Conflict, NotFound
from bookstore.identity.forms import given
from bookstore.reviews import queries, service
from bookstore.reviews.models import ReviewState
from bookstore.reviews.schemas import Moderation
from bookstore.staff import forms, guard

pages = Blueprint("staff_reviews", __name__, url_prefix="/staff/reviews")
DECISIONS = {"approve": ReviewState.APPROVED, "reject": ReviewState.REJECTED}
MISSING = "Write why: its writer is told."
LABELS = {
    ReviewState.PENDING: "Waiting",
    ReviewState.APPROVED: "Shown",
    ReviewState.REJECTED: "Not shown",
}


@pages.get("")
def list_reviews() -> str:
    """The reviews that wait, or those in another state, the oldest first."""
    return _page({}, None)


@pages.post("/<int:review_id>/<decision>")
def decide(review_id: int, decision: str) -> BaseResponse | tuple[str, int]:
    """Show a review, or do not."""
    member, typed = guard.require(), given("version", "reason", "state") | {"id": str(review_id)}
    if decision not in DECISIONS:
        raise NotFound("There is no such decision.")
    reason = typed["reason"].strip() if DECISIONS[decision] is ReviewState.REJECTED else ""
    if DECISIONS[decision] is ReviewState.REJECTED and not reason:
        return _page(typed, MISSING), 422
    wanted, errors = forms.read(Moderation, {"state": DECISIONS[decision], "reason": reason}, {})
    if wanted is None:
        return _page(typed, errors["reason"]), 422
    version = int(typed["version"]) if typed["version"].isdecimal() and len(typed["version"]) < 10 else 0
    try:
        with unit_of_work() as session:
            _decide(session, review_id, version, wanted, member.actor)
    except Conflict as problem:
        return _page(typed, problem.detail), 409
    return redirect(forms.address("/staff/reviews", state=_state(typed["state"])), 303)


def _decide(session: Session, review_id: int, version: int, wanted: Moderation, actor: str) -> None:
    if wanted.state is ReviewState.APPROVED:
        service.approve(session, review_id, version, actor=actor)
    else:
        service.reject(session, review_id, version, wanted.reason or "", actor=actor)


def _state(text: str) -> ReviewState:
    return ReviewState(text) if text in set(ReviewState) else ReviewState.PENDING


def _page(typed: dict[str, str], problem: str | None) -> str:
    state = _state(request.values.get("state", ""))
    with reading() as session:
        page = queries.in_state(session, state, queries.PER_PAGE, request.args.get("cursor"))
    following = forms.address("/staff/reviews", state=state, cursor=page.next_cursor) if page.next_cursor else None
    return render_template(
        "staff/reviews.html",
        reviews=page.rows,
        state=state,
        labels=LABELS,
        given=typed,
        problem=problem,
        next_url=following,
        State=ReviewState,
    )
