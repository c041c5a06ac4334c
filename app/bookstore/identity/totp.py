"""The second factor: time-based one-time passwords (RFC 6238), and recovery codes for a lost telephone."""

import base64
import hashlib
import hmac
import secrets
import time

import pyotp
import segno
from flask import current_app
from markupsafe import Markup

from bookstore.keys import signing_keys

SEED_BYTES = 20  # RFC 4226, section 4: as long as the output of HMAC-SHA-1
PERIOD_SECONDS = 30
# Clocks differ, and typing takes a while: RFC 6238, section 5.2, allows one step.
STEPS_APART = 1
RECOVERY_CODES = 10
RECOVERY_BYTES = 10


def new_seed() -> bytes:
    """What is stored of a new second factor."""
    return secrets.token_bytes(SEED_BYTES)


def _secret(seed: bytes, key: str) -> str:
    # Derived with the shop's key, so that a copy of the database alone makes no codes.
    return base64.b32encode(hmac.digest(key.encode(), b"totp" + seed, "sha256")[:SEED_BYTES]).decode()


def _new_secret(seed: bytes) -> str:
    return _secret(seed, signing_keys()[-1])


def typed_secret(seed: bytes) -> str:
    """The secret in groups of four letters, for an authenticator that has no camera."""
    secret = _new_secret(seed)
    return " ".join(secret[place : place + 4] for place in range(0, len(secret), 4))


def qr_code(seed: bytes, username: str) -> Markup:
    """The secret as a picture that authenticators read."""
    shop = current_app.config["SETTINGS"].shop_name
    uri = pyotp.TOTP(_new_secret(seed)).provisioning_uri(name=username, issuer_name=shop)
    # Always dark on white, since not every camera reads the inverse.
    svg = segno.make_qr(uri).svg_inline(scale=5, border=4, dark="#000", light="#fff", svgclass="qr", omitsize=True)
    return Markup(svg)  # noqa: S704  # segno draws squares; the text is not in it


def step_of(seed: bytes, code: str) -> int | None:
    """The time step that a code is of, None for a wrong one; store it, so that the code works once."""
    digits = "".join(code.split())
    if not (digits.isascii() and digits.isdigit()):
        return None
    now = int(time.time()) // PERIOD_SECONDS
    steps = range(now - STEPS_APART, now + STEPS_APART + 1)
    # The telephone has the secret of the key under which it was set up.
    for otp in (pyotp.TOTP(_secret(seed, key)) for key in reversed(signing_keys())):
        for step in steps:
            if hmac.compare_digest(otp.generate_otp(step), digits):
                return step
    return None


def new_recovery_codes() -> list[str]:
    """Codes to be shown once, each of 80 random bits: their plain hash may be kept."""
    return [
        "-".join(text[place : place + 4] for place in range(0, len(text), 4))
        for text in (
            base64.b32encode(secrets.token_bytes(RECOVERY_BYTES)).decode().lower() for _ in range(RECOVERY_CODES)
        )
    ]


def recovery_digest(code: str) -> bytes:
    """What is kept of a recovery code, however its groups are typed."""
    return hashlib.sha256("".join(filter(str.isalnum, code.lower())).encode("utf-8", "surrogatepass")).digest()
