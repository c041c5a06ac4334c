"""Every setting of the application, from the environment or from mounted files (twelve-factor III).

A setting is read from the variable of its name in capitals, else from the file of its name in `SECRETS_DIR` (a
mounted Secret), else from its default. `bookstore config --help` prints this class as a table.
"""

import base64
import binascii
import math
import os
from enum import StrEnum
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Any, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict
from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from bookstore import cpus

WORKERS_WITHOUT_LIMIT = 2
MINIMUM_SECRET_LENGTH = 32
COMMAND_CONNECT_SECONDS = 10  # as the scripts beside pg_dump have it
WEBHOOK_KEY_BYTES = range(24, 65)  # Standard Webhooks, "Signature scheme"
ORIGIN = r"^https?://[A-Za-z0-9._:\[\]-]+$"
CacheEntries = Annotated[int, Field(ge=0, le=100_000)]
CacheSeconds = Annotated[int, Field(ge=0, le=31_536_000)]
BreakerSeconds = Annotated[int, Field(ge=1, le=3600)]
CacheEviction = Annotated[
    str, Field(pattern="^(|noeviction|volatile-ttl|(allkeys|volatile)-(lru|lfu|random))$")  # Valkey's maxmemory-policy
]
DEFAULT_RATES = Path(__file__).parent / "orders/rates.toml"


class Surface(StrEnum):
    """Which part of the shop a process serves."""

    ALL = "all"
    API = "api"
    STOREFRONT = "storefront"


class PaymentProvider(StrEnum):
    """Who takes the buyers' money; `none` means that nothing can be bought."""

    NONE = "none"
    SANDBOX = "sandbox"


class SmtpTls(StrEnum):
    """How a connection to the mail server is encrypted."""

    NONE = "none"
    STARTTLS = "starttls"
    TLS = "tls"


class LogLevel(StrEnum):
    """How much is logged: lines of this level and those above it."""

    DEBUG = "DEBUG"
    INFO = "INFO"
    WARNING = "WARNING"
    ERROR = "ERROR"


class LogFormat(StrEnum):
    """How a log line looks; `auto` is readable on a terminal and JSON elsewhere."""

    AUTO = "auto"
    JSON = "json"
    CONSOLE = "console"


def _postgresql_url(value: SecretStr) -> SecretStr:
    try:
        url = make_url(value.get_secret_value())
    except ArgumentError as error:
        # The value holds a password: the message must not repeat it.
        raise ValueError("is not a URL such as postgresql://user:password@host:5432/name") from error
    if url.get_backend_name() != "postgresql":
        raise ValueError("must start with postgresql://")
    return value


def _long_enough(value: SecretStr) -> SecretStr:
    if len(value.get_secret_value()) < MINIMUM_SECRET_LENGTH:
        raise ValueError(f"must be at least {MINIMUM_SECRET_LENGTH} characters; make one with: openssl rand -hex 32")
    return value


def _each_long_enough(value: SecretStr) -> SecretStr:
    for one in _split(value.get_secret_value()):
        _long_enough(SecretStr(one))
    return value


def _webhook_secrets(value: SecretStr) -> SecretStr:
    for one in _split(value.get_secret_value()) or [""]:
        try:
            length = len(base64.b64decode(one.removeprefix("whsec_"), validate=True))
        except binascii.Error:
            length = 0
        if length not in WEBHOOK_KEY_BYTES:
            raise ValueError("must be base64 of 24 to 64 bytes; make one with: openssl rand -base64 32")
    return value


def _split(value: Any) -> Any:
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


def _parts(secret: SecretStr | None) -> list[str]:
    """The parts of a secret that has several, with commas."""
    return list(_split(secret.get_secret_value())) if secret else []


def _workers() -> int:
    """A machine without a limit is shared: how many cores it has does not say how many are the shop's."""
    return math.ceil(cpus.limit() or WORKERS_WITHOUT_LIMIT)


class Settings(BaseSettings):
    """Frozen once read; a wrong value stops the process with the setting's name and what to do."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_ignore_empty=True, hide_input_in_errors=True)

    bookstore_surface: Surface = Field(Surface.ALL, description="What this process serves: all, api or storefront.")
    secret_key: Annotated[SecretStr, AfterValidator(_long_enough)] = Field(
        description="Signs cookies and page cursors; at least 32 random characters. Secret."
    )

    secret_key_fallbacks: Annotated[SecretStr, AfterValidator(_each_long_enough)] | None = Field(
        None, description="Keys that sign no more, or not yet, and still count; with commas. Secret."
    )

    database_url: Annotated[SecretStr, AfterValidator(_postgresql_url)] | None = Field(
        None, description="postgresql://user:password@host:5432/name; overrides the DATABASE_* parts. Secret."
    )
    database_host: str = Field("localhost", description="PostgreSQL host, or the folder of its Unix socket.")
    database_port: int = Field(5432, ge=1, le=65535, description="PostgreSQL port.")
    database_name: str = Field("bookstore", description="PostgreSQL database.")
    database_user: str = Field("bookstore", description="PostgreSQL role.")
    database_password: SecretStr | None = Field(None, description="Password of that role. Secret.")
    database_sslmode: str | None = Field(
        None,
        pattern="^(disable|allow|prefer|require|verify-ca|verify-full)$",
        description="libpq sslmode; verify-full checks the server's name.",
    )
    database_sslrootcert: str | None = Field(None, description="File of the CA that signed the server's certificate.")
    database_app_role: str | None = Field(
        None, description="Role that `bookstore db upgrade` grants reading and writing (never DDL) to."
    )
    database_connect_timeout_seconds: int = Field(
        2, ge=1, description="Longest wait of a request for a new connection; a command waits 10 s or more."
    )
    database_pool_timeout_seconds: float = Field(2, gt=0, description="Longest wait for a free connection; then 503.")
    database_statement_timeout_seconds: float = Field(
        5, ge=0, description="Longest run of one statement; then 503. 0 leaves the role's own limit (for PgBouncer)."
    )
    database_prepared_statements: bool = Field(
        True, description="Server-side prepared statements; false behind a PgBouncer older than 1.22."
    )

    host: str = Field("127.0.0.1", description="Address to listen on; the image sets 0.0.0.0.")
    port: int = Field(8000, ge=1, le=65535, description="Port to listen on.")
    metrics_port: int = Field(9000, ge=0, le=65535, description="Port of /metrics; 0 turns metrics off.")
    web_workers: int = Field(
        default_factory=_workers,
        ge=1,
        description="gunicorn worker processes; if not set, one for each CPU of the cgroup's limit, without one 2.",
    )
    web_threads: int = Field(4, ge=1, description="Threads, and so database connections, of a worker.")
    web_queue: int = Field(32, ge=0, description="Requests that a worker lets wait for a thread; more get 503.")
    request_timeout_seconds: int = Field(
        30, ge=1, description="A worker that ends no request for longer than this, with all threads busy, is replaced."
    )
    graceful_timeout_seconds: int = Field(20, ge=1, description="Time for open requests to finish after SIGTERM.")
    keepalive_seconds: int = Field(75, ge=1, description="Idle time of a connection; more than the proxy's.")

    allowed_hosts: Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split)] = Field(
        ("localhost", "127.0.0.1", "[::1]"),
        description="Comma-separated names that a request's Host may have; .example.org includes its subdomains.",
    )
    trusted_proxies: int = Field(0, ge=0, description="Number of proxies in front whose X-Forwarded-* are believed.")
    max_body_bytes: int = Field(1_000_000, ge=1, description="Largest request body; a larger one gets 413.")
    tuning_dir: Path | None = Field(
        None,
        description="Folder of files named LOG_LEVEL and as the next five: they win over variables, and are read anew.",
    )
    cache_max_entries: CacheEntries = Field(512, description="Rendered pages, and whole answers, that a worker keeps.")
    cache_ttl_seconds: CacheSeconds = Field(
        60, description="How long the cache, browsers and CDNs may keep the catalogue; with 0 none does."
    )
    cache_missing_ttl_seconds: CacheSeconds = Field(
        10, description="How long the cache keeps that something is not there; never longer than CACHE_TTL_SECONDS."
    )
    cache_breaker_seconds: BreakerSeconds = Field(5, description="How long a cache that failed is left alone.")
    cache_eviction: CacheEviction = Field(
        "", description="The cache's maxmemory-policy, such as allkeys-lru; empty leaves what it is set to."
    )

    cache_host: str | None = Field(None, description="Valkey or Redis host; without one nothing is kept beside pages.")
    cache_port: int = Field(6379, ge=1, le=65535, description="Its port.")
    cache_user: str | None = Field(None, description="Its ACL user; without one the default user.")
    cache_password: SecretStr | None = Field(None, description="Password of that user. Secret.")
    cache_tls: bool = Field(False, description="Encrypt the connection, with the server's certificate checked.")
    cache_ca: str | None = Field(
        None, description="File of the CA that signed that certificate; without one the system's."
    )
    cache_timeout_seconds: float = Field(
        0.2, gt=0, le=5, description="Longest wait for the cache to connect, and to answer."
    )
    cache_prefix: str = Field(
        "bookstore", pattern="^[!-9;-~]+$", description="What every key begins with; one for each shop on a server."
    )

    shop_name: str = Field("Bookstore", description="Name of the shop on its pages.")
    currency: str = Field("USD", pattern="^[A-Z]{3}$", description="ISO 4217 code of prices that state none.")

    public_url: str = Field(
        "http://localhost:8000",
        pattern=ORIGIN,
        description="Address at which buyers reach the shop, for the links in e-mails.",
    )
    customer_session_hours: float = Field(720, gt=0, description="A customer logs in again after this long.")
    customer_session_idle_hours: float = Field(336, gt=0, description="So does one who was away for this long.")
    staff_session_hours: float = Field(10, gt=0, description="Staff log in again after this long.")
    staff_session_idle_hours: float = Field(0.5, gt=0, description="So does one who was away for this long.")
    rates_file: Path = Field(DEFAULT_RATES, description="TOML file of what sending and taxes cost.")
    reservation_minutes: int = Field(30, ge=1, description="How long an unpaid order keeps its books.")

    orders_per_hour: int = Field(
        60, ge=0, description="Orders of one client (an IPv4 address or IPv6 /64) in an hour; then 429. 0: no limit."
    )

    low_stock: int = Field(3, ge=0, description="At so many copies or fewer a book is on the staff's list to order.")
    import_max_bytes: int = Field(10_000_000, ge=1, description="Largest catalogue file that staff can upload.")

    payment_url: str | None = Field(
        None, pattern=ORIGIN.replace("$", r"(/[^\s?#]*)?$"), description="Address of the payment provider's API."
    )
    payment_page_origin: str | None = Field(
        None, pattern=ORIGIN, description="Origin of the page where buyers pay, if it is not that of PAYMENT_URL."
    )
    payment_api_key: SecretStr | None = Field(None, description="Key to that API. Secret.")
    payment_webhook_secret: Annotated[SecretStr, AfterValidator(_webhook_secrets)] | None = Field(
        None, description="What the provider's webhooks are signed with; several, with commas, to change it. Secret."
    )
    payment_timeout_seconds: float = Field(5, gt=0, le=30, description="Longest wait for an answer of the provider.")
    payment_provider: PaymentProvider = Field(
        PaymentProvider.NONE,
        description="Who takes the money: sandbox (`bookstore sandbox-payments`); with none the shop takes no orders.",
    )

    mail_from: str = Field(
        "bookstore@localhost", pattern=r"^[!-;=?A-~]+@[A-Za-z0-9.-]+$", description="Address that e-mails come from."
    )
    smtp_host: str | None = Field(None, description="Mail server; without one e-mails are kept, and none is sent.")
    smtp_port: int = Field(587, ge=1, le=65535, description="Its port: 587 with starttls, 465 with tls.")
    smtp_tls: SmtpTls = Field(
        SmtpTls.STARTTLS, description="starttls or tls, both with the server's certificate checked; or none."
    )
    smtp_user: str | None = Field(None, description="Who logs in to the mail server.")
    smtp_password: SecretStr | None = Field(None, description="Password of that user. Secret.")
    smtp_timeout_seconds: float = Field(10, gt=0, le=120, description="Longest wait for an answer of the mail server.")

    shop_legal_name: str | None = Field(None, description="Who sells, on invoices; SHOP_NAME if not set.")
    shop_address: str | None = Field(None, description="The seller's address on invoices; lines or commas part it.")

    tracing_endpoint: str | None = Field(
        None,
        pattern=ORIGIN.replace("$", r"(/[^\s?#]*)?$"),
        description="Where traces go: a collector's OTLP/HTTP address, such as http://collector:4318; none without.",
    )
    tracing_sample_ratio: float = Field(
        0.1, ge=0, le=1, description="Part of the traces that are kept where the caller has not decided (traceparent)."
    )

    log_level: LogLevel = Field(LogLevel.INFO, description="Least level that is logged.")
    log_format: LogFormat = Field(LogFormat.AUTO, description="json, console, or auto: console on a terminal.")

    @field_validator("cache_host")
    @classmethod
    def _cache_has_its_client(cls, value: str | None) -> str | None:
        if value is not None and find_spec("redis") is None:
            raise ValueError("needs the client of Valkey: install bookstore[cache]")
        return value

    @field_validator("payment_provider")
    @classmethod
    def _provider_is_complete(cls, value: PaymentProvider, info: ValidationInfo) -> PaymentProvider:
        needed = ("payment_url", "payment_api_key", "payment_webhook_secret")
        missing = [name.upper() for name in needed if info.data.get(name, "refused already") is None]
        if value is not PaymentProvider.NONE and missing:
            raise ValueError(f"{value} needs {' and '.join(missing)}")
        return value

    @field_validator("smtp_password")
    @classmethod
    def _password_goes_encrypted(cls, value: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        if value is not None and info.data.get("smtp_user") is None:
            raise ValueError("needs SMTP_USER")
        if value is not None and info.data.get("smtp_tls") is SmtpTls.NONE:
            raise ValueError("needs SMTP_TLS=starttls or tls, so that nobody on the way reads it")
        return value

    @property
    def takes_orders(self) -> bool:
        """Whether anything can be bought: an order that nobody can pay would only keep books from others."""
        return self.payment_provider is not PaymentProvider.NONE

    @property
    def payment_pages(self) -> str | None:
        """The origin of the provider's pages, to which a buyer is sent; None without a provider."""
        if not self.takes_orders:
            return None
        return self.payment_page_origin or "{0.scheme}://{0.netloc}".format(urlsplit(self.payment_url or ""))

    @property
    def fallback_keys(self) -> list[str]:
        """The keys beside SECRET_KEY that what comes back may be signed with."""
        return _parts(self.secret_key_fallbacks)

    @property
    def webhook_secrets(self) -> list[str]:
        """The secrets that a webhook may be signed with, the present one and those before or after it."""
        return _parts(self.payment_webhook_secret)

    @property
    def database(self) -> URL:
        """The database as SQLAlchemy wants it, always with the psycopg driver."""
        if self.database_url is not None:
            return make_url(self.database_url.get_secret_value()).set(drivername="postgresql+psycopg")
        tls = {"sslmode": self.database_sslmode, "sslrootcert": self.database_sslrootcert}
        password = self.database_password
        return URL.create(
            "postgresql+psycopg",
            username=self.database_user,
            password=password.get_secret_value() if password else None,
            host=self.database_host,
            port=self.database_port,
            database=self.database_name,
            query={name: value for name, value in tls.items() if value},
        )

    def for_command(self) -> Self:
        """These without the limits of requests, for whoever starts a command waits for it."""
        patient = max(self.database_connect_timeout_seconds, COMMAND_CONNECT_SECONDS)
        return self.model_copy(
            update={"database_statement_timeout_seconds": 0, "database_connect_timeout_seconds": patient}
        )

    @classmethod
    def load(cls) -> Self:
        """Read the settings from the environment and `SECRETS_DIR`; raises pydantic's ValidationError."""
        return cls(_secrets_dir=os.environ.get("SECRETS_DIR"))
