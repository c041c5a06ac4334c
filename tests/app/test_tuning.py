"""Tuning: files that change under a running process."""

import json
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from flask import Flask

from bookstore.catalogue import pages
from bookstore.config import Settings
from bookstore.tuning import Tuned, read
from tests.databases import Databases, bookstore
from tests.servers import Gunicorn, serve

SEEN_WITHIN_SECONDS = 20


def mount(folder: Path, version: str, **values: object) -> None:
    """Write files as the kubelet does: a new folder, then one swap of a symbolic link."""
    content = folder / f"..{version}"
    content.mkdir(parents=True)
    for name, value in values.items():
        (content / name).write_text(f"{value}\n")
        if not (folder / name).is_symlink():
            (folder / name).symlink_to(f"..data/{name}")
    (folder / "..data_new").symlink_to(content.name)
    (folder / "..data_new").replace(folder / "..data")


def eventually(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + SEEN_WITHIN_SECONDS
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def age(server: Gunicorn) -> str:
    return httpx.get(f"{server.url}/authors").headers["Cache-Control"]


def test_a_running_shop_follows_the_files(databases: Databases, sample: str, tmp_path: Path) -> None:
    mount(tmp_path, "1", CACHE_TTL_SECONDS=11, CACHE_MAX_ENTRIES=1)
    with serve(databases.environment(sample, TUNING_DIR=str(tmp_path), CACHE_TTL_SECONDS="5")) as server:
        assert age(server) == "public, max-age=11"
        mount(tmp_path, "2", CACHE_TTL_SECONDS=22, CACHE_MAX_ENTRIES=1)
        eventually(lambda: age(server) == "public, max-age=22")
        mount(tmp_path, "3", CACHE_TTL_SECONDS="soon", CACHE_MAX_ENTRIES=1)
        eventually(lambda: bool(refusals(server)))
        mount(tmp_path, "4", CACHE_TTL_SECONDS=33, CACHE_MAX_ENTRIES=0)
        assert age(server) == "public, max-age=22"
        eventually(lambda: age(server) == "public, max-age=33")
        (line,) = refusals(server)
        assert line["setting"] == "CACHE_TTL_SECONDS"
        assert "soon" not in json.dumps(line)


def refusals(server: Gunicorn) -> list[dict[str, str]]:
    age(server)
    return [line for line in server.lines() if line["event"] == "tuning_refused"]


@pytest.fixture
def in_folder(settings: Settings, tmp_path: Path) -> Settings:
    return settings.model_copy(update={"tuning_dir": tmp_path})


def test_files_win_over_settings(in_folder: Settings, tmp_path: Path) -> None:
    assert read(in_folder).cache_ttl_seconds == in_folder.cache_ttl_seconds
    (tmp_path / "CACHE_TTL_SECONDS").write_text("7")
    assert read(in_folder).cache_ttl_seconds == 7


def test_what_did_not_change_is_not_read_again(in_folder: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    tuned = Tuned(in_folder)
    monkeypatch.setattr("bookstore.tuning.LOOK_AGAIN_SECONDS", 0)
    tuned.current()
    monkeypatch.setattr("bookstore.tuning.read", lambda _: pytest.fail("read again"))
    tuned.current()


def test_a_folder_that_is_not_there_is_none(settings: Settings, tmp_path: Path) -> None:
    assert Tuned(settings.model_copy(update={"tuning_dir": tmp_path / "none"})).current() == read(settings)


def test_a_file_that_cannot_be_read_changes_nothing(in_folder: Settings, tmp_path: Path) -> None:
    (tmp_path / "CACHE_TTL_SECONDS").write_bytes(b"\xff")
    assert Tuned(in_folder).current() == read(in_folder.model_copy(update={"tuning_dir": None}))


def test_the_number_of_pages_is_followed(shared_app: Flask) -> None:
    assert pages._keeping(3) is pages._keeping(3)
    assert pages._keeping(0).cache_parameters()["maxsize"] == 0  # type: ignore[attr-defined]


def test_config_shows_what_is_in_force(databases: Databases, sample: str, tmp_path: Path) -> None:
    (tmp_path / "CACHE_MAX_ENTRIES").write_text("9")
    environment = databases.environment(sample, TUNING_DIR=str(tmp_path))
    assert json.loads(bookstore("config", env=environment).stdout)["CACHE_MAX_ENTRIES"] == 9
    (tmp_path / "CACHE_MAX_ENTRIES").write_text("many")
    done = bookstore("config", env=environment, check=False)
    assert "CACHE_MAX_ENTRIES: Input should be a valid integer" in done.stderr
