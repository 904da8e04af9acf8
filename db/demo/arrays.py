"""Names the array types of the generator, makes its random streams and its identifiers."""

import hashlib
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Days = NDArray[np.datetime64]
Spans = NDArray[np.timedelta64]
Bytes = NDArray[np.uint8]

_ODD = np.uint64(0x9E3779B97F4A7C15)  # splitmix64 (Steele, Lea, Flood 2014)
_FIRST = np.uint64(0xBF58476D1CE4E5B9)
_SECOND = np.uint64(0x94D049BB133111EB)


def stream(seed: int, *purpose: object) -> np.random.Generator:
    """The random numbers of one purpose, so that changing one part leaves the others alone.

    >>> stream(7, "names", 1).random() == stream(7, "names", 1).random()
    True
    >>> stream(7, "names", 1).random() == stream(7, "names", 2).random()
    False
    """
    digest = hashlib.sha256(repr((seed, *map(str, purpose))).encode()).digest()
    return np.random.default_rng(int.from_bytes(digest[:16], "big"))


def logistic(x: Floats) -> Floats:
    """1 / (1 + e^-x).

    >>> logistic(np.array([0.0]))
    array([0.5])
    """
    return 1.0 / (1.0 + np.exp(-x))


def identifiers(space: str, kind: str, numbers: Ints) -> Bytes:
    """A version-8 UUID for each number, 16 bytes each: the same for the same space and kind.

    >>> identifiers("1/7", "learner", np.arange(2)).shape
    (2, 16)
    """
    digest = hashlib.sha256(f"{space}/{kind}".encode()).digest()
    halves = [
        _mixed(numbers.astype(np.uint64) + np.uint64(int.from_bytes(digest[at : at + 8], "big")))
        for at in (0, 8)
    ]
    found = np.stack(halves, axis=1).astype(">u8").view(np.uint8).reshape(len(numbers), 16)
    found[:, 6] = (found[:, 6] & 0x0F) | 0x80  # version 8: made by us (RFC 9562)
    found[:, 8] = (found[:, 8] & 0x3F) | 0x80
    return found


def as_uuid(row: Bytes) -> UUID:
    """One identifier as Python's UUID."""
    return UUID(bytes=row.tobytes())


def as_bytes(identifiers_: list[UUID]) -> Bytes:
    """Python's UUIDs as rows of 16 bytes."""
    joined = b"".join(identifier.bytes for identifier in identifiers_)
    return np.frombuffer(joined, np.uint8).reshape(len(identifiers_), 16).copy()


def _mixed(counter: NDArray[np.uint64]) -> NDArray[np.uint64]:
    with np.errstate(over="ignore"):  # arithmetic modulo 2^64 is the method
        z = counter * _ODD
        z = (z ^ (z >> np.uint64(30))) * _FIRST
        z = (z ^ (z >> np.uint64(27))) * _SECOND
    return z ^ (z >> np.uint64(31))
