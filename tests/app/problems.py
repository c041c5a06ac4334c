"""What every error of the API must be."""

from typing import Any

# Beyond smallint, integer, bigint and every number that is stored.
BOOKS = "/api/v1/books"
# A book that the API takes as it is.
BOOK = {
    "isbn": "9780141439587",
    "title": "Emma",
    "authors": ["Jane Austen"],
    "price_cents": 799,
    "currency": "USD",
    "stock": 5,
}
HUGE = [2**15, 2**31, 2**63, 2**70, -(2**31) - 1, -(2**63) - 1, -(2**70), 10**400]


def assert_problem(response: Any) -> None:
    assert response.mimetype == "application/problem+json"
    assert set(response.json) == {"type", "title", "status", "detail", "errors"}
    assert response.json["status"] == response.status_code
    assert response.json["title"]
    assert response.json["detail"]
    assert "Traceback" not in response.text


def invalid(response: Any, *pointers: str) -> None:
    assert response.status_code == 422, response.text
    assert_problem(response)
    assert {error["pointer"] for error in response.json["errors"]} == set(pointers)
    assert all(error["detail"] for error in response.json["errors"])
