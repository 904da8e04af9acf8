"""The default key store: one file beside the application, apart from the database's backups."""

import contextlib
import os
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Final, get_args

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from privacy.key_file import Contents, Kek, KeyFile, new_kek
from privacy.keystore import (
    KEY_BYTES,
    KeyInfo,
    KeyStoreError,
    SecretName,
    UnknownKeyError,
    Wrapped,
    in_utc,
    named,
)

_NONCE_BYTES: Final = 12
_BLOB_VERSION: Final = b"\x01"


class LocalKeyStore:
    """A key store in one file that only its owner may read.

    A rotation or retirement by another process counts at the next use.
    """

    def __init__(self, path: Path, *, create_at: datetime | None = None) -> None:
        self._file = KeyFile(path, create_at=create_at)

    def wrap(self, data_key: bytes, *, context: bytes) -> Wrapped:
        if len(data_key) != KEY_BYTES:
            raise KeyStoreError(f"A data key is {KEY_BYTES} bytes, this one is {len(data_key)}.")
        kek = self._file.read().current()
        nonce = os.urandom(_NONCE_BYTES)
        sealed = AESGCM(_material(kek)).encrypt(nonce, data_key, _bound(kek.info.kek_id, context))
        return Wrapped(kek.info.kek_id, _BLOB_VERSION + nonce + sealed)

    def unwrap(self, wrapped: Wrapped, *, context: bytes) -> bytes:
        kek = self._file.read().find(wrapped.kek_id)
        if kek is None:
            raise UnknownKeyError(
                f"The key store {self._file.path} does not hold key {wrapped.kek_id}. "
                "Restore the key file that belongs to this database."
            )
        key = _material(kek)
        nonce, sealed = wrapped.blob[1 : 1 + _NONCE_BYTES], wrapped.blob[1 + _NONCE_BYTES :]
        if wrapped.blob[:1] == _BLOB_VERSION and len(nonce) == _NONCE_BYTES:
            with contextlib.suppress(InvalidTag):
                return AESGCM(key).decrypt(nonce, sealed, _bound(wrapped.kek_id, context))
        raise KeyStoreError(
            f"A data key under key {wrapped.kek_id} was altered or belongs to another learner. "
            "Restore its row from a backup."
        )

    def current(self) -> KeyInfo:
        return self._file.read().current().info

    def keys(self) -> list[KeyInfo]:
        return [kek.info for kek in self._file.read().keks]

    def rotate(self, *, now: datetime) -> KeyInfo:
        kek = new_kek(now)
        self._file.change(lambda old: replace(old, keks=(*old.keks, kek)))
        return kek.info

    def retire(self, kek_id: str, *, now: datetime) -> KeyInfo:
        def without(old: Contents) -> Contents:
            kek = old.find(kek_id)
            if kek is None:
                raise UnknownKeyError(
                    f"The key store {self._file.path} does not hold key {kek_id}."
                )
            if kek is old.current():
                raise KeyStoreError(
                    f"Key {kek_id} is in use and can not be retired. Rotate first, rewrap every "
                    "data key, then retire it."
                )
            if kek.key is None:
                return old
            gone = Kek(replace(kek.info, retired_at=in_utc(now)), key=None)
            return replace(old, keks=tuple(gone if each is kek else each for each in old.keks))

        kek = self._file.change(without).find(kek_id)
        assert kek is not None
        return kek.info

    def secret(self, name: SecretName) -> bytes:
        if name not in get_args(SecretName):
            raise KeyStoreError(f"There is no secret '{name}'. Known: {get_args(SecretName)}.")
        held = self._file.read().secrets
        if name not in held:  # the file is older than the name
            fresh: dict[str, bytes] = {name: os.urandom(KEY_BYTES)}
            held = self._file.change(
                lambda old: replace(old, secrets={**fresh, **old.secrets})
            ).secrets
        return held[name]


def _material(kek: Kek) -> bytes:
    if kek.key is None:
        raise UnknownKeyError(
            f"Key {kek.info.kek_id} was retired on {kek.info.retired_at:%Y-%m-%d} and destroyed. "
            "Restore this row from a backup made after the rotation."
        )
    return kek.key


def _bound(kek_id: str, context: bytes) -> bytes:
    return _BLOB_VERSION + named(kek_id) + context
