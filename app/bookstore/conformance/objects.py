"""What the objects of the Kubernetes API say: each function reads one, or tells some apart."""

from typing import Any

Object = dict[str, Any]

LABEL = "app.kubernetes.io/"


def label(each: Object, name: str) -> str:
    """A recommended label of an object; empty without."""
    return str(each["metadata"].get("labels", {}).get(LABEL + name, ""))


def name_of(each: Object) -> str:
    """An object's name."""
    return str(each["metadata"]["name"])


def first(pod: Object) -> Object:
    """The first container of a pod or a pod template: the process that the others serve."""
    container: Object = pod["spec"]["containers"][0]
    return container


def containers(pod: Object) -> list[Object]:
    """All containers of a pod or a pod template."""
    return [*pod["spec"].get("initContainers", []), *pod["spec"]["containers"]]


def command_of(container: Object) -> str:
    """What a container is told to run, as one line."""
    return " ".join([*container.get("command", []), *container.get("args", [])])


def pre_stop_seconds(pod: Object) -> int:
    """How long a pod's first container sleeps before it is told to stop."""
    return int(first(pod).get("lifecycle", {}).get("preStop", {}).get("sleep", {}).get("seconds", 0))


def statuses_of_first(pod: Object) -> list[Object]:
    """What the kubelet says of a pod's first container: one status, or none yet."""
    return [each for each in pod["status"].get("containerStatuses", []) if each["name"] == first(pod)["name"]]


def is_ready(pod: Object) -> bool:
    """Whether a pod gets requests."""
    conditions = pod["status"].get("conditions", [])
    return any((each["type"], each["status"]) == ("Ready", "True") for each in conditions)


def leads_to(service: Object, pod: Object) -> bool:
    """Whether a Service's requests come to a pod."""
    selector = (service["spec"].get("selector") or {}).items()
    return bool(selector) and selector <= pod["metadata"]["labels"].items()


def selected(deployment: Object, pods: list[Object]) -> list[Object]:
    """Those of the pods that are a Deployment's."""
    selector = deployment["spec"]["selector"]["matchLabels"].items()
    return [pod for pod in pods if selector <= pod["metadata"]["labels"].items()]


def variable_maps(*some: Object) -> list[str]:
    """The names of the ConfigMaps that containers read as variables, in their order."""
    sources = [source for each in some for source in each.get("envFrom", [])]
    return [source["configMapRef"]["name"] for source in sources if "configMapRef" in source]


def config_maps(pod: Object) -> set[str]:
    """The names of the ConfigMaps that a pod or a template reads, as variables or as files."""
    mounted = {each["configMap"]["name"] for each in pod["spec"].get("volumes", []) if "configMap" in each}
    return mounted.union(variable_maps(*containers(pod)))
