"""gunicorn's threaded worker, with an end to its queue, and health checks that do not stand in it.

gthread hands every connection to its threads at once, and what they cannot take yet waits, without limit. Here at most
WEB_QUEUE requests wait. One more is refused by the loop that accepts connections, which needs no thread and no database
for it (https://aws.amazon.com/builders-library/using-load-shedding-to-avoid-overload/).
"""

import socket
import time
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from selectors import EVENT_READ
from typing import Any

import structlog
from gunicorn.workers.gthread import TConn, ThreadWorker

from bookstore import metrics
from bookstore.arrival import QUEUED
from bookstore.config import Settings
from bookstore.overload import Refusals, path_of

HEALTH_PATHS = (b"/livez", b"/readyz")
# Few ask, and one answer may take a second where the database hangs.
HEALTH_THREADS, HEALTH_QUEUE = 2, 16
SILENT_SECONDS = 10.0
LINGER_SECONDS = 2.0
READ_BYTES = 65536
log = structlog.get_logger(__name__)


class Lane:
    """Threads, and the connections whose requests they answer or will answer next."""

    def __init__(self, name: str, threads: int, queue: int) -> None:
        self.threads, self.most = threads, threads + queue
        self.pool = ThreadPoolExecutor(threads, thread_name_prefix=name)
        self.held: set[TConn] = set()
        self.has_ended_one = False

    @property
    def has_idle_thread(self) -> bool:
        """Whether a request would be answered at once."""
        return len(self.held) < self.threads

    @property
    def is_full(self) -> bool:
        """Whether one more request would be too many."""
        return len(self.held) >= self.most


class Connection(TConn):  # type: ignore[misc]
    """A connection that the worker's loop sees out, rather than waiting for the client to hang up."""

    def __init__(self, worker: "Worker", listener: socket.socket, client: socket.socket, address: Any) -> None:
        super().__init__(worker.cfg, client, address, listener.getsockname())
        self.worker = worker
        self.queued = 0.0

    def close(self, graceful: bool = False) -> None:  # noqa: FBT001, FBT002  # gunicorn's signature
        """Close it: `graceful` means that the client gets all that was sent, even while it still sends itself."""
        if graceful:
            self.worker.linger(self.sock)
        else:
            super().close()


class Worker(ThreadWorker):  # type: ignore[misc]
    """A gthread worker whose loop decides, for each request, who answers it."""

    def init_process(self) -> None:
        """Prepare what a full worker needs, and run."""
        settings = Settings.load()
        self.shop = Lane("request", self.cfg.threads, settings.web_queue)
        self.health = Lane("health", HEALTH_THREADS, HEALTH_QUEUE)
        self.metrics_port = settings.metrics_port
        self.refusals = Refusals(settings)
        self.lingering: deque[tuple[float, socket.socket]] = deque()
        self.refused, self.told = 0, 0.0
        super().init_process()

    def get_thread_pool(self) -> ThreadPoolExecutor:
        """The threads of all requests but health checks."""
        return self.shop.pool

    def accept(self, listener: socket.socket) -> None:
        """Take a connection, which occupies no thread before it says something."""
        try:
            client, address = listener.accept()
        except (BlockingIOError, ConnectionAbortedError):
            return  # another worker was faster, or the client changed its mind
        self.nr_conns += 1
        connection = Connection(self, listener, client, address)
        connection.timeout = time.monotonic() + SILENT_SECONDS
        self.pending_conns.append(connection)
        self.poller.register(client, EVENT_READ, partial(self.on_pending_socket_readable, connection))

    def enqueue_req(self, conn: Connection) -> None:
        """Give a request to a thread, or refuse it. Called where a connection has something to read."""
        lane = self.shop
        if not lane.has_idle_thread and self._is_about_health(conn):
            lane = self.health
        if lane.is_full:
            self._refuse(conn)
            return
        lane.held.add(conn)
        conn.queued = time.perf_counter()
        ended = lane.pool.submit(self.handle, conn)
        ended.add_done_callback(lambda future: self.method_queue.defer(self.finish_request, conn, future))

    def handle_request(self, req: Any, conn: Connection) -> Any:
        """Answer a request, whose time began when it was queued."""
        QUEUED.set(conn.queued)
        return super().handle_request(req, conn)

    def finish_request(self, conn: Connection, fs: "Future[object]") -> None:
        """Make room for the next request, and keep the connection or close it."""
        for lane in (self.shop, self.health):
            if conn in lane.held:
                lane.held.remove(conn)
                lane.has_ended_one = True
        super().finish_request(conn, fs)

    def notify(self) -> None:
        """Show the arbiter a sign of life, which replaces workers that give none for REQUEST_TIMEOUT_SECONDS.

        A loop that still turns is none, where every thread is stuck: health checks would go on saying that all is well.
        """
        if self.shop.has_idle_thread or self.shop.has_ended_one:
            self.shop.has_ended_one = False
            super().notify()

    def murder_pending(self) -> None:
        """Close what has been silent, or has not hung up, for too long; say how much was refused; follow the tuning."""
        super().murder_pending()
        if tuned := self.wsgi.extensions.get("tuning"):
            tuned.current()
        now = time.monotonic()
        while self.lingering and self.lingering[0][0] < now:
            self._hang_up(self.lingering.popleft()[1])
        if self.refused and now - self.told >= 1:
            log.warning("requests_shed", count=self.refused)
            self.refused, self.told = 0, now

    def linger(self, client: socket.socket) -> None:
        """Say that no more comes, and wait until the client has read it: it may send still (RFC 9112, section 9.6)."""
        try:
            client.setblocking(False)
            client.shutdown(socket.SHUT_WR)
            self.poller.register(client, EVENT_READ, self._read_to_end)
        except (OSError, ValueError, KeyError):
            client.close()  # it has gone, or the worker is about to
            return
        self.lingering.append((time.monotonic() + LINGER_SECONDS, client))

    def _read_to_end(self, client: socket.socket) -> None:
        try:
            if client.recv(READ_BYTES):
                return
        except BlockingIOError:
            return
        except OSError:
            pass  # reset: an end, too
        self._hang_up(client)

    def _hang_up(self, client: socket.socket) -> None:
        if client.fileno() >= 0:
            self.poller.unregister(client)
            client.close()

    def _is_about_health(self, conn: Connection) -> bool:
        return conn.server[1] == self.metrics_port or path_of(self._begun(conn, socket.MSG_PEEK)) in HEALTH_PATHS

    def _refuse(self, conn: Connection) -> None:
        self.nr_conns -= 1
        try:
            if begun := self._begun(conn):
                conn.sock.send(self.refusals.answer(begun), socket.MSG_DONTWAIT)
                metrics.count_shed()
                self.refused += 1
        except OSError:
            pass  # the client did not wait for it
        conn.close(graceful=True)

    def _begun(self, conn: Connection, flags: int = 0) -> bytes:
        """What has come of a request so far; with MSG_PEEK it stays to be read."""
        if conn.parser is not None and (ahead := conn.parser.unreader.buf.getvalue()):
            return bytes(ahead)
        try:
            return bytes(conn.sock.recv(READ_BYTES, flags | socket.MSG_DONTWAIT))
        except OSError:
            return b""
