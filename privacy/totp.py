"""Codes that change every 30 seconds (RFC 6238), as every authenticator app makes them."""

import base64
import hmac
import struct
from datetime import datetime
from typing import Final
from urllib.parse import quote

STEP: Final = 30  # seconds
DIGITS: Final = 6
DRIFT: Final = 1  # steps that a telephone's clock may be early or late
SECRET_BYTES: Final = 20  # the length of SHA-1's output, as RFC 4226 recommends


def code(secret: bytes, step: int) -> str:
    """The code of a step (RFC 4226, section 5.3, with SHA-1: what the apps implement).

    >>> [code(b"12345678901234567890", step) for step in (1, 37037036, 666666666)]
    ['287082', '081804', '353130']
    """
    # SHA-1 is broken for collisions, which play no part in an HMAC of 6 digits.
    mac = hmac.digest(secret, struct.pack(">Q", step), "sha1")
    start = mac[-1] & 0x0F
    number = struct.unpack(">I", mac[start : start + 4])[0] & 0x7FFFFFFF
    return f"{number % 10**DIGITS:0{DIGITS}d}"


def step_at(now: datetime) -> int:
    """The number of the step at a moment."""
    return int(now.timestamp()) // STEP


def matching_step(secret: bytes, typed: str, *, now: datetime) -> int | None:
    """The step whose code was typed, of those near enough; None for none. The same time for any."""
    digits = "".join(sign for sign in typed if sign.isascii() and sign.isdigit())
    found = None
    for step in range(step_at(now) - DRIFT, step_at(now) + DRIFT + 1):
        if hmac.compare_digest(code(secret, step), digits):
            found = step
    return found


def shown(secret: bytes) -> str:
    """The secret as it is typed into an app that can not read the picture, in groups of four.

    >>> shown(b"12345678901234567890")
    'GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ'
    """
    text = base64.b32encode(secret).decode().rstrip("=")
    return " ".join(text[start : start + 4] for start in range(0, len(text), 4))


def address(secret: bytes, *, name: str) -> str:
    """What the picture says: the otpauth address that apps read.

    >>> address(b"12345678901234567890", name="ana.ruiz")
    'otpauth://totp/Chalkline:ana.ruiz?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Chalkline'
    """
    spelled = shown(secret).replace(" ", "")
    return f"otpauth://totp/Chalkline:{quote(name)}?secret={spelled}&issuer=Chalkline"
