"""The chart as Helm renders it, in the shapes that tests ask about."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parent.parent.parent
CHART = ROOT / "charts/bookstore"
ENVIRONMENTS = sorted((ROOT / "values").glob("*.yaml"))
SHAPES = sorted((CHART / "ci").glob("*-values.yaml"))
FILES = [*ENVIRONMENTS, *SHAPES]
KUBERNETES = "1.34.0"
STAND_IN = "BOOKSTORE_POSTGRESQL_CHART"

# The C loader parses ten times as fast; an image without it still works.
Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

Object = dict[str, Any]
Values = dict[str, Any]


def program(name: str, variable: str) -> str | None:
    """The path of a tool, from a variable or PATH."""
    return os.environ.get(variable) or shutil.which(name)


def named(path: Path) -> str:
    """A values file's name in a test's id."""
    return path.stem


@dataclass
class Render:
    """What Helm printed, or why it did not."""

    output: str
    error: str

    @cached_property
    def objects(self) -> list[Object]:
        """Every object."""
        assert not self.error, self.error
        return [each for each in yaml.load_all(self.output, Loader=Loader) if each]

    def all(self, *kinds: str) -> list[Object]:
        """Those of some kinds."""
        return [each for each in self.objects if each["kind"] in kinds]

    def one(self, kind: str, name: str) -> Object:
        """The object of a kind whose name ends so."""
        (found,) = [each for each in self.all(kind) if each["metadata"]["name"].endswith(name)]
        return found

    def pods(self) -> Iterator[tuple[Object, Object]]:
        """Each object that makes pods, with its pod template."""
        for each in self.all("Deployment", "StatefulSet", "Job", "DaemonSet"):
            yield each, each["spec"]["template"]
        for each in self.all("CronJob"):
            yield each, each["spec"]["jobTemplate"]["spec"]["template"]

    @cached_property
    def documents(self) -> list[str]:
        """The text of each document, without the blank lines that Helm versions put between them differently."""
        return [part.strip() for part in re.split(r"^---$", self.output, flags=re.MULTILINE) if part.strip()]


def containers(template: Object) -> list[Object]:
    """All containers of a pod."""
    return [*template["spec"].get("initContainers", []), *template["spec"]["containers"]]


def identity(each: Object) -> tuple[str, str]:
    """Its kind and name."""
    return str(each["kind"]), str(each["metadata"]["name"])


def selects(selector: dict[str, str], template: Object) -> bool:
    """Whether a selector finds the pods of a template."""
    labels = template["metadata"]["labels"]
    return bool(selector) and all(labels.get(key) == value for key, value in selector.items())


def generated_keys(render: Render) -> set[tuple[str, str]]:
    """The Secrets and keys that the Job makes."""
    arguments = [arg for each in render.all("Job") for arg in each["spec"]["template"]["spec"]["containers"][0]["args"]]
    pairs = (argument.split("/") for argument in arguments if re.fullmatch(r"[-a-z0-9]+/[-a-z]+", argument))
    return {(secret, key) for secret, key in pairs}


@dataclass
class Chart:
    """A copy of the chart with the bundled database's chart beside it."""

    folder: Path
    helm: str

    def render(
        self,
        *files: Path,
        values: Mapping[str, Any] | None = None,
        release: str = "shop",
        namespace: str = "shop",
        helm: str | None = None,
        arguments: tuple[str, ...] = (),
    ) -> Render:
        """Render with these files, then these values over them."""
        command = [helm or self.helm, "template", release, str(self.folder), "--namespace", namespace]
        command += ["--kube-version", KUBERNETES, *arguments]
        for path in files:
            command += ["--values", str(path)]
        done = subprocess.run(
            [*command, "--values", "-"],
            input=yaml.safe_dump(dict(values or {})),
            check=False,
            capture_output=True,
            text=True,
            timeout=60,
        )
        return Render(done.stdout, done.stderr if done.returncode else "")

    def notes(self, *files: Path, values: Mapping[str, Any] | None = None) -> str:
        """NOTES.txt."""
        command = [self.helm, "install", "shop", str(self.folder), "--dry-run=client"]
        for path in files:
            command += ["--values", str(path)]
        done = subprocess.run(
            [*command, "--values", "-"],
            input=yaml.safe_dump(dict(values or {})),
            check=True,
            capture_output=True,
            text=True,
        )
        return str(done.stdout.partition("NOTES:\n")[2])


def merged(values: Mapping[str, Any], more: Mapping[str, Any]) -> dict[str, Any]:
    """One map over another, as Helm merges values."""
    result = dict(values)
    for key, value in more.items():
        deeper = isinstance(value, Mapping) and isinstance(result.get(key), Mapping)
        result[key] = merged(result[key], value) if deeper else value
    return result


def at(path: str, value: Any) -> dict[str, Any]:
    """A map with a value at a dotted path."""
    for key in reversed(path.split(".")):
        value = {key: value}
    return dict(value)
