"""What `bookstore doctor` and the settings say of a cache."""

import sys
from pathlib import Path

import pytest
import trustme
from pydantic import ValidationError

from bookstore.cache.checking import reason_against
from bookstore.config import Settings
from tests.caches import Valkey, blackhole, fill
from tests.databases import Databases, bookstore
from tests.servers import free_port


def said(settings: Settings, valkey: Valkey, **changed: object) -> str:
    """What is wrong, of this server or of another."""
    cache = {"cache_host": "127.0.0.1", "cache_port": valkey.port, "cache_password": valkey.password}
    return reason_against(Settings.model_validate(settings.model_dump() | cache | changed)) or "nothing"


def test_each_fault_has_a_sentence(settings: Settings, valkey: Valkey) -> None:
    with valkey.client() as client:
        client.config_set("maxmemory-policy", "noeviction")
        assert said(settings, valkey) == "nothing"
        assert "evicts by noeviction, not by allkeys-lru" in said(settings, valkey, cache_eviction="allkeys-lru")
        assert "correct CACHE_PASSWORD" in said(settings, valkey, cache_password="wrong")
        assert "cannot be reached" in said(settings, valkey, cache_port=free_port())
        with blackhole() as port:
            assert "does not answer within 3 s" in said(settings, valkey, cache_port=port)
        client.execute_command("ACL", "SETUSER", "reader", "on", ">secret", "~*", "+get", "+info")
        assert "refuses a command" in said(settings, valkey, cache_user="reader", cache_password="secret")
        limit = client.config_get("maxmemory")["maxmemory"]
        client.config_set("maxmemory", 0)
        assert "grows until it is killed" in said(settings, valkey)
        fill(client)
        assert "is full and evicts nothing" in said(settings, valkey)
        client.config_set("maxmemory", limit)


def test_tls_checks_the_certificate(settings: Settings, tmp_path: Path) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(str(tmp_path / "server.pem"))
    tls = {"port": str(free_port()), "auth-clients": "no", "ca-cert-file": str(tmp_path / "ca.pem")}
    tls |= dict.fromkeys(("cert-file", "key-file"), str(tmp_path / "server.pem"))
    options = [part for name, value in tls.items() for part in (f"--tls-{name}", value)]
    with Valkey("--maxmemory", "10mb", *options) as valkey:
        asked = {"cache_tls": True, "cache_port": int(tls["port"])}
        assert "CERTIFICATE_VERIFY_FAILED" in said(settings, valkey, **asked)
        assert said(settings, valkey, **asked, cache_ca=tls["ca-cert-file"]) == "nothing"


def test_doctor_goes_on_to_the_database(databases: Databases, database: str) -> None:
    environment = databases.environment(database, CACHE_HOST="127.0.0.1", CACHE_PORT=str(free_port()))
    done = bookstore("doctor", env=environment, check=False)
    assert done.returncode == 1
    assert "FAIL  cache: 127.0.0.1:" in done.stdout
    assert "ok    database" in done.stdout


def test_a_host_without_the_client(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "redis", None)
    with pytest.raises(ValidationError, match=r"install bookstore\[cache\]"):
        Settings.model_validate(settings.model_dump() | {"cache_host": "cache"})
