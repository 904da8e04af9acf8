"""Keeps the keys that are not in the database: those that wrap data keys, and named secrets.

A key-encrypting key (KEK) wraps one data key per learner. `KeyStore` is the whole interface, and
`LocalKeyStore`, one JSON file of mode 0600, is the default; a PKCS#11 token (`privacy.hsm`) or a
cloud service is another class with the same methods, chosen in `open_keystore`.

Rotation: `rotate` adds a KEK that wraps from then on, older ones still unwrap; the caller rewraps
every data key, checks that none names the old KEK, then calls `retire`, which destroys it. Named
secrets (blind index, address tokens, pseudonyms) stand beside the KEKs and outlive them, because
a new index key would mean reading every name again.

Retiring takes the key out of the file. It can not reach copies a backup or the disk itself still
holds: keep the file on an encrypted disk, and its backup apart from the database's.
"""

import base64
import contextlib
import fcntl
import json
import os
import re
import secrets
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, Protocol, get_args
from urllib.parse import unquote
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from db.in_words import InWordsError
from privacy.fields import framed

SecretName = Literal["index", "token", "pseudonym", "second factor"]

_KEY_BYTES = 32
_NONCE_BYTES = 12
_FILE_VERSION = 1
_BLOB_VERSION = b"\x01"
_NOTICE = "Whoever holds this file can read every learner's name. Never keep it with the database."


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


@dataclass(frozen=True)
class _Kek:
    info: KeyInfo
    key: bytes | None = field(repr=False)


@dataclass(frozen=True)
class _Contents:
    keks: tuple[_Kek, ...]
    secrets: Mapping[str, bytes] = field(repr=False)

    def current(self) -> _Kek:
        return next(kek for kek in reversed(self.keks) if kek.key is not None)

    def find(self, kek_id: str) -> _Kek | None:
        return next((kek for kek in self.keks if kek.info.kek_id == kek_id), None)


class LocalKeyStore:
    """A key store in one JSON file that only its owner may read.

    Every use looks at the file's date first (2 microseconds), so a rotation or retirement by
    another process counts at once. Changes are made under a lock, to a new file that takes the
    old one's place, so a crash leaves the one or the other whole.
    """

    def __init__(self, path: Path, *, create_at: datetime | None = None) -> None:
        self._path = path.absolute()
        self._seen: tuple[tuple[int, ...], _Contents] | None = None
        if create_at is not None and not self._path.exists():
            self._create(create_at)
        self._read()

    def wrap(self, data_key: bytes, *, context: bytes) -> Wrapped:
        if len(data_key) != _KEY_BYTES:
            raise KeyStoreError(f"A data key is {_KEY_BYTES} bytes, this one is {len(data_key)}.")
        kek = self._read().current()
        nonce = os.urandom(_NONCE_BYTES)
        sealed = AESGCM(_material(kek)).encrypt(nonce, data_key, _bound(kek.info.kek_id, context))
        return Wrapped(kek.info.kek_id, _BLOB_VERSION + nonce + sealed)

    def unwrap(self, wrapped: Wrapped, *, context: bytes) -> bytes:
        kek = self._read().find(wrapped.kek_id)
        if kek is None:
            raise UnknownKeyError(
                f"The key store {self._path} does not hold key {wrapped.kek_id}. "
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
        return self._read().current().info

    def keys(self) -> list[KeyInfo]:
        return [kek.info for kek in self._read().keks]

    def rotate(self, *, now: datetime) -> KeyInfo:
        kek = _new_kek(now)
        self._change(lambda old: replace(old, keks=(*old.keks, kek)))
        return kek.info

    def retire(self, kek_id: str, *, now: datetime) -> KeyInfo:
        def without(old: _Contents) -> _Contents:
            kek = old.find(kek_id)
            if kek is None:
                raise UnknownKeyError(f"The key store {self._path} does not hold key {kek_id}.")
            if kek is old.current():
                raise KeyStoreError(
                    f"Key {kek_id} is in use and can not be retired. Rotate first, rewrap every "
                    "data key, then retire it."
                )
            if kek.key is None:
                return old
            gone = _Kek(replace(kek.info, retired_at=in_utc(now)), key=None)
            return replace(old, keks=tuple(gone if each is kek else each for each in old.keks))

        kek = self._change(without).find(kek_id)
        assert kek is not None
        return kek.info

    def secret(self, name: SecretName) -> bytes:
        if name not in get_args(SecretName):
            raise KeyStoreError(f"There is no secret '{name}'. Known: {get_args(SecretName)}.")
        held = self._read().secrets
        if name not in held:  # the file is older than the name
            fresh: dict[str, bytes] = {name: os.urandom(_KEY_BYTES)}
            held = self._change(lambda old: replace(old, secrets={**fresh, **old.secrets})).secrets
        return held[name]

    def _create(self, now: datetime) -> None:
        named = {name: os.urandom(_KEY_BYTES) for name in get_args(SecretName)}
        with self._locked():
            if not self._path.exists():  # another process may have been first
                self._write(_Contents((_new_kek(now),), named))

    def _change(self, edit: Callable[[_Contents], _Contents]) -> _Contents:
        with self._locked():
            old = self._read()
            new = edit(old)
            if new is not old:
                self._write(new)
        return new

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            lock = self._beside(".lock")
            handle = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as problem:
            raise self._refusal("can not be written", problem) from None
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)

    def _write(self, contents: _Contents) -> None:
        # The lock is held, so a file of this name is what a crash left behind.
        new = self._beside(".new")
        try:
            new.unlink(missing_ok=True)
            handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            try:
                with os.fdopen(handle, "wb") as file:
                    os.fchmod(handle, 0o600)
                    file.write(_to_json(contents))
                    file.flush()
                    os.fsync(handle)
                new.rename(self._beside(""))
            finally:
                new.unlink(missing_ok=True)
            folder = os.open(new.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
        except OSError as problem:
            raise self._refusal("can not be written", problem) from None
        self._seen = None

    def _read(self) -> _Contents:
        seen = self._seen
        try:
            if seen is not None and seen[0] == _mark(self._path.stat()):
                return seen[1]
            with self._path.open("rb") as file:
                found = os.fstat(file.fileno())
                if found.st_mode & 0o077:
                    raise KeyStoreError(
                        f"The key file {self._path} can be read by others than its owner. "
                        f"Run: chmod 600 {self._path}"
                    )
                text = file.read()
        except FileNotFoundError:
            raise KeyStoreError(
                f"There is no key file {self._path}. Restore it from its backup: without it the "
                "names in the database can not be read."
            ) from None
        except OSError as problem:
            raise self._refusal("can not be read", problem) from None
        contents = None
        # Python's own errors quote the file, so they are left behind before ours is raised.
        with contextlib.suppress(ValueError, KeyError, TypeError, AttributeError):
            contents = _from_json(text)
        if contents is None:
            raise KeyStoreError(
                f"The key file {self._path} is damaged or was written by a newer Chalkline. "
                "Restore it from its backup, or upgrade."
            )
        self._seen = (_mark(found), contents)
        return contents

    def _beside(self, suffix: str) -> Path:
        """A neighbour of the file itself, where the path is a link to it."""
        real = self._path.resolve()
        return real.with_name(real.name + suffix)

    def _refusal(self, what: str, problem: OSError) -> KeyStoreError:
        return KeyStoreError(
            f"The key file {self._path} {what}: {problem.strerror}. Check its folder."
        )


def _mark(found: os.stat_result) -> tuple[int, ...]:
    """Differs whenever the file does: a change brings a new inode, a chmod a new date."""
    return (found.st_ino, found.st_size, found.st_mode, found.st_mtime_ns, found.st_ctime_ns)


def _material(kek: _Kek) -> bytes:
    if kek.key is None:
        raise UnknownKeyError(
            f"Key {kek.info.kek_id} was retired on {kek.info.retired_at:%Y-%m-%d} and destroyed. "
            "Restore this row from a backup made after the rotation."
        )
    return kek.key


def _bound(kek_id: str, context: bytes) -> bytes:
    return _BLOB_VERSION + named(kek_id) + context


@lru_cache(maxsize=64)
def named(kek_id: str) -> bytes:
    """The KEK's part of what a wrapped key is bound to."""
    return framed("chalkline/kek", kek_id)


def _new_kek(now: datetime) -> _Kek:
    made = in_utc(now)
    return _Kek(KeyInfo(f"{made:%Y%m%d}-{secrets.token_hex(4)}", made), os.urandom(_KEY_BYTES))


def in_utc(moment: datetime) -> datetime:
    """A key's date in UTC; ValueError where its zone is not said."""
    if moment.tzinfo is None:
        raise ValueError("A key's date needs a time zone, such as datetime.now(UTC).")
    return moment.astimezone(UTC)


def _to_json(contents: _Contents) -> bytes:
    keks = [
        {
            "id": kek.info.kek_id,
            "created_at": kek.info.created_at.isoformat(),
            "state": kek.info.state,
            "retired_at": kek.info.retired_at and kek.info.retired_at.isoformat(),
            "key": kek.key and base64.b64encode(kek.key).decode(),
        }
        for kek in contents.keks
    ]
    named = {name: base64.b64encode(key).decode() for name, key in contents.secrets.items()}
    whole = {"notice": _NOTICE, "version": _FILE_VERSION, "keks": keks, "secrets": named}
    return json.dumps(whole, indent=1).encode() + b"\n"


def _from_json(text: bytes) -> _Contents:
    whole: dict[str, Any] = json.loads(text)
    if whole["version"] != _FILE_VERSION:
        raise ValueError("version")
    keks = tuple(_kek_from(each) for each in whole["keks"])
    contents = _Contents(keks, {name: _key_from(key) for name, key in whole["secrets"].items()})
    if len({kek.info.kek_id for kek in keks}) < len(keks) or not any(kek.key for kek in keks):
        raise ValueError("keks")
    return contents


def _kek_from(entry: dict[str, Any]) -> _Kek:
    retired = entry["retired_at"] and datetime.fromisoformat(entry["retired_at"])
    info = KeyInfo(entry["id"], datetime.fromisoformat(entry["created_at"]), retired)
    if entry["state"] != info.state or (entry["key"] is None) != (info.state == "retired"):
        raise ValueError("state")
    return _Kek(info, entry["key"] and _key_from(entry["key"]))


def _key_from(text: str) -> bytes:
    key = base64.b64decode(text, validate=True)
    if len(key) != _KEY_BYTES:
        raise ValueError("length")
    return key
