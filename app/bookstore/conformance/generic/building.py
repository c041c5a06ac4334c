"""What was built, and what a release makes of it: codebase, dependencies, releases."""

import re

from bookstore.conformance.factors import Factor
from bookstore.conformance.objects import Object, command_of, config_maps, first, label, name_of, selected
from bookstore.conformance.statements import Broken, Run, Statements, broken_if

statements = Statements()

EXACT_IMAGE = re.compile(r"(@sha256:[0-9a-f]{64}|:[^:/@]*[0-9][^:/@]*)$")
INSTALLING = re.compile(
    r"\b(pip3?|uv|apt|apt-get|apk|dnf|yum|npm|yarn|gem|go)\s+(pip\s+)?(install|add)\b|\b(curl|wget)\b"
)
REVISION = "deployment.kubernetes.io/revision"


@statements(
    Factor.CODEBASE,
    "Every workload and Service of the application is labelled with one version",
    catches="a Deployment labelled with another version",
)
def one_version(run: Run) -> str:
    """By the label app.kubernetes.io/version."""
    install = run.install
    cron_jobs = install.listed("cronjobs", instance=install.release, name=install.app)
    labelled = [*install.deployments, *install.services, *cron_jobs]
    found: dict[str, list[str]] = {}
    for each in labelled:
        found.setdefault(label(each, "version") or "none", []).append(name_of(each))
    if len(found) != 1 or "none" in found:
        raise Broken("; ".join(f"{version}: {', '.join(names)}" for version, names in sorted(found.items())))
    return f"{', '.join(found)} on {len(labelled)} objects"


@statements(
    Factor.CODEBASE,
    "Every process that serves runs one image, by its digest",
    catches="a pod whose image has another digest",
)
def one_image(run: Run) -> str:
    """By what the kubelet says it runs."""
    digests = run.install.digests
    if len(digests) != 1:
        raise Broken(f"{len(digests)} images: {', '.join(sorted(digests)) or 'no pod serves'}")
    return f"{next(iter(digests))[:19]}… in {len(run.install.serving)} pods"


@statements(
    Factor.DEPENDENCIES,
    "Nothing can be installed where it runs: the root file systems are read-only",
    catches="a container that may write to its root",
)
def nothing_can_be_installed(run: Run) -> str:
    """In each container of each workload of the application."""
    every = list(run.install.containers())
    broken_if(
        f"{where}, {each['name']}: may write to its root"
        for where, each in every
        if not each.get("securityContext", {}).get("readOnlyRootFilesystem")
    )
    return f"{len(every)} containers"


@statements(
    Factor.DEPENDENCIES,
    "No container fetches or installs anything when it starts",
    catches="a container that begins with pip install",
)
def nothing_is_installed(run: Run) -> str:
    """By what its command says."""
    every = list(run.install.containers())
    broken_if(
        f"{where}, {each['name']}: {found[0]}"
        for where, each in every
        if (found := INSTALLING.search(command_of(each)))
    )
    return f"{len(every)} commands"


@statements(
    Factor.RELEASE,
    "Images are exact: by digest, or by a tag that is a version",
    catches="an image without a tag",
)
def images_are_exact(run: Run) -> str:
    """In each container of each workload of the application."""
    every = {each["image"] for _, each in run.install.containers()}
    broken_if(f"{image} may be another tomorrow" for image in every if not EXACT_IMAGE.search(image))
    return ", ".join(sorted(every))


@statements(
    Factor.RELEASE,
    "What runs is the newest release of each Deployment, an image with its settings",
    catches="a pod of an earlier release",
)
def newest_release_runs(run: Run) -> str:
    """Each revision of a Deployment is a ReplicaSet, whose template names both."""
    install = run.install
    evidence = []
    for deployment in install.deployments:
        uid = deployment["metadata"]["uid"]
        own = [each for each in install.replica_sets if each["metadata"]["ownerReferences"][0]["uid"] == uid]
        newest = max(own, key=_revision)
        present = newest["metadata"]["labels"]["pod-template-hash"]
        broken_if(
            f"{name_of(pod)} is not of revision {_revision(newest)}"
            for pod in selected(deployment, install.pods)
            if pod["metadata"]["labels"]["pod-template-hash"] != present
        )
        template = deployment["spec"]["template"]
        release = " + ".join([first(template)["image"], *sorted(config_maps(template))])
        evidence.append(f"revision {_revision(newest)}: {release}")
    return "; ".join(evidence)


@statements(
    Factor.RELEASE,
    "A release that is kept can come back: the settings that it names are there",
    catches="an earlier release whose ConfigMap is gone",
)
def earlier_releases_can_return(run: Run) -> str:
    """For each ReplicaSet that Kubernetes keeps."""
    install = run.install
    broken_if(
        f"{name_of(kept)} names ConfigMap {name}, which is gone"
        for kept in install.replica_sets
        for name in config_maps(kept["spec"]["template"])
        if name not in install.config
    )
    return f"{len(install.replica_sets)} releases of {len(install.deployments)} Deployments"


def _revision(replica_set: Object) -> int:
    return int(replica_set["metadata"]["annotations"][REVISION])
