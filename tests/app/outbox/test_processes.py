"""Senders as processes: two at once, one that is killed, one that is stopped; and TLS."""

import asyncio
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from ssl import PROTOCOL_TLS_SERVER, SSLContext
from typing import Any

import httpx
import psycopg
import pytest
import trustme
from aiosmtpd.smtp import AuthResult, LoginPassword
from pydantic import ValidationError

from bookstore.config import Settings
from tests.app.outbox.conftest import LONGEST_SECONDS, AddMail, MailServer
from tests.databases import SECRET_KEY, Databases, bookstore
from tests.servers import serve

Environment = dict[str, str]


@contextmanager
def sender(environment: Mapping[str, str], *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """A process that sends."""
    command = [sys.executable, "-m", "bookstore", "outbox", "send", *arguments]
    with subprocess.Popen(
        command, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def until(condition: Callable[[], Any]) -> None:
    deadline = time.monotonic() + LONGEST_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.02)


def test_two_senders_share_the_work(running: MailServer, add_mail: AddMail, smtp_environment: Environment) -> None:
    for _ in range(20):
        add_mail()

    # The first e-mail's answer waits for the second sender: neither keeps the other waiting.
    running.before_answer = running.second_sender.wait
    with sender(smtp_environment) as one, sender(smtp_environment) as other:
        said = [process.communicate(timeout=LONGEST_SECONDS)[0] for process in (one, other)]
        assert (one.returncode, other.returncode) == (0, 0), said
    assert Counter(running.subjects) == {f"Subject {number}": 1 for number in range(20)}


def test_killed_before_the_commit_it_is_sent_again_under_the_same_id(
    running: MailServer, add_mail: AddMail, smtp_environment: Environment, owner: psycopg.Connection
) -> None:
    add_mail()
    # What the sender writes down after the server's answer waits for this lock.
    owner.execute(
        "CREATE FUNCTION wait_for_test() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN PERFORM pg_advisory_xact_lock(4711); RETURN NEW; END $$"
    )
    owner.execute(
        "CREATE TRIGGER wait_for_test BEFORE UPDATE ON outbox_message FOR EACH ROW EXECUTE FUNCTION wait_for_test()"
    )
    try:
        owner.execute("SELECT pg_advisory_lock(4711)")
        with sender(smtp_environment) as process:
            waiting = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND objid = 4711"
            until(lambda: owner.execute(waiting).fetchone() == (1,))
            process.kill()
            process.wait(LONGEST_SECONDS)
        owner.execute("SELECT pg_advisory_unlock(4711)")
    finally:
        owner.execute("DROP TRIGGER wait_for_test ON outbox_message; DROP FUNCTION wait_for_test()")
    assert len(running.accepted) == 1
    assert owner.execute("SELECT sent_at, attempts FROM outbox_message").fetchone() == (None, 0)
    assert "1 sent" in bookstore("outbox", "send", env=smtp_environment).stdout
    first, second = running.accepted
    assert first["Message-ID"] == second["Message-ID"]
    assert first.as_bytes() == second.as_bytes()


def test_sigterm_ends_a_watch_between_two_mails(
    running: MailServer, add_mail: AddMail, smtp_environment: Environment, owner: psycopg.Connection
) -> None:
    for _ in range(2):
        add_mail()
    stopped = asyncio.Event()

    running.before_answer = stopped.wait
    with sender(smtp_environment, "--watch", "60") as process:
        until(lambda: running.accepted)
        process.send_signal(signal.SIGTERM)
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(0.2)
        stopped._loop.call_soon_threadsafe(stopped.set)  # type: ignore[attr-defined]
        assert process.wait(LONGEST_SECONDS) == 0
    assert running.subjects == ["Subject 0"]
    sent = owner.execute("SELECT subject FROM outbox_message WHERE sent_at IS NOT NULL").fetchall()
    assert sent == [("Subject 0",)]


def test_a_watch_sees_new_mails_and_outlives_the_servers_absence(
    mail_server: MailServer, add_mail: AddMail, smtp_environment: Environment
) -> None:
    add_mail()
    with sender(smtp_environment, "--watch", "0.1") as process:
        assert process.stdout is not None
        assert "mail_server_away" in process.stdout.readline()
        with mail_server.running():
            until(lambda: len(mail_server.accepted) == 1)
            add_mail()
            until(lambda: len(mail_server.accepted) == 2)
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=LONGEST_SECONDS)
        assert process.returncode == 0


class TestTls:
    def test_a_certificate_that_is_trusted(
        self, mail_server: MailServer, add_mail: AddMail, encrypted: Environment, server_context: SSLContext
    ) -> None:
        add_mail()
        with mail_server.running(tls_context=server_context, require_starttls=True):
            assert "1 sent" in bookstore("outbox", "send", env=encrypted).stdout

    def test_tls_from_the_start(
        self, mail_server: MailServer, add_mail: AddMail, encrypted: Environment, server_context: SSLContext
    ) -> None:
        add_mail()
        with mail_server.running(ssl_context=server_context):
            assert "1 sent" in bookstore("outbox", "send", env=encrypted | {"SMTP_TLS": "tls"}).stdout

    @pytest.mark.parametrize("tls", ["starttls", "tls"])
    def test_an_unknown_ones_is_refused(
        self, mail_server: MailServer, add_mail: AddMail, encrypted: Environment, server_context: SSLContext, tls: str
    ) -> None:
        add_mail()
        del encrypted["SSL_CERT_FILE"]
        options = {"ssl_context": server_context} if tls == "tls" else {"tls_context": server_context}
        with mail_server.running(**options):
            done = bookstore("outbox", "send", env=encrypted | {"SMTP_TLS": tls}, check=False)
        assert done.returncode == 1
        assert "certificate" in done.stderr
        assert mail_server.accepted == []

    def test_another_hosts_certificate_is_refused(
        self, mail_server: MailServer, add_mail: AddMail, encrypted: Environment, authority: trustme.CA
    ) -> None:
        add_mail()
        with mail_server.running(tls_context=context_of(authority, "mail.example.org")):
            done = bookstore("outbox", "send", env=encrypted, check=False)
        assert "certificate" in done.stderr
        assert mail_server.accepted == []

    def test_nothing_is_sent_to_a_server_without_tls(
        self, running: MailServer, add_mail: AddMail, encrypted: Environment
    ) -> None:
        add_mail()
        done = bookstore("outbox", "send", env=encrypted, check=False)
        assert "refuses TLS or the log-in: STARTTLS" in done.stderr
        assert running.accepted == []

    @pytest.mark.parametrize(("password", "code"), [("hidden-password", 0), ("another-password", 1)])
    def test_log_in(
        self,
        mail_server: MailServer,
        add_mail: AddMail,
        encrypted: Environment,
        server_context: SSLContext,
        password: str,
        code: int,
    ) -> None:
        def is_right(_server: Any, _session: Any, _envelope: Any, _mechanism: str, data: LoginPassword) -> AuthResult:
            return AuthResult(success=data == LoginPassword(b"shop", b"hidden-password"))

        add_mail()
        options = {"tls_context": server_context, "authenticator": is_right, "auth_required": True}
        with mail_server.running(**options):
            named = encrypted | {"SMTP_USER": "shop", "SMTP_PASSWORD": password}
            done = bookstore("outbox", "send", env=named, check=False)
        assert done.returncode == code, done.stderr
        assert len(mail_server.accepted) == 1 - code
        assert password not in done.stdout + done.stderr

    @pytest.mark.parametrize("fields", [{"smtp_tls": "none", "smtp_user": "shop"}, {"smtp_tls": "tls"}])
    def test_a_password_that_would_be_readable_or_nobodys_is_refused(self, fields: dict[str, str]) -> None:
        with pytest.raises(ValidationError, match="needs SMTP_") as error:
            Settings.model_validate({"secret_key": SECRET_KEY, **fields, "smtp_password": "hidden"})
        assert "hidden" not in str(error.value)


def test_metrics_tell_how_long_mails_wait(
    databases: Databases, database: str, add_mail: AddMail, owner: psycopg.Connection
) -> None:
    add_mail()
    with serve(databases.environment(database)) as server:

        def overdue() -> float:
            (value,) = server.values("bookstore_outbox_overdue_seconds")
            return value

        owner.execute("UPDATE outbox_message SET next_attempt_at = now() - interval '1 hour'")
        assert 3600 <= overdue() < 3660
        owner.execute("UPDATE outbox_message SET next_attempt_at = now() + interval '1 hour'")
        assert overdue() == 0
        owner.execute("UPDATE outbox_message SET next_attempt_at = now() - interval '1 hour', given_up_at = now()")
        assert overdue() == 0
        # Without the database the other metrics still come.
        owner.execute("ALTER TABLE outbox_message RENAME TO away")
        try:
            exposed = httpx.get(server.metrics_url).text
        finally:
            owner.execute("ALTER TABLE away RENAME TO outbox_message")
        assert "bookstore_build_info" in exposed
        assert "bookstore_outbox_overdue_seconds" not in exposed


def context_of(authority: trustme.CA, name: str) -> SSLContext:
    context = SSLContext(PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(context)
    return context


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    """Someone who signs certificates."""
    return trustme.CA()


@pytest.fixture
def server_context(authority: trustme.CA) -> SSLContext:
    """The mail server's certificate, for its address."""
    return context_of(authority, "127.0.0.1")


@pytest.fixture
def encrypted(smtp_environment: Environment, authority: trustme.CA, tmp_path: Path) -> Environment:
    """The environment of a sender that asks for STARTTLS, and trusts that authority."""
    file = tmp_path / "authority.pem"
    authority.cert_pem.write_to_path(str(file))
    return smtp_environment | {"SMTP_TLS": "starttls", "SSL_CERT_FILE": str(file)}
