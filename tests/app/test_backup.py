"""Backups in a folder and in a bucket of a real S3 API."""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from minio import Minio

from bookstore.backup.folder import Folder
from bookstore.cli import bookstore
from tests.servers import free_port

OLD, NEW = "bookstore-20260101T021700Z.dump", "bookstore-20260102T021700Z.dump"


@pytest.fixture(scope="module")
def store() -> Iterator[str]:
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "moto.server", "--host", "127.0.0.1", "--port", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + 60
    while True:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            break
        except ConnectionRefusedError:
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.05)
    yield f"127.0.0.1:{port}"
    process.terminate()
    process.wait()


@pytest.fixture
def bucket(store: str, worker_id: str, tmp_path: Path) -> Iterator[tuple[Minio, str]]:
    client = Minio(store, access_key="access", secret_key="secret-key", secure=False, region="us-east-1")
    name = f"bucket-{worker_id}-{abs(hash(tmp_path)) % 10**6}"
    client.make_bucket(name)
    yield client, name
    client._http.clear()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "backups"
    path.mkdir()
    monkeypatch.setenv("BACKUP_DIR", str(path))
    return path


@pytest.fixture
def in_bucket(bucket: tuple[Minio, str], store: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("BACKUP_S3_ENDPOINT", f"http://{store}")
    monkeypatch.setenv("BACKUP_S3_BUCKET", bucket[1])
    monkeypatch.setenv("BACKUP_S3_PREFIX", "shop/")
    monkeypatch.setenv("BACKUP_S3_REGION", "us-east-1")
    monkeypatch.setenv("BACKUP_S3_ACCESS_KEY", "access")
    monkeypatch.setenv("BACKUP_S3_SECRET_KEY", "secret-key")
    return folder


def run(*arguments: str) -> Result:
    return CliRunner().invoke(bookstore, ["backup", *arguments])


def objects(bucket: tuple[Minio, str]) -> list[str]:
    client, name = bucket
    return sorted(str(each.object_name) for each in client.list_objects(name, recursive=True))


class TestFolder:
    def test_the_checksum_is_that_of_sha256sum(self, folder: Path) -> None:
        (folder / NEW).write_text("new")
        assert run("store").exit_code == 0
        done = subprocess.run(["sha256sum", "--check", f"{NEW}.sha256"], cwd=folder, check=False, capture_output=True)
        assert done.returncode == 0

    def test_a_dump_without_checksum_is_no_backup(self, folder: Path) -> None:
        (folder / NEW).write_text("new")
        assert Folder(folder).names() == []

    def test_nothing_to_store(self, folder: Path) -> None:
        done = run("store")
        assert done.exit_code == 1
        assert "There is no dump" in done.output

    def test_nothing_to_restore(self, folder: Path, tmp_path: Path) -> None:
        done = run("fetch", "--link", str(tmp_path / "link"))
        assert (done.exit_code, done.output) == (1, "Error: There is no backup to restore.\n")

    @pytest.mark.parametrize("name", ["../secrets", "x.dump", f"{NEW}.sha256"])
    def test_a_name_that_is_none(self, folder: Path, name: str, tmp_path: Path) -> None:
        done = run("fetch", name, "--link", str(tmp_path / "link"))
        assert done.exit_code == 1
        assert "is no backup's name" in done.output

    def test_the_newest_or_the_named(self, folder: Path, tmp_path: Path) -> None:
        for name in (OLD, NEW):
            (folder / name).write_text(name)
        run("store")
        link = tmp_path / "link"
        for arguments, expected in (([], NEW), ([OLD], OLD)):
            assert run("fetch", *arguments, "--link", str(link)).exit_code == 0
            assert link.read_text() == expected
        missing = run("fetch", "bookstore-20250101T000000Z.dump", "--link", str(link))
        assert f"The newest are {NEW}, {OLD}." in missing.output


class TestBucket:
    def test_what_it_lacks_is_copied_and_what_is_too_old_deleted(
        self, in_bucket: Path, bucket: tuple[Minio, str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("BACKUP_KEEP", "1")
        (in_bucket / OLD).write_text("old")
        assert run("store").exit_code == 0
        assert objects(bucket) == [f"shop/{OLD}", f"shop/{OLD}.sha256"]
        (in_bucket / NEW).write_text("new")
        assert run("store").exit_code == 0
        assert objects(bucket) == [f"shop/{NEW}", f"shop/{NEW}.sha256"]
        assert Folder(in_bucket).names() == [NEW]

    def test_a_restore_elsewhere_downloads_it(self, in_bucket: Path, tmp_path: Path) -> None:
        (in_bucket / NEW).write_text("new")
        run("store")
        Folder(in_bucket).remove(NEW)
        link = tmp_path / "link"
        assert run("fetch", "--link", str(link)).exit_code == 0
        assert link.read_text() == "new"

    def test_a_large_one_goes_in_parts(self, in_bucket: Path, bucket: tuple[Minio, str], tmp_path: Path) -> None:
        (in_bucket / NEW).write_bytes(b"x" * 12_000_000)
        assert run("store").exit_code == 0
        client, name = bucket
        assert client.stat_object(name, f"shop/{NEW}").size == 12_000_000

    def test_no_such_bucket(self, in_bucket: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("BACKUP_S3_BUCKET", "no-such-bucket")
        (in_bucket / NEW).write_text("new")
        done = run("store")
        assert done.exit_code == 1
        assert "Cannot list in the bucket no-such-bucket" in done.output

    def test_a_store_that_is_away(self, in_bucket: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("BACKUP_S3_ENDPOINT", f"http://127.0.0.1:{free_port()}")
        (in_bucket / NEW).write_text("new")
        done = run("store")
        assert done.exit_code == 1
        assert "Error: Cannot list in the bucket" in done.output
        # The backup stays, and is copied the next time.
        assert Folder(in_bucket).names() == [NEW]

    def test_one_key_without_the_other(self, in_bucket: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("BACKUP_S3_SECRET_KEY")
        done = run("store")
        assert done.exit_code == 1
        assert "set both BACKUP_S3_ACCESS_KEY and BACKUP_S3_SECRET_KEY" in done.output
