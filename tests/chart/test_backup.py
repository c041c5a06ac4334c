"""Backup and restore as the chart runs them: each container's own command and settings, on a real PostgreSQL."""

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import make_url

from dev.cluster import find_programs
from dev.postgres import APP, OWNER
from tests.chart.rendering import ROOT, Chart, Object, Render, containers
from tests.databases import SECRET_KEY, Databases, bookstore

VALUES = {"backup": {"enabled": True, "keep": 2}, "logLevel": "WARNING"}
COUNTS = "SELECT (SELECT count(*) FROM book), (SELECT count(*) FROM search_word), (SELECT sum(stock) FROM book)"


@dataclass
class Pod:
    """Runs the containers of a rendered pod one after the other, in folders of the test."""

    render: Render
    folder: Path
    url: str

    def run(self, name: str) -> subprocess.CompletedProcess[str]:
        """The containers of a CronJob until one fails; the last one that ran."""
        for each in containers(self.render.one("CronJob", name)["spec"]["jobTemplate"]["spec"]["template"]):
            done = self.container(each)
            if done.returncode:
                break
        return done

    def container(self, each: Object) -> subprocess.CompletedProcess[str]:
        """One container."""
        program = each.get("command", [sys.executable, "-m", "bookstore"])
        arguments = [self.here(word) for word in each.get("args", [])]
        return subprocess.run(
            [*program, *arguments], env=self.environment(each), check=False, capture_output=True, text=True, timeout=120
        )

    def here(self, text: str) -> str:
        """A path of the pod as one of the test."""
        return re.sub("^/(backups|tmp)/", rf"{self.folder}/\1/", text)

    def environment(self, each: Object) -> dict[str, str]:
        """The container's environment, on the test's database."""
        (source,) = each["envFrom"]
        settings = self.render.one("ConfigMap", source["configMapRef"]["name"])["data"]
        url = make_url(self.url)
        secrets = self.folder / "secrets"
        for folder in (secrets, self.folder / "tmp"):
            folder.mkdir(exist_ok=True)
        (secrets / "DATABASE_PASSWORD").write_text(str(url.password))
        (secrets / "SECRET_KEY").write_text(SECRET_KEY)
        return {
            "PATH": f"{self.folder}:{find_programs().folder}:{os.environ['PATH']}",
            **{name: self.here(value) for name, value in settings.items()},
            "SECRETS_DIR": str(secrets),
            "DATABASE_HOST": str(url.query["host"]),
            "DATABASE_NAME": str(url.database),
        }

    def make_impatient(self) -> None:
        """Have its scripts pause for no time: they would wait a minute for a database."""
        sleep = self.folder / "sleep"
        sleep.write_text("#!/bin/sh\n")
        sleep.chmod(0o755)

    def backups(self) -> list[str]:
        """The files that are kept."""
        return sorted(file.name for file in (self.folder / "backups/shop-bookstore").iterdir())


@pytest.fixture
def pod(chart: Chart, databases: Databases, tmp_path: Path, worker_id: str) -> Pod:
    name = f"backup_{worker_id}"
    databases.drop(name)
    databases.create(name)
    bookstore("catalogue", "import", str(ROOT / "data/sample-books.csv"), env=databases.environment(name))
    return Pod(chart.render(values=VALUES), tmp_path, databases.url(name, OWNER))


def counts(url: str) -> tuple[object, ...]:
    with psycopg.connect(url) as connection:
        return tuple(connection.execute(COUNTS).fetchone() or ())


def test_a_restore_brings_back_what_was_there(pod: Pod, databases: Databases) -> None:
    before = counts(pod.url)
    done = pod.run("-backup")
    assert done.returncode == 0, done.stderr
    assert "is the newest of 1 backups" in done.stdout
    with psycopg.connect(pod.url, autocommit=True) as connection:
        connection.execute("DELETE FROM book_author")
        connection.execute("DELETE FROM book")
        # As a newer version would have made it: it must not hold on to the old tables.
        connection.execute("CREATE TABLE newer (book_id bigint REFERENCES book (id))")
        connection.execute("CREATE FUNCTION newer(book) RETURNS text LANGUAGE sql RETURN $1.title")
    done = pod.run("-restore")
    assert done.returncode == 0, done.stderr
    assert counts(pod.url) == before
    name = str(make_url(pod.url).database)
    assert "ok    schema" in bookstore("doctor", env=databases.environment(name)).stdout
    with psycopg.connect(databases.url(name, APP)) as connection:
        found = connection.execute("SELECT count(*) FROM book WHERE search @@ to_tsquery('public.bookstore', 'pride')")
        assert found.fetchone() != (0,)
        # Identities go on where they were, and the role of the shop may write as before.
        connection.execute("INSERT INTO author (name, slug) VALUES ('New', 'new-one')")
    with psycopg.connect(pod.url) as connection:
        assert connection.execute("SELECT to_regclass('newer')").fetchone() == (None,)


def test_a_restore_that_fails_changes_nothing(pod: Pod) -> None:
    assert pod.run("-backup").returncode == 0
    before = counts(pod.url)
    with psycopg.connect(pod.url) as reader:
        reader.execute("SELECT count(*) FROM book")
        pod.render.output = pod.render.output.replace("lock_timeout = '30s'", "lock_timeout = '100ms'")
        del pod.render.objects
        done = pod.run("-restore")
    assert done.returncode != 0
    assert "lock timeout" in done.stderr
    assert counts(pod.url) == before


def test_a_damaged_backup_is_not_restored(pod: Pod) -> None:
    assert pod.run("-backup").returncode == 0
    (dump, _) = pod.backups()
    file = pod.folder / "backups/shop-bookstore" / dump
    file.write_bytes(file.read_bytes()[:-1])
    done = pod.run("-restore")
    assert done.returncode == 1
    assert "does not match its checksum" in done.stderr


def test_a_dump_that_breaks_off_is_rolled_back(pod: Pod) -> None:
    assert pod.run("-backup").returncode == 0
    before = counts(pod.url)
    (dump, _) = pod.backups()
    file = pod.folder / "backups/shop-bookstore" / dump
    (pod.folder / "tmp/restore.dump").write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    template = pod.render.one("CronJob", "-restore")["spec"]["jobTemplate"]["spec"]["template"]
    (load,) = [each for each in containers(template) if each["name"] == "load"]
    assert pod.container(load).returncode != 0
    assert counts(pod.url) == before


def test_only_the_newest_stay(pod: Pod) -> None:
    folder = pod.folder / "backups/shop-bookstore"
    folder.mkdir(parents=True)
    for day in (1, 2, 3):
        (folder / f"bookstore-2026010{day}T000000Z.dump").write_text("old")
    assert pod.run("-backup").returncode == 0
    kept = [name for name in pod.backups() if name.endswith(".dump")]
    assert len(kept) == 2
    assert kept[0] == "bookstore-20260103T000000Z.dump"


def test_a_database_that_is_away_leaves_no_file(pod: Pod) -> None:
    pod.url = pod.url.replace("host=", "host=/nowhere")
    pod.make_impatient()
    done = pod.run("-backup")
    assert done.returncode != 0
    assert "/nowhere" in done.stderr
    assert pod.backups() == []
