"""One-time passwords (RFC 6238) and recovery codes."""

import base64
import re
import time
from collections.abc import Iterator

import pyotp
import pytest
from flask import Flask

from bookstore.identity import totp


@pytest.fixture(autouse=True)
def _context(app: Flask) -> Iterator[None]:
    with app.app_context():
        yield


class TestSteps:
    def test_match_what_an_authenticator_makes_of_the_typed_secret(self) -> None:
        seed = totp.new_seed()
        authenticator = pyotp.TOTP(totp.typed_secret(seed).replace(" ", ""))
        now = int(time.time()) // 30
        assert totp.step_of(seed, authenticator.generate_otp(now)) in (now, now - 1)
        for apart in (-1, 1):
            assert totp.step_of(seed, authenticator.generate_otp(now + apart)) is not None
        assert totp.step_of(seed, authenticator.generate_otp(now + 5)) is None

    def test_spaces_do_not_matter(self) -> None:
        seed = totp.new_seed()
        code = pyotp.TOTP(totp.typed_secret(seed).replace(" ", "")).now()
        assert totp.step_of(seed, f" {code[:3]} {code[3:]} ")

    def test_algorithm_gives_the_values_of_rfc_6238(self) -> None:
        otp = pyotp.TOTP(base64.b32encode(b"12345678901234567890").decode(), digits=8)
        assert [otp.at(59), otp.at(1111111109), otp.at(20000000000)] == ["94287082", "07081804", "65353130"]


class TestSecret:
    def test_needs_the_key_of_the_shop(self, app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
        seed = totp.new_seed()
        before = totp.typed_secret(seed)
        assert len(before.replace(" ", "")) == 32
        monkeypatch.setitem(app.config, "SECRET_KEY", "another")
        assert totp.typed_secret(seed) != before

    def test_is_drawn_without_script_or_style(self) -> None:
        picture = totp.qr_code(totp.new_seed(), "ann")
        assert picture.startswith("<svg")
        assert not re.search(r"style=|<script|href", picture)


class TestRecoveryCodes:
    def test_ten_of_80_bits(self) -> None:
        codes = totp.new_recovery_codes()
        assert len(set(codes)) == 10
        assert all(re.fullmatch(r"[a-z2-7]{4}(-[a-z2-7]{4}){3}", code) for code in codes)

    def test_digest_ignores_how_it_is_typed(self) -> None:
        assert totp.recovery_digest("abcd-efgh") == totp.recovery_digest(" ABCD efgh")
        assert totp.recovery_digest("abcd-efgh") != totp.recovery_digest("abcd-efgi")
