"""The steps of `make run`: PostgreSQL, the schema, the sample catalogue, a sandbox for payments, the shop.

With DATABASE_URL set that database is used and no PostgreSQL is started; with PAYMENT_PROVIDER set, no sandbox. Data
stay in `.data/` between runs.
"""

import contextlib
import http.client
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

from pydantic import ValidationError
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from bookstore import schema
from bookstore.admin.configuration import explain
from bookstore.admin.database import connected
from bookstore.config import Settings
from dev.account import dying_with_parent
from dev.files import write_private
from dev.postgres import APP, OWNER, PostgresError, Server

ROOT = Path(__file__).parent.parent
DATA = ROOT / ".data"
SAMPLE = ROOT / "data" / "sample-books.csv"
SANDBOX_PORT = "8010"
READY_SECONDS = 60
STOP_MARGIN_SECONDS = 5


class RunError(Exception):
    """The shop cannot run; the message is a sentence that says what to do."""


def run() -> str:
    """Start everything in order and stay until something ends, or cannot begin; return a sentence that says why."""
    try:
        _run()
    except ValidationError as error:
        return explain(error)
    except SQLAlchemyError as error:
        return f"The database refused: {getattr(error, 'orig', None) or error}"
    except (RunError, PostgresError) as error:
        return str(error)


def _run() -> NoReturn:
    if not os.environ.get("SECRET_KEY"):
        os.environ["SECRET_KEY"] = _secret_key(DATA / "secret_key")
    sandbox_port = _prepare_payments()
    settings = Settings.load()
    address = f"http://{_reachable(settings.host)}:{settings.port}"
    os.environ.setdefault("PUBLIC_URL", address)
    _check_ports(settings, sandbox_port)
    with _database() as server:
        _bring_up_to_date(server)
        with _sandbox(settings, sandbox_port), _serving(settings) as shop:
            _wait_until_ready(settings, shop)
            print(f"Bookstore is at {address}  (Ctrl-C stops it)", flush=True)
            _watch(shop, server)


def _secret_key(file: Path) -> str:
    """Return the key kept in `file`, made on the first call and readable by its owner only."""
    try:
        if not file.exists():
            file.parent.mkdir(exist_ok=True)
            write_private(file, secrets.token_hex(32))
        return file.read_text()
    except OSError as error:
        raise RunError(f"{file} cannot be had ({error.strerror}): run as its owner, or set SECRET_KEY.") from None


def _prepare_payments() -> int | None:
    """Set the shop up for a sandbox at the port that is returned; None where another provider is set up."""
    if os.environ.get("PAYMENT_PROVIDER"):
        return None
    port = os.environ.get("SANDBOX_PORT") or SANDBOX_PORT
    if not (port.isdecimal() and 0 < int(port) < 65536):
        raise RunError("SANDBOX_PORT is no port: make run SANDBOX_PORT=8011")
    os.environ |= {
        "PAYMENT_PROVIDER": "sandbox",
        "PAYMENT_URL": f"http://{_reachable(os.environ.get('HOST') or '127.0.0.1')}:{port}",
        "PAYMENT_API_KEY": secrets.token_hex(32),
        "PAYMENT_WEBHOOK_SECRET": secrets.token_hex(32),
    }
    return int(port)


def _check_ports(settings: Settings, sandbox_port: int | None) -> None:
    """Raise RunError, naming the setting to change, if a port is not free."""
    ports = {"PORT": settings.port, "METRICS_PORT": settings.metrics_port}
    if sandbox_port is not None:
        ports["SANDBOX_PORT"] = sandbox_port
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with contextlib.ExitStack() as held:
        for name, port in ports.items():
            try:
                held.enter_context(socket.create_server((settings.host, port), family=family))
            except OSError as error:
                other = next(other for other in range(port % 65535 + 1, 65536) if other not in ports.values())
                raise RunError(
                    f"Port {port} of {settings.host} cannot be had ({os.strerror(error.errno or 0)}): "
                    f"stop what listens there, or choose another: make run {name}={other}"
                ) from None


@contextlib.contextmanager
def _database() -> Iterator[Server | None]:
    """Have a database in DATABASE_URL: the one it names already, else that of a server of our own (yielded)."""
    if os.environ.get("DATABASE_URL"):
        yield None
        return
    with Server(DATA / "postgres") as server:
        os.environ["DATABASE_URL"] = server.url()
        yield server


def _bring_up_to_date(server: Server | None) -> None:
    """Apply the migrations that are missing, and give an empty catalogue the sample books."""
    with connected(Settings.load()) as connection:
        lacks_migrations = schema.reason_against(connection)
    if lacks_migrations:
        owner = {"DATABASE_URL": server.url(role=OWNER), "DATABASE_APP_ROLE": APP} if server else {}
        _bookstore("db", "upgrade", **owner)
    with connected(Settings.load()) as connection:
        is_empty = not connection.scalar(text("SELECT EXISTS (SELECT FROM book)"))
    if is_empty:
        _bookstore("catalogue", "import", str(SAMPLE))


def _bookstore(*arguments: str, **settings: str) -> None:
    """Run an admin command to its end; its output is the user's to read."""
    command = [*dying_with_parent("TERM"), sys.executable, "-m", "bookstore", *arguments]
    done = subprocess.run(command, env={**os.environ, **settings}, check=False, start_new_session=True)
    if done.returncode != 0:
        raise RunError(f"`bookstore {' '.join(arguments)}` failed (exit code {done.returncode}).")


@contextlib.contextmanager
def _sandbox(settings: Settings, port: int | None) -> Iterator[None]:
    """Run the payment provider of this machine, whose payments stay in `.data/`, if one is wanted."""
    if port is None:
        yield
        return
    webhooks = f"http://{_reachable(settings.host)}:{settings.port}/api/v1/payment-webhooks"
    options = {"host": settings.host, "port": port, "webhook-url": webhooks, "database": DATA / "payments.sqlite"}
    DATA.mkdir(exist_ok=True)
    with _process("sandbox-payments", *(f"--{name}={value}" for name, value in options.items()), patience_seconds=0):
        yield


def _serving(settings: Settings) -> contextlib.AbstractContextManager[subprocess.Popen[bytes]]:
    return _process("serve", patience_seconds=settings.graceful_timeout_seconds)


@contextlib.contextmanager
def _process(*arguments: str, patience_seconds: int) -> Iterator[subprocess.Popen[bytes]]:
    """Run a server in a session of its own, where a terminal's Ctrl-C reaches only us, who end it in order."""
    command = [*dying_with_parent("TERM"), sys.executable, "-m", "bookstore", *arguments]
    process = subprocess.Popen(command, start_new_session=True)
    try:
        yield process
    finally:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(patience_seconds + STOP_MARGIN_SECONDS)
        # Workers whose master was killed, or all of them if they do not stop.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _wait_until_ready(settings: Settings, shop: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while not _is_ready(_reachable(settings.host), settings.port):
        if time.monotonic() > deadline:
            raise RunError(f"The shop is not ready after {READY_SECONDS} s; its log above may say why.")
        _watch_once(shop, 0.05)


def _is_ready(host: str, port: int) -> bool:
    connection = http.client.HTTPConnection(host.strip("[]"), port, timeout=5)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _reachable(host: str) -> str:
    """Return where a browser on this machine finds a server that listens on `host`."""
    if host in {"0.0.0.0", "::"}:  # noqa: S104  # compared, not listened on
        return "localhost"
    return f"[{host}]" if ":" in host else host


def _watch(shop: subprocess.Popen[bytes], server: Server | None) -> NoReturn:
    """Stay for as long as all processes run, then raise RunError."""
    while server is None or server.is_running():
        _watch_once(shop, 0.5)
    raise RunError(f"PostgreSQL ended unexpectedly; {server.folder / 'log'} may say why.")


def _watch_once(shop: subprocess.Popen[bytes], seconds: float) -> None:
    try:
        code = shop.wait(seconds)
    except subprocess.TimeoutExpired:
        return
    raise RunError(f"The web server ended unexpectedly (exit code {code}); its log above may say why.")
