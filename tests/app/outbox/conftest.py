"""A real mail server on this machine, and e-mails to send."""

import asyncio
import email
import email.policy
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from flask import Flask
from psycopg import Connection
from psycopg.rows import dict_row

from bookstore.config import Settings
from bookstore.db import unit_of_work
from bookstore.outbox import sending
from bookstore.outbox.models import OutboxMessage
from tests.databases import Databases
from tests.servers import free_port

AddMail = Callable[..., int]
LONGEST_SECONDS = 60


class MailServer:
    """Keeps what it accepts, and answers as a test says: `answers` are those to the next MAIL, RCPT and DATA."""

    def __init__(self) -> None:
        self.port = free_port()
        self.accepted: list[EmailMessage] = []
        self.senders: set[Any] = set()
        self.second_sender = asyncio.Event()
        self.answers: dict[str, list[str]] = {"MAIL": [], "RCPT": [], "DATA": []}
        # Awaited before the answer to DATA.
        self.before_answer: Callable[[], Any] | None = None

    @contextmanager
    def running(self, **options: Any) -> Iterator["MailServer"]:
        """It answers; gone afterwards, and to be run again."""
        controller = Controller(self, hostname="127.0.0.1", port=self.port, **options)
        controller.start()
        try:
            yield self
        finally:
            controller.stop()

    async def handle_MAIL(  # noqa: N802  # aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        envelope.mail_from = address
        return self._answer("MAIL")

    async def handle_RCPT(  # noqa: N802  # aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        answer = self._answer("RCPT")
        if answer.startswith("2"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, _server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802  # as above
        answer = self._answer("DATA")
        if answer.startswith("2"):
            assert isinstance(envelope.content, bytes)
            found = email.message_from_bytes(envelope.content, policy=email.policy.SMTP)
            assert isinstance(found, EmailMessage)
            assert envelope.rcpt_tos == [found["To"].addresses[0].addr_spec]
            self.accepted.append(found)
            self.senders.add(session.peer)
            if len(self.senders) == 2:
                self.second_sender.set()
            if self.before_answer:
                await asyncio.wait_for(self.before_answer(), LONGEST_SECONDS)
        return answer

    def _answer(self, command: str) -> str:
        return self.answers[command].pop(0) if self.answers[command] else "250 OK"

    @property
    def subjects(self) -> list[str]:
        return [str(message["Subject"]) for message in self.accepted]


@pytest.fixture
def mail_server() -> MailServer:
    """A mail server that is yet to run."""
    return MailServer()


@pytest.fixture
def running(mail_server: MailServer) -> Iterator[MailServer]:
    """A mail server."""
    with mail_server.running():
        yield mail_server


@pytest.fixture
def add_mail(app: Flask) -> AddMail:
    """A function that writes an e-mail into the outbox, each with a key of its own, and gives its id."""
    made = iter(range(10**6))

    def add(**fields: Any) -> int:
        number = next(made)
        wanted = {
            "deduplication_key": f"test:{number}",
            "recipient": f"reader{number}@example.org",
            "subject": f"Subject {number}",
            "body": "Hello\n",
        }
        with app.app_context(), unit_of_work() as session:
            message = OutboxMessage(**wanted | fields)
            session.add(message)
            session.flush()
            return message.id

    return add


@pytest.fixture
def smtp_settings(settings: Settings, mail_server: MailServer) -> Settings:
    """Settings that name the mail server."""
    return settings.model_copy(
        update={"smtp_host": "127.0.0.1", "smtp_port": mail_server.port, "smtp_tls": "none", "smtp_timeout_seconds": 30}
    )


@pytest.fixture
def smtp_environment(databases: Databases, database: str, mail_server: MailServer) -> dict[str, str]:
    """The environment of a sender of its own process."""
    port = str(mail_server.port)
    return databases.environment(database, SMTP_HOST="127.0.0.1", SMTP_PORT=port, SMTP_TLS="none")


@pytest.fixture
def send(app: Flask, smtp_settings: Settings) -> Callable[[], dict[str, int]]:
    """A function that sends what is due, and gives how many had which outcome."""

    def sent() -> dict[str, int]:
        with app.app_context():
            return {str(outcome): count for outcome, count in sending.send_due(smtp_settings).items()}

    return sent


@pytest.fixture
def row(owner: Connection) -> Callable[[int], dict[str, Any]]:
    """A function that gives what the outbox knows of an e-mail."""

    def read(message_id: int) -> dict[str, Any]:
        with owner.cursor(row_factory=dict_row) as cursor:
            one = "SELECT *, next_attempt_at > now() AS waits FROM outbox_message WHERE id = %s"
            found = cursor.execute(one, [message_id]).fetchone()
        assert found
        return found

    return read
