"""`bookstore cluster`: what the chart's Jobs run."""

import re

import click

from bookstore.cluster import fetching, secrets
from bookstore.cluster.api import Kubernetes

DNS_NAME = re.compile(r"[a-z0-9]([-a-z0-9.]*[a-z0-9])?")


def _wanted(_ctx: click.Context, _param: click.Parameter, values: tuple[str, ...]) -> dict[str, list[str]]:
    wanted: dict[str, list[str]] = {}
    for value in values:
        name, slash, key = value.partition("/")
        if not (slash and DNS_NAME.fullmatch(name) and re.fullmatch(r"[-._a-zA-Z0-9]+", key)):
            raise click.BadParameter(f"{value!r} is not SECRET/KEY, such as shop/secret-key")
        wanted.setdefault(name, []).append(key)
    return wanted


def _labels(_ctx: click.Context, _param: click.Parameter, values: tuple[str, ...]) -> dict[str, str]:
    if wrong := [value for value in values if "=" not in value]:
        raise click.BadParameter(f"{wrong[0]!r} is not NAME=VALUE")
    return dict(value.split("=", 1) for value in values)


@click.group()
def cluster() -> None:
    """What the chart's Jobs run inside a cluster."""


@cluster.command()
@click.argument("wanted", metavar="SECRET/KEY...", nargs=-1, required=True, callback=_wanted)
@click.option("--label", "labels", metavar="NAME=VALUE", multiple=True, callback=_labels, help="Label of a new Secret.")
def ensure_secret(wanted: dict[str, list[str]], labels: dict[str, str]) -> None:
    """Make each key that is missing with a random value; never change one that is there."""
    kubernetes = Kubernetes.from_pod()
    for name, keys in wanted.items():
        outcome = secrets.ensure(kubernetes, name, keys, labels)
        click.echo(f"Secret {name}: {outcome}.")


@cluster.command()
@click.argument("urls", metavar="URL...", nargs=-1, required=True)
@click.option("--as", "host", metavar="HOST", help="Ask under this host name, as an Ingress routes by it.")
@click.option("--timeout-seconds", default=60.0, show_default=True, help="Try again until this much time is over.")
def fetch(urls: tuple[str, ...], host: str | None, timeout_seconds: float) -> None:
    """GET each address and see that it answers with 2xx."""
    for url in urls:
        click.echo(f"{url}: {fetching.fetch(url, host, timeout_seconds)}")
