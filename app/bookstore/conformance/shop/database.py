"""Bookstore's database: where it is, and what each pod said of it when it began (`bookstore db wait --schema`)."""

import re
from collections import Counter

from bookstore.admin.database import READY
from bookstore.admin.doctor import OLDEST_POSTGRESQL
from bookstore.conformance.factors import Factor
from bookstore.conformance.install import Install
from bookstore.conformance.objects import label, name_of
from bookstore.conformance.statements import Broken, Need, Run, Statements

statements = Statements()

WAITING_CONTAINER = "wait"
NEWEST_POSTGRESQL = 18


def _told(install: Install, field: str) -> str:
    """What every pod's first line of readiness says of one thing."""
    pattern = re.compile(re.sub(r"\\{(\w+)\\}", r"(?P<\1>\\S+)", re.escape(READY)))
    told: Counter[str] = Counter()
    for pod in install.serving:
        found = pattern.search(install.log(pod, WAITING_CONTAINER))
        if found is None:
            raise Broken(f"{name_of(pod)}: its container {WAITING_CONTAINER} has not said what database it found")
        told[found[field]] += 1
    if len(told) != 1:
        differing = ", ".join(f"{each} in {count} pods" for each, count in sorted(told.items()))
        raise Broken(f"{install.namespace}: {differing or 'no pod serves'}")
    return next(iter(told))


def _compared(run: Run, field: str, what: str) -> str:
    install, other = run.both
    ours, theirs = _told(install, field), _told(other, field)
    if ours != theirs:
        raise Broken(f"{install.namespace} {ours} and {other.namespace} {theirs}")
    return f"{what} {ours} in {install.namespace} and {other.namespace}"


@statements(
    Factor.CODEBASE,
    "The code of every pod says itself the version that its Deployment is labelled with",
    Need.LOGS,
    catches="a pod whose code says another version",
)
def code_says_its_version(run: Run) -> str:
    """Each pod's own words."""
    version = _told(run.install, "version")
    labelled = {label(each, "version") for each in run.install.deployments}
    if labelled != {version}:
        raise Broken(f"the code is {version}, labelled {', '.join(labelled)}")
    return f"Bookstore {version} in {len(run.install.serving)} pods"


@statements(
    Factor.BACKING_SERVICES,
    "The database is named by a setting, and its password comes as a file from a Secret",
    catches="a pod without the file of the password",
)
def database_is_attached(run: Run) -> str:
    """DATABASE_HOST; the Secret itself is not read."""
    found = set()
    for pod in run.install.pods:
        if not (host := run.install.settings(pod).get("DATABASE_HOST")):
            raise Broken(f"{name_of(pod)} has no DATABASE_HOST")
        files = {
            item["path"].upper()
            for volume in pod["spec"]["volumes"]
            for source in volume.get("projected", {}).get("sources", [])
            for item in source.get("secret", {}).get("items", [])
        }
        if "DATABASE_PASSWORD" not in files:
            raise Broken(f"{name_of(pod)} has no file of the password")
        found.add(host)
    return f"{', '.join(sorted(found))}, password from a file"


@statements(
    Factor.BACKING_SERVICES,
    "One image uses another database in each environment: it is swapped by values alone",
    Need.OTHER,
    catches="two environments on one database",
)
def database_is_swapped_by_value(run: Run) -> str:
    """A host without dots is of the pod's own namespace."""
    install, other = run.both
    if install.digests != other.digests:
        raise Broken("they run different images")
    places = [_places(one) for one in run.both]
    if places[0] & places[1]:
        raise Broken(f"both use {', '.join(places[0] & places[1])}")
    return " and ".join(", ".join(sorted(each)) for each in places)


def _places(install: Install) -> set[str]:
    found = set()
    for settings in map(install.settings, install.pods):
        host, name = settings["DATABASE_HOST"], settings.get("DATABASE_NAME", "bookstore")
        found.add(f"{host if '.' in host else f'{host}.{install.namespace}'}/{name}")
    return found


@statements(
    Factor.PARITY,
    "PostgreSQL is of a version that the code is tested with",
    Need.LOGS,
    catches="PostgreSQL 16",
)
def postgresql_is_tested(run: Run) -> str:
    """As each pod found it."""
    major = int(_told(run.install, "postgresql"))
    if not OLDEST_POSTGRESQL <= major <= NEWEST_POSTGRESQL:
        raise Broken(f"PostgreSQL {major} is not of {OLDEST_POSTGRESQL} to {NEWEST_POSTGRESQL}")
    return f"PostgreSQL {major} in {len(run.install.serving)} pods"


@statements(
    Factor.PARITY,
    "Both environments have PostgreSQL of one major version",
    Need.OTHER,
    Need.LOGS,
    catches="PostgreSQL 17 beside 18",
)
def both_have_one_postgresql(run: Run) -> str:
    """As each pod found it."""
    return _compared(run, "postgresql", "PostgreSQL")


@statements(
    Factor.PARITY,
    "Both environments have one schema, to every table, constraint, index and trigger",
    Need.OTHER,
    Need.LOGS,
    catches="an index that one of them lacks",
)
def both_have_one_schema(run: Run) -> str:
    """By the hash that each pod has made of it when it began."""
    return _compared(run, "schema", "schema")
