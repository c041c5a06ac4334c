"""How processes live: processes, port binding, concurrency, disposability."""

from datetime import datetime

from bookstore.conformance import disturbing
from bookstore.conformance.factors import Factor
from bookstore.conformance.install import Install, said
from bookstore.conformance.objects import (
    Object,
    containers,
    first,
    name_of,
    pre_stop_seconds,
    selected,
    statuses_of_first,
)
from bookstore.conformance.statements import Broken, Need, Run, Statements, broken_if

statements = Statements()

# What goes with the pod, or comes from outside of it.
PASSING_VOLUMES = {"configMap", "downwardAPI", "emptyDir", "projected", "secret", "csi"}
KILLED = 137


@statements(
    Factor.PROCESSES,
    "Nothing that lasts is in a process's pod: no volume of it outlives it",
    catches="a volume that is a claim",
)
def nothing_lasts_in_a_pod(run: Run) -> str:
    """By the kinds of its volumes."""
    volumes = [(pod, each) for pod in run.install.pods for each in pod["spec"].get("volumes", [])]
    broken_if(
        f"{name_of(pod)}: volume {each['name']} ({', '.join(kinds)})"
        for pod, each in volumes
        if (kinds := set(each) - {"name"} - PASSING_VOLUMES)
    )
    return f"{len(volumes)} volumes of {len(run.install.pods)} pods"


@statements(
    Factor.PROCESSES,
    "No client is tied to one process: Services have no session affinity",
    catches="a Service with ClientIP affinity",
)
def no_client_is_tied(run: Run) -> str:
    """Whatever a request needs must be there for every process."""
    services = run.install.services
    broken_if(f"{name_of(each)}" for each in services if each["spec"].get("sessionAffinity", "None") != "None")
    return ", ".join(name_of(each) for each in services)


@statements(
    Factor.PROCESSES,
    "Any process may go while it serves: no request fails",
    Need.ANSWERS,
    Need.DISTURB,
    catches="a Service that fails while a pod goes",
)
def any_process_may_go(run: Run) -> str:
    """One pod of each Deployment is deleted, where there are two."""
    gone = disturbing.deleted(run)
    broken_if(wrong for each in gone for wrong in each.wrong)
    return "; ".join(f"{each.pod} deleted: {each.requests} requests answered" for each in gone)


@statements(
    Factor.PORT_BINDING,
    "Each Service leads to a port that its pods declare",
    catches="a Service that leads to no port",
)
def services_lead_to_ports(run: Run) -> str:
    """By name or by number."""
    install = run.install
    if not install.services:
        raise Broken("no Service leads to a serving pod")
    evidence = []
    for service in install.services:
        for pod in install.behind(service):
            declared = [port for each in containers(pod) for port in each.get("ports", [])]
            known = {port.get("name") for port in declared} | {port["containerPort"] for port in declared}
            broken_if(
                f"{name_of(service)}: {port['targetPort']} is no port of {name_of(pod)}"
                for port in service["spec"]["ports"]
                if port.get("targetPort", port["port"]) not in known
            )
        ports = ", ".join(str(port["port"]) for port in service["spec"]["ports"])
        evidence.append(f"{name_of(service)}:{ports}")
    return "; ".join(evidence)


@statements(
    Factor.PORT_BINDING,
    "Each Service answers HTTP, at the path where its pods are asked whether they are ready",
    Need.ANSWERS,
    catches="a Service that answers 502",
)
def services_answer(run: Run) -> str:
    """The path of the readiness probe; the process itself answers, no web server is put before it."""
    install = run.install
    evidence = []
    if not install.http_services:
        raise Broken("no Service leads to a port with an HTTP readiness probe")
    for service in install.http_services:
        path = _readiness_path(install.behind(service)[0])
        answer = run.answer(install, service, path)
        if answer.status // 100 != 2:
            raise Broken(f"{name_of(service)}{path}: {said(answer)}")
        evidence.append(f"{name_of(service)}{path}: {answer.status}")
    return "; ".join(evidence)


def _readiness_path(pod: Object) -> str:
    return str(first(pod)["readinessProbe"]["httpGet"].get("path", "/"))


@statements(
    Factor.CONCURRENCY,
    "As many processes serve as are wanted, and as many as Kubernetes counts",
    catches="a pod that is not ready",
)
def as_many_serve_as_are_wanted(run: Run) -> str:
    """The replicas of each Deployment, its status, and its pods; an autoscaler's newest ones get a minute to begin."""
    while True:
        install = run.install.anew()
        counts = {name_of(each): _counts(install, each) for each in install.deployments}
        lacking = [name for name, (wanted, *others) in counts.items() if {wanted} != set(others)]
        if not lacking:
            return "; ".join(f"{name}: {ready} of {wanted}" for name, (wanted, _, ready) in counts.items())
        if not run.is_patient():
            wanted, counted, ready = counts[lacking[0]]
            raise Broken(f"{lacking[0]}: {ready} of {wanted} pods are ready, {counted} are counted")


def _counts(install: Install, deployment: Object) -> tuple[int, int, int]:
    """How many are wanted, how many Kubernetes counts as ready, and how many pods are."""
    ready = len(selected(deployment, install.serving))
    return deployment["spec"]["replicas"], deployment["status"].get("readyReplicas", 0), ready


@statements(
    Factor.CONCURRENCY,
    "Any number of them may run on one machine: none takes a port, a folder or the network of its node",
    catches="a host port",
)
def none_takes_what_is_its_node_s(run: Run) -> str:
    """By what a second one could not have."""
    for where, template in run.install.templates():
        spec = template["spec"]
        broken_if(f"{where}: {kind}" for kind in ("hostNetwork", "hostPID", "hostIPC") if spec.get(kind))
        broken_if(f"{where}: hostPath {each['name']}" for each in spec.get("volumes", []) if "hostPath" in each)
        broken_if(
            f"{where}: hostPort {port['hostPort']}"
            for each in containers(template)
            for port in each.get("ports", [])
            if "hostPort" in port
        )
    return f"{len(list(run.install.templates()))} workloads"


@statements(
    Factor.CONCURRENCY,
    "One more replica is one more process that serves",
    Need.DISTURB,
    catches="a Deployment that makes no further pod",
)
def one_more_serves(run: Run) -> str:
    """Each Deployment that no autoscaler owns is scaled up by one, and back."""
    return "; ".join(disturbing.scaled(run))


@statements(
    Factor.DISPOSABILITY,
    "A process serves within seconds of its start (--start-seconds, 60 if not said)",
    catches="pods that took two minutes",
)
def processes_start_fast(run: Run) -> str:
    """From the start of its container until it was ready, the fastest of each Deployment."""
    install = run.install
    evidence = []
    for deployment in install.deployments:
        took = [_seconds_to_ready(pod, deployment) for pod in selected(deployment, install.serving)]
        if not took or min(took) > run.start_seconds:
            seconds = ", ".join(f"{each:.0f} s" for each in took)
            raise Broken(f"{name_of(deployment)}: {seconds or 'none is ready'}")
        evidence.append(f"{name_of(deployment)}: {min(took):.0f} s")
    return "; ".join(evidence)


def _seconds_to_ready(pod: Object, deployment: Object) -> float:
    """At most so many: a pod that was unready since tells only that it was ready when its release was out."""
    (status,) = statuses_of_first(pod)
    began = _time(status["state"]["running"]["startedAt"])
    ends = [_time(each["lastTransitionTime"]) for each in pod["status"]["conditions"] if each["type"] == "Ready"]
    ends += [
        _time(each["lastUpdateTime"])
        for each in deployment["status"].get("conditions", [])
        if each.get("reason") == "NewReplicaSetAvailable"
    ]
    return min((end - began).total_seconds() for end in ends if end >= began)


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)


@statements(
    Factor.DISPOSABILITY,
    "A process has time to finish, and none had to be killed",
    catches="a container that was killed",
)
def processes_are_not_killed(run: Run) -> str:
    """Its preStop hook leaves some of the grace period; no container before this one ended by SIGKILL."""
    evidence = set()
    for pod in run.install.pods:
        grace = pod["spec"].get("terminationGracePeriodSeconds", 30)
        sleep = pre_stop_seconds(pod)
        if sleep >= grace:
            raise Broken(f"{name_of(pod)}: sleeps {sleep} s of {grace} s")
        for each in pod["status"].get("containerStatuses", []):
            ended = each.get("lastState", {}).get("terminated", {})
            if ended.get("exitCode") == KILLED:
                raise Broken(f"{name_of(pod)}: {each['name']} was killed ({ended.get('reason', 'SIGKILL')})")
        evidence.add(f"{grace - sleep} s after {sleep} s of preStop")
    return ", ".join(sorted(evidence))


@statements(
    Factor.DISPOSABILITY,
    "Told to stop, a process ends by itself before its time is over",
    Need.DISTURB,
    catches="a process that waits for SIGKILL",
)
def processes_stop_when_told(run: Run) -> str:
    """By its exit code, or else by how long its pod is there after it was deleted."""
    gone = disturbing.deleted(run)
    broken_if(
        f"{each.pod}: {each.seconds:.0f} s of {each.grace_seconds} s"
        for each in gone
        if each.exit_code == KILLED or (each.exit_code is None and each.seconds >= each.grace_seconds)
    )
    return "; ".join(f"{each.pod}: {each.seconds:.0f} s of {each.grace_seconds} s" for each in gone)
