"""`make run`, as a process of its own in a checkout of its own."""

import os
import shutil
import signal
import socket
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from dev.postgres import OWNER
from tests.buying import buy
from tests.databases import Databases
from tests.dev.checkout import BOOKS, Checkout, make_checkout
from tests.dev.waiting import has_ended, wait_until
from tests.docs import blocks
from tests.docs.laptop import laptop


@pytest.fixture
def new_checkout(tmp_path: Path) -> Checkout:
    """One where nothing has run yet."""
    return make_checkout(tmp_path / "checkout")


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    """One that has run once before, and was stopped with Ctrl-C."""
    checkout = make_checkout(tmp_path_factory.mktemp("run") / "checkout")
    with checkout.run() as run:
        address = run.address()
        assert httpx.get(f"{address}/readyz").status_code == 200
        assert f"{BOOKS} added" in run.text
        assert run.stop(signal.SIGINT) == 0
    return checkout


def titles(address: str) -> list[str]:
    return [book["title"] for book in httpx.get(f"{address}/api/v1/books").json()["items"]]


def refuses(address: str) -> bool:
    with socket.socket() as client:
        host, port = address.removeprefix("http://").split(":")
        return client.connect_ex((host, int(port))) != 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_stops_everything_and_keeps_the_data(checkout: Checkout, number: signal.Signals) -> None:
    key = (checkout.data / "secret_key").read_text()
    with checkout.run() as run:
        address = run.address()
        assert len(titles(address)) == BOOKS
        master = run.master()
        assert run.stop(number) == 0
    assert "Traceback" not in run.text
    assert "added" not in run.text
    assert refuses(address)
    # Whoever inherits the processes may be late to bury them.
    wait_until(lambda: has_ended(-master))
    assert not checkout.postmaster.exists()
    assert (checkout.data / "secret_key").read_text() == key


def test_a_book_can_be_bought(checkout: Checkout) -> None:
    with checkout.run() as run, httpx.Client(base_url=run.address(), follow_redirects=True) as buyer:
        order, page = buy(buyer)
        assert str(page.url) == f"{buyer.base_url}/orders/{order['token']}"
        assert "Thank you!" in page.text


def test_the_tutorial_s_first_part_works(checkout: Checkout) -> None:
    run, ask = (block for block in blocks.of_page("docs/tutorial.md") if block.where == "laptop")
    with laptop(checkout.folder) as terminal:
        terminal.run(run)
        assert "The Hunger Games" in terminal.run(ask)


def test_a_second_signal_changes_nothing(checkout: Checkout) -> None:
    with checkout.run() as run:
        run.address()
        for _ in range(5):
            run.process.send_signal(signal.SIGINT)
        assert run.ended() == 0
    assert "Traceback" not in run.text
    assert not checkout.postmaster.exists()


@pytest.mark.parametrize(
    "begun",
    [
        lambda checkout: checkout.data.exists(),
        lambda checkout: (checkout.data / "postgres" / "data.new").exists(),
        lambda checkout: checkout.postmaster.exists(),
    ],
    ids=["imported", "making the database", "migrating"],
)
def test_ctrl_c_while_starting_leaves_nothing(new_checkout: Checkout, begun: Callable[[Checkout], bool]) -> None:
    with new_checkout.run() as run:
        wait_until(lambda: begun(new_checkout))
        assert run.stop(signal.SIGINT) == 0
    assert "Traceback" not in run.text
    assert not new_checkout.postmaster.exists()
    with new_checkout.run() as run:
        assert len(titles(run.address())) == BOOKS


@pytest.mark.parametrize("name", ["PORT", "METRICS_PORT", "SANDBOX_PORT"])
def test_a_port_in_use_is_explained_before_anything_starts(new_checkout: Checkout, name: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with new_checkout.run(**{name: str(port)}) as run:
            assert run.ended() == 1
    assert f"Port {port} of 127.0.0.1 cannot be had (Address already in use)" in run.text
    assert f"make run {name}=" in run.text
    assert len(run.text.splitlines()) == 1
    assert not (new_checkout.data / "postgres").exists()


@pytest.mark.parametrize(
    ("setting", "sentence"),
    [
        ({"SANDBOX_PORT": "99999"}, "SANDBOX_PORT is no port: make run SANDBOX_PORT=8011"),
        ({"WEB_WORKERS": "0"}, "WEB_WORKERS: Input should be greater than or equal to 1"),
        ({"SECRET_KEY": "short"}, "SECRET_KEY: must be at least 32 characters"),
        ({"DATABASE_URL": "postgresql://u:p@127.0.0.1:1/d"}, "The database refused: connection failed"),
    ],
)
def test_a_wrong_setting_is_explained(new_checkout: Checkout, setting: dict[str, str], sentence: str) -> None:
    with new_checkout.run(**setting) as run:
        assert run.ended() == 1
    assert sentence in run.text
    assert "Traceback" not in run.text


def test_a_second_run_is_refused_and_the_first_goes_on(checkout: Checkout) -> None:
    with checkout.run() as first:
        address = first.address()
        with checkout.run() as second:
            assert second.ended() == 1
        assert "is in use, perhaps by another `make run`" in second.text
        assert httpx.get(f"{address}/readyz").status_code == 200


def test_it_stops_when_the_web_server_dies(checkout: Checkout, tmp_path: Path) -> None:
    # Killed, it cannot remove its metrics: they go where pytest will.
    with checkout.run(PROMETHEUS_MULTIPROC_DIR=str(tmp_path)) as run:
        address = run.address()
        os.kill(run.master(), signal.SIGKILL)
        assert run.ended() == 1
    assert "The web server ended unexpectedly (exit code -9)" in run.text
    assert refuses(address)
    assert not checkout.postmaster.exists()


def test_it_stops_when_postgresql_dies(checkout: Checkout) -> None:
    with checkout.run() as run:
        address = run.address()
        os.kill(int(checkout.postmaster.read_text().split()[0]), signal.SIGQUIT)
        assert run.ended() == 1
    assert "PostgreSQL ended unexpectedly" in run.text
    assert refuses(address)


@pytest.mark.skipif(not shutil.which("setpriv"), reason="only Linux ends a child with its parent")
def test_killing_it_ends_its_children(checkout: Checkout) -> None:
    with checkout.run() as run:
        address = run.address()
        run.process.kill()
    wait_until(lambda: refuses(address) and not checkout.postmaster.exists())
    with checkout.run() as run:
        assert len(titles(run.address())) == BOOKS


def test_a_database_of_the_users_own_is_used(new_checkout: Checkout, databases: Databases) -> None:
    with databases.temporary("run_own", template="template0") as name:
        with new_checkout.run(DATABASE_URL=databases.url(name, OWNER)) as run:
            assert len(titles(run.address())) == BOOKS
            assert run.stop(signal.SIGINT) == 0
        assert not (new_checkout.data / "postgres").exists()
