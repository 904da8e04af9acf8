"""Which passwords may be used: length decides, lists of leaked ones refuse."""

import pytest

from privacy.passwords import generated, weakness

LEAKED = (
    "password1234",
    "passwordpassword",
    "letmeinletmein",
    "iloveyou123456",
    "qwertyuiop123",
    "Passw0rd!Passw0rd!",
    "123456789012",
    "1q2w3e4r5t6y",
    "Summer2026!!",
    "football12345",
    "trustno1trustno1",
    "administrator1",
)
GOOD = (
    "three blue kettles",
    "correct horse battery staple",
    "onlylowercaseletters without rhyme",
    "ümläute sind auch erlaubt",
    "0382 9917 4410 2275",
    "日本の川は長い道を行く夜",
)


@pytest.mark.parametrize("password", LEAKED)
def test_leaked_passwords_and_their_likes_are_refused(password: str) -> None:
    assert weakness(password, sign_in_name="ana.ruiz")


@pytest.mark.parametrize("password", GOOD)
def test_length_decides_and_composition_does_not(password: str) -> None:
    assert weakness(password, sign_in_name="ana.ruiz") is None
    assert weakness(password[:11], sign_in_name="ana.ruiz")


@pytest.mark.parametrize("password", ["ana.ruiz.2026.spring", "chalkline2026", "ruizruizruiz1"])
def test_words_of_the_context_are_refused(password: str) -> None:
    assert weakness(password, sign_in_name="ana.ruiz@school.example")


def test_a_long_password_costs_no_more_than_a_short_one() -> None:
    assert weakness("three blue kettles " * 50, sign_in_name="ana") is None
    assert "at most" in (weakness("x y z w v " * 200, sign_in_name="ana") or "")


def test_generated_passwords_are_good_enough() -> None:
    assert all(weakness(generated(), sign_in_name="ana.ruiz") is None for _ in range(20))
