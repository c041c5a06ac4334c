"""A git repository with deploy/ and values/ in it, as deploy/promote finds it."""

from typing import Any

import yaml

from tests import repositories

DIGESTS = [f"sha256:{digit * 64}" for digit in "abc"]


class Repository(repositories.Repository):
    """One that promotes."""

    def promote(self, *arguments: str) -> None:
        """Promote."""
        self.output("deploy/promote", *arguments)

    def refused(self, *arguments: str) -> str:
        """Why a promotion is refused, which must change nothing."""
        return self.complaint("deploy/promote", *arguments)

    def file(self, environment: str) -> Any:
        """What deploy/environments holds of an environment."""
        return yaml.safe_load((self.folder / f"deploy/environments/{environment}.yaml").read_text())

    def runs(self, environment: str) -> tuple[str, str]:
        """The chart's version and the image's digest of an environment."""
        data = self.file(environment)["data"]
        return data["chart"], data["digest"]
