"""A promotion copies what one environment runs to the next, as one commit of one file, or says why not."""

import yaml

from tests.chart.rendering import ROOT
from tests.deploy.repository import DIGESTS, Repository

FIRST, SECOND, THIRD = DIGESTS


def test_each_environment_takes_what_the_one_before_runs(promoted: Repository) -> None:
    assert promoted.runs("dev") == ("1.2.2", THIRD)
    assert promoted.runs("staging") == ("1.2.1", SECOND)
    assert promoted.runs("prod") == ("1.2.0", FIRST)


def test_a_promotion_is_one_commit_of_one_file_and_of_nothing_else(repository: Repository) -> None:
    repository.promote("dev", "1.2.3", FIRST)
    (repository.folder / "values/dev.yaml").write_text("logLevel: INFO\n")
    repository.git("add", "values/dev.yaml")
    repository.promote("staging", FIRST)
    assert repository.git("show", "--name-only", "--format=%s%n%b", "HEAD").split() == [
        *["Run", "1.2.3", "in", "staging"],
        FIRST,
        "deploy/environments/staging.yaml",
    ]
    added = [line for line in repository.git("show", "--format=", "HEAD").splitlines() if line.startswith("+  ")]
    assert added == ['+  chart: "1.2.3"', f"+  digest: {FIRST}"]
    assert repository.git("status", "--porcelain") == "M  values/dev.yaml"


def test_no_environment_is_skipped(repository: Repository) -> None:
    assert "dev runs nothing yet" in repository.refused("staging")
    repository.promote("dev", "1.2.3", FIRST)
    assert "staging runs nothing yet" in repository.refused("prod", FIRST)
    repository.promote("staging")
    repository.promote("dev", "1.2.4", SECOND)
    assert f"prod takes what staging runs, which is {FIRST}, and not {SECOND}" in repository.refused("prod", SECOND)
    repository.promote("prod", FIRST)


def test_only_what_runs_before_is_taken_and_only_once(repository: Repository) -> None:
    repository.promote("dev", "1.2.3", FIRST)
    assert f"which is {FIRST}, and not {THIRD}: promote that to dev first" in repository.refused("staging", THIRD)
    repository.promote("staging")
    assert f"staging runs {FIRST} already" in repository.refused("staging")


def test_what_is_not_committed_runs_nowhere(repository: Repository) -> None:
    repository.promote("dev", "1.2.3", FIRST)
    path = repository.folder / "deploy/environments/dev.yaml"
    path.write_text(path.read_text().replace(FIRST, SECOND))
    repository.promote("staging")
    assert repository.runs("staging") == ("1.2.3", FIRST)
    assert "dev.yaml has changes that are no commit yet" in repository.refused("dev", "1.2.4", THIRD)


def test_a_release_has_a_version_and_a_digest(repository: Repository) -> None:
    assert "say where to" in repository.refused()
    assert "say where to" in repository.refused("production")
    assert "'latest' is no version" in repository.refused("dev", "latest", FIRST)
    for digest in ("", "sha256:abc", f"sha256:{'0' * 64}", f"{FIRST}\n{SECOND}"):
        assert "is no digest" in repository.refused("dev", "1.2.3", digest)


def test_the_workflow_makes_that_commit_on_a_branch(repository: Repository) -> None:
    repository.promote("dev", "1.2.3", FIRST)
    workflow = yaml.safe_load((ROOT / ".github/workflows/promote.yaml").read_text())
    (commit,) = [step for step in workflow["jobs"]["promote"]["steps"] if step.get("name") == "Commit"]
    inputs = workflow[True]["workflow_dispatch"]["inputs"]  # YAML 1.1 reads `on` so
    assert inputs["environment"]["options"] == ["staging", "prod"]
    given = {"ENVIRONMENT": "staging", "DIGEST": "", "GITHUB_RUN_ID": "7"}
    assert set(commit["env"]) <= set(given)
    done = repository.run("bash", "-euo", "pipefail", "-c", commit["run"], **given)
    assert done.returncode == 0, done.stderr
    assert repository.git("branch", "--show-current") == "promote/staging-7"
    assert repository.git("diff", "--name-only", "main") == "deploy/environments/staging.yaml"
    assert repository.runs("staging") == ("1.2.3", FIRST)
