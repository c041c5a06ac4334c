"""The migrations, and the roles that they leave."""

from concurrent.futures import ThreadPoolExecutor
from importlib import import_module

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from psycopg import sql
from sqlalchemy import create_engine

from bookstore import models as _models  # noqa: F401  # registers every table
from bookstore import schema
from bookstore.db import Base
from dev.postgres import APP, OWNER
from tests.databases import Databases, bookstore

EMPTY = "template0"


class TestUpgrade:
    def test_gives_what_the_models_say(self, databases: Databases, database: str) -> None:
        engine = create_engine(databases.url(database, OWNER).replace("postgresql:", "postgresql+psycopg:"))
        with engine.connect() as connection:
            options = {"compare_type": True, "compare_server_default": True}
            context = MigrationContext.configure(connection, opts=options)
            assert compare_metadata(context, Base.metadata) == []
        engine.dispose()

    def test_four_at_once_run_each_migration_once(self, databases: Databases) -> None:
        with databases.temporary("migrated_at_once", template=EMPTY) as name, ThreadPoolExecutor() as pool:
            for done in [pool.submit(databases.migrate, name) for _ in range(4)]:
                done.result()
            with psycopg.connect(databases.url(name, OWNER)) as connection:
                assert connection.execute("SELECT version_num FROM alembic_version").fetchall() == [
                    (schema.known_revisions()[0],)
                ]

    def test_again_changes_nothing(self, databases: Databases) -> None:
        with databases.temporary("migrated_twice") as name:
            databases.migrate(name)

    def test_leaves_a_newer_schema_and_its_rights_alone(self, databases: Databases) -> None:
        with databases.temporary("rolled_back") as name, psycopg.connect(databases.url(name, OWNER)) as connection:
            connection.execute("CREATE TABLE of_a_later_version (id int)")
            connection.execute("UPDATE alembic_version SET version_num = '9999'")
            connection.commit()
            environment = databases.environment(name, OWNER, DATABASE_APP_ROLE=APP)
            assert "at 9999, newer" in bookstore("db", "upgrade", env=environment).stdout
            rights = connection.execute("SELECT has_table_privilege(%s, 'of_a_later_version', 'SELECT')", [APP])
            assert rights.fetchone() == (False,)

    def test_looking_for_ascii_first_folds_no_text_otherwise(self, databases: Databases, database: str) -> None:
        before = import_module("bookstore.migrations.versions.0009_fold_ascii").ANY
        letters = [start + chr(code) for code in range(1, 0xD800) for start in ("A ", "É ")]
        with psycopg.connect(databases.url(database, OWNER)) as connection:
            ways = [sql.SQL(way) for way in ("fold(value)", before)]
            statement = sql.SQL("SELECT {} FROM unnest(%s::text[]) AS value")
            now, once = (connection.execute(statement.format(way), [letters]).fetchall() for way in ways)
        assert now == once

    def test_sql_option_prints_statements_without_a_database(self) -> None:
        printed = bookstore("db", "upgrade", "--sql", env={}).stdout
        assert "CREATE TABLE book " in printed
        assert "lock_timeout" in printed

    def test_down_and_up_again(self, databases: Databases) -> None:
        from alembic import command

        with databases.temporary("migrated_back") as name:
            engine = create_engine(databases.url(name, OWNER).replace("postgresql:", "postgresql+psycopg:"))
            with engine.connect() as connection:
                config = schema.alembic_config()
                config.attributes["connection"] = connection
                command.downgrade(config, "base")
                ours = "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace"
                assert set(connection.exec_driver_sql(ours).scalars()) == {"alembic_version", "alembic_version_pkc"}
            engine.dispose()
            databases.migrate(name)


class TestKnownRevisions:
    def test_are_those_of_alembic(self) -> None:
        scripts = ScriptDirectory.from_config(schema.alembic_config()).walk_revisions()
        assert schema.known_revisions() == tuple(script.revision for script in scripts)


class TestCheck:
    def test_a_database_without_a_schema_is_named(self, databases: Databases) -> None:
        with databases.temporary("unmigrated", template=EMPTY) as name:
            done = bookstore("db", "check", env=databases.environment(name), check=False)
        assert done.returncode == 1
        assert "bookstore db upgrade" in done.stderr

    def test_a_newer_schema_is_good_enough(self, databases: Databases) -> None:
        with databases.temporary("newer") as name:
            with psycopg.connect(databases.url(name, OWNER)) as connection:
                connection.execute("UPDATE alembic_version SET version_num = '9999'")
            bookstore("db", "check", env=databases.environment(name))


class TestAppRole:
    @pytest.mark.parametrize(
        "statement",
        [
            "CREATE TABLE mine (id int)",
            "ALTER TABLE book ADD COLUMN mine int",
            "DROP TABLE book",
            "TRUNCATE book",
            "UPDATE alembic_version SET version_num = 'x'",
            "CREATE FUNCTION mine() RETURNS int LANGUAGE sql RETURN 1",
        ],
    )
    def test_cannot_change_the_schema(self, databases: Databases, database: str, statement: str) -> None:
        with (
            psycopg.connect(databases.url(database, APP)) as connection,
            pytest.raises(psycopg.errors.InsufficientPrivilege),
        ):
            connection.execute(statement.encode())
