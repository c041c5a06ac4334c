"""Send what is due: each e-mail at least once, by as many senders as there are.

Each has a transaction of its own, whose lock on the row keeps other senders away from it, and which vanishes with its
sender: a row is never left claimed. So this talks to the mail server within a transaction, as nothing else may.
"""

import random
import signal
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from enum import StrEnum

import structlog
from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError

from bookstore.config import Settings
from bookstore.db import unit_of_work
from bookstore.outbox.models import OutboxMessage
from bookstore.outbox.smtp import Mailer, MailServerAway, NotAccepted, compose

FIRST_PAUSE, LONGEST_PAUSE = timedelta(minutes=1), timedelta(hours=4)
# A server may refuse for good by mistake, so it is asked again.
REFUSALS_FOR_GOOD = 3
# By then about five days have passed, as RFC 5321 wants it (4.5.4.1).
LONGEST_PUT_OFF = 45
DUE = (
    select(OutboxMessage)
    .where(
        OutboxMessage.sent_at.is_(None),
        OutboxMessage.given_up_at.is_(None),
        OutboxMessage.next_attempt_at <= func.now(),
    )
    .order_by(OutboxMessage.next_attempt_at, OutboxMessage.id)
    .limit(1)
    .with_for_update(skip_locked=True)
)
log = structlog.get_logger(__name__)


class Outcome(StrEnum):
    """What became of an e-mail."""

    SENT = "sent"
    PUT_OFF = "put off"
    GIVEN_UP = "given up"


def send_due(settings: Settings, stopped: Callable[[], bool] = lambda: False) -> Counter[Outcome]:
    """Send until nothing is due or `stopped`, which is asked between two e-mails; gives how many had which outcome.

    Raises MailServerAway, which costs no e-mail one of its attempts.
    """
    outcomes: Counter[Outcome] = Counter()
    with Mailer(settings) as mailer:
        while not stopped() and (outcome := _send_next(mailer, settings)) is not None:
            outcomes[outcome] += 1
    return outcomes


def watch(settings: Settings, seconds: float) -> None:
    """Send what is due, look again after so many seconds, and end between two e-mails after SIGTERM."""
    # Blocked, it stays pending until it is asked for: no handler interrupts an e-mail.
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})

    def stopped() -> bool:
        return signal.SIGTERM in signal.sigpending()

    while not stopped():
        try:
            send_due(settings, stopped)
        except MailServerAway as error:
            log.warning("mail_server_away", reason=str(error))
        except OperationalError as error:
            log.warning("database_unavailable", reason=str(error.orig))
        if signal.sigtimedwait({signal.SIGTERM}, seconds):
            return


def _send_next(mailer: Mailer, settings: Settings) -> Outcome | None:
    """Try the e-mail that has waited longest; None where none is due that no other sender has."""
    with unit_of_work() as session:
        message = session.scalar(DUE)
        if message is None:
            return None
        try:
            mailer.send(compose(message, settings))
        except NotAccepted as refusal:
            return _put_off(message, refusal)
        message.attempts += 1
        message.sent_at = func.now()
        message.last_error = None
        return Outcome.SENT


def _put_off(message: OutboxMessage, refusal: NotAccepted) -> Outcome:
    """Try later, ever more rarely, or never again. The log names no recipient; the row has the server's words."""
    message.attempts += 1
    message.last_error = str(refusal)
    most = REFUSALS_FOR_GOOD if refusal.permanent else LONGEST_PUT_OFF
    outcome = Outcome.PUT_OFF if message.attempts < most else Outcome.GIVEN_UP
    log.warning("mail_not_sent", id=message.id, attempts=message.attempts, code=refusal.code, outcome=outcome.value)
    if outcome is Outcome.GIVEN_UP:
        message.given_up_at = func.now()
    else:
        message.next_attempt_at = func.now() + pause_after(message.attempts)
    return outcome


def pause_after(attempts: int) -> timedelta:
    """How long to wait after so many attempts: twice as long each time, less up to half by chance."""
    doubled: timedelta = FIRST_PAUSE * 2 ** min(attempts - 1, 10)
    # Jitter, so that what was refused together does not come again together.
    return min(doubled, LONGEST_PAUSE) * random.uniform(0.5, 1)  # noqa: S311  # not for secrets
