"""Counts every use of a key (who, which key, what for) and writes the counts in batches.

`Counted` stands before a key store, so that no caller can forget. Who uses it is a context
variable that `session` sets; counts are written within seconds, by a thread of their own, so that
a page never waits for them. A killed process loses the counts of those seconds and nothing else:
that a learner was looked at stands in the audit trail, in the page's own transaction.
"""

import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from db.keys import Use
from privacy.keystore import KeyInfo, KeyStore, SecretName, Wrapped

FLUSH_AFTER: Final = 5.0  # seconds
_KEPT: Final = 10_000  # different counts kept while the database is away


@dataclass(frozen=True)
class User:
    """Who uses keys now, and what for."""

    district_id: int | None
    actor: str
    purpose: str


_UNSAID: Final = User(None, "unknown", "unknown")
_user: ContextVar[User] = ContextVar("key user", default=_UNSAID)


@contextmanager
def used_by(district_id: int | None, actor: str, purpose: str) -> Iterator[None]:
    """Names who uses keys within the block."""
    before = _user.set(User(district_id, actor, purpose))
    try:
        yield
    finally:
        _user.reset(before)


@contextmanager
def used_for(purpose: str) -> Iterator[None]:
    """Names what keys are used for within the block; by whom stays."""
    user = _user.get()
    with used_by(user.district_id, user.actor, purpose):
        yield


class Ledger:
    """Counts not yet written, and how they are written."""

    def __init__(self, write: Callable[[Sequence[Use]], None]) -> None:
        self._write = write
        self._counts: Counter[tuple[User, str]] = Counter()
        self._lock = threading.Lock()
        self._writing = threading.Lock()  # one batch at a time, so that none is written twice
        self._timer: threading.Timer | None = None

    def note(self, kek_id: str) -> None:
        """One use, by whoever the context names."""
        key = (_user.get(), kek_id)
        with self._lock:
            if key in self._counts or len(self._counts) < _KEPT:
                self._counts[key] += 1
            if self._timer is None:
                self._timer = threading.Timer(FLUSH_AFTER, self.flush)
                self._timer.daemon = True
                self._timer.start()

    def flush(self) -> None:
        """Writes what has been counted; what can not be written now is kept for the next time."""
        with self._writing:
            with self._lock:
                counts, self._counts = self._counts, Counter()
                if self._timer is not None:
                    self._timer.cancel()
                    self._timer = None
            if not counts:
                return
            uses = [
                Use(user.district_id, user.actor, kek, user.purpose, number)
                for (user, kek), number in counts.items()
            ]
            try:
                self._write(uses)
            except Exception:  # the database is away; a page must not fail for it
                with self._lock:
                    self._counts.update(counts)


class Counted:
    """A key store whose every use is counted."""

    def __init__(self, store: KeyStore, ledger: Ledger) -> None:
        self._store = store
        self._ledger = ledger

    def wrap(self, data_key: bytes, *, context: bytes) -> Wrapped:
        wrapped = self._store.wrap(data_key, context=context)
        self._ledger.note(wrapped.kek_id)
        return wrapped

    def unwrap(self, wrapped: Wrapped, *, context: bytes) -> bytes:
        key = self._store.unwrap(wrapped, context=context)
        self._ledger.note(wrapped.kek_id)
        return key

    def current(self) -> KeyInfo:
        return self._store.current()

    def keys(self) -> list[KeyInfo]:
        return self._store.keys()

    def rotate(self, *, now: datetime) -> KeyInfo:
        return self._store.rotate(now=now)

    def retire(self, kek_id: str, *, now: datetime) -> KeyInfo:
        return self._store.retire(kek_id, now=now)

    def secret(self, name: SecretName) -> bytes:
        if name != "token":  # addresses say nothing about anybody, and are made by the hundred
            self._ledger.note(f"secret:{name}")
        return self._store.secret(name)
