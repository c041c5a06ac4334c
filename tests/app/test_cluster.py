import base64
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

from bookstore.cli import bookstore
from bookstore.cluster import fetching, secrets
from bookstore.cluster.api import Kubernetes, KubernetesError


class Api(ThreadingHTTPServer):
    """As much of the Kubernetes API as Secrets need: versions, conflicts, refusals."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.stored: dict[str, dict[str, Any]] = {}
        self.seen: list[str] = []
        self.refuse: int | None = None
        # Done once before the next write, as by another process.
        self.meanwhile: Any = None

    @property
    def client(self) -> Kubernetes:
        return Kubernetes("127.0.0.1", self.server_port, "shop", "a-token", None)

    def keys(self, name: str) -> dict[str, str]:
        return {key: base64.b64decode(value).decode() for key, value in self.stored[name]["data"].items()}


class Handler(BaseHTTPRequestHandler):
    server: Api

    def do_GET(self) -> None:
        found = self.server.stored.get(self.path.rpartition("/")[2])
        self.answer(200, found) if found else self.answer(404, {"message": "not found"})

    def do_POST(self) -> None:
        secret = self.body()
        name = secret["metadata"]["name"]
        if name in self.server.stored:
            self.answer(409, {"message": "already exists"})
            return
        secret["metadata"]["resourceVersion"] = "1"
        self.server.stored[name] = secret
        self.answer(201, secret)

    def do_PATCH(self) -> None:
        patch = self.body()
        found = self.server.stored[self.path.rpartition("/")[2]]
        if patch["metadata"]["resourceVersion"] != found["metadata"]["resourceVersion"]:
            self.answer(409, {"message": "changed"})
            return
        found["data"] = (found.get("data") or {}) | patch["data"]
        found["metadata"]["resourceVersion"] = str(int(found["metadata"]["resourceVersion"]) + 1)
        self.answer(200, found)

    def body(self) -> Any:
        content = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if meanwhile := self.server.meanwhile:
            self.server.meanwhile = None
            meanwhile()
        return content

    def answer(self, status: int, body: Any) -> None:
        assert self.headers["Authorization"] == "Bearer a-token"
        self.server.seen.append(self.command)
        if self.server.refuse:
            status, body = self.server.refuse, {"message": "secrets is forbidden"}
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_arguments: Any) -> None:
        pass


@pytest.fixture
def api() -> Iterator[Api]:
    with Api() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_a_missing_secret_is_made_once(api: Api) -> None:
    assert secrets.ensure(api.client, "shop", ["one", "two"], {"a": "b"}) == "created"
    made = api.keys("shop")
    assert made.keys() == {"one", "two"}
    assert len(made["one"]) == 64
    assert made["one"] != made["two"]
    assert api.stored["shop"]["metadata"]["labels"] == {"a": "b"}
    assert secrets.ensure(api.client, "shop", ["one", "two"], {}) == "unchanged"
    assert api.keys("shop") == made


def test_only_the_missing_keys_are_added(api: Api) -> None:
    api.stored["shop"] = {"metadata": {"resourceVersion": "7"}, "data": {"one": "b2xk", "empty": ""}}
    assert secrets.ensure(api.client, "shop", ["one", "empty", "new"], {}) == "completed"
    assert api.keys("shop")["one"] == "old"
    assert len(api.keys("shop")["empty"]) == len(api.keys("shop")["new"]) == 64


def test_two_at_once_make_one(api: Api) -> None:
    api.meanwhile = lambda: secrets.ensure(api.client, "shop", ["one"], {})
    assert secrets.ensure(api.client, "shop", ["one"], {}) == "unchanged"
    assert api.seen.count("POST") == 2


def test_a_key_that_appears_meanwhile_wins(api: Api) -> None:
    api.stored["shop"] = {"metadata": {"resourceVersion": "1"}}
    api.meanwhile = lambda: secrets.ensure(api.client, "shop", ["one"], {})
    assert secrets.ensure(api.client, "shop", ["one"], {}) == "unchanged"


def test_a_secret_that_never_rests_ends_with_a_sentence(api: Api) -> None:
    def change() -> None:
        metadata = api.stored["shop"]["metadata"]
        metadata["resourceVersion"] = str(int(metadata["resourceVersion"]) + 1)
        api.meanwhile = change

    api.stored["shop"] = {"metadata": {"resourceVersion": "1"}}
    api.meanwhile = change
    with pytest.raises(KubernetesError, match="kept changing"):
        secrets.ensure(api.client, "shop", ["one"], {})


def test_a_refusal_says_what_kubernetes_said(api: Api) -> None:
    api.refuse = 403
    with pytest.raises(KubernetesError, match=r"refused to GET .*/secrets/shop: 403 secrets is forbidden"):
        secrets.ensure(api.client, "shop", ["one"], {})


def test_an_api_that_is_away_says_so() -> None:
    with pytest.raises(KubernetesError, match=r"127\.0\.0\.1:1 does not answer"):
        Kubernetes("127.0.0.1", 1, "shop", "", None).request("GET", "/")


def test_settings_come_from_the_pod(tmp_path: Path) -> None:
    for name, text in {"namespace": "shop\n", "token": "t", "ca.crt": ""}.items():
        (tmp_path / name).write_text(text)
    environment = {"KUBERNETES_SERVICE_HOST": "10.0.0.1", "KUBERNETES_SERVICE_PORT": "443"}
    found = Kubernetes.from_pod(tmp_path, environment)
    assert (found.host, found.port, found.namespace, found.token) == ("10.0.0.1", 443, "shop", "t")
    assert found.ca_file == str(tmp_path / "ca.crt")
    with pytest.raises(KubernetesError, match="service-account token"):
        Kubernetes.from_pod(tmp_path, {})


def run(*arguments: str) -> Any:
    return CliRunner().invoke(bookstore, ["cluster", *arguments])


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["shop"], "'shop' is not SECRET/KEY"),
        (["Shop/key"], "'Shop/key' is not SECRET/KEY"),
        (["shop/a key"], "'shop/a key' is not SECRET/KEY"),
        (["--label=x", "shop/key"], "'x' is not NAME=VALUE"),
    ],
)
def test_bad_arguments_are_refused(arguments: list[str], sentence: str) -> None:
    done = run("ensure-secret", *arguments)
    assert done.exit_code == 2
    assert sentence in done.output


def test_the_command_makes_every_secret(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Kubernetes, "from_pod", lambda: api.client)
    done = run("ensure-secret", "--label=a=b", "one/key", "two/key", "one/other")
    assert done.output == "Secret one: created.\nSecret two: created.\n"
    assert api.keys("one").keys() == {"key", "other"}


def test_outside_a_pod_the_command_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    done = run("ensure-secret", "one/key")
    assert done.exit_code == 1
    assert "Error: This runs in a pod" in done.output


def test_fetch_reads_pages(live_server: str) -> None:
    done = run("fetch", f"{live_server}/livez", f"{live_server}/api/v1/books?limit=1")
    assert done.exit_code == 0, done.output
    assert done.output.count(": 200 OK") == 2


def test_fetch_asks_under_another_host(live_server: str) -> None:
    with pytest.raises(click.ClickException, match="400"):
        fetching.fetch(f"{live_server}/", "elsewhere.example", 0)


def test_fetch_gives_up(live_server: str) -> None:
    done = run("fetch", "--timeout-seconds", "0", f"{live_server}/nowhere")
    assert done.exit_code == 1
    assert "does not answer as it should: 404" in done.output
    assert run("fetch", "--timeout-seconds", "0", "http://127.0.0.1:1/").exit_code == 1
