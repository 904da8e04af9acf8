"""The key file: JSON that only its owner may read, changed under a lock and whole after a crash."""

import base64
import contextlib
import fcntl
import json
import os
import secrets
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final, get_args

from privacy.keystore import KEY_BYTES, KeyInfo, KeyStoreError, SecretName, in_utc

_VERSION: Final = 1
_NOTICE: Final = (
    "Whoever holds this file can read every learner's name. Never keep it with the database."
)


@dataclass(frozen=True)
class Kek:
    """A key-encrypting key; `key` is None once it was destroyed."""

    info: KeyInfo
    key: bytes | None = field(repr=False)


@dataclass(frozen=True)
class Contents:
    """What the file holds: every KEK there has been, oldest first, and the named secrets."""

    keks: tuple[Kek, ...]
    secrets: Mapping[str, bytes] = field(repr=False)

    def current(self) -> Kek:
        """The KEK that wraps now."""
        return next(kek for kek in reversed(self.keks) if kek.key is not None)

    def find(self, kek_id: str) -> Kek | None:
        """The KEK of this name, if the file has ever held it."""
        return next((kek for kek in self.keks if kek.info.kek_id == kek_id), None)


class KeyFile:
    """The file at a path; made when `create_at` says that it is to be, and when.

    Every reading looks at the file's date first (2 microseconds), so a change by another process
    counts at once. Changes are made under a lock, to a new file that takes the old one's place, so
    a crash leaves the one or the other whole.
    """

    def __init__(self, path: Path, *, create_at: datetime | None = None) -> None:
        self.path = path.absolute()
        self._seen: tuple[tuple[int, ...], Contents] | None = None
        if create_at is not None and not self.path.exists():
            self._create(create_at)
        self.read()

    def read(self) -> Contents:
        """The contents as they stand; KeyStoreError where they can not be had."""
        seen = self._seen
        try:
            if seen is not None and seen[0] == _mark(self.path.stat()):
                return seen[1]
            with self.path.open("rb") as file:
                found = os.fstat(file.fileno())
                if found.st_mode & 0o077:
                    raise KeyStoreError(
                        f"The key file {self.path} can be read by others than its owner. "
                        f"Run: chmod 600 {self.path}"
                    )
                text = file.read()
        except FileNotFoundError:
            raise KeyStoreError(
                f"There is no key file {self.path}. Restore it from its backup: without it the "
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
                f"The key file {self.path} is damaged or was written by a newer Chalkline. "
                "Restore it from its backup, or upgrade."
            )
        self._seen = (_mark(found), contents)
        return contents

    def change(self, edit: Callable[[Contents], Contents]) -> Contents:
        """Writes what `edit` makes of the contents, unless it hands back the same."""
        with self._locked():
            old = self.read()
            new = edit(old)
            if new is not old:
                self._write(new)
        return new

    def _create(self, now: datetime) -> None:
        named = {name: os.urandom(KEY_BYTES) for name in get_args(SecretName)}
        with self._locked():
            if not self.path.exists():  # another process may have been first
                self._write(Contents((new_kek(now),), named))

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            lock = self._beside(".lock")
            handle = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as problem:
            raise self._refusal("can not be written", problem) from None
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)

    def _write(self, contents: Contents) -> None:
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

    def _beside(self, suffix: str) -> Path:
        """A neighbour of the file itself, where the path is a link to it."""
        real = self.path.resolve()
        return real.with_name(real.name + suffix)

    def _refusal(self, what: str, problem: OSError) -> KeyStoreError:
        return KeyStoreError(
            f"The key file {self.path} {what}: {problem.strerror}. Check its folder."
        )


def new_kek(now: datetime) -> Kek:
    """A fresh one, named after its day."""
    made = in_utc(now)
    return Kek(KeyInfo(f"{made:%Y%m%d}-{secrets.token_hex(4)}", made), os.urandom(KEY_BYTES))


def _mark(found: os.stat_result) -> tuple[int, ...]:
    """Differs whenever the file does: a change brings a new inode, a chmod a new date."""
    return (found.st_ino, found.st_size, found.st_mode, found.st_mtime_ns, found.st_ctime_ns)


def _to_json(contents: Contents) -> bytes:
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
    whole = {"notice": _NOTICE, "version": _VERSION, "keks": keks, "secrets": named}
    return json.dumps(whole, indent=1).encode() + b"\n"


def _from_json(text: bytes) -> Contents:
    whole: dict[str, Any] = json.loads(text)
    if whole["version"] != _VERSION:
        raise ValueError("version")
    keks = tuple(_kek_from(each) for each in whole["keks"])
    contents = Contents(keks, {name: _key_from(key) for name, key in whole["secrets"].items()})
    if len({kek.info.kek_id for kek in keks}) < len(keks) or not any(kek.key for kek in keks):
        raise ValueError("keks")
    return contents


def _kek_from(entry: dict[str, Any]) -> Kek:
    retired = entry["retired_at"] and datetime.fromisoformat(entry["retired_at"])
    info = KeyInfo(entry["id"], datetime.fromisoformat(entry["created_at"]), retired)
    if entry["state"] != info.state or (entry["key"] is None) != (info.state == "retired"):
        raise ValueError("state")
    return Kek(info, entry["key"] and _key_from(entry["key"]))


def _key_from(text: str) -> bytes:
    key = base64.b64decode(text, validate=True)
    if len(key) != KEY_BYTES:
        raise ValueError("length")
    return key
