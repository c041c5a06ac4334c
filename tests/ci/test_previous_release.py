"""What a change, and a release, is compared with: the release before."""

from tests.ci.conftest import Repository


def test_is_the_last_tag_before_the_commit_at_hand_even_of_a_release(repository: Repository) -> None:
    assert repository.output("ci/previous-release") == "No release yet, so nothing runs on an older schema."
    repository.git("tag", "v0.1.0")
    assert repository.output("ci/last-release") == ""
    repository.write("README.md", "A change.\n")
    repository.commit()
    assert repository.output("ci/last-release") == "v0.1.0"
    assert repository.output("ci/previous-release") == "No migration since v0.1.0."
    repository.git("tag", "not-a-version")
    repository.git("tag", "v0.2.0")
    # Its own workflow upgrades from the release before, and not from itself to itself.
    assert repository.output("ci/last-release") == "v0.1.0"
    repository.write("README.md", "Another.\n")
    repository.commit()
    assert repository.output("ci/last-release") == "v0.2.0"


def test_an_upgrade_wants_a_release(repository: Repository) -> None:
    assert repository.output("ci/upgrade") == "No release yet, so there is nothing to upgrade from."
