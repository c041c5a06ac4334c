"""docs/how-to/gitops.md, followed in a repository that has somewhere to push to."""

import os
from pathlib import Path

from tests.deploy.repository import DIGESTS, Repository
from tests.docs import blocks
from tests.docs.terminal import Terminal
from tests.repositories import IDENTITY


def test_its_commands_lead_a_release_to_production(repository: Repository, kubectl: str, tmp_path: Path) -> None:
    origin = tmp_path / "origin.git"
    repository.git("init", "--quiet", "--bare", str(origin))
    repository.git("remote", "add", "origin", str(origin))
    repository.git("push", "--quiet", "--set-upstream", "origin", "main")
    path = f"{Path(kubectl).parent}{os.pathsep}{os.environ['PATH']}"
    terminal = Terminal(
        repository.folder, {**IDENTITY, "PATH": path}, lambda text: text.replace("sha256:…", DIGESTS[0])
    )
    addresses, flux, promote = (block for block in blocks.of_page("docs/how-to/gitops.md") if block.where == "laptop")
    changed = terminal.run(addresses).splitlines()
    assert changed == [file for file in changed if "example.org" in (repository.folder / file).read_text()]
    assert len(changed) > 2
    assert "kind: HelmRelease" in terminal.run(flux)
    terminal.run(promote)
    assert [repository.runs(name) for name in ("dev", "staging", "prod")] == [("1.4.0", DIGESTS[0])] * 3
    assert repository.git("rev-parse", "HEAD") == repository.git("--git-dir", str(origin), "rev-parse", "main")
