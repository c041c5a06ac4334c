"""Settings of `bookstore backup`, read as the shop's are: the environment, files in SECRETS_DIR, defaults."""

import os
from pathlib import Path
from typing import Self

from pydantic import Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


class BackupSettings(BaseSettings):
    """Frozen once read; a wrong value stops the command with the setting's name and what to do."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_ignore_empty=True, hide_input_in_errors=True)

    backup_dir: Path = Field(description="Folder of the backups.")
    backup_keep: int = Field(14, ge=1, description="How many of the newest stay, in the folder and in the bucket.")
    backup_s3_endpoint: str = Field(
        "https://s3.amazonaws.com", pattern=r"^https?://[^/\s]+$", description="Address of an S3-compatible store."
    )
    backup_s3_bucket: str | None = Field(None, description="Bucket that gets a copy of each backup; empty for none.")
    backup_s3_prefix: str = Field("", pattern=r"^([^/].*/)?$", description="What names in the bucket begin with: a/b/.")
    backup_s3_region: str | None = Field(None, description="Region of the bucket, where it cannot be asked for.")
    backup_s3_access_key: SecretStr | None = Field(
        None,
        description="Key of an account that may list, read, write and delete; without, the pod's own role. Secret.",
    )
    backup_s3_secret_key: SecretStr | None = Field(None, description="Secret of that key. Secret.")

    @model_validator(mode="after")
    def _both_keys(self) -> Self:
        if (self.backup_s3_access_key is None) != (self.backup_s3_secret_key is None):
            raise ValueError("set both BACKUP_S3_ACCESS_KEY and BACKUP_S3_SECRET_KEY, or neither")
        return self

    @classmethod
    def load(cls) -> Self:
        """Read the settings; raises pydantic's ValidationError."""
        return cls(_secrets_dir=os.environ.get("SECRETS_DIR"))
