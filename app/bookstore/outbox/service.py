"""Write e-mails into the outbox, and clear it. Every function takes the session of a unit of work, and none commits."""

from datetime import timedelta
from typing import Any

from flask import render_template
from sqlalchemy import bindparam, delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from bookstore.i18n import speaking
from bookstore.outbox.models import OutboxMessage
from bookstore.types import CONTROL

KEPT = timedelta(days=30)
PURGED_AT_ONCE = 1000
ADD = (
    insert(OutboxMessage)
    .values({name: bindparam(name) for name in ("deduplication_key", "recipient", "subject", "body")})
    .on_conflict_do_nothing()
)


def enqueue(session: Session, key: str, recipient: str, template: str, language: str, **context: Any) -> None:
    """Write the e-mail of templates/mail/<template>.txt in a language; once for each key.

    Its first line is the subject.
    """
    with speaking(language):
        subject, _, body = render_template(f"mail/{template}.txt", **context).partition("\n")
    message = {
        "deduplication_key": key,
        "recipient": recipient,
        "subject": one_line(subject),
        "body": body.strip() + "\n",
    }
    session.connection().execute(ADD, message)


def one_line(text: str) -> str:
    """The text without line breaks and other control characters, which no header may hold."""
    return " ".join(CONTROL.sub(" ", text).split())


def purge(session: Session) -> int:
    """Remove some of what was sent, or given up, more than 30 days ago; gives how many, 0 when none are left."""
    ended = func.coalesce(OutboxMessage.sent_at, OutboxMessage.given_up_at)
    old = select(OutboxMessage.id).where(ended < func.now() - KEPT).limit(PURGED_AT_ONCE)
    some = old.with_for_update(skip_locked=True)
    gone = delete(OutboxMessage).where(OutboxMessage.id.in_(some)).returning(OutboxMessage.id)
    return len(session.scalars(gone, execution_options={"synchronize_session": False}).all())


def retry(session: Session) -> int:
    """Have everything that was given up tried anew; gives how many."""
    again = (
        update(OutboxMessage)
        .where(OutboxMessage.given_up_at.is_not(None))
        .values(given_up_at=None, attempts=0, next_attempt_at=func.now())
        .returning(OutboxMessage.id)
    )
    return len(session.scalars(again, execution_options={"synchronize_session": False}).all())
