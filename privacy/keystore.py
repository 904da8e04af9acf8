"""Keeps the keys that are not in the database: those that wrap data keys, and named secrets.

A key-encrypting key (KEK) wraps one data key per learner. `KeyStore` is the whole interface, and
`privacy.local_keystore`, one JSON file of mode 0600, is the default; a PKCS#11 token
(`privacy.hsm`) or a cloud service is another class with the same methods, chosen in
`open_keystore`.

Rotation: `rotate` adds a KEK that wraps from then on, older ones still unwrap; the caller rewraps
every data key, checks that none names the old KEK, then calls `retire`, which destroys it. Named
secrets (blind index, address tokens, pseudonyms) stand beside the KEKs and outlive them, because
a new index key would mean reading every name again.

Retiring takes the key out of the file. It can not reach copies a backup or the disk itself still
holds: keep the file on an encrypted disk, and its backup apart from the database's.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Final, Literal, Protocol
from urllib.parse import unquote
from uuid import UUID

from db.in_words import InWordsError
from privacy.fields import framed

SecretName = Literal["index", "token", "pseudonym", "second factor"]
KEY_BYTES: Final = 32


class KeyStoreError(InWordsError):
    """The key store can not do what was asked. Says why and the way out, never a key."""


class UnknownKeyError(KeyStoreError, LookupError):
    """The store does not hold the KEK named: another store's, or retired."""


@dataclass(frozen=True)
class KeyInfo:
    """What may be shown about a KEK; `retired_at` is when its key was destroyed."""

    kek_id: str
    created_at: datetime
    retired_at: datetime | None = None

    @property
    def state(self) -> Literal["active", "retired"]:
        return "active" if self.retired_at is None else "retired"


@dataclass(frozen=True)
class Wrapped:
    """A data key as the database stores it: which KEK wrapped it, and the sealed bytes."""

    kek_id: str
    blob: bytes


class KeyStore(Protocol):
    """Wraps and unwraps data keys, and holds the named secrets; KEKs never leave it."""

    def wrap(self, data_key: bytes, *, context: bytes) -> Wrapped:
        """Seals with the current KEK; opens only with the same context."""
        ...

    def unwrap(self, wrapped: Wrapped, *, context: bytes) -> bytes:
        """The data key. UnknownKeyError without its KEK, KeyStoreError when altered or moved."""
        ...

    def current(self) -> KeyInfo:
        """The KEK that wraps now."""
        ...

    def keys(self) -> list[KeyInfo]:
        """Every KEK there has been, oldest first."""
        ...

    def rotate(self, *, now: datetime) -> KeyInfo:
        """Adds a KEK, which becomes the current one."""
        ...

    def retire(self, kek_id: str, *, now: datetime) -> KeyInfo:
        """Destroys a KEK for good; the caller has made sure that no data key needs it."""
        ...

    def secret(self, name: SecretName) -> bytes:
        """32 bytes, made once and the same ever after, whatever happens to KEKs."""
        ...


def open_keystore(where: str | Path, *, create_at: datetime | None = None) -> KeyStore:
    """The key store at a path or `file:` address.

    A missing store is made only when `create_at` says when that is: pass it while the database
    is empty. Later, a new store would hide that the old one, and with it every name, is lost.
    """
    from privacy.local_keystore import LocalKeyStore  # here and below: each knows this module

    scheme = re.match(r"([A-Za-z][A-Za-z0-9+.-]+):", str(where))
    if isinstance(where, Path) or scheme is None:
        return LocalKeyStore(Path(where), create_at=create_at)
    if where.startswith("file:///"):
        return LocalKeyStore(Path(unquote(where.removeprefix("file://"))), create_at=create_at)
    if scheme[1] == "pkcs11":
        from privacy.hsm import TokenKeyStore  # here: only who has a token loads its library

        return TokenKeyStore(where, create_at=create_at)
    # The address may hold a PIN, so the sentence names only its kind.
    raise KeyStoreError(
        f"Chalkline can not open this '{scheme[1]}:' address as a key store. Give a local key "
        "file, such as file:///etc/chalkline/keys.json, or a PKCS#11 token (pkcs11:token=...)."
    )


def learner_context(district: UUID | str, learner: UUID | str) -> bytes:
    """What a learner's data key is bound to: moved to another learner or district, it stays shut.

    >>> learner_context("north", "ana") == learner_context("northa", "na")
    False
    """
    return framed("learner", district, learner)


@lru_cache(maxsize=64)
def named(kek_id: str) -> bytes:
    """The KEK's part of what a wrapped key is bound to."""
    return framed("chalkline/kek", kek_id)


def in_utc(moment: datetime) -> datetime:
    """A key's date in UTC; ValueError where its zone is not said."""
    if moment.tzinfo is None:
        raise ValueError("A key's date needs a time zone, such as datetime.now(UTC).")
    return moment.astimezone(UTC)
