"""Whose account an identity is that a school's provider vouches for."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import select

from db.tables import Account
from privacy.accounts import KNOWN_COLUMNS, KnownAccount, known_account
from privacy.session import signin_session

MICROSOFT = (
    "login.microsoftonline.com",
    "login.microsoftonline.us",
    "login.partner.microsoftonline.cn",
)


def account_of(claims: Mapping[str, Any]) -> KnownAccount | None:
    """The account tied to an OpenID Connect identity: by issuer and subject, never by e-mail."""
    identity = identity_of(claims)
    if identity is None:
        return None
    issuer, subject = identity
    with signin_session() as connection:
        row = connection.execute(
            select(*KNOWN_COLUMNS).where(
                Account.oidc_issuer == issuer, Account.oidc_subject == subject
            )
        ).one_or_none()
    return known_account(row) if row else None


def identity_of(claims: Mapping[str, Any]) -> tuple[str, str] | None:
    """(issuer, subject) that a provider vouches for; None for claims that do not hold together.

    Microsoft's `sub` differs from application to application; there the person is the object
    identifier within the tenant, and the issuer must name that very tenant. With any other
    provider a claim called `oid` means nothing: whoever runs one could put anybody's into it.

    >>> identity_of({"iss": "https://accounts.google.com", "sub": "7", "oid": "boss"})
    ('https://accounts.google.com', '7')
    >>> tenant = "https://login.microsoftonline.com/t-1/v2.0"
    >>> identity_of({"iss": tenant, "tid": "t-1", "oid": "o-9", "sub": "x"})
    ('https://login.microsoftonline.com/t-1/v2.0', 't-1/o-9')
    >>> identity_of({"iss": tenant, "tid": "t-2", "oid": "o-9", "sub": "x"})
    """
    issuer, subject = claims.get("iss"), claims.get("sub")
    if not isinstance(issuer, str) or not isinstance(subject, str) or not subject:
        return None
    where = urlsplit(issuer)
    if where.hostname not in MICROSOFT:
        return issuer, subject
    tenant, person = claims.get("tid"), claims.get("oid")
    if not isinstance(tenant, str) or not isinstance(person, str) or not person:
        return None
    return (issuer, f"{tenant}/{person}") if where.path.split("/")[1:2] == [tenant] else None
