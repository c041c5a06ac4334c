"""`bookstore conformance`: ask a running install whether it keeps the twelve factors."""

import os
import sys
from collections.abc import Callable
from dataclasses import replace

import click

from bookstore.cluster.api import Kubernetes
from bookstore.config import Surface
from bookstore.conformance import generic, shop
from bookstore.conformance.asking import ask_all, print_table
from bookstore.conformance.install import Install
from bookstore.conformance.objects import statuses_of_first
from bookstore.conformance.statements import Run, Statement


@click.command()
@click.option("--namespace", metavar="NS", help="Where the install is; in a pod, by default its own.")
@click.option("--release", metavar="NAME", help="The Helm release; by default the only one there.")
@click.option("--against", metavar="NS[/NAME]", help="Another environment, to compare it with.")
@click.option("--server", metavar="URL", help="Address of a `kubectl proxy`; without, the pod's own account is used.")
@click.option("--disturb", is_flag=True, help="Delete a pod of each Deployment, and scale it up and down, too.")
@click.option("--generic", "only_generic", is_flag=True, help="Ask only what holds of any application.")
@click.option(
    "--component", "components", metavar="NAME", multiple=True, help="A Deployment that serves, by its label."
)
@click.option("--start-seconds", default=60.0, show_default=True, help="Longest start of a process.")
def conformance(
    *,
    namespace: str | None,
    release: str | None,
    against: str | None,
    server: str | None,
    disturb: bool,
    only_generic: bool,
    components: tuple[str, ...],
    start_seconds: float,
) -> None:
    """Ask a running install, factor by factor, whether it is a twelve-factor application.

    Only reads, unless told to disturb. Exit code 1 where a statement is broken. Evidence comes from the Kubernetes API
    (never from Secrets), and from what the Services answer: in a pod directly, else through the API server.
    docs/twelve-factor.md lists the statements.
    """
    kubernetes = _kubernetes(server, namespace)
    serving = components or (() if only_generic else tuple(Surface))
    make = _maker(serving, inside=server is None)
    run = Run(make(kubernetes, release), disturb=disturb, start_seconds=start_seconds)
    if against:
        there, _, other_release = against.partition("/")
        run.other = make(replace(kubernetes, namespace=there), other_release or run.install.release)
    run.in_image = server is None and _is_of(run.install)
    if not print_table(ask_all(run, chosen(only_generic=only_generic))):
        sys.exit(1)


def chosen(*, only_generic: bool = False) -> list[Statement]:
    """The statements to ask, by factor."""
    every = [*generic.STATEMENTS, *([] if only_generic else shop.STATEMENTS)]
    return sorted(every, key=lambda each: each.factor.number)


def _kubernetes(server: str | None, namespace: str | None) -> Kubernetes:
    if server is None:
        own = Kubernetes.from_pod()
        return replace(own, namespace=namespace or own.namespace)
    if namespace is None:
        raise click.UsageError("Say --namespace.")
    return Kubernetes.behind_proxy(server, namespace)


def _maker(components: tuple[str, ...], *, inside: bool) -> Callable[[Kubernetes, str | None], Install]:
    return lambda kubernetes, release: Install(kubernetes, release, components, inside=inside)


def _is_of(install: Install) -> bool:
    """Whether this process runs in a pod of the very image that serves."""
    own = install.kubernetes.request("GET", install.path("pods", os.environ.get("HOSTNAME", "")))
    if not own or "containerStatuses" not in own.get("status", {}):
        return False
    return {each["imageID"].rpartition("@")[2] for each in statuses_of_first(own)} == install.digests
