"""`ci/publish` on a real registry: what it leaves there, what others can verify of it, and what it refuses."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml

from tests.ci.conftest import VERSION, Repository
from tests.cluster.tools import run
from tests.docs.blocks import of_page
from tests.docs.laptop import make_environment
from tests.release.conftest import PLATFORMS, Publisher, base, new_key, outputs

VERIFYING = [block.text for block in of_page("SECURITY.md") if "tests/release" in block.rest]


def inspected(image: str, what: str) -> Any:
    """What the registry says of an image."""
    said = run("docker", "buildx", "imagetools", "inspect", image, "--format", f"{{{{json .{what}}}}}")
    return json.loads(said.stdout)


def kept(publisher: Publisher) -> dict[str, int]:
    """Every file of the registry, with the time of its last change."""
    folder = publisher.key.parent / "registry"
    return {str(path): path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()}


class TestTheFirstTime:
    def test_says_what_the_registry_has_since(self, published: dict[str, str], publisher: Publisher) -> None:
        assert published["image"] == f"{publisher.registry}/bookstore"
        assert published["chart"] == f"{publisher.registry}/charts/bookstore"
        assert inspected(f"{published['image']}:{VERSION}", "Manifest.Digest") == published["image-digest"]
        shown = run("helm", "show", "chart", f"oci://{published['chart']}", "--version", VERSION, "--plain-http")
        assert yaml.safe_load(shown.stdout)["appVersion"] == VERSION
        assert published["chart-digest"] in shown.stderr

    def test_the_image_is_for_both_platforms_and_says_what_it_is(
        self, published: dict[str, str], tagged: Repository
    ) -> None:
        configurations = inspected(f"{published['image']}@{published['image-digest']}", "Image")
        assert configurations.keys() == PLATFORMS
        for one in configurations.values():
            labels = one["config"]["Labels"]
            assert {name.removeprefix("org.opencontainers.image."): said for name, said in labels.items()}.items() >= {
                ("version", VERSION),
                ("revision", tagged.git("rev-parse", "HEAD")),
                ("base.name", base(tagged)),
                ("base.digest", inspected(base(tagged), "Manifest.Digest")),
            }

    def test_its_provenance_names_the_base_by_digest(self, published: dict[str, str], tagged: Repository) -> None:
        provenance = inspected(f"{published['image']}@{published['image-digest']}", "Provenance")
        assert provenance.keys() == PLATFORMS
        digest = inspected(base(tagged), "Manifest.Digest")
        assert [name for name, one in provenance.items() if digest not in json.dumps(one["SLSA"])] == []

    def test_the_chart_finds_the_image(self, published: dict[str, str]) -> None:
        digest = f"image.digest={published['image-digest']}"
        where = (f"oci://{published['chart']}", "--version", VERSION, "--plain-http")
        rendered = run("helm", "template", "shop", *where, "--set", digest).stdout
        assert f"{published['image']}@{published['image-digest']}" in rendered

    def test_anybody_can_verify_it_by_the_page_s_commands(
        self, published: dict[str, str], publisher: Publisher, tmp_path: Path
    ) -> None:
        commands = "\n".join(VERIFYING)
        for public, own in {
            "version=1.2.3": f"version={VERSION}",
            "ghcr.io/OWNER": publisher.registry,
            '--certificate-identity "$signer" --certificate-oidc-issuer "$issuer"': (
                f"--key {publisher.public} --insecure-ignore-tlog --allow-http-registry"
            ),
        }.items():
            assert public in commands
            commands = commands.replace(public, own)
        run("bash", "-euo", "pipefail", "-c", f"cd {tmp_path}; {commands}")
        listed = json.loads((tmp_path / "sbom.json").read_text())["components"]
        packages = {(one["name"], one.get("version")) for one in listed}
        assert ("bookstore", VERSION) in packages
        assert {"flask", "gunicorn", "psycopg"} <= {name.lower() for name, _ in packages}


class TestAgain:
    def test_verifies_and_changes_nothing(
        self, published: dict[str, str], publisher: Publisher, tagged: Repository
    ) -> None:
        before = kept(publisher)
        done = publisher.publish(tagged)
        assert outputs(done) == published
        assert "is published already" in done.stderr
        assert kept(publisher) == before

    def test_after_a_failure_before_the_signature_goes_on(
        self, published: dict[str, str], publisher: Publisher, tagged: Repository
    ) -> None:
        image = f"{published['image']}:{VERSION}"
        run("docker", "buildx", "imagetools", "create", "--tag", image, base(tagged))
        printed = outputs(publisher.publish(tagged, "image"))
        assert inspected(image, "Manifest.Digest") == printed["image-digest"]
        assert inspected(image, "Image").keys() == PLATFORMS


class TestRefuses:
    def test_a_commit_that_is_no_release(self, publisher: Publisher, repository: Repository) -> None:
        done = publisher.publish(repository)
        assert done.returncode == 1
        assert "make release tags one" in done.stderr

    def test_another_chart_under_a_number_that_is_published(
        self, published: dict[str, str], publisher: Publisher, repository: Repository
    ) -> None:
        before = kept(publisher)
        repository.write("charts/bookstore/README.md", "Another.")
        repository.commit()
        repository.git("tag", f"v{VERSION}")
        make_environment(repository.folder)
        done = publisher.publish(repository, "chart")
        assert done.returncode == 1
        assert "A version is published once" in done.stderr
        assert kept(publisher) == before

    def test_an_image_that_somebody_else_has_signed(
        self, published: dict[str, str], publisher: Publisher, tagged: Repository, tmp_path: Path
    ) -> None:
        before = kept(publisher)
        done = replace(publisher, key=new_key(tmp_path)).publish(tagged, "image")
        assert done.returncode == 1
        assert done.stdout == ""
        assert kept(publisher) == before
