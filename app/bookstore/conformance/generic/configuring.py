"""What differs between deploys: config, backing services, parity."""

import re
from collections.abc import Iterator

from bookstore.conformance.factors import Factor
from bookstore.conformance.install import Install
from bookstore.conformance.objects import command_of, variable_maps
from bookstore.conformance.statements import Broken, Need, Run, Statements, broken_if

statements = Statements()

SECRET_NAME = re.compile(r"(PASSWORD|PASSWD|SECRET|TOKEN|API_KEY|ACCESS_KEY|PRIVATE_KEY)S?$", re.IGNORECASE)
SECRET_ARGUMENT = re.compile(r"--?[a-z-]*(password|passwd|secret|token|api-key)[= ](?!\$)\S")
LOGIN_IN_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]*://[^/@\s:]*:[^/@\s]+@", re.IGNORECASE)
# The application's own address is none of a service that backs it.
ADDRESS_NAME = re.compile(r"^(?!PUBLIC_).*(_HOST|_URL|_URI|_DSN|_ENDPOINT|_ADDRESS|_SERVERS?)$")
SWITCH_NAME = re.compile(r"(^|_)(ENV|ENVIRONMENT|STAGE|PROFILE|MODE|SETTINGS)$", re.IGNORECASE)
ENVIRONMENT_NAME = re.compile(r"dev(elopment)?|test(ing)?|stag(e|ing)|prod(uction)?", re.IGNORECASE)


def _plain(install: Install) -> Iterator[tuple[str, str, str]]:
    """Where a plain value stands, its name, and the value."""
    for where, each in install.containers():
        for variable in each.get("env", []):
            if "value" in variable:
                yield where, variable["name"], variable["value"]
        for named in variable_maps(each):
            data = install.config.get(named, {}).get("data") or {}
            yield from ((f"ConfigMap {named}", name, value) for name, value in data.items())


@statements(
    Factor.CONFIG,
    "No secret is a plain value: neither a variable, nor in a ConfigMap, nor an argument",
    catches="a password in a ConfigMap",
)
def no_secret_is_plain(run: Run) -> str:
    """By the names of what is set."""
    plain = list(_plain(run.install))
    broken_if(f"{where}: {name}" for where, name, value in plain if value and SECRET_NAME.search(name))
    for where, each in run.install.containers():
        if SECRET_ARGUMENT.search(command_of(each)):
            raise Broken(f"{where}: an argument of {each['name']}")
    return f"{len(set(plain))} plain values"


@statements(
    Factor.CONFIG,
    "Settings are single values: none is the name of an environment to switch on",
    catches="APP_ENV=production",
)
def no_environment_is_named(run: Run) -> str:
    """A named group of settings grows with each deploy; single values do not."""
    plain = list(_plain(run.install))
    broken_if(
        f"{where}: {name}={value}"
        for where, name, value in plain
        if SWITCH_NAME.search(name) and ENVIRONMENT_NAME.fullmatch(value)
    )
    return f"{len({name for _, name, _ in plain})} settings"


@statements(
    Factor.BACKING_SERVICES,
    "Backing services are named by settings of their own",
    catches="settings without an address",
)
def services_are_named_by_settings(run: Run) -> str:
    """By names that end like DATABASE_HOST, PAYMENT_URL, TRACING_ENDPOINT."""
    install = run.install
    found = {
        f"{name}={value}"
        for pod in install.pods
        for name, value in install.settings(pod).items()
        if ADDRESS_NAME.search(name) and value and not LOGIN_IN_ADDRESS.search(value)
    }
    if not found:
        raise Broken("no setting of a serving pod is an address")
    return ", ".join(sorted(found))


@statements(
    Factor.BACKING_SERVICES,
    "No address holds a login, so that either can be changed alone",
    catches="an address with a password in it",
)
def no_address_holds_a_login(run: Run) -> str:
    """In variables and ConfigMaps; what a Secret holds is not read."""
    plain = list(_plain(run.install))
    broken_if(f"{where}: {name}" for where, name, value in plain if LOGIN_IN_ADDRESS.search(value))
    return f"{len({name for _, name, value in plain if '://' in value or ADDRESS_NAME.search(name)})} addresses"


@statements(
    Factor.PARITY,
    "Both environments run one image, by its digest",
    Need.OTHER,
    catches="an environment on another image",
)
def both_run_one_image(run: Run) -> str:
    """By what the kubelets say they run."""
    install, other = run.both
    if install.digests != other.digests:
        raise Broken(" and ".join(f"{each.namespace} {', '.join(sorted(each.digests))}" for each in (install, other)))
    return f"{', '.join(install.digests)[:19]}… in {install.namespace} and {other.namespace}"


@statements(
    Factor.PARITY,
    "Both environments were installed by one chart, of one version",
    Need.OTHER,
    catches="an environment of another chart",
)
def both_are_of_one_chart(run: Run) -> str:
    """By the label helm.sh/chart."""
    install, other = run.both
    charts: list[set[str]] = [
        {each["metadata"]["labels"].get("helm.sh/chart", "none") for each in one.deployments} for one in run.both
    ]
    if charts[0] != charts[1] or len(charts[0]) != 1:
        raise Broken(f"{install.namespace} {', '.join(charts[0])} and {other.namespace} {', '.join(charts[1])}")
    return charts[0].pop()
