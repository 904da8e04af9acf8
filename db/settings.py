"""Reads the environment once, into one frozen object that the rest of Chalkline is given."""

import os
import secrets
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from db.database_urls import databases
from db.setting_error import SettingsError

LOOPBACK_NAMES = ("localhost", "127.0.0.1")


@dataclass(frozen=True)
class Settings:
    """Where Chalkline lives, listens and keeps its keys. Passwords stay out of its `repr`."""

    home: Path
    host: str
    port: int
    database_url: str | None = field(repr=False)
    database_owner_url: str | None = field(repr=False)
    pg_bindir: Path | None
    key_file: Path
    key_store: str | None = field(repr=False)
    context_secret_file: Path
    checkpoints: Path
    public_url: str | None
    allowed_hosts: tuple[str, ...]
    smtp_url: str | None = field(repr=False)
    smtp_ca: Path | None
    mail_from: str | None

    @classmethod
    def load(cls, environ: Mapping[str, str] = os.environ) -> "Settings":
        """The settings that `environ` describes; an empty variable counts as an absent one."""
        given = {name: value.strip() for name, value in environ.items() if value.strip()}
        home = _folder(given.get("CHALKLINE_HOME", ".chalkline"))
        app, owner = databases(given)
        public_url = _public_url(given.get("CHALKLINE_PUBLIC_URL"))
        host = given.get("CHALKLINE_HOST", "127.0.0.1")
        return cls(
            home=home,
            host=host,
            port=_port(given.get("PORT", "8501")),
            database_url=app,
            database_owner_url=owner,
            pg_bindir=_folder(given["PG_BINDIR"]) if "PG_BINDIR" in given else None,
            key_file=_folder(given.get("CHALKLINE_KEY_FILE", home / "keys" / "kek.json")),
            key_store=given.get("CHALKLINE_KEY_STORE"),
            context_secret_file=_folder(
                given.get("CHALKLINE_CONTEXT_SECRET_FILE", home / "keys" / "context.key")
            ),
            checkpoints=_folder(
                given.get("CHALKLINE_CHECKPOINTS", home / "keys" / "audit-checkpoints")
            ),
            public_url=public_url,
            allowed_hosts=tuple(
                dict.fromkeys(
                    [
                        *_hosts(given.get("CHALKLINE_ALLOWED_HOSTS", "")),
                        *([urlsplit(public_url).hostname or ""] if public_url else []),
                        *LOOPBACK_NAMES,
                    ]
                )
            ),
            smtp_url=given.get("CHALKLINE_SMTP_URL"),
            smtp_ca=_folder(given["CHALKLINE_SMTP_CA"]) if "CHALKLINE_SMTP_CA" in given else None,
            mail_from=given.get("CHALKLINE_MAIL_FROM"),
        )

    @property
    def keys_at(self) -> Path | str:
        """Where the key store is: the address of a token, or else the key file."""
        return self.key_store or self.key_file

    @property
    def erased_file(self) -> Path:
        """The list of who was erased, kept with the keys, so that a restored backup can follow."""
        return self.key_file.with_name("erased.list")

    @property
    def embedded(self) -> bool:
        """Whether Chalkline runs its own PostgreSQL (no DATABASE_URL names another)."""
        return self.database_url is None

    @property
    def secure_cookies(self) -> bool:
        """Whether browsers reach us by https, so that a cookie may be marked Secure."""
        return self.public_url is not None


def secret_file(path: Path, size: int = 32) -> bytes:
    """The `size` random bytes kept in `path` (0600), made there if nobody has yet."""
    secret = private_file(path, lambda: secrets.token_bytes(size))
    if len(secret) != size:
        raise SettingsError(
            f"{path} holds {len(secret)} bytes where a secret of {size} belongs: "
            "put back the original from your backup of the keys."
        )
    return secret


def private_file(path: Path, make: Callable[[], bytes]) -> bytes:
    """The content of `path`, readable by its owner alone; `make()` supplies it the first time.

    Of any number of processes that start at once exactly one content wins and all return it: the
    file is written under another name, brought to the disk, and only then linked to its own name,
    which fails when that exists. So nobody ever reads half a secret, also not after a power cut.
    """
    try:
        if not path.exists():
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            _write_once(path, make())
        if path.stat().st_mode & 0o077:
            raise SettingsError(f"{path} can be read by other users: run chmod 600 '{path}'.")
        return path.read_bytes()
    except OSError as error:
        raise SettingsError(
            f"{path} can not be used ({error.filename}: {error.strerror}): put that right, "
            "or set CHALKLINE_HOME to a folder that this user may write."
        ) from None


def _write_once(path: Path, content: bytes) -> None:
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)  # O_EXCL, 0600
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            os.link(name, path)
    finally:
        Path(name).unlink()
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Brings a new name in `folder` to the disk."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _folder(value: str | Path) -> Path:
    return Path(value).expanduser().absolute()


def _port(value: str) -> int:
    """
    >>> _port("8501")
    8501
    """
    if not (value.isascii() and value.isdigit() and 1 <= int(value) <= 65535):
        raise SettingsError(f"PORT should be a number from 1 to 65535, not {value!r}.")
    return int(value)


def _public_url(value: str | None) -> str | None:
    if value is None:
        return None
    try:
        parts = urlsplit(value)
        right = parts.scheme == "https" and bool(parts.hostname) and parts.port != 0
    except ValueError:
        right = False
    if not right or parts.username or parts.query or parts.fragment:
        raise SettingsError(
            "CHALKLINE_PUBLIC_URL should be the https address that browsers use, "
            "such as https://chalkline.example.org."
        )
    return value.rstrip("/")


def _hosts(value: str) -> Iterator[str]:
    """
    >>> list(_hosts("a.example.org, b.example.org"))
    ['a.example.org', 'b.example.org']
    """
    for host in filter(None, (part.strip() for part in value.split(","))):
        if any(sign in host for sign in "/@ ") or "*" in host.lstrip("*."):
            raise SettingsError(
                "CHALKLINE_ALLOWED_HOSTS should be host names with commas between, "
                f"such as chalkline.example.org; {host!r} is not one."
            )
        yield host.lower()
