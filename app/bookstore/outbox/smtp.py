"""The mail server: what it is told, and what its answers mean."""

import email.policy
import hashlib
import smtplib
import ssl
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from bookstore.config import Settings, SmtpTls
from bookstore.outbox.models import OutboxMessage
from bookstore.outbox.service import one_line

PERMANENT = range(500, 600)  # RFC 5321, 4.2.1


class MailServerAway(Exception):
    """No e-mail at all can be sent now: the server is away, or refuses this shop. The message says what to look at."""


class NotAccepted(Exception):
    """The e-mail was not accepted; `code` is the server's (0 without one). The message may name the recipient."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(f"{code} {text}" if code else text)
        self.code = code
        self.permanent = code in PERMANENT


def compose(message: OutboxMessage, settings: Settings) -> EmailMessage:
    """The e-mail of a row; raises NotAccepted where its recipient is no address.

    Its Message-ID stays the same however often it is sent, so that a receiver can drop a second copy.
    """
    composed = EmailMessage(email.policy.SMTP)
    try:
        composed["From"] = Address(one_line(settings.shop_name), addr_spec=settings.mail_from)
        composed["To"] = Address(addr_spec=message.recipient)
        composed["Subject"] = one_line(message.subject)
    except (ValueError, MessageError) as error:
        raise NotAccepted(550, f"cannot be addressed: {error}") from None
    composed["Date"] = message.created_at
    key = hashlib.sha256(message.deduplication_key.encode()).hexdigest()[:40]
    composed["Message-ID"] = f"<{key}@{_own_name(settings)}>"
    # RFC 3834: no out-of-office note comes back.
    composed["Auto-Submitted"] = "auto-generated"
    composed.set_content(message.body)
    return composed


class Mailer:
    """One connection to the mail server, opened when it is first needed."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._server: smtplib.SMTP | None = None

    def __enter__(self) -> Self:
        """Itself."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Say goodbye."""
        self._leave()

    def send(self, message: EmailMessage) -> None:
        """Hand a message over; raises NotAccepted, and MailServerAway where it is not the message's fault."""
        if self._server is None:
            self._server = _connect(self._settings)
        try:
            self._server.send_message(message)
        except smtplib.SMTPException as error:
            self._leave()
            raise _meaning(error) from None
        except OSError as error:
            self._leave()
            raise NotAccepted(0, f"the connection broke: {error}") from None

    def _leave(self) -> None:
        server, self._server = self._server, None
        if server is not None:
            try:
                server.quit()
            except OSError:
                server.close()


def _connect(settings: Settings) -> smtplib.SMTP:
    """A connection that may send; raises MailServerAway."""
    if settings.smtp_host is None:
        raise MailServerAway("Set SMTP_HOST: no mail server is named.")
    context = ssl.create_default_context()
    where, timeout = f"{settings.smtp_host}:{settings.smtp_port}", settings.smtp_timeout_seconds
    # Named, since smtplib would ask the DNS for it.
    own_name = _own_name(settings)
    try:
        if settings.smtp_tls is SmtpTls.TLS:
            server: smtplib.SMTP = smtplib.SMTP_SSL(
                settings.smtp_host, settings.smtp_port, own_name, timeout=timeout, context=context
            )
        else:
            server = smtplib.SMTP(settings.smtp_host, settings.smtp_port, own_name, timeout=timeout)
    except OSError as error:
        raise MailServerAway(f"The mail server {where} cannot be reached (SMTP_HOST, SMTP_TLS): {error}") from None
    try:
        if settings.smtp_tls is SmtpTls.STARTTLS:
            server.starttls(context=context)
        if settings.smtp_user is not None and settings.smtp_password is not None:
            server.login(settings.smtp_user, settings.smtp_password.get_secret_value())
    except OSError as error:
        server.close()
        raise MailServerAway(f"The mail server {where} refuses TLS or the log-in: {error}") from None
    return server


def _meaning(error: smtplib.SMTPException) -> MailServerAway | NotAccepted:
    if isinstance(error, smtplib.SMTPSenderRefused):
        return MailServerAway(f"The mail server refuses MAIL_FROM: {error.smtp_code} {_text(error.smtp_error)}")
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        ((code, text),) = error.recipients.values()
        return NotAccepted(code, _text(text))
    if isinstance(error, smtplib.SMTPResponseException):
        return NotAccepted(error.smtp_code, _text(error.smtp_error))
    return NotAccepted(0, str(error))


def _text(answer: bytes | str) -> str:
    return answer.decode(errors="replace") if isinstance(answer, bytes) else answer


def _own_name(settings: Settings) -> str:
    return urlsplit(settings.public_url).hostname or "localhost"
