"""How long e-mails wait, for /metrics."""

from collections.abc import Iterator

import structlog
from flask import Flask
from prometheus_client import Metric
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from sqlalchemy import Double, cast, func, select
from sqlalchemy.exc import SQLAlchemyError

from bookstore.db import reading
from bookstore.outbox.models import OutboxMessage

# The first entry of the index of what is to be sent, however many wait.
OVERDUE = select(cast(func.extract("epoch", func.now() - func.min(OutboxMessage.next_attempt_at)), Double)).where(
    OutboxMessage.sent_at.is_(None), OutboxMessage.given_up_at.is_(None)
)
log = structlog.get_logger(__name__)


class Overdue(Collector):
    """Seconds since the e-mail that waits longest was due, asked of the database when it is scraped."""

    def __init__(self, app: Flask) -> None:
        self._app = app

    def collect(self) -> Iterator[Metric]:
        """The gauge; none while the database does not answer, so that the other metrics still come."""
        try:
            with self._app.app_context(), reading() as session:
                seconds = session.scalar(OVERDUE)
        except SQLAlchemyError as error:
            log.warning("metric_missing", metric="bookstore_outbox_overdue_seconds", error=type(error).__name__)
            return
        yield GaugeMetricFamily(
            "bookstore_outbox_overdue_seconds",
            "How long ago the e-mail that waits longest was due; 0 if none is.",
            value=max(seconds or 0.0, 0.0),
        )
