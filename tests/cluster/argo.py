"""Argo CD's order, without Helm: PreSync hooks by weight, then everything else at once."""

from itertools import groupby

from tests.cluster.release import Release
from tests.cluster.tools import Object, apply, kubectl

PRE_SYNC = {"pre-install", "pre-upgrade"}


def annotation(each: Object, name: str) -> str:
    return str(each["metadata"].get("annotations", {}).get(f"helm.sh/{name}", ""))


def weight(each: Object) -> int:
    return int(annotation(each, "hook-weight"))


def sync(release: Release) -> None:
    """What Argo CD does with a render, whether it is the first or not."""
    objects = release.render()
    before = [each for each in objects if PRE_SYNC & set(annotation(each, "hook").split(","))]
    for _, wave in groupby(sorted(before, key=weight), weight):
        hooks = list(wave)
        for each in hooks:
            delete(release, each)
        apply(release.namespace, *hooks)
        wait(release, hooks)
    apply(release.namespace, *(each for each in objects if not annotation(each, "hook")))
    wait(release, objects)
    for each in before:
        delete(release, each)


def named(each: Object) -> str:
    return f"{each['kind'].lower()}/{each['metadata']['name']}"


def delete(release: Release, each: Object) -> None:
    kubectl("-n", release.namespace, "delete", named(each), "--ignore-not-found")


def wait(release: Release, objects: list[Object]) -> None:
    for each in objects:
        if each["kind"] in ("Deployment", "StatefulSet"):
            kubectl("-n", release.namespace, "rollout", "status", named(each), "--timeout=180s")
        elif each["kind"] == "Job" and annotation(each, "hook") != "test":
            kubectl("-n", release.namespace, "wait", "--for=condition=Complete", named(each), "--timeout=180s")


def install(release: Release) -> None:
    """Sync it into an empty namespace, and once more, which must restart nothing."""
    sync(release)
    assert "FAIL" not in release.execute("bookstore", "doctor")
    before = release.pods()
    sync(release)
    assert release.pods() == before
