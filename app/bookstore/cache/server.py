"""The cache's server, Valkey or Redis 7: short timeouts, no retry, and a breaker, so that it never harms."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import structlog

from bookstore import tuning
from bookstore.cache import metrics
from bookstore.cache.breaker import Breaker
from bookstore.config import Settings

if TYPE_CHECKING:
    import redis

log = structlog.get_logger(__name__)


class Unavailable(Exception):
    """The server did not do what it was asked; the reason is counted already."""


def connect(settings: Settings) -> "redis.Redis":
    """A client that connects when it is first used, in whichever process that is."""
    # An extra: who has no cache needs no client.
    import redis
    from redis.backoff import NoBackoff
    from redis.maint_notifications import MaintNotificationsConfig
    from redis.retry import Retry

    password = settings.cache_password
    return redis.Redis(
        host=settings.cache_host or "",
        port=settings.cache_port,
        username=settings.cache_user,
        password=password.get_secret_value() if password else None,
        ssl=settings.cache_tls,
        ssl_ca_certs=settings.cache_ca,
        ssl_check_hostname=True,
        socket_timeout=settings.cache_timeout_seconds,
        socket_connect_timeout=settings.cache_timeout_seconds,
        # The defaults try four times over; a page that waits for the cache is slower than one without.
        retry=Retry(NoBackoff(), 0),
        # Fewer questions at each new connection: none but AUTH.
        protocol=2,
        driver_info=None,
        maint_notifications_config=MaintNotificationsConfig(enabled=False),
    )


class Server:
    """Asks the server while it answers; `when_back` is called before it is asked again after a failure."""

    def __init__(self, settings: Settings, when_back: Callable[[], None]) -> None:
        import redis

        self._errors = redis.exceptions
        self._client = connect(settings)
        self._breaker = Breaker()
        self._when_back = when_back
        self._eviction = ""
        self._breaker_seconds = settings.cache_breaker_seconds

    @property
    def well(self) -> bool:
        """Whether it answered the last time."""
        return self._breaker.closed

    def usable(self, tuned: tuning.Tuning) -> bool:
        """Whether to ask at all; brings the server's eviction in line with the tuning."""
        self._breaker_seconds = tuned.cache_breaker_seconds
        if not self._breaker.closed:
            if not self._breaker.may_try(self._breaker_seconds):
                metrics.READS.labels("skipped").inc()
                return False
            self._when_back()
        if tuned.cache_eviction != self._eviction:
            self._eviction = tuned.cache_eviction
            return not self._eviction or self._evict(self._eviction)
        return True

    def ask(self, *command: Any) -> Any:
        """The answer to a command; raises Unavailable."""
        try:
            answer = self._client.execute_command(*command)  # type: ignore[no-untyped-call]
        except self._errors.OutOfMemoryError as error:
            # It is full and evicts nothing: it still answers, and what it holds is still good.
            metrics.ERRORS.labels("full").inc()
            raise Unavailable from error
        except (self._errors.RedisError, OSError) as error:
            self._failed(error)
            raise Unavailable from error
        if not self._breaker.closed and self._breaker.succeed():
            metrics.BREAKERS_OPEN.set(0)
            log.info("cache_back")
        return answer

    def attempt(self, *command: Any) -> bool:
        """Whether a command was done; while the breaker is open it is not even tried."""
        if not self._breaker.closed:
            return False
        try:
            self.ask(*command)
        except Unavailable:
            return False
        return True

    def _failed(self, error: Exception) -> None:
        timed_out = isinstance(error, self._errors.TimeoutError | TimeoutError)
        refused = isinstance(error, self._errors.AuthenticationError | self._errors.ResponseError)
        metrics.ERRORS.labels("timeout" if timed_out else "refused" if refused else "connection").inc()
        if self._breaker.fail(self._breaker_seconds):
            metrics.BREAKERS_OPEN.set(1)
            # Its connections lead nowhere, or to a server that was restarted since.
            self._client.connection_pool.disconnect(inuse_connections=False)
            log.warning(
                "cache_unavailable",
                error=type(error).__name__,
                reason=str(error),
                remedy="the shop goes on without it; `bookstore doctor` says what is wrong",
            )

    def _evict(self, policy: str) -> bool:
        """Have the server make room in this way; false where it does not answer."""
        try:
            self._client.config_set("maxmemory-policy", policy)
        except self._errors.ResponseError as error:
            log.warning(
                "cache_eviction_refused", reason=str(error), remedy="allow CONFIG SET, or leave CACHE_EVICTION empty"
            )
        except (self._errors.RedisError, OSError) as error:
            self._eviction = ""
            self._failed(error)
            return False
        return True
