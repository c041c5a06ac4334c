"""What is seen and done from outside: logs, admin processes."""

import json
import re
from collections.abc import Iterator

from bookstore.conformance.factors import Factor
from bookstore.conformance.install import Install
from bookstore.conformance.objects import Object, config_maps, containers, first, name_of
from bookstore.conformance.statements import Broken, Need, Run, Statements, broken_if

statements = Statements()

LOG_FOLDER = re.compile(r"(^|/)logs?(/|$)")
# The owner migrates, the application reads and writes.
LOGIN = re.compile(r"_(USER|USERNAME|ROLE)$")


def lines(install: Install) -> Iterator[tuple[Object, str]]:
    """The last lines of each serving process, with its pod."""
    for pod in install.serving:
        written = install.log(pod, first(pod)["name"]).splitlines()
        if not written:
            raise Broken(f"{name_of(pod)} has written nothing to its output")
        yield from ((pod, line) for line in written)


@statements(
    Factor.LOGS,
    "Every line that a process writes is one JSON object",
    Need.LOGS,
    catches="a line of plain text",
)
def lines_are_json(run: Run) -> str:
    """The last lines of each pod."""
    count = 0
    for pod, line in lines(run.install):
        try:
            is_object = isinstance(json.loads(line), dict)
        except ValueError:
            is_object = False
        if not is_object:
            raise Broken(f"{name_of(pod)}: {line[:60]}")
        count += 1
    if not count:
        raise Broken("no pod serves")
    return f"{count} lines of {len(run.install.serving)} pods"


@statements(
    Factor.LOGS,
    "No process keeps a log of its own: no volume of it is one for logs",
    catches="a volume at /var/log",
)
def no_log_is_kept(run: Run) -> str:
    """By where its volumes are."""
    mounts = [
        (pod, mount["mountPath"])
        for pod in run.install.pods
        for each in containers(pod)
        for mount in each.get("volumeMounts", [])
    ]
    broken_if(f"{name_of(pod)}: {path}" for pod, path in mounts if LOG_FOLDER.search(path))
    return f"{len(mounts)} mounts"


@statements(
    Factor.ADMIN,
    "Every Job and CronJob of the application runs the image that serves",
    catches="a CronJob in another image",
)
def admin_runs_the_image_that_serves(run: Run) -> str:
    """In one of its containers at least: a database's own tools may work beside it."""
    serving = run.install.images
    broken_if(
        f"{where}: {', '.join(each['image'] for each in containers(template))}"
        for where, template in run.install.admin
        if not serving & {each["image"] for each in containers(template)}
    )
    return f"{len(run.install.admin)} of them: {', '.join(sorted(serving))}"


@statements(
    Factor.ADMIN,
    "Every Job and CronJob has the settings of the processes that serve",
    catches="a CronJob on another database",
)
def admin_has_the_same_settings(run: Run) -> str:
    """Where both have a setting it is the same, but for who logs in; every ConfigMap that is named is there."""
    install = run.install
    serving = {name: value for pod in install.pods for name, value in install.settings(pod).items()}
    compared = set()
    for where, template in install.admin:
        broken_if(f"{where}: {name} is gone" for name in config_maps(template) if name not in install.config)
        for name, value in install.settings(template).items():
            if name in serving and not LOGIN.search(name):
                compared.add(name)
                if value != serving[name]:
                    raise Broken(f"{where}: {name}={value}, and {serving[name]} where it serves")
    return f"{len(install.admin)} of them, {len(compared)} settings alike"
