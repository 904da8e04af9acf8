"""A key store on a PKCS#11 token: an HSM, a smart card, or SoftHSM2; no KEK ever leaves it.

The address is that of RFC 7512: `pkcs11:token=chalkline?module-path=/usr/lib/softhsm/libsofthsm2.so
&pin-source=file:/etc/chalkline/pin`. KEKs are AES-256 keys, sensitive and not extractable; data
keys are sealed with the token's own AES-GCM. Named secrets are HMAC-SHA256 of their name under a
key in the token. When a KEK is destroyed, a public data object keeps its dates.
"""

import os
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, Final, get_args
from urllib.parse import parse_qs, unquote

import pkcs11
from pkcs11 import Attribute, GCMParams, KeyType, Mechanism, ObjectClass
from pkcs11.exceptions import NoSuchToken, PinIncorrect, PKCS11Error, UserAlreadyLoggedIn

from privacy.fields import framed
from privacy.keystore import (
    KeyInfo,
    KeyStoreError,
    SecretName,
    UnknownKeyError,
    Wrapped,
    in_utc,
    named,
)

_KEK: Final = "chalkline/kek"
_RETIRED: Final = "chalkline/retired"
_MASTER: Final = "chalkline/secrets"
_VERSION: Final = b"\x11"
_NONCE_BYTES: Final = 12
_KEY_BYTES: Final = 32
_LONGEST_PIN: Final = 256  # bytes
_REMEMBERED: Final = 1.0  # seconds; asking the token which KEK is the newest is slow


class TokenKeyStore:
    """A key store on one token; safe to share between threads, one operation at a time."""

    def __init__(self, address: str, *, create_at: datetime | None = None) -> None:
        self._token, self._session = _open(address)
        self._lock = threading.RLock()
        self._known: dict[str, Any] = {}  # handles of KEKs
        self._wraps: tuple[str, float] | None = None  # the current KEK, until when we believe it
        if create_at is not None and not self.keys():
            with self._asking():
                self._session.generate_key(
                    KeyType.GENERIC_SECRET,
                    8 * _KEY_BYTES,
                    label=_MASTER,
                    store=True,
                    template={**_FAST, Attribute.SIGN: True},
                )
            self.rotate(now=create_at)
        elif not self.keys():
            raise KeyStoreError(
                f"The token '{self._token}' holds no key of Chalkline. Check the token's name, or "
                "restore the token: without its keys the names in the database can not be read."
            )

    def wrap(self, data_key: bytes, *, context: bytes) -> Wrapped:
        if len(data_key) != _KEY_BYTES:
            raise KeyStoreError(f"A data key is {_KEY_BYTES} bytes, this one is {len(data_key)}.")
        with self._lock:
            try:
                return self._wrap(data_key, context)
            except PKCS11Error:  # the KEK we knew was destroyed by another process
                self._forget()
        with self._asking():
            return self._wrap(data_key, context)

    def _wrap(self, data_key: bytes, context: bytes) -> Wrapped:
        if self._wraps is None or time.monotonic() > self._wraps[1]:
            self._wraps = self.current().kek_id, time.monotonic() + _REMEMBERED
        kek_id, nonce = self._wraps[0], os.urandom(_NONCE_BYTES)
        sealed = self._kek(kek_id).encrypt(
            data_key,
            mechanism=Mechanism.AES_GCM,
            mechanism_param=GCMParams(nonce, _bound(kek_id, context)),
        )
        return Wrapped(kek_id, _VERSION + nonce + bytes(sealed))

    def _forget(self) -> None:
        self._known.clear()
        self._wraps = None

    def unwrap(self, wrapped: Wrapped, *, context: bytes) -> bytes:
        kek = self._kek(wrapped.kek_id)
        nonce, sealed = wrapped.blob[1 : 1 + _NONCE_BYTES], wrapped.blob[1 + _NONCE_BYTES :]
        if wrapped.blob[:1] == _VERSION and len(sealed) > _KEY_BYTES:
            with self._lock:
                try:
                    key: bytes = kek.decrypt(
                        sealed,
                        mechanism=Mechanism.AES_GCM,
                        mechanism_param=GCMParams(nonce, _bound(wrapped.kek_id, context)),
                    )
                    return key
                except PKCS11Error:  # each maker has an error of its own for a tag that is wrong
                    self._forget()  # it may also have been destroyed by another process
                    self._kek(wrapped.kek_id)
        raise KeyStoreError(
            f"A data key under key {wrapped.kek_id} was altered or belongs to another learner. "
            "Restore its row from a backup."
        )

    def current(self) -> KeyInfo:
        return [key for key in self.keys() if key.retired_at is None][-1]

    def keys(self) -> list[KeyInfo]:
        with self._asking():
            labels = [
                str(found[Attribute.LABEL])
                for kind in (ObjectClass.SECRET_KEY, ObjectClass.DATA)
                for found in self._session.get_objects({Attribute.CLASS: kind})
            ]
        infos: dict[str, KeyInfo] = {}
        for label in labels:
            if (info := _info(label)) and (info.retired_at or info.kek_id not in infos):
                infos[info.kek_id] = info
        return sorted(infos.values(), key=lambda key: (key.created_at, key.kek_id))

    def rotate(self, *, now: datetime) -> KeyInfo:
        made = in_utc(now)
        kek_id = f"{made:%Y%m%d}-{secrets.token_hex(4)}"
        with self._asking():
            self._session.generate_key(
                KeyType.AES,
                8 * _KEY_BYTES,
                label=f"{_KEK}/{kek_id}/{made.isoformat()}",
                store=True,
                template={**_FAST, Attribute.ENCRYPT: True, Attribute.DECRYPT: True},
            )
        self._forget()
        return KeyInfo(kek_id, made)

    def retire(self, kek_id: str, *, now: datetime) -> KeyInfo:
        info = next((key for key in self.keys() if key.kek_id == kek_id), None)
        if info is None:
            raise UnknownKeyError(f"The token '{self._token}' does not hold key {kek_id}.")
        if info.retired_at is not None:
            return info
        if info == self.current():
            raise KeyStoreError(
                f"Key {kek_id} is in use and can not be retired. Rotate first, rewrap every data "
                "key, then retire it."
            )
        gone = in_utc(now)
        label = f"{_RETIRED}/{kek_id}/{info.created_at.isoformat()}/{gone.isoformat()}"
        with self._asking():
            self._session.create_object(
                {
                    Attribute.CLASS: ObjectClass.DATA,
                    Attribute.LABEL: label,
                    Attribute.VALUE: b"",
                    Attribute.TOKEN: True,
                    Attribute.PRIVATE: False,
                }
            )
            self._kek(kek_id).destroy()
            self._forget()
        return KeyInfo(kek_id, info.created_at, gone)

    def secret(self, name: SecretName) -> bytes:
        if name not in get_args(SecretName):
            raise KeyStoreError(f"There is no secret '{name}'. Known: {get_args(SecretName)}.")
        with self._asking():
            master = self._session.get_key(ObjectClass.SECRET_KEY, label=_MASTER)
            derived: bytes = master.sign(
                framed("chalkline/secret/v1", name), mechanism=Mechanism.SHA256_HMAC
            )
        return derived

    def _kek(self, kek_id: str) -> Any:
        """The token's handle of a KEK, kept: looking it up costs more than using it."""
        if kek_id not in self._known:
            with self._asking():
                for found in self._session.get_objects({Attribute.CLASS: ObjectClass.SECRET_KEY}):
                    if info := _info(str(found[Attribute.LABEL])):
                        self._known[info.kek_id] = found
        if kek_id not in self._known:
            raise UnknownKeyError(
                f"The token '{self._token}' does not hold key {kek_id}: it was destroyed after a "
                "rotation, or belongs to another token."
            )
        return self._known[kek_id]

    @contextmanager
    def _asking(self) -> Iterator[None]:
        with self._lock:
            try:
                yield
            except PKCS11Error as problem:
                raise KeyStoreError(
                    f"The token '{self._token}' refused ({type(problem).__name__}). Check that it "
                    "is plugged in and its session is open, then start again."
                ) from None


_FAST: Final = {Attribute.SENSITIVE: True, Attribute.EXTRACTABLE: False, Attribute.PRIVATE: True}


def _open(address: str) -> tuple[str, Any]:
    """The token's name and a signed-in session. No message repeats the address or the PIN."""
    path, _, query = address.removeprefix("pkcs11:").partition("?")
    parts = dict(part.partition("=")[::2] for part in path.split(";") if part)
    asked = {name: values[0] for name, values in parse_qs(query).items()}
    token, module = unquote(parts.get("token", "")), asked.get("module-path", "")
    if not token or not module or not ({"pin-value", "pin-source"} & set(asked)):
        raise KeyStoreError(
            "CHALKLINE_KEY_STORE should be like pkcs11:token=chalkline?module-path="
            "/usr/lib/softhsm/libsofthsm2.so&pin-source=file:/etc/chalkline/pin."
        )
    try:
        found = pkcs11.lib(module).get_token(token_label=token)
        try:
            return token, found.open(user_pin=_pin(asked), rw=True)
        except UserAlreadyLoggedIn:  # by another store of this process: a login counts for all
            return token, found.open(rw=True)
    except (NoSuchToken, pkcs11.exceptions.MultipleTokensReturned):
        why = f"it knows no single token '{token}'"
    except PinIncorrect:
        why = f"the PIN of token '{token}' is wrong"
    except (PKCS11Error, RuntimeError, OSError) as problem:
        why = type(problem).__name__
    raise KeyStoreError(
        f"The PKCS#11 module {module} can not be used: {why}. Check CHALKLINE_KEY_STORE."
    )


def _pin(asked: dict[str, str]) -> str:
    if "pin-value" in asked:
        return asked["pin-value"]
    path = Path(asked["pin-source"].removeprefix("file:"))
    try:
        if path.stat().st_mode & 0o077:
            raise KeyStoreError(f"The PIN file {path} can be read by others: run chmod 600 {path}.")
        return path.read_bytes()[:_LONGEST_PIN].decode().strip()
    except OSError as problem:
        raise KeyStoreError(f"The PIN file {path} can not be read: {problem.strerror}.") from None


def _info(label: str) -> KeyInfo | None:
    """
    >>> _info("chalkline/kek/20260302-0a/2026-03-02T08:00:00+00:00").kek_id
    '20260302-0a'
    >>> _info("somebody else's key")
    """
    if label.startswith(f"{_KEK}/"):
        kek_id, created = label.removeprefix(f"{_KEK}/").split("/")
        return KeyInfo(kek_id, datetime.fromisoformat(created))
    if label.startswith(f"{_RETIRED}/"):
        kek_id, created, retired = label.removeprefix(f"{_RETIRED}/").split("/")
        return KeyInfo(kek_id, datetime.fromisoformat(created), datetime.fromisoformat(retired))
    return None


def _bound(kek_id: str, context: bytes) -> bytes:
    return _VERSION + named(kek_id) + context
