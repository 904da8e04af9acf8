"""Turns passwords into hashes that can be kept, and says which passwords are too weak."""

import base64
import hashlib
import secrets
import unicodedata
from functools import cache

import bcrypt

ROUNDS = 12  # one cost for all: a cheaper hash would tell by its time that an account exists
SHORTEST = 12
LONGEST = 1_000  # nobody types more; what is longer is an attempt to keep us busy
FEWEST_SIGNS = 5  # different characters, so that "aaaaaaaaaaaa" is refused
SIGNS = "abcdefghjkmnpqrstuvwxyz23456789"  # no l/1, i, o/0: what can be read out and typed
LOOKED_AT = 72  # characters that the estimate reads; it takes far longer for long passwords
EASY = 10.0  # a password found within 10^EASY guesses is refused


def prepared(password: str) -> str:
    """What bcrypt is given: 44 characters that stand for the whole password.

    bcrypt itself reads 72 bytes and stops at NUL. The form of Unicode is settled first, so that
    an umlaut typed on another keyboard is the same password.

    >>> len(prepared("correct horse battery staple" * 9))
    44
    >>> prepared("Zoe\\u0308") == prepared("Zo\\xeb")
    True
    """
    settled = unicodedata.normalize("NFKC", password).encode("utf-8", "surrogatepass")
    return base64.b64encode(hashlib.sha256(settled).digest()).decode("ascii")


def hashed(password: str) -> str:
    """The bcrypt hash to store; takes about a quarter of a second, as it should."""
    return bcrypt.hashpw(prepared(password).encode(), bcrypt.gensalt(ROUNDS)).decode("ascii")


def matches(password: str, password_hash: str) -> bool:
    """Whether this is the password with that hash."""
    return bcrypt.checkpw(prepared(password).encode(), password_hash.encode())


@cache
def nobodys_hash() -> str:
    """A hash that no password has, compared in place of the hash that an unknown name lacks."""
    return hashed(secrets.token_urlsafe(32))


def generated() -> str:
    """A random password of about 79 bits that can be read out over the telephone.

    >>> len(generated())
    19
    """
    return "-".join("".join(secrets.choice(SIGNS) for _ in range(4)) for _ in range(4))


def weakness(password: str, *, sign_in_name: str) -> str | None:
    """Why `password` may not be used, as a sentence; None when it may.

    >>> weakness("short", sign_in_name="ana.ruiz")
    'Use at least 12 characters: three or four words are easy to remember.'
    >>> weakness("three blue kettles", sign_in_name="ana.ruiz")
    """
    if len(password) < SHORTEST:
        return f"Use at least {SHORTEST} characters: three or four words are easy to remember."
    if len(password) > LONGEST:
        return f"Use at most {LONGEST:,} characters."
    if len(set(password)) < FEWEST_SIGNS:
        return f"Use at least {FEWEST_SIGNS} different characters."
    if sign_in_name.split("@")[0] in password.lower():
        return "Leave your sign-in name out of the password."
    if _guesses(password, sign_in_name) < EASY:
        return (
            "This password, or one much like it, stands on the lists that are tried first. Use "
            "three or four words that do not belong together."
        )
    return None


def _guesses(password: str, sign_in_name: str) -> float:
    """The decimal logarithm of how many guesses find it: zxcvbn's estimate, with its bundled lists
    of 30,000 leaked passwords, names and words.

    >>> round(_guesses("Password1234", "ana.ruiz")), _guesses("three blue kettles", "ana.ruiz") > 13
    (4, True)
    """
    from zxcvbn import zxcvbn  # a third of a second to load, for who changes a password

    known = [part for part in sign_in_name.replace("@", ".").split(".") if part]
    return float(zxcvbn(password[:LOOKED_AT], user_inputs=[*known, "chalkline"])["guesses_log10"])
