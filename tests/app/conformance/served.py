"""As much of the Kubernetes API as an install is asked through, over the objects that the chart renders.

What Kubernetes itself adds (ReplicaSets, pods, what the kubelet says of them) is added here as it adds it; a test then
breaks one thing.
"""

import html
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from typing import Any
from urllib.parse import parse_qs, urlsplit

from bookstore import __version__
from bookstore.admin.database import READY
from bookstore.conformance.objects import Object, leads_to, name_of
from tests.chart.rendering import Render

STARTED, SERVED = "2026-11-25T02:54:17Z", "2026-11-25T02:54:19Z"
LINE = {"time": STARTED, "level": "info", "logger": "bookstore.access", "event": "request"}
KINDS = ("Deployment", "Service", "ConfigMap", "CronJob", "Job")


class Namespace:
    """A release that runs: objects by kind, the logs of containers, and what Services answer."""

    def __init__(self, render: Render, name: str) -> None:
        self.name = name
        self._numbers = count()
        self.objects: dict[str, list[Object]] = {
            f"{kind.lower()}s": [each for each in deepcopy(render.all(kind)) if not _is_hook(each)] for kind in KINDS
        }
        self.objects |= {"replicasets": [], "pods": [], "horizontalpodautoscalers": []}
        for deployment in self.objects["deployments"]:
            deployment["metadata"]["uid"] = self._uid()
            deployment["spec"].setdefault("replicas", 1)
            self.roll_out(deployment)
        self.logs: dict[tuple[str, str], str] = {}
        self.ready_line = READY.format(postgresql=17, schema="0042-1a2b3c4d5e6f", version=__version__)
        self.answers: dict[tuple[str, str], tuple[int, str]] = {}
        self.carts: dict[str, str] = {}
        # How it may be broken: deleted pods stay, lost carts, no pod is made for another replica.
        self.pods_stay = self.carts_stay_in_pods = self.makes_no_pods = False

    def _uid(self) -> str:
        return f"{self.name}-{next(self._numbers)}"

    def roll_out(self, deployment: Object) -> None:
        """Make a ReplicaSet of its template, with its pods."""
        hashed = sha256(json.dumps(deployment["spec"]["template"]).encode()).hexdigest()[:10]
        template = deepcopy(deployment["spec"]["template"])
        template["metadata"]["labels"]["pod-template-hash"] = hashed
        revision = 1 + sum(_owns(deployment, each) for each in self.objects["replicasets"])
        replica_set = {
            "metadata": {
                "name": f"{name_of(deployment)}-{hashed}",
                "uid": self._uid(),
                "labels": template["metadata"]["labels"],
                "annotations": {"deployment.kubernetes.io/revision": str(revision)},
                "ownerReferences": [{"uid": deployment["metadata"]["uid"]}],
            },
            "spec": {"template": template},
        }
        self.objects["replicasets"].append(replica_set)
        self.scale(deployment, deployment["spec"]["replicas"])

    def scale(self, deployment: Object, replicas: int) -> None:
        """Have so many pods of its newest ReplicaSet."""
        deployment["spec"]["replicas"] = replicas
        newest = [each for each in self.objects["replicasets"] if _owns(deployment, each)][-1]
        own = [pod for pod in self.objects["pods"] if _owns(newest, pod)]
        for pod in own[replicas:]:
            self.objects["pods"].remove(pod)
        for _ in range(replicas - len(own)):
            self.objects["pods"].append(self._pod(newest))
        deployment["status"] = {"readyReplicas": replicas}

    def _pod(self, replica_set: Object) -> Object:
        template = deepcopy(replica_set["spec"]["template"])
        uid = self._uid()
        statuses = [
            {
                "name": each["name"],
                "image": each["image"],
                "imageID": f"{each['image']}@sha256:{sha256(each['image'].encode()).hexdigest()}",
                "state": {"running": {"startedAt": STARTED}},
                "lastState": {},
            }
            for each in template["spec"]["containers"]
        ]
        ready = {"type": "Ready", "status": "True", "lastTransitionTime": SERVED}
        metadata = {
            "name": f"{name_of(replica_set)}-{uid.rpartition('-')[2]}",
            "uid": uid,
            "ownerReferences": [{"uid": replica_set["metadata"]["uid"]}],
        }
        return {
            "metadata": template["metadata"] | metadata,
            "spec": template["spec"],
            "status": {"conditions": [ready], "containerStatuses": statuses},
        }

    def one(self, kind: str, ending: str) -> Object:
        """The first object of a kind whose name has this in it."""
        return next(each for each in self.objects[kind] if ending in name_of(each))

    def settings(self, part: str) -> Object:
        """The ConfigMap of a surface."""
        return self.one("configmaps", f"-{part}-")

    def log(self, pod: str, container: str) -> str:
        """What a container has written."""
        default = self.ready_line if container == "wait" else json.dumps(LINE)
        return self.logs.get((pod, container), f"{default}\n")

    def answer(self, service: str, path: str) -> tuple[int, str]:
        """What a Service says."""
        if path.startswith("/api/v1/carts/"):
            return (200, "{}") if path.rpartition("/")[2] in self.carts else (404, "no such cart")
        name = self.settings("all" if self.name == "dev" else "storefront")["data"].get("SHOP_NAME", "Bookstore")
        return self.answers.get((service, path), (200, f"<title>{html.escape(name)}</title>"))

    def delete(self, pod: Object) -> None:
        """Delete a pod, and make another."""
        if self.pods_stay:
            pod["metadata"]["deletionTimestamp"] = SERVED
            return
        self.objects["pods"].remove(pod)
        if self.carts_stay_in_pods:
            self.carts = {cart: where for cart, where in self.carts.items() if where != name_of(pod)}
        owner = next(each for each in self.objects["replicasets"] if _owns(each, pod))
        self.objects["pods"].append(self._pod(owner))

    def services_of(self, pod: Object) -> list[Object]:
        """The Services that lead to a pod."""
        return [each for each in self.objects["services"] if leads_to(each, pod)]


def _is_hook(each: Object) -> bool:
    return "helm.sh/hook" in (each["metadata"].get("annotations") or {})


def _owns(owner: Object, each: Object) -> bool:
    return bool(each["metadata"]["ownerReferences"][0]["uid"] == owner["metadata"]["uid"])


class Api(ThreadingHTTPServer):
    """The API over some namespaces, as `kubectl proxy` shows it."""

    def __init__(self, *namespaces: Namespace) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.namespaces = {each.name: each for each in namespaces}
        self.changes: list[str] = []
        self.hosts: set[str] = set()

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.server_port}"

    @contextmanager
    def running(self) -> Iterator["Api"]:
        """It serves within the block."""
        with self:
            thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.01})
            thread.start()
            try:
                yield self
            finally:
                self.shutdown()
                thread.join()


class Handler(BaseHTTPRequestHandler):
    """GET of lists, pods, logs and answers; DELETE of pods, PATCH of scales, POST of carts."""

    server: Api

    def place(self) -> tuple[Namespace | None, str, str, str]:
        """The namespace, the kind, the name, and what follows it."""
        _, _, rest = urlsplit(self.path).path.partition("/namespaces/")
        namespace, kind, name, more = [*rest.split("/", 3), "", "", ""][:4]
        return self.server.namespaces.get(namespace), kind, name, more

    def do_GET(self) -> None:
        self.server.hosts.add(self.headers["Host"])
        namespace, kind, name, more = self.place()
        query = parse_qs(urlsplit(self.path).query)
        if namespace is None:
            self.send(200, {"items": []})
        elif kind == "services" and name:
            self.send(*namespace.answer(name.split(":")[1], f"/{more.removeprefix('proxy/')}"))
        elif more == "log":
            self.send(200, namespace.log(name, query["container"][0]))
        elif name:
            found = [each for each in namespace.objects[kind] if name_of(each) == name]
            self.send(200, found[0]) if found else self.send(404, {"message": "not found"})
        else:
            wanted = dict(pair.split("=") for pair in query.get("labelSelector", [""])[0].split(",") if pair)
            items = [
                each for each in namespace.objects[kind] if wanted.items() <= each["metadata"].get("labels", {}).items()
            ]
            self.send(200, {"items": items})

    def do_DELETE(self) -> None:
        self.server.changes.append(f"DELETE {self.path}")
        namespace, kind, name, _ = self.place()
        assert namespace
        assert kind == "pods"
        namespace.delete(namespace.one("pods", name))
        self.send(200, {})

    def do_PATCH(self) -> None:
        self.server.changes.append(f"PATCH {self.path}")
        namespace, _, name, more = self.place()
        assert namespace
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        deployment = namespace.one("deployments", name)
        if more == "scale":
            (manager,) = parse_qs(urlsplit(self.path).query)["fieldManager"]
            deployment["metadata"]["managedFields"] = [{"manager": "helm"}, {"manager": manager}]
            if not namespace.makes_no_pods:
                namespace.scale(deployment, body["spec"]["replicas"])
        else:
            index = int(body[-1]["path"].rpartition("/")[2])
            del deployment["metadata"]["managedFields"][index]
        self.send(200, {})

    def do_POST(self) -> None:
        namespace, _, name, _ = self.place()
        assert namespace
        cart = f"cart-{len(namespace.carts)}"
        namespace.carts[cart] = name.split(":")[1]
        self.send(201, {"id": cart})

    def send(self, status: int, body: Any) -> None:
        content = (body if isinstance(body, str) else json.dumps(body)).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_arguments: Any) -> None:
        pass
