"""The cache's container as the chart runs it: its own command and settings, on a real server."""

import re
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from tests.caches import program
from tests.chart.rendering import Chart, Render, containers
from tests.servers import free_port

# What a shell and the server's own quoting could each take apart.
PASSWORD = "a \"quoted\\ pass'word"
FOLDERS = ("/etc/valkey", "/run/secrets/valkey", "/run/config/cache-tuning", "/tmp", "/data")  # noqa: S108


def files(render: Render, folder: Path) -> None:
    """The volumes, as the kubelet would fill them."""
    conf = next(each["data"]["valkey.conf"] for each in render.all("ConfigMap") if "valkey.conf" in each["data"])
    (tuning,) = [each["data"] for each in render.all("ConfigMap") if "CACHE_EVICTION" in each["data"]]
    for name in FOLDERS:
        (folder / name[1:]).mkdir(parents=True)
    (folder / "etc/valkey/valkey.conf").write_text(conf)
    (folder / "run/secrets/valkey/password").write_text(PASSWORD)
    (folder / "run/config/cache-tuning/CACHE_EVICTION").write_text(tuning["CACHE_EVICTION"])


def command(render: Render, folder: Path, port: int) -> list[str]:
    """The container's, in folders of the test, and on a port of its own."""
    template = render.one("Deployment", "-cache")["spec"]["template"]
    words = list(containers(template)[0]["command"])
    words[-1] = words[-1].replace("valkey-server", program())
    words[-1] = re.sub(rf"(?<!\w)({'|'.join(FOLDERS)})/", rf"{folder}\1/", words[-1])
    conf = folder / "etc/valkey/valkey.conf"
    conf.write_text(conf.read_text().replace("dir /data", f"dir {folder}/data\nport {port}\nbind 127.0.0.1"))
    # As the ConfigMap holds it: without a newline at its end.
    conf.write_text(conf.read_text().rstrip("\n"))
    return words


@pytest.fixture
def cache(chart: Chart, tmp_path: Path) -> Iterator[redis.Redis]:
    render = chart.render(values={"cache": {"valkey": {"enabled": True}}})
    port = free_port()
    files(render, tmp_path)
    process = subprocess.Popen(command(render, tmp_path, port), stdout=subprocess.DEVNULL)
    client = redis.Redis(port=port, password=PASSWORD, decode_responses=True)
    try:
        deadline = time.monotonic() + 30
        while not answers(client):
            assert process.poll() is None, "it has ended"
            assert time.monotonic() < deadline
            time.sleep(0.05)
        yield client
    finally:
        client.close()
        process.terminate()
        process.wait(30)


def answers(client: redis.Redis) -> bool:
    try:
        return bool(client.ping())
    except redis.ConnectionError:
        return False


def test_it_runs_with_the_chart_s_settings(cache: redis.Redis) -> None:
    settings = cache.config_get("maxmemory*")
    assert int(str(settings["maxmemory"])) > 0
    assert settings["maxmemory-policy"] == "allkeys-lru"
    assert cache.config_get("tcp-keepalive") == {"tcp-keepalive": "60"}
    with redis.Redis(port=cache.get_connection_kwargs()["port"]) as stranger, pytest.raises(redis.AuthenticationError):
        stranger.ping()
