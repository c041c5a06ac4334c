"""Settings from the environment and from files."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from bookstore.config import Settings

KEY = "0123456789abcdef0123456789abcdef"


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_KEY", KEY)
    monkeypatch.delenv("DATABASE_URL", raising=False)


class TestSources:
    def test_a_mounted_file(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        (tmp_path / "DATABASE_PASSWORD").write_text("from a file\n")
        monkeypatch.setenv("SECRETS_DIR", str(tmp_path))
        assert Settings.load().database.password == "from a file"

    def test_the_environment_wins_over_a_file(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        (tmp_path / "PORT").write_text("1")
        monkeypatch.setenv("SECRETS_DIR", str(tmp_path))
        monkeypatch.setenv("PORT", "2")
        assert Settings.load().port == 2

    def test_an_empty_variable_is_an_absent_one(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("PORT", "")
        assert Settings.load().port == 8000

    def test_frozen(self) -> None:
        with pytest.raises(ValidationError):
            Settings.load().port = 1  # type: ignore[misc]


class TestDatabase:
    def test_from_parts(self, monkeypatch: pytest.MonkeyPatch) -> None:
        for name, value in {"HOST": "db", "USER": "me", "PASSWORD": "p@ss/word", "SSLMODE": "verify-full"}.items():
            monkeypatch.setenv(f"DATABASE_{name}", value)
        url = Settings.load().database
        assert (url.drivername, url.host, url.username, url.password) == ("postgresql+psycopg", "db", "me", "p@ss/word")
        assert url.query == {"sslmode": "verify-full"}

    def test_a_url_overrides_the_parts(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("DATABASE_HOST", "ignored")
        monkeypatch.setenv("DATABASE_URL", "postgresql://u:p@/books?host=/var/run/postgresql")
        url = Settings.load().database
        assert (url.host, url.query["host"]) == (None, "/var/run/postgresql")

    @pytest.mark.parametrize("url", ["mysql://u:hidden@h/d", "sqlite://", "not a url", "postgresql"])
    def test_another_database_is_refused_without_the_password(self, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("DATABASE_URL", url)
        with pytest.raises(ValidationError) as error:
            Settings.load()
        assert "hidden" not in str(error.value)


class TestLists:
    def test_hosts_are_separated_by_commas(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("ALLOWED_HOSTS", "a.example, .b.example")
        assert Settings.load().allowed_hosts == ("a.example", ".b.example")


class TestSecrets:
    def test_are_not_in_a_repr(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("DATABASE_PASSWORD", "hidden")
        shown = repr(Settings.load())
        assert KEY not in shown
        assert "hidden" not in shown
