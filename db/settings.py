"""Reads the environment once, into one frozen object that the rest of Chalkline is given."""

import ipaddress
import os
import secrets
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

LOOPBACK_NAMES = ("localhost", "127.0.0.1")
VERIFIED = ("verify-full", "verify-ca", "require")  # what never falls back to plain text


class SettingsError(ValueError):
    """A setting that can not be used; the message names the variable and what it should hold."""


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
        app, owner = _databases(given)
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


def _databases(given: Mapping[str, str]) -> tuple[str | None, str | None]:
    app = _database("DATABASE_URL", given)
    owner = _database("DATABASE_OWNER_URL", given)
    if owner and not app:
        raise SettingsError(
            "DATABASE_OWNER_URL is set but DATABASE_URL is not: "
            "set DATABASE_URL too, to the same database with the app's role."
        )
    if app and owner and make_url(app).username == make_url(owner).username:
        raise SettingsError(
            "DATABASE_URL and DATABASE_OWNER_URL name the same role, and the owner of the tables "
            "is not held to their policies: give DATABASE_URL a role that owns nothing."
        )
    return app, owner


def _database(name: str, given: Mapping[str, str]) -> str | None:
    """The URL in variable `name` for SQLAlchemy and psycopg 3, with TLS where it leaves the host.

    No message repeats the URL: it holds a password.
    """
    if name not in given:
        return None
    try:
        url = make_url(given[name])
    except (ArgumentError, ValueError):  # a port that is no number is a ValueError
        raise _not_a_url(name) from None
    if url.drivername not in ("postgres", "postgresql", "postgresql+psycopg") or not url.database:
        raise _not_a_url(name)
    url = url.set(drivername="postgresql+psycopg")
    if url.query.get("service") or given.get("PGSERVICE"):
        raise SettingsError(f"{name} should name its host itself, not a libpq service.")
    far = [host for host in _targets(url, given) if not _is_local(host)]
    if far:
        mode = url.query.get("sslmode")
        if mode is None:
            url = url.update_query_dict({"sslmode": "verify-full"})
        elif mode not in VERIFIED:
            raise SettingsError(
                f"{name} sends learners' data to {far[0]} in plain text: sslmode should be "
                "verify-full (the default), not what it says."
            )
    return url.render_as_string(hide_password=False)


def _not_a_url(name: str) -> SettingsError:
    return SettingsError(
        f"{name} should be a PostgreSQL address such as "
        "postgresql://role:password@host:5432/chalkline (special characters in the password "
        "percent-encoded)."
    )


def _targets(url: URL, given: Mapping[str, str]) -> Iterator[str]:
    """Every host that libpq would talk to, by the URL or else by the PG* variables."""
    query = url.normalized_query
    # "h1,h2" is libpq's way to name several hosts, a repeated host=h1:5432 is SQLAlchemy's.
    for value in (url.host or "", *query.get("host", ())):
        yield from filter(None, value.split(","))
    if not url.host and "host" not in query:
        yield from filter(None, given.get("PGHOST", "").split(","))
    for value in query.get("hostaddr", (given.get("PGHOSTADDR", ""),)):
        yield from filter(None, value.split(","))


def _is_local(host: str) -> bool:
    """
    >>> [_is_local(host) for host in ("/run/pg", "localhost:5432", "127.0.0.1", "[::1]:5432")]
    [True, True, True, True]
    >>> [_is_local(host) for host in ("10.0.0.1:5432", "localhost.example.org", "2001:db8::1")]
    [False, False, False]
    """
    if host.startswith(("/", "@")):  # a socket file, in the file system or abstract
        return True
    name = host.strip("[]")
    if name.count(":") == 1 or host.startswith("["):
        name = host.rpartition(":")[0].strip("[]") if not host.endswith("]") else name
    if name.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False
