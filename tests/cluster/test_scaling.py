"""The autoscaler: up under load, down after."""

import threading

import httpx
import pytest

from tests.cluster.tools import eventually, get, helm, namespace, shop

CLIENTS = 8


def replicas() -> int:
    (scaler,) = get(namespace("prod"), "horizontalpodautoscalers", "-l", "app.kubernetes.io/component=storefront")
    return int(scaler["status"].get("desiredReplicas", 0))


@pytest.mark.usefixtures("installed")
def test_pods_come_under_load_and_go_after_it() -> None:
    helm(
        "upgrade",
        "prod",
        "--set",
        "surfaces.storefront.autoscaling.maxReplicas=3,web.autoscaling.scaleDownWindowSeconds=10",
    )
    over = threading.Event()
    wrong: list[int] = []

    def buy(client: httpx.Client) -> None:
        while not over.is_set():
            status = client.get("/").status_code
            if status != 200:
                wrong.append(status)

    eventually("two pods at rest", lambda: replicas() == 2, seconds=180)
    with shop("prod") as client:
        threads = [threading.Thread(target=buy, args=(client,)) for _ in range(CLIENTS)]
        for thread in threads:
            thread.start()
        try:
            eventually("three pods under load", lambda: replicas() == 3, seconds=120)
        finally:
            over.set()
            for thread in threads:
                thread.join()
    eventually("two pods after it", lambda: replicas() == 2, seconds=240)
    assert wrong == []
