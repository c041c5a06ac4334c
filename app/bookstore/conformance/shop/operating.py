"""What a customer notices, and what the operators run."""

import json

import click

from bookstore.cli import bookstore
from bookstore.conformance import disturbing
from bookstore.conformance.factors import Factor
from bookstore.conformance.generic.operating import lines
from bookstore.conformance.objects import Object, containers, first, label, name_of
from bookstore.conformance.statements import Broken, Need, NotAsked, Run, Statements, broken_if

statements = Statements()

FIELDS = {"time", "level", "logger", "event"}
# Surfaces that have the API.
API = ("all", "api")


@statements(
    Factor.LOGS,
    "Every line says when, how serious, who, and what (docs/logging.md)",
    Need.LOGS,
    catches="a line without a level",
)
def lines_are_complete(run: Run) -> str:
    """The last lines of each pod."""
    count = 0
    for pod, line in lines(run.install):
        if missing := FIELDS - json.loads(line).keys():
            raise Broken(f"{name_of(pod)}: no {', '.join(sorted(missing))} in {line[:60]}")
        count += 1
    return f"{count} lines with {', '.join(sorted(FIELDS))}"


@statements(
    Factor.ADMIN,
    "Every command that a Job or CronJob runs is one of this code",
    catches="a CronJob that runs `cart purgee`",
)
def commands_exist(run: Run) -> str:
    """By the arguments of its containers in the shop's image."""
    serving = run.install.images
    asked = {
        (where, tuple(each["args"]))
        for where, template in run.install.admin
        for each in containers(template)
        if each["image"] in serving and each.get("args")
    }
    broken_if(f"{where}: {' '.join(args)}" for where, args in asked if not _is_command(args))
    return f"{len({args for _, args in asked})} commands"


def _is_command(args: tuple[str, ...]) -> bool:
    command: click.Command | None = bookstore
    context = click.Context(bookstore)
    for word in args:
        if not isinstance(command, click.Group):
            return True
        command = command.get_command(context, word)
        if command is None:
            return False
    return not isinstance(command, click.Group)


@statements(
    Factor.PROCESSES,
    "A cart is there when the process that made it is gone",
    Need.ANSWERS,
    Need.DISTURB,
    catches="carts that a process keeps to itself",
)
def carts_outlive_processes(run: Run) -> str:
    """A cart is made at one pod, which is then deleted; the Service gives the cart all the same."""
    install = run.install
    for service in install.http_services:
        pods = install.behind(service)
        if label(pods[0], "component") in API:
            return _outlives(run, service, pods[0])
    raise NotAsked("no surface with the API is installed")


def _outlives(run: Run, service: Object, stale: Object) -> str:
    install = run.install
    pod = next(each for each in install.current_pods() if label(each, "component") == label(stale, "component"))
    where = install.path("pods", name_of(pod))
    port = first(pod)["ports"][0]["containerPort"]
    proxied = install.path("pods", f"http:{name_of(pod)}:{port}")
    status, text = install.kubernetes.exchange(
        "POST", f"{proxied}/proxy/api/v1/carts", headers={"X-Forwarded-Host": "localhost"}
    )
    if status != 201:
        raise Broken(f"{name_of(pod)} makes no cart: {status} {text[:60]}")
    cart = json.loads(text)["id"]
    install.kubernetes.request("DELETE", where)
    disturbing.until(lambda: install.kubernetes.request("GET", where) is None, "the end of the pod")
    disturbing.until(lambda: install.ask(service, "/readyz").status == 200, "a pod that serves")
    answer = install.ask(service, f"/api/v1/carts/{cart}")
    if answer.status != 200:
        raise Broken(f"the cart of {name_of(pod)} went with it: {answer.status}")
    return f"a cart of {name_of(pod)}, which is gone"
