"""Which passwords are good enough, and how they are kept."""

import threading

import pytest
from argon2 import PasswordHasher

from bookstore.errors import ServiceUnavailable
from bookstore.identity import passwords

GOOD = "violet otters hum at noon"


class TestReasonAgainst:
    @pytest.mark.parametrize(
        "password",
        [
            GOOD,
            "xk7#mQ2!vR9$wL4",
            "тихие фонари над рекой",
            "𝕒 𝕥𝕒𝕝𝕖 𝕠𝕗 𝕥𝕨𝕠 𝕠𝕥𝕥𝕖𝕣𝕤",
            "only letters and spaces here",
            GOOD + "?" * (128 - len(GOOD)),
        ],
    )
    def test_none_against_a_good_one(self, password: str) -> None:
        assert passwords.reason_against(password, "jane.doe@example.org", "Bookstore") is None

    @pytest.mark.parametrize(
        "password",
        [
            "passwordpassword", "123456789012345", "qwertyuiopasdfgh", "1q2w3e4r5t6y7u8i", "aaaaaaaaaaaaaaaa",
            "Password123456789", "P@ssw0rdP@ssw0rd", "abcdefghijklmnop", "iloveyouforever1", "letmeinletmein123",
            "correct horse battery staple", "the quick brown fox", "jane.doe@example.org", "JaneDoeJaneDoe1",
            "bookstorebookstore", "               ", "x" * 128, "qazwsxedcrfvtgb",
        ],
    )  # fmt: skip
    def test_what_others_try_first(self, password: str) -> None:
        reason = passwords.reason_against(password, "jane.doe@example.org", "Bookstore")
        assert reason
        assert "easy to guess" in reason

    @pytest.mark.parametrize(("password", "word"), [("violet otters", "15"), (GOOD * 6, "128"), ("", "15")])
    def test_length(self, password: str, word: str) -> None:
        assert word in (passwords.reason_against(password) or "")

    def test_a_lone_surrogate(self) -> None:
        assert passwords.reason_against(GOOD + "\ud800")


class TestMatches:
    def test_the_right_one_alone(self) -> None:
        kept = passwords.hashed(GOOD)
        assert passwords.matches(kept, GOOD)
        assert not passwords.matches(kept, GOOD + " ")
        assert not passwords.matches(None, GOOD)
        assert not passwords.matches("no hash", GOOD)

    def test_however_a_keyboard_composes_it(self) -> None:
        kept = passwords.hashed("déjà vu beneath the lamp")
        assert passwords.matches(kept, "de\u0301ja\u0300 vu beneath the lamp")

    def test_parameters_are_those_of_owasp(self) -> None:
        assert passwords.hashed(GOOD).startswith("$argon2id$v=19$m=19456,t=2,p=1$")

    def test_outdated(self) -> None:
        assert not passwords.is_outdated(passwords.hashed(GOOD))
        assert passwords.is_outdated(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(GOOD))


class TestTurns:
    def test_too_many_at_once_are_turned_away(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(passwords, "LONGEST_WAIT_SECONDS", 0.01)
        turn = threading.BoundedSemaphore(1)
        monkeypatch.setattr(passwords, "_turn", turn)
        with turn, pytest.raises(ServiceUnavailable) as error:
            passwords.hashed(GOOD)
        assert error.value.headers["Retry-After"]
        assert passwords.hashed(GOOD)

    def test_a_failure_gives_its_turn_back(self, monkeypatch: pytest.MonkeyPatch) -> None:
        turn = threading.BoundedSemaphore(1)
        monkeypatch.setattr(passwords, "_turn", turn)
        for _ in range(3):
            assert not passwords.matches("no hash", GOOD)
