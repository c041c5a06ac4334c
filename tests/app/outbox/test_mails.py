"""The texts of all e-mails, with the strangest that they can be about."""

import email
import email.policy
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path
from types import SimpleNamespace as Made
from typing import Any

import pytest
from flask import Flask
from jinja2 import StrictUndefined
from sqlalchemy import select

import bookstore
from bookstore.config import Settings
from bookstore.db import unit_of_work
from bookstore.outbox import service
from bookstore.outbox.models import OutboxMessage
from bookstore.outbox.smtp import compose

MAILS = sorted(
    path.stem
    for path in (Path(bookstore.__file__).parent / "templates/mail").glob("*.txt")
    if not path.stem.startswith("_")
)
LINK = "https://shop.example/orders/" + "x" * 150
TITLES = {
    "plain": "Emma",
    "longest": "A very long title " * 27,
    "right to left": "ألف ليلة وليلة \u202eevil\u202c",
    "emoji": "\N{PILE OF POO}\N{ZERO WIDTH JOINER}\N{BOOKS} " * 20,
    "lines": "One\nBcc: everyone@example.com\r\n\r\nTwo\x0b\x85\u2028",
    "code": "{{ 7 * 7 }} <script>alert(1)</script> %s ${x}",
}


@pytest.mark.parametrize(
    ("language", "title"),
    [*[("en", title) for title in TITLES.values()], ("de", TITLES["plain"])],
    ids=[*TITLES, "German"],
)
@pytest.mark.parametrize("template", MAILS)
def test_mail(
    app: Flask, settings: Settings, monkeypatch: pytest.MonkeyPatch, template: str, language: str, title: str
) -> None:
    # What a template names, and nobody gives, is a fault rather than an empty place.
    monkeypatch.setattr(app.jinja_env, "undefined", StrictUndefined)
    lines = [Made(title=title, quantity=2, price_cents=500), Made(title="Other", quantity=1, price_cents=1_000_000)]
    order = Made(
        number="7KQ2-M4ZT-09XB", state="paid", name=title, street=title, postal_code="12345", city=title,
        currency="USD", subtotal_cents=1000, shipping_cents=399, tax_cents=100, total_cents=1499,
        reserved_until=datetime(2026, 11, 24, 9, 41, tzinfo=UTC),
    )  # fmt: skip
    given: dict[str, Any] = {
        "order": order,
        "lines": lines,
        "reason": title,
        "payment": Made(amount_cents=1499, currency="USD"),
        "link": LINK,
        "stop_link": f"{LINK}/stop",
        "title": title,
        "stock": 1,
    }
    with app.app_context(), unit_of_work() as session:
        for _ in range(2):
            service.enqueue(session, "the-key", "reader@example.org", template, language, **given)
        (message,) = session.scalars(select(OutboxMessage)).all()
        sent = email.message_from_bytes(compose(message, settings).as_bytes(), policy=email.policy.SMTP)
        subject, body = message.subject, message.body
    assert isinstance(sent, EmailMessage)
    assert set(sent.keys()) == {
        "From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "Content-Type", "Content-Transfer-Encoding",
        "MIME-Version",
    }  # fmt: skip
    assert sent["Subject"] == subject
    assert 10 < len(subject) < 200
    assert "&lt;" not in body
    assert "49" not in subject
    # No line of the wire is too long for a server (RFC 5322, 2.1.1), and the link is whole where it is read.
    assert max(map(len, sent.as_bytes().splitlines())) <= 998
    text = sent.get_content().replace("\r\n", "\n")
    assert LINK in text.splitlines() or template in ("account_erased", "payment_returned")
    assert "\n\n\n" not in text
    assert text[0].isalnum() or title[0] == text[0]


def test_a_title_of_lines_stays_one_line(app: Flask) -> None:
    with app.app_context(), unit_of_work() as session:
        given: dict[str, Any] = {"title": TITLES["lines"], "stock": 2, "link": LINK, "stop_link": LINK}
        service.enqueue(session, "the-key", "reader@example.org", "notice_in_stock", "en", **given)
        (message,) = session.scalars(select(OutboxMessage)).all()
        assert message.subject == "It is back: One Bcc: everyone@example.com Two"
        assert "One Bcc: everyone@example.com Two" in message.body.splitlines()
