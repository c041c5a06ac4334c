"""Backups in a bucket of an S3-compatible store."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

import certifi
from minio import Minio
from minio.credentials.providers import IamAwsProvider, Provider, StaticProvider
from minio.error import MinioException
from urllib3 import PoolManager, Retry, Timeout
from urllib3.exceptions import HTTPError

from bookstore.backup.config import BackupSettings
from bookstore.backup.folder import CHECKSUM, BackupError, newest_first

TIMEOUT = Timeout(connect=10, read=60)
RETRIES = Retry(total=3, backoff_factor=0.5, status_forcelist=[500, 502, 503, 504])


@dataclass(frozen=True)
class Bucket:
    """A bucket, as far as names begin with the prefix."""

    client: Minio
    name: str
    prefix: str

    @classmethod
    def of(cls, settings: BackupSettings) -> Self | None:
        """The bucket of the settings, None without one. Nothing is asked of it yet."""
        if settings.backup_s3_bucket is None:
            return None
        endpoint = urlsplit(settings.backup_s3_endpoint)
        http = PoolManager(
            timeout=TIMEOUT, retries=RETRIES, ca_certs=os.environ.get("SSL_CERT_FILE") or certifi.where()
        )
        client = Minio(
            endpoint.netloc,
            secure=endpoint.scheme == "https",
            region=settings.backup_s3_region,
            credentials=_credentials(settings),
            http_client=http,
        )
        return cls(client, settings.backup_s3_bucket, settings.backup_s3_prefix)

    def names(self) -> list[str]:
        """The backups that are whole, the newest first."""
        with self._explained("list"):
            found = [str(one.object_name) for one in self.client.list_objects(self.name, self.prefix)]
        return newest_first({name.removeprefix(self.prefix) for name in found})

    def put(self, file: Path) -> None:
        """Upload a backup; its checksum last, so that no half of one counts."""
        for part in (file, Path(f"{file}{CHECKSUM}")):
            with self._explained("write"):
                self.client.fput_object(self.name, self.prefix + part.name, str(part))

    def get(self, name: str, folder: Path) -> None:
        """Download a backup into a folder."""
        for part in (name, name + CHECKSUM):
            with self._explained("read"):
                self.client.fget_object(self.name, self.prefix + part, str(folder / part))

    def remove(self, name: str) -> None:
        """Delete a backup; its checksum first."""
        for part in (name + CHECKSUM, name):
            with self._explained("delete"):
                self.client.remove_object(self.name, self.prefix + part)

    @contextmanager
    def _explained(self, verb: str) -> Iterator[None]:
        try:
            yield
        # ValueError: the pod has no role to take credentials from.
        except (MinioException, HTTPError, ValueError, OSError) as error:
            raise BackupError(f"Cannot {verb} in the bucket {self.name}: {error}") from error


def _credentials(settings: BackupSettings) -> Provider:
    access, secret = settings.backup_s3_access_key, settings.backup_s3_secret_key
    if access and secret:
        return StaticProvider(access.get_secret_value(), secret.get_secret_value())
    return IamAwsProvider()
