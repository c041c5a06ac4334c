"""What is wrong with the cache's server, for `bookstore doctor`."""

import secrets
from typing import Any

import redis
from redis import exceptions

from bookstore import tuning
from bookstore.cache.server import connect
from bookstore.config import Settings

FULL = 0.95
# A network lets the first packets of a new pod through only after a moment; requests do without the cache until then.
PATIENCE_SECONDS = 3.0


def reason_against(settings: Settings) -> str | None:
    """Why the cache does not do what it should, and what to do about it; None where all is well."""
    where = f"{settings.cache_host}:{settings.cache_port}"
    client = connect(settings.model_copy(update={"cache_timeout_seconds": PATIENCE_SECONDS}))
    try:
        probe = f"{settings.cache_prefix}:doctor:{secrets.token_hex(8)}"
        client.set(probe, b"", px=1000)
        client.delete(probe)
        return _memory(client, settings)
    except exceptions.TimeoutError:
        return f"{where} does not answer within {PATIENCE_SECONDS:g} s: see to it, and to CACHE_TLS"
    except exceptions.OutOfMemoryError:
        return f"{where} is full and evicts nothing: give it memory, or set CACHE_EVICTION to allkeys-lru"
    except exceptions.AuthenticationError as error:
        return f"{where} refuses the login ({error}): correct CACHE_PASSWORD, and CACHE_USER if there is one"
    except (exceptions.ConnectionError, OSError) as error:
        return f"{where} cannot be reached ({error}): correct CACHE_HOST, CACHE_PORT and CACHE_TLS, or start it"
    except exceptions.RedisError as error:
        return f"{where} refuses a command ({error}): the user needs MGET, SET and DEL on {settings.cache_prefix}:*"
    finally:
        client.close()


def _memory(client: redis.Redis, settings: Settings) -> str | None:
    """What is wrong with its memory and how it makes room; a managed server may tell nobody."""
    try:
        memory: dict[str, Any] = client.info("memory")
    except exceptions.ResponseError:
        return None
    wanted, found = tuning.read(settings).cache_eviction, memory["maxmemory_policy"]
    if not memory["maxmemory"]:
        return "has no limit of memory (maxmemory is 0), and grows until it is killed: set one"
    if found == "noeviction" and memory["used_memory"] > FULL * memory["maxmemory"]:
        return "is full and evicts nothing (noeviction): give it memory, or set CACHE_EVICTION to allkeys-lru"
    if wanted not in ("", found):
        return f"evicts by {found}, not by {wanted} as CACHE_EVICTION says: allow the user CONFIG SET"
    return None
