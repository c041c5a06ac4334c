"""What becomes of e-mails, whatever the mail server says."""

from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from flask import Flask

from bookstore.config import Settings
from bookstore.db import unit_of_work
from bookstore.outbox import sending, service
from bookstore.outbox.smtp import MailServerAway
from tests.app.outbox.conftest import AddMail, MailServer
from tests.databases import bookstore

Send = Callable[[], dict[str, int]]
Row = Callable[[int], dict[str, Any]]


class TestAccepted:
    def test_is_sent_whole_and_once(self, running: MailServer, add_mail: AddMail, send: Send, row: Row) -> None:
        sent = add_mail(subject="Grüße ✓", body="Ein Buch für Sie: “Émile”\n" + "x" * 2000 + "\n")
        assert send() == {"sent": 1}
        assert send() == {}
        (message,) = running.accepted
        assert message["From"] == "Bookstore <bookstore@localhost>"
        assert message["To"] == "reader0@example.org"
        assert message["Subject"] == "Grüße ✓"
        assert message["Date"].datetime is not None
        assert message["Message-ID"].endswith("@localhost>")
        assert message["Auto-Submitted"] == "auto-generated"
        assert message.get_content().replace("\r\n", "\n") == "Ein Buch für Sie: “Émile”\n" + "x" * 2000 + "\n"
        assert row(sent)["sent_at"] is not None
        assert (row(sent)["attempts"], row(sent)["last_error"]) == (1, None)

    def test_in_the_order_in_which_they_are_due(
        self, running: MailServer, add_mail: AddMail, send: Send, owner: psycopg.Connection
    ) -> None:
        late, early = add_mail(subject="late"), add_mail(subject="early")
        never = add_mail(subject="tomorrow")
        owner.execute("UPDATE outbox_message SET next_attempt_at = now() - interval '1 day' WHERE id = %s", [early])
        owner.execute("UPDATE outbox_message SET next_attempt_at = now() + interval '1 day' WHERE id = %s", [never])
        assert send() == {"sent": 2}
        assert running.subjects == ["early", "late"]
        assert late


class TestRefused:
    @pytest.mark.parametrize(
        ("command", "answer"), [("RCPT", "450 greylisted"), ("DATA", "451 later"), ("DATA", "421 x")]
    )
    def test_for_now_is_tried_later(
        self, running: MailServer, add_mail: AddMail, send: Send, row: Row, owner: Any, command: str, answer: str
    ) -> None:
        running.answers[command] = [answer]
        refused, other = add_mail(), add_mail()
        assert send() == {"put off": 1, "sent": 1}
        assert row(other)["sent_at"]
        assert row(refused)["last_error"] == answer
        assert (row(refused)["attempts"], row(refused)["waits"], row(refused)["given_up_at"]) == (1, True, None)
        assert send() == {}
        owner.execute("UPDATE outbox_message SET next_attempt_at = now()")
        assert send() == {"sent": 1}
        assert (row(refused)["attempts"], row(refused)["last_error"]) == (2, None)

    @pytest.mark.parametrize("command", ["RCPT", "DATA"])
    def test_for_good_is_given_up_after_three_tries_until_someone_says_so(
        self, running: MailServer, add_mail: AddMail, send: Send, row: Row, owner: Any, app: Flask, command: str
    ) -> None:
        running.answers[command] = ["550 no such mailbox"] * 3
        refused = add_mail()
        for outcome in ("put off", "put off", "given up"):
            assert send() == {outcome: 1}
            owner.execute("UPDATE outbox_message SET next_attempt_at = now()")
        assert send() == {}
        assert row(refused)["last_error"] == "550 no such mailbox"
        with app.app_context(), unit_of_work() as session:
            assert service.retry(session) == 1
        assert send() == {"sent": 1}

    def test_for_now_is_given_up_in_the_end(
        self, running: MailServer, add_mail: AddMail, send: Send, row: Row, owner: Any
    ) -> None:
        running.answers["RCPT"] = ["450 full"]
        full = add_mail()
        owner.execute("UPDATE outbox_message SET attempts = %s", [sending.LONGEST_PUT_OFF - 1])
        assert send() == {"given up": 1}
        assert row(full)["given_up_at"]

    def test_what_is_no_address_is_given_up_and_stops_nobody(
        self, running: MailServer, add_mail: AddMail, send: Send, row: Row, owner: Any
    ) -> None:
        wrong, other = add_mail(recipient="nobody"), add_mail()
        owner.execute("UPDATE outbox_message SET attempts = 2 WHERE id = %s", [wrong])
        assert send() == {"given up": 1, "sent": 1}
        assert "cannot be addressed" in row(wrong)["last_error"]
        assert row(other)["sent_at"]

    def test_pauses_grow_to_four_hours_and_differ(self) -> None:
        minutes = [sending.pause_after(attempts).total_seconds() / 60 for attempts in range(1, 46)]
        assert 0.5 <= minutes[0] <= 1
        assert 2 <= minutes[2] <= 4
        assert all(120 <= pause <= 240 for pause in minutes[9:])
        assert len(set(minutes)) == len(minutes)
        assert 3 < sum(minutes) / 60 / 24 < 7


class TestServerAway:
    def test_costs_no_attempt_and_all_is_sent_when_it_is_back(
        self, mail_server: MailServer, add_mail: AddMail, send: Send, row: Row
    ) -> None:
        waiting = [add_mail() for _ in range(3)]
        with pytest.raises(MailServerAway, match="cannot be reached"):
            send()
        assert [(row(one)["attempts"], row(one)["waits"]) for one in waiting] == [(0, False)] * 3
        with mail_server.running():
            assert send() == {"sent": 3}
        add_mail()
        with pytest.raises(MailServerAway):
            send()

    def test_refusing_the_shop_costs_no_attempt(
        self, running: MailServer, add_mail: AddMail, send: Send, row: Row
    ) -> None:
        running.answers["MAIL"] = ["550 not allowed to send as this"]
        one = add_mail()
        with pytest.raises(MailServerAway, match="refuses MAIL_FROM: 550 not allowed"):
            send()
        assert row(one)["attempts"] == 0

    def test_the_command_says_what_to_do(self, add_mail: AddMail, smtp_environment: dict[str, str]) -> None:
        add_mail()
        away = bookstore("outbox", "send", env=smtp_environment, check=False)
        assert away.returncode == 1
        assert "cannot be reached (SMTP_HOST, SMTP_TLS)" in away.stderr
        unnamed = {name: value for name, value in smtp_environment.items() if not name.startswith("SMTP_")}
        assert "Set SMTP_HOST" in bookstore("outbox", "send", env=unnamed, check=False).stderr


class TestHeaders:
    @pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\x0b", "\x85", "\u2028"])
    def test_no_text_makes_a_header(
        self, running: MailServer, app: Flask, add_mail: AddMail, smtp_settings: Settings, end: str
    ) -> None:
        evil = f"Hello{end}Bcc: everyone@example.com{end}{end}<b>"
        add_mail(subject=evil)
        with app.app_context():
            sending.send_due(smtp_settings.model_copy(update={"shop_name": evil}))
        (message,) = running.accepted
        assert "Bcc" not in message
        assert message["Subject"] == "Hello Bcc: everyone@example.com <b>"
        assert message["From"].addresses[0].display_name == "Hello Bcc: everyone@example.com <b>"
        assert message["From"].addresses[0].addr_spec == "bookstore@localhost"

    @pytest.mark.parametrize("recipient", ["a@b.org\nBcc: b@b.org", "a@b.org, b@b.org", "a@b>c"])
    def test_no_recipient_is_two(self, running: MailServer, add_mail: AddMail, send: Send, recipient: str) -> None:
        add_mail(recipient=recipient)
        assert send() == {"put off": 1}
        assert running.accepted == []

    def test_the_longest_subject_arrives(self, running: MailServer, add_mail: AddMail, send: Send) -> None:
        subject = "مرحبا \N{PILE OF POO} " * 60 + "end"
        add_mail(subject=subject)
        assert send() == {"sent": 1}
        # Python 3.11 loses a space where it folds (https://github.com/python/cpython/issues/92081).
        assert running.subjects[0].replace(" ", "") == subject.replace(" ", "")


class TestLogs:
    def test_name_no_recipient(self, running: MailServer, add_mail: AddMail, smtp_environment: dict[str, str]) -> None:
        running.answers["RCPT"] = ["550 reader0@example.org is unknown"]
        add_mail(recipient="reader0@example.org", subject="A secret subject")
        done = bookstore("outbox", "send", env=smtp_environment)
        assert "mail_not_sent" in done.stdout
        assert "0 sent, 1 put off, 0 given up." in done.stdout
        assert "reader0" not in done.stdout + done.stderr
        assert "A secret" not in done.stdout + done.stderr


class TestPurge:
    def test_removes_what_ended_long_ago(
        self, add_mail: AddMail, owner: psycopg.Connection, databases: Any, database: str
    ) -> None:
        kept = [add_mail() for _ in range(3)]
        owner.execute("UPDATE outbox_message SET sent_at = now() - interval '29 days' WHERE id = %s", [kept[1]])
        owner.execute("UPDATE outbox_message SET created_at = now() - interval '90 days' WHERE id = %s", [kept[2]])
        owner.execute("UPDATE outbox_message SET sent_at = now() - interval '31 days' WHERE id = %s", [add_mail()])
        owner.execute("UPDATE outbox_message SET given_up_at = now() - interval '31 days' WHERE id = %s", [add_mail()])
        assert "2 old e-mails removed." in bookstore("outbox", "purge", env=databases.environment(database)).stdout
        assert owner.execute("SELECT array_agg(id ORDER BY id) FROM outbox_message").fetchone() == (kept,)
