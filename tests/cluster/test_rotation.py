"""Password, key and authority are changed under traffic, by the commands of docs/how-to/rotate-secrets.md."""

import ssl
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from itsdangerous import URLSafeSerializer

from tests.cluster import outside
from tests.cluster.every import BOOK
from tests.cluster.prober import ISBN, Customer, Record, stock_up
from tests.cluster.proving import DATABASE, SETTINGS, Shop
from tests.cluster.release import SURFACES, Release, installed
from tests.cluster.runbook import Runbook
from tests.cluster.secure import Secured, secured, shown
from tests.cluster.tools import eventually, kubectl, make_namespace, run
from tests.docs.blocks import of_page

pytestmark = pytest.mark.full
Sql = Callable[[str], str]
PEOPLE = "no failed request; a customer's session, cart and link to an order are good ever after"
ROTATED = "bookstore-rotated-data"
PEER = r"networkPolicy.databases.it.peer.namespaceSelector.matchLabels.kubernetes\.io/metadata\.name"
SUPERUSER = """
PGPASSWORD=$(cat /opt/bitnami/postgresql/secrets/postgres-password) psql --no-psqlrc -U postgres -At -c "$0"
"""
# Over TCP, where a password counts.
LOG_IN = 'PGPASSWORD=$0 psql --no-psqlrc -h 127.0.0.1 -U bookstore -At -c "SELECT 1" || true'
# The last link in an e-mail to somebody.
LINK = """
import re, sys
from bookstore.config import Settings
from sqlalchemy import create_engine, text
LAST = "SELECT body FROM outbox_message WHERE recipient = :who ORDER BY id DESC LIMIT 1"
with create_engine(Settings.load().database).connect() as connection:
    print(re.search(r"https?://\\S+", connection.scalar(text(LAST), {"who": sys.argv[1]}))[0])
"""
# Ends the connections of before that rest, and prints all of them.
END_OLD = """
SELECT pid, CASE WHEN state = 'idle' THEN pg_terminate_backend(pid) END
FROM pg_stat_activity WHERE usename = 'bookstore' AND backend_start < '{since}'
"""


def runbook(shop: Shop, folder: Path) -> Runbook:
    """The page, where `kubectl` is for the release's namespace."""
    config = folder / "kubeconfig"
    config.write_text(kubectl("config", "view", "--raw", "--minify", "--flatten"))
    where = (f"--kubeconfig={config}", "config", "set-context", "--current")
    kubectl(*where, f"--namespace={shop.release.namespace}")
    return Runbook("docs/how-to/rotate-secrets.md", "test_rotation.py", folder, {"KUBECONFIG": str(config)})


def reconnect(record: Record, sql: Sql) -> None:
    """Have every connection of the shop be made anew, with what its pods have now."""
    with record.silence():
        since = sql("SELECT clock_timestamp()")
        eventually("every connection is new", lambda: sql(END_OLD.format(since=since)) == "")


class Person:
    """Somebody with an account who is logged in, has a book in the cart, and the link to an order."""

    def __init__(self, shop: Shop, client: httpx.Client) -> None:
        self.client = client
        email = {"email": "jane@example.org"}
        client.post("/account/sign-up", data=email).raise_for_status()
        link = urlsplit(shop.release.execute("python", "-c", LINK, email["email"]).strip()).path
        done = client.post(link, data={"name": "Jane Doe", "password": "violet otters hum at noon"})
        assert done.headers.get("Location") == "/account", done.text
        client.post("/cart/lines", data={"isbn": ISBN})
        self.order = Customer(client).order()
        shop.acknowledged.append(self.order["number"])

    def is_known(self) -> bool:
        """Whether the shop still knows all that."""
        link = f"/api/v1/orders/{self.order['number']}"
        return (
            self.client.get("/account").status_code == httpx.codes.OK
            and BOOK["title"] in self.client.get("/cart").text
            and self.client.get(link, params={"token": self.order["token"]}).status_code == httpx.codes.OK
        )


def test_the_password_and_the_key(shop: Shop, tmp_path: Path) -> None:
    page, before = runbook(shop, tmp_path), shop.release.restarts(*SURFACES)
    where = ("-n", shop.release.namespace, "exec", DATABASE, "--", "sh", "-c")

    def sql(statement: str) -> str:
        return kubectl(*where, SUPERUSER, statement).strip()

    with (
        shop.release.client() as client,
        shop.proven("The database's password and SECRET_KEY changed", PEOPLE) as record,
    ):
        person = Person(shop, client)
        assert person.is_known()
        page.follow(2)
        record.mark("the Secret has another password")
        page.follow()
        record.mark("every pod has it")
        reconnect(record, sql)
        page.follow()
        assert kubectl(*where, LOG_IN, page.told("new")).strip() == "1"
        record.mark("PostgreSQL has it")
        reconnect(record, sql)
        assert person.is_known()
        page.follow()
        record.mark("every pod believes another key")
        assert person.is_known()
        page.follow()
        record.mark("every pod signs with it")
        assert person.is_known()
        order = Customer(client).order()
        shop.acknowledged.append(order["number"])
        assert URLSafeSerializer(page.told("new"), salt="order").loads(order["token"]) == order["number"]
    assert not record.wrong
    assert shop.release.restarts(*SURFACES) == before


def test_the_certificate_of_the_ingress(shop: Shop, tmp_path: Path) -> None:
    certificates = [Certificate(shop.release, tmp_path / name) for name in ("first", "second")]
    # Who believes these two believes no other that a proxy might show meanwhile.
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    for one in certificates:
        context.load_verify_locations(one.path)
    first, second = certificates
    release = secured(shop.release, context)
    first.give()
    eventually("it is shown", lambda: is_shown(release, first))
    with release.client() as client:
        assert "max-age=" in client.get("/").headers["Strict-Transport-Security"]
    over_tls = replace(shop, release=release)
    with over_tls.proven("The certificate of the Ingress changed", "no failed request") as record:
        second.give()
        record.mark("the Secret has another certificate")
        eventually("it is shown", lambda: is_shown(release, second))
        record.mark("new connections are shown it")
        over_tls.sells(record)
    assert not record.wrong


class Certificate:
    """One that the shop's host is to be served with, made by the commands of docs/how-to/tls.md."""

    def __init__(self, release: Release, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        ((_, host), (tls, *_)) = release.ingress(), release.objects("ingresses")[0]["spec"]["tls"]
        (block,) = (block for block in of_page("docs/how-to/tls.md") if block.where)
        text = block.text.replace("shop.example.org", host).replace("bookstore-prod", release.namespace)
        make, kubectl, give = text.replace("shop-tls", tls["secretName"]).partition("kubectl")
        self._give = kubectl + give
        self._run(make)

    @property
    def path(self) -> Path:
        """The file of it."""
        return self.folder / ".data/tls/shop.crt"

    def give(self) -> None:
        """Put it into the Secret."""
        self._run(self._give)

    def _run(self, script: str) -> None:
        run("bash", "-euo", "pipefail", "-c", f"cd {self.folder}; {script}")


def is_shown(release: Secured, certificate: Certificate) -> bool:
    """Whether who connects now is shown this one."""
    try:
        return shown(release) == certificate.path.read_text()
    except httpx.ConnectError:
        # One that nobody believes, such as that of a proxy which does not know the host yet.
        return False


@pytest.fixture
def database(tmp_path: Path) -> Iterator[outside.Database]:
    """A PostgreSQL of this test alone, with an authority of its own."""
    with outside.installed(tmp_path, ROTATED) as database:
        yield database


@pytest.fixture
def verifying(chart: Path, database: outside.Database) -> Iterator[Shop]:
    """Staging, on a database whose certificate it verifies."""
    settings = (f"{PEER}={ROTATED}", *SETTINGS, *database.settings("bookstore"))
    release = Release(chart, "staging", "bookstore-verifying", settings=settings)
    make_namespace(release.namespace)
    database.make_secrets(release.namespace)
    with installed(release):
        stock_up(release)
        yield Shop(release)


def test_the_authority_of_the_database(verifying: Shop, database: outside.Database, tmp_path: Path) -> None:
    page, pods = runbook(verifying, tmp_path), verifying.release.pods()
    other = tmp_path / "other"
    other.mkdir()
    outside.certify(other, database.host)
    (tmp_path / "new-ca.crt").write_text((other / "ca.crt").read_text())
    page.follow()
    del page.blocks[:-2]
    with verifying.proven("The authority of the database's certificate changed", "no failed request") as record:
        page.follow()
        record.mark("every pod believes both")
        reconnect(record, database.sql)
        database.show(other)
        record.mark("the server shows the new certificate")
        reconnect(record, database.sql)
        page.follow()
        record.mark("every pod believes the new one alone")
        reconnect(record, database.sql)
    assert not record.wrong
    assert verifying.release.pods() == pods
