"""Reviews as staff decide on them."""

from typing import Any

import pytest
from psycopg import Connection

from bookstore.staff.roles import Role
from tests.app.catalogue.conftest import AddBook
from tests.app.staff.conftest import LogIn


@pytest.fixture
def review(add_book: AddBook, owner: Connection) -> int:
    """A review that waits; its id."""
    book = add_book()
    (customer,) = owner.execute(
        "INSERT INTO customer (email, name, password_hash) VALUES ('r@example.org', 'R', 'x') RETURNING id"
    ).fetchone() or (0,)
    (made,) = owner.execute(
        "INSERT INTO review (book_id, customer_id, rating, name, body) "
        "SELECT id, %s, 4, 'Jane <b>', 'Fine <i>words</i>.' FROM book WHERE isbn13 = %s RETURNING id",
        (customer, book["isbn13"]),
    ).fetchone() or (0,)
    return int(made)


def state(owner: Connection) -> Any:
    return owner.execute("SELECT state, reason FROM review").fetchone()


class TestReviews:
    def test_is_shown_after_approval(self, enrolled: LogIn, review: int, owner: Connection) -> None:
        clerk = enrolled("ann", Role.CLERK)
        page = clerk.get("/staff/reviews").text
        assert "Fine &lt;i&gt;words&lt;/i&gt;." in page
        done = clerk.post(f"/staff/reviews/{review}/approve", data={"version": "1", "state": "pending"})
        assert done.headers["Location"] == "/staff/reviews?state=pending"
        assert state(owner) == ("approved", None)
        assert "There is none." in clerk.get("/staff/reviews").text
        assert "Fine" in clerk.get("/staff/reviews?state=approved").text
        log = owner.execute("SELECT actor, action, target FROM audit_log WHERE action LIKE 'review.%'").fetchall()
        assert log == [("staff:ann", "review.approved", f"review:{review}")]

    def test_rejection_needs_a_reason(self, enrolled: LogIn, review: int, owner: Connection) -> None:
        clerk = enrolled("ann", Role.CLERK)
        path = f"/staff/reviews/{review}/reject"
        for reason in ("", "  ", "x" * 501, "a\x00b"):
            response = clerk.post(path, data={"version": "1", "reason": reason})
            assert response.status_code == 422
            assert 'aria-invalid="true"' in response.text
        assert state(owner) == ("pending", None)
        assert clerk.post(path, data={"version": "1", "reason": "Names a neighbour."}).status_code == 303
        assert state(owner) == ("rejected", "Names a neighbour.")
        assert "Names a neighbour." in clerk.get("/staff/reviews?state=rejected").text

    def test_changed_meanwhile_is_not_decided(self, enrolled: LogIn, review: int, owner: Connection) -> None:
        clerk = enrolled("ann", Role.CLERK)
        owner.execute("UPDATE review SET version = 2, body = 'Other words.'")
        for version in ("1", "", "x", "9" * 40, "٢"):
            response = clerk.post(f"/staff/reviews/{review}/approve", data={"version": version})
            assert response.status_code == 409 if version != "٢" else 303
        assert state(owner)[0] == "approved"

    def test_unknown(self, enrolled: LogIn) -> None:
        clerk = enrolled("ann", Role.CLERK)
        assert clerk.post("/staff/reviews/1/approve", data={"version": "1"}).status_code == 404
        assert clerk.post("/staff/reviews/1/burn", data={"version": "1"}).status_code == 404
        assert clerk.get("/staff/reviews?state=unheard").status_code == 200
        assert clerk.get("/staff/reviews?cursor=forged").status_code == 400
