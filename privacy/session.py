"""The only door to data: a transaction in the viewer's own database role, with a signed context."""

import hmac
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from pathlib import Path

from sqlalchemy import Connection, Engine, bindparam, func, select

from db import engine as engines
from db import keys as stored
from db.mail import MailServer, mail_server
from db.settings import Settings, secret_file
from privacy.keystore import KeyStore, open_keystore
from privacy.usage import Counted, Ledger, used_by
from privacy.viewer import ROLES, Viewer

SEEN_SECONDS = 900  # the same names on the same person's page are one view for so long
SEEN_MOST = 10_000
SEEN_KEY = "chalkline seen"  # where a transaction keeps what is noted once it commits
CONTEXT_SECONDS = 60  # longest a transaction of a person may look at data

_ENTER = select(
    func.set_config("role", bindparam("role"), True),
    func.set_config("chalkline.context", bindparam("context"), True),
)


class NotAllowed(PermissionError):  # noqa: N818 - reads as the sentence it carries
    """Somebody asked for what is not hers; the message says who, what and the way out."""


@dataclass(frozen=True)
class Door:
    """What opening a session needs: a pool, the secret that signs contexts, the learners' keys;
    the file beside the keys that lists what was released; and the mail server, if one is named.
    """

    engine: Engine
    secret: bytes
    keystore: KeyStore
    book_file: Path
    ledger: Ledger
    seen: "Seen"
    mail: MailServer | None = None


class Seen:
    """Which viewer's session was shown which learners lately, so that one list is noted once.

    A page is drawn anew at every click. Only identifiers' digests are kept, nothing about anybody.
    """

    def __init__(self) -> None:
        self._until: dict[bytes, float] = {}

    def lately(self, digest: bytes) -> bool:
        """Whether it was noted in the last `SEEN_SECONDS`."""
        return self._until.get(digest, 0.0) > time.monotonic()

    def noted(self, digest: bytes) -> None:
        """From now on it is noted; the oldest are forgotten beyond `SEEN_MOST`."""
        self._until.pop(digest, None)
        self._until[digest] = time.monotonic() + SEEN_SECONDS
        while len(self._until) > SEEN_MOST:
            self._until.pop(next(iter(self._until)), None)


_door: Door | None = None
_shared: ContextVar[tuple[Viewer, Connection] | None] = ContextVar("shared", default=None)


def open_door(settings: Settings, *, app_url: str | None = None) -> Door:
    """Connects this process to its database and keys; every later `session` goes through here."""
    global _door
    close_door()
    engine = engines.application(app_url or engines.urls(settings)[0])
    ledger = Ledger(partial(_write_uses, engine))
    _door = Door(
        engine=engine,
        secret=secret_file(settings.context_secret_file),
        keystore=Counted(open_keystore(settings.keys_at), ledger),
        book_file=settings.key_file.with_name("released.book"),
        ledger=ledger,
        seen=Seen(),
        mail=mail_server(settings),
    )
    return _door


def close_door() -> None:
    """Lets the pool's connections go."""
    global _door
    if _door is not None:
        _door.ledger.flush()
        _door.engine.dispose()
        _door = None


def is_open() -> bool:
    """Whether this process has its door."""
    return _door is not None


def door() -> Door:
    """The open door; an error in words where the process has not opened it."""
    if _door is None:
        raise RuntimeError("No database is open: call privacy.open_door(settings) first.")
    return _door


def sign(secret: bytes, *, district: int, staff: object, role: str, expires: int) -> str:
    """The context that the policies verify: v1|district|staff|role|expires|HMAC-SHA256 in hex."""
    said = f"v1|{district}|{staff}|{role}|{expires}"
    return f"{said}|{hmac.new(secret, said.encode(), sha256).hexdigest()}"


@contextmanager
def session(viewer: Viewer) -> Iterator[Connection]:
    """A transaction that sees the viewer's rows and no others; commits at the end.

    Raises NotAllowed for a role that the roster does not know.
    """
    shared = _shared.get()
    if shared is not None and shared[0] == viewer:
        yield shared[1]
        return
    if viewer.role not in ROLES:
        raise NotAllowed(f"'{viewer.role}' is not a role. Ask your administrator for one.")
    opened = door()
    context = sign(
        opened.secret,
        district=viewer.district_id,
        staff=viewer.staff_id,
        role=viewer.role,
        expires=int(time.time()) + CONTEXT_SECONDS,
    )
    seen: list[bytes] = []
    with opened.engine.begin() as connection:
        entered(connection, role=f"chalkline_{viewer.role}", context=context)
        connection.info[SEEN_KEY] = seen
        with used_by(viewer.district_id, f"{viewer.role} {viewer.staff_id}", "showing a page"):
            yield connection
    for digest in seen:  # committed; a view that failed is noted when it succeeds
        opened.seen.noted(digest)


@contextmanager
def together(viewer: Viewer) -> Iterator[None]:
    """Sessions of this viewer inside are one transaction: a page's questions, entered for once.

    For questions only: what is written inside would stand or fall with all the rest.
    """
    with session(viewer) as connection:
        before = _shared.set((viewer, connection))
        try:
            yield
        finally:
            _shared.reset(before)


def _write_uses(engine: Engine, uses: Sequence[stored.Use]) -> None:
    with engine.begin() as connection:
        entered(connection, role="chalkline_signin", context="")
        stored.note_uses(connection, uses)


def entered(connection: Connection, *, role: str, context: str) -> None:
    """Makes the connection's transaction one of this database role, with this signed context."""
    connection.execute(_ENTER, {"role": role, "context": context})


@contextmanager
def signin_session() -> Iterator[Connection]:
    """A transaction that sees accounts and browser sessions, and no learner."""
    with door().engine.begin() as connection:
        entered(connection, role="chalkline_signin", context="")
        yield connection
