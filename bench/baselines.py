"""What the shop is compared with: bare Flask routes, served by gunicorn with the shop's own settings.

`/constant` is the least that Flask can do. The others ask PostgreSQL by psycopg alone, over a connection that each
thread keeps, the least that a route with a database can do: `/book` reads one row, and `/order` sends what the shop
sends for an order, as bench.checkout has found it.
"""

import os
import threading
from functools import cache
from pathlib import Path
from typing import Any

import psycopg
from flask import Flask, jsonify
from psycopg.rows import dict_row

app = Flask(__name__)
_thread = threading.local()

BOOK = """
SELECT isbn13, title, subtitle, byline, publisher, publication_year, language, description, price_cents, currency,
       stock, cover_url, rating_average::float, rating_count
FROM book WHERE isbn13 = %s
"""


@app.get("/constant")
def constant() -> dict[str, str]:
    """A constant body."""
    return {"hello": "world"}


@app.get("/book/<isbn>")
def book(isbn: str) -> Any:
    """One row as JSON."""
    row = _connection().execute(BOOK, [isbn]).fetchone()
    return jsonify(row) if row else ("", 404)


@app.post("/order/<int:cart>/<int:first>/<int:second>")
def order(cart: int, first: int, second: int) -> Any:
    """One order of two books, whose texts others have made."""
    connection = _connection()
    for statement in _order_statements():
        connection.execute(statement, {"cart": cart, "first": first, "second": second}, prepare=True)
    return jsonify(number=cart), 201


@cache
def _order_statements() -> list[bytes]:
    """From BEGIN to COMMIT, with psycopg's placeholders."""
    return Path(os.environ["ORDER_STATEMENTS"]).read_bytes().splitlines()


def _connection() -> psycopg.Connection[dict[str, Any]]:
    if not hasattr(_thread, "connection"):
        _thread.connection = psycopg.connect(os.environ["DATABASE_URL"], autocommit=True, row_factory=dict_row)
    connection: psycopg.Connection[dict[str, Any]] = _thread.connection
    return connection
