"""The database's addresses as they are given, checked before anybody connects to them."""

import ipaddress
from collections.abc import Iterator, Mapping

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from db.setting_error import SettingsError

VERIFIED = ("verify-full", "verify-ca", "require")  # what never falls back to plain text


def databases(given: Mapping[str, str]) -> tuple[str | None, str | None]:
    """The app's and the owner's, for SQLAlchemy; a SettingsError says what either should hold."""
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
