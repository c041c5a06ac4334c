"""What the shop is compared with: bare Flask routes, served by gunicorn with the shop's own settings.

`/constant` is the least that Flask can do; `/book/<isbn>` also reads one row, by psycopg alone, over a connection that
each thread keeps: the least that a route with a database can do.
"""

import os
import threading
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


def _connection() -> psycopg.Connection[dict[str, Any]]:
    if not hasattr(_thread, "connection"):
        _thread.connection = psycopg.connect(os.environ["DATABASE_URL"], autocommit=True, row_factory=dict_row)
    connection: psycopg.Connection[dict[str, Any]] = _thread.connection
    return connection
