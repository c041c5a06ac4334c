"""Bookstore's settings: each is known, hashed, and does what it says."""

import html
import json
from hashlib import sha256

from bookstore.config import Settings
from bookstore.conformance.factors import Factor
from bookstore.conformance.install import Install, said
from bookstore.conformance.objects import containers, first, label, name_of, pre_stop_seconds, variable_maps
from bookstore.conformance.statements import Broken, Need, NotAsked, Run, Statements, broken_if

statements = Statements()

HASH_LENGTH = 8
# Surfaces that have pages.
PAGES = ("all", "storefront")
# Who reads these is not the class of settings: gunicorn's metrics, and where the Secret's files are.
OTHERS = {"SECRETS_DIR", "PROMETHEUS_MULTIPROC_DIR"}


@statements(
    Factor.CONFIG,
    "Every setting is one that the code reads",
    catches="SHOP_NAMES instead of SHOP_NAME",
)
def settings_are_known(run: Run) -> str:
    """By the one class that defines them; one that nobody reads would be ignored without a word."""
    known = {name.upper() for name in Settings.model_fields} | OTHERS
    given = {name for pod in run.install.pods for name in run.install.settings(pod) if name.isupper()}
    broken_if(f"{name} is read by nobody" for name in given - known)
    return f"{len(given)} of {len(known)}"


@statements(
    Factor.CONFIG,
    "The pages bear the name that a setting gives the shop",
    Need.ANSWERS,
    catches="pages under another name",
)
def pages_bear_the_shop_s_name(run: Run) -> str:
    """SHOP_NAME, on whatever page answers."""
    return _named(run, run.install)


@statements(
    Factor.CONFIG,
    "Another value is another behaviour of the same image: each environment's pages bear its own name",
    Need.OTHER,
    Need.ANSWERS,
    catches="an environment whose pages bear the other one's name",
)
def another_value_is_another_behaviour(run: Run) -> str:
    """SHOP_NAME in both environments."""
    install, other = run.both
    if install.digests != other.digests:
        raise Broken("they run different images")
    if _shop_name(install) == _shop_name(other):
        raise NotAsked("both have one SHOP_NAME")
    return f"{_named(run, install)}; {_named(run, other)}"


def _named(run: Run, install: Install) -> str:
    name = _shop_name(install)
    services = [each for each in install.http_services if label(install.behind(each)[0], "component") in PAGES]
    if not services:
        raise NotAsked("no surface with pages is installed")
    answer = run.answer(install, services[0], "/")
    if html.escape(name) not in answer.text:
        raise Broken(f"no {name!r} on {name_of(services[0])}/: {said(answer)}")
    return f"{name} on {name_of(services[0])}/"


def _shop_name(install: Install) -> str:
    names = {install.settings(pod).get("SHOP_NAME", Settings.model_fields["shop_name"].default) for pod in install.pods}
    if len(names) != 1:
        raise Broken(f"SHOP_NAME has {len(names)} values in one install")
    return str(names.pop())


@statements(
    Factor.RELEASE,
    "A release's settings never change: they are immutable, and their name has the hash of what they say",
    catches="a setting that was edited in place",
)
def settings_are_hashed(run: Run) -> str:
    """The ConfigMaps that pods and kept releases read as variables."""
    install = run.install
    templates = [
        *(each["spec"]["template"] for each in install.replica_sets),
        *(template for _, template in install.admin),
    ]
    names = {name for template in templates for name in variable_maps(*containers(template))}
    for each in [install.config[name] for name in sorted(names) if name in install.config]:
        if not each.get("immutable"):
            raise Broken(f"{name_of(each)} may be changed")
        if not name_of(each).endswith(f"-{hash_of(each['data'])}"):
            raise Broken(f"{name_of(each)} says what hashes to {hash_of(each['data'])}")
    return ", ".join(sorted(names))


def hash_of(data: dict[str, str]) -> str:
    """As the chart's `toJson | sha256sum | trunc 8` has it: Go's JSON sorts keys and escapes these characters."""
    text = json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return sha256(text.encode()).hexdigest()[:HASH_LENGTH]


@statements(
    Factor.PORT_BINDING,
    "The ports are settings: what pods declare is what PORT and METRICS_PORT say",
    catches="PORT=8080 in a pod that declares 8000",
)
def ports_are_settings(run: Run) -> str:
    """For each pod."""
    found = set()
    for pod in run.install.pods:
        settings = run.install.settings(pod)
        declared = {port["name"]: str(port["containerPort"]) for port in first(pod)["ports"]}
        said_ports = {"http": settings.get("PORT"), "metrics": settings.get("METRICS_PORT")}
        if declared != said_ports:
            raise Broken(f"{name_of(pod)} declares {declared}, and its settings say {said_ports}")
        found |= {f"{name} {port}" for name, port in declared.items()}
    return ", ".join(sorted(found))


@statements(
    Factor.DISPOSABILITY,
    "The server's own time to finish ends before the pod's",
    catches="GRACEFUL_TIMEOUT_SECONDS longer than the grace period",
)
def draining_fits(run: Run) -> str:
    """PreStop sleep, then GRACEFUL_TIMEOUT_SECONDS, within terminationGracePeriodSeconds."""
    evidence = set()
    for pod in run.install.pods:
        sleep = pre_stop_seconds(pod)
        graceful = int(
            run.install.settings(pod).get(
                "GRACEFUL_TIMEOUT_SECONDS", Settings.model_fields["graceful_timeout_seconds"].default
            )
        )
        grace = pod["spec"]["terminationGracePeriodSeconds"]
        if sleep + graceful >= grace:
            raise Broken(f"{name_of(pod)}: {sleep} s + {graceful} s of {grace} s")
        evidence.add(f"{sleep} s + {graceful} s of {grace} s")
    return ", ".join(sorted(evidence))
