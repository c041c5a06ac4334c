"""What the shop needs is away, hangs, or is full, while somebody browses and buys: each scenario with its number."""

import time

import pytest

from bookstore.conformance.objects import is_ready
from tests.cluster.proving import DATABASE, Shop
from tests.cluster.release import SURFACES
from tests.cluster.tools import eventually, kubectl, run

pytestmark = pytest.mark.full

PAUSED_SECONDS = 30
DNS_AWAY_SECONDS = 60
# All of a server's processes, but for this shell, which goes on.
SIGNAL = """
for process in /proc/[0-9]*; do
  if [ "$(cat $process/comm 2>/dev/null)" = postgres ]; then kill -$0 ${process#/proc/} 2>/dev/null || true; fi
done
"""
VALKEY = "export REDISCLI_AUTH=$(cat /run/secrets/valkey/password); valkey-cli --raw "

HOGS = """
import os, pathlib, signal, sys, time
def children(pid):
    return [int(child) for child in pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
victim = children(1)[0]
# Of all processes in the container the kernel is to choose this one; the hogs are small, and many.
pathlib.Path(f"/proc/{victim}/oom_score_adj").write_text("1000")
hogs = []
while victim in children(1) and len(hogs) < 100:
    if not (pid := os.fork()):
        held = b"x" * 8_000_000
        time.sleep(60)
        os._exit(0)
    hogs.append(pid)
    time.sleep(0.05)
print("killed" if victim not in children(1) else "alive")
for pid in hogs:
    os.kill(pid, signal.SIGKILL)
"""


@pytest.fixture(scope="module")
def stoppable(shop: Shop) -> Shop:
    """Its database's pod, with a first process that is not PostgreSQL's: no signal of its own stops that of a pod."""
    patch = '{"spec": {"template": {"spec": {"shareProcessNamespace": true}}}}'
    namespace = shop.release.namespace
    kubectl("-n", namespace, "patch", "statefulset/shop-postgresql", "-p", patch)
    kubectl("-n", namespace, "rollout", "status", "statefulset/shop-postgresql", "--timeout=180s")
    eventually("all pods serve", shop.is_whole, seconds=120)
    return shop


def test_the_database_hangs(stoppable: Shop) -> None:
    shop = stoppable
    before = shop.release.restarts(*SURFACES, "primary")

    def send(signal: str) -> None:
        kubectl("-n", shop.release.namespace, "exec", DATABASE, "--", "sh", "-c", SIGNAL, signal)

    promise = "good or 503 with `Retry-After`, none slower than 15 s; an order within 10 s of its readiness; no restart"
    with shop.proven("PostgreSQL paused for 30 s", promise) as record:
        shop.sells(record)
        record.mark("PostgreSQL is stopped (SIGSTOP)")
        send("STOP")
        stopped = len(record.orders)
        time.sleep(PAUSED_SECONDS)
        assert len(record.orders) - stopped <= 2, "it was not stopped"
        record.mark("it goes on (SIGCONT)")
        send("CONT")
        eventually("the database is ready", lambda: all(map(is_ready, shop.database())), seconds=60)
        record.mark("it is ready")
        shop.sells(record, seconds=10)
    assert record.only_refused(), record.wrong
    assert record.slowest < 15
    assert shop.release.restarts(*SURFACES, "primary") == before


def valkey(shop: Shop, command: str) -> str:
    """What the cache answers to a command."""
    return kubectl(
        "-n", shop.release.namespace, "exec", "deploy/shop-bookstore-cache", "--", "sh", "-c", VALKEY + command
    )


def is_back(shop: Shop) -> bool:
    """Whether a cache answers, and is not on its way out."""
    pods = [pod for pod in shop.release.objects("pods", "cache") if "deletionTimestamp" not in pod["metadata"]]
    return len(pods) == 1 and is_ready(pods[0])


def test_the_cache_is_killed(shop: Shop) -> None:
    with shop.proven("Valkey killed", "no failed request") as record:
        (name,) = shop.release.pods("cache")
        record.mark("Valkey is killed")
        kubectl("-n", shop.release.namespace, "delete", "pod", name, "--grace-period=0", "--force")
        eventually("another is ready", lambda: is_back(shop) and name not in shop.release.pods("cache"), seconds=120)
        record.mark("another is ready")
        shop.sells(record)
    assert not record.wrong


def test_the_cache_hangs(shop: Shop) -> None:
    with shop.proven("Valkey paused for 15 s", "no failed request") as record:
        record.mark("Valkey answers nothing (CLIENT PAUSE)")
        assert valkey(shop, "CLIENT PAUSE 15000 ALL").strip() == "OK"
        eventually("it answers", lambda: valkey(shop, "PING").strip() == "PONG", seconds=120)
        record.mark("it answers")
        shop.sells(record)
    assert not record.wrong


def test_the_cache_is_full(shop: Shop) -> None:
    limit = valkey(shop, "CONFIG GET maxmemory").split()[1]
    policy = valkey(shop, "CONFIG GET maxmemory-policy").split()[1]
    with shop.proven("Valkey full, with nothing evicted", "no failed request") as record:
        record.mark("Valkey is full")
        valkey(shop, "CONFIG SET maxmemory-policy noeviction maxmemory 1")
        eventually("it refuses what it is given", lambda: "errorstat_OOM" in valkey(shop, "INFO errorstats"))
        shop.sells(record)
        record.mark("it has room")
        valkey(shop, f"CONFIG SET maxmemory-policy {policy} maxmemory {limit}")
        shop.sells(record)
    assert not record.wrong


def test_the_names_are_away(shop: Shop) -> None:
    """No pod of the release may ask the cluster's DNS, which is there for all others."""
    release = shop.release
    away = "networkPolicy.dns.kube-dns.peer.podSelector.matchLabels.k8s-app=nobody"
    before, old = release.restarts(*SURFACES), release.pods()
    promise = "no failed request of the pods that run; a new pod waits, and restarts nothing"
    one_more = "surfaces.api.replicas=3"
    with shop.proven("The cluster's DNS away for 60 s", promise) as record:
        release.upgrade(away, wait="--wait=hookOnly")
        eventually("no name is found", lambda: not finds(shop, "shop-postgresql"))
        record.mark("no name is found")
        assert release.pods() == old
        release.upgrade(away, one_more, wait="--wait=hookOnly")
        time.sleep(DNS_AWAY_SECONDS)
        (new,) = release.pods("api") - old
        assert release.serving() == old
        record.mark("names are found again")
        release.upgrade(one_more, wait="--wait=hookOnly")
        eventually("the new pod serves", lambda: new in release.serving(), seconds=300)
        release.upgrade(wait="--wait=hookOnly")
    assert not record.wrong
    assert release.restarts(*SURFACES) == before


def finds(shop: Shop, name: str) -> bool:
    """Whether a pod of the shop finds a name's address at the first try."""
    script = (
        "import os, socket, sys; os.environ['RES_OPTIONS'] = 'timeout:1 attempts:1'; socket.gethostbyname(sys.argv[1])"
    )
    where = ("-n", shop.release.namespace, "exec", "deploy/shop-bookstore-api", "-c", "api")
    return not run("kubectl", *where, "--", "python", "-c", script, name, check=False).returncode


def test_a_worker_runs_out_of_memory(shop: Shop) -> None:
    """In its pod's group of control, so that the kernel itself kills it."""
    where = ("-n", shop.release.namespace, "exec", "deploy/shop-bookstore-api", "-c", "api", "--")
    with shop.proven("A worker killed for want of memory", "at least 99 % good") as record:
        shop.sells(record)
        record.mark("the pod's memory is full")
        # With control groups v2 the kubelet has the whole container killed, and this command with it.
        said = run("kubectl", *where, "python", "-c", HOGS, check=False)
        assert "killed" in said.stdout or said.returncode, said.stdout + said.stderr
        record.mark("a worker was killed")
        shop.sells(record)
        time.sleep(10)
    assert record.success >= 0.99, record.wrong
