"""The admin commands, as processes."""

import json
import socket
import subprocess
import sys

import psycopg

from bookstore.admin import configuration
from bookstore.config import Settings
from dev.postgres import APP, OWNER
from tests.databases import SECRET_KEY, Databases, bookstore
from tests.servers import free_port

NOWHERE = {"SECRET_KEY": SECRET_KEY, "DATABASE_URL": "postgresql://nobody:hunter2@127.0.0.1:1/none"}


class TestConfig:
    def test_help_documents_every_setting(self) -> None:
        printed = bookstore("config", "--help", env={}).stdout
        for name, field in Settings.model_fields.items():
            (line,) = [line for line in printed.splitlines() if line.startswith(f"{name.upper()} ")]
            assert field.description
            assert line.endswith(field.description)
            assert configuration.type_name(field) in line

    def test_shows_what_is_in_force_and_masks_secrets(self) -> None:
        printed = bookstore("config", env=NOWHERE | {"PORT": "8123"}).stdout
        assert json.loads(printed)["PORT"] == 8123
        assert SECRET_KEY not in printed
        assert "hunter2" not in printed

    def test_says_every_mistake_at_once_without_the_values(self) -> None:
        wrong = {"SECRET_KEY": "too-short-secret", "PORT": "high", "DATABASE_URL": "mysql://root:hunter2@db/x"}
        done = bookstore("config", env=wrong, check=False)
        assert done.returncode == 1
        assert all(name in done.stderr for name in wrong)
        assert "openssl rand -hex 32" in done.stderr
        assert "hunter2" not in done.stderr + done.stdout
        assert "too-short-secret" not in done.stderr + done.stdout
        assert "Traceback" not in done.stderr


class TestWait:
    def test_returns_when_the_database_is_there(self, databases: Databases, database: str) -> None:
        done = bookstore("db", "wait", "--schema", env=databases.environment(database))
        assert "ready" in done.stdout

    def test_waits_for_a_server_that_comes_later(self) -> None:
        port = free_port()
        environment = NOWHERE | {"DATABASE_URL": f"postgresql://nobody@127.0.0.1:{port}/none"}
        command = [sys.executable, "-m", "bookstore", "db", "wait", "--timeout-seconds", "60"]
        with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as waiting:
            assert waiting.stderr
            assert "refused" in waiting.stderr.readline()
            with socket.create_server(("127.0.0.1", port)) as server:
                server.settimeout(30)
                connection, _ = server.accept()
                with connection:
                    assert connection.recv(8)  # a PostgreSQL client's first packet
            waiting.kill()

    def test_gives_up_at_the_deadline_and_says_why(self) -> None:
        done = bookstore("db", "wait", "--timeout-seconds", "0.3", env=NOWHERE, check=False)
        assert done.returncode == 1
        assert "Gave up after 0.3 s" in done.stderr
        assert "refused" in done.stderr
        assert "hunter2" not in done.stderr

    def test_asks_again_while_another_command_still_waits_for_its_connection(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as deaf:
            url = f"postgresql://nobody@127.0.0.1:{deaf.getsockname()[1]}/none"
            environment = NOWHERE | {"DATABASE_URL": url}
            with subprocess.Popen([sys.executable, "-m", "bookstore", "db", "check"], env=environment) as checking:
                done = bookstore("db", "wait", "--timeout-seconds", "0.1", env=environment, check=False)
                assert "timeout expired" in done.stderr
                assert checking.poll() is None
                checking.kill()

    def test_waits_for_the_schema(self, databases: Databases) -> None:
        with databases.temporary("without_schema", template="template0") as name:
            command = ("db", "wait", "--schema", "--timeout-seconds", "0.2")
            done = bookstore(*command, env=databases.environment(name), check=False)
        assert "no schema yet" in done.stderr


class TestDoctor:
    def test_all_is_well(self, databases: Databases, database: str) -> None:
        done = bookstore("doctor", env=databases.environment(database))
        assert "FAIL" not in done.stdout
        assert done.stdout.count("ok") == 7

    def test_settings(self) -> None:
        done = bookstore("doctor", env={}, check=False)
        assert done.returncode == 1
        assert "SECRET_KEY" in done.stdout

    def test_database(self) -> None:
        done = bookstore("doctor", env=NOWHERE, check=False)
        assert done.returncode == 1
        assert "FAIL  database" in done.stdout
        assert "hunter2" not in done.stdout

    def test_schema(self, databases: Databases) -> None:
        with databases.temporary("doctored", template="template0") as name:
            done = bookstore("doctor", env=databases.environment(name), check=False)
        assert "FAIL  schema" in done.stdout

    def test_a_role_that_can_change_the_schema(self, databases: Databases, database: str) -> None:
        done = bookstore("doctor", env=databases.environment(database, OWNER), check=False)
        assert "FAIL  role" in done.stdout


class TestToken:
    def test_add_list_revoke(self, databases: Databases) -> None:
        with databases.temporary("tokens") as name:
            environment = databases.environment(name)
            token = bookstore("token", "add", "importer", "--scope", "catalogue", env=environment).stdout.strip()
            assert len(token) > 43
            again = bookstore("token", "add", "importer", "--scope", "catalogue", env=environment, check=False)
            assert "exists already" in again.stderr
            listed = bookstore("token", "list", env=environment).stdout
            assert "importer\tcatalogue\tvalid" in listed
            assert token not in listed
            bookstore("token", "revoke", "importer", env=environment)
            assert "revoked" in bookstore("token", "list", env=environment).stdout
            with psycopg.connect(databases.url(name, APP)) as connection:
                stored = connection.execute("SELECT api_token::text FROM api_token").fetchall()
        assert token not in str(stored)


class TestFailures:
    def test_are_one_sentence(self) -> None:
        done = bookstore("token", "list", env=NOWHERE, check=False)
        assert done.returncode == 1
        assert done.stderr.startswith("Error: The database refused")
        assert "Traceback" not in done.stderr
