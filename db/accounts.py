"""Makes, disables and resets the accounts with which staff sign in."""

from dataclasses import dataclass
from datetime import datetime
from itertools import chain, count
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Connection, delete, exists, func, insert, select, text, update

from db.in_words import InWordsError
from db.tables import (
    Account,
    Institution,
    RecoveryCode,
    SecondFactor,
    Staff,
    StaffRole,
    WebSession,
)


class AccountError(InWordsError, ValueError):
    """The account can not be made or changed; the message says why and what to do."""


@dataclass(frozen=True)
class NewStaff:
    """A member of staff who is not on the roster yet."""

    district_id: int
    display_name: str
    role: str
    school: str | None


def add_staff(connection: Connection, person: NewStaff) -> UUID:
    """Puts a person on the roster in one role, at a school or (None) for the whole district."""
    place = connection.scalar(
        select(Institution.institution_id).where(
            Institution.district_id == person.district_id,
            Institution.kind == "district"
            if person.school is None
            else Institution.name == person.school,
        )
    )
    if place is None:
        raise AccountError(
            f"District {person.district_id} has no school '{person.school}'."
            if person.school
            else f"There is no district {person.district_id}. 'manage.py status' lists them."
        )
    staff_id = uuid4()
    connection.execute(
        insert(Staff).values(
            district_id=person.district_id, staff_id=staff_id, display_name=person.display_name
        )
    )
    connection.execute(
        insert(StaffRole).values(
            district_id=person.district_id,
            staff_id=staff_id,
            role=person.role,
            school_id=place,
            starts_on=select(func.chalkline.today(person.district_id)).scalar_subquery(),
        )
    )
    return staff_id


def add_account(
    connection: Connection,
    *,
    district_id: int,
    staff_id: UUID,
    sign_in_name: str,
    password_hash: str,
    must_change: bool,
) -> None:
    """An account for somebody on the roster. AccountError when the name is taken."""
    name = sign_in_name.strip().lower()
    if connection.scalar(select(Account.account_id).where(Account.sign_in_name == name)):
        raise AccountError(f"The sign-in name '{name}' is taken. Choose another.")
    connection.execute(
        insert(Account).values(
            district_id=district_id,
            account_id=uuid4(),
            staff_id=staff_id,
            sign_in_name=name,
            password_hash=password_hash,
            must_change_password=must_change,
            first_password_at=func.now() if must_change else None,
        )
    )


def has_account(connection: Connection, staff_id: UUID) -> bool:
    """Whether this member of staff can sign in already."""
    return bool(connection.scalar(select(exists().where(Account.staff_id == staff_id))))


def free_name(connection: Connection, wanted: str) -> str:
    """`wanted`, or with a number behind it where another district has it already."""
    taken = set(
        connection.scalars(
            select(Account.sign_in_name).where(Account.sign_in_name.startswith(wanted))
        )
    )
    numbered = (f"{wanted}{number}" for number in count(2))
    return next(name for name in chain([wanted], numbered) if name not in taken)


def administrator(connection: Connection, sign_in_name: str) -> dict[str, Any] | None:
    """Who signs in by that name, as what a viewer is made of, if she is an administrator today."""
    row = connection.execute(text(_ADMINISTRATOR), {"name": sign_in_name}).mappings().one_or_none()
    return None if row is None else dict(row)


def disable_account(connection: Connection, sign_in_name: str, *, now: datetime) -> None:
    """Shuts an account and signs it out everywhere."""
    _change(connection, sign_in_name, disabled_at=now)


def reset_password(connection: Connection, sign_in_name: str, password_hash: str) -> None:
    """Gives an account a new first password, opens it again and signs it out everywhere."""
    _change(
        connection,
        sign_in_name,
        password_hash=password_hash,
        must_change_password=True,
        first_password_at=func.now(),
        disabled_at=None,
        failed_attempts=0,
        locked_until=None,
    )


def tie_identity(connection: Connection, sign_in_name: str, *, issuer: str, subject: str) -> None:
    """Lets a provider's identity sign in to an account; AccountError when another has it."""
    taken = connection.scalar(
        select(Account.sign_in_name).where(
            Account.oidc_issuer == issuer, Account.oidc_subject == subject
        )
    )
    if taken is not None and taken != sign_in_name.strip().lower():
        raise AccountError(f"That identity is tied to '{taken}' already.")
    _change(connection, sign_in_name, oidc_issuer=issuer, oidc_subject=subject)


def remove_second_factor(connection: Connection, sign_in_name: str) -> None:
    """Takes a lost authenticator app and its recovery codes off an account."""
    _change(connection, sign_in_name)
    mine = select(Account.account_id).where(Account.sign_in_name == sign_in_name.strip().lower())
    for table in (SecondFactor, RecoveryCode):
        connection.execute(delete(table).where(table.account_id.in_(mine)))


def rule_second_factor(connection: Connection, district_id: int, rule: str | None) -> None:
    """Sets who needs a second factor; None: by default, in every district that is not generated."""
    _rule(connection, district_id, "second_factor", rule)


def rule_first_passwords(connection: Connection, district_id: int, days: int | None) -> None:
    """Sets how many days a first password lets its owner in; None: by default."""
    _rule(connection, district_id, "first_password_days", days)


def _rule(connection: Connection, district_id: int, name: str, rule: str | int | None) -> None:
    kept = Institution.settings.op("-")(name)
    changed = connection.scalar(
        update(Institution)
        .where(Institution.district_id == district_id, Institution.kind == "district")
        .values(
            settings=kept if rule is None else kept.op("||")(func.jsonb_build_object(name, rule))
        )
        .returning(Institution.institution_id)
    )
    if changed is None:
        raise AccountError(f"There is no district {district_id}. 'manage.py status' lists them.")


def _change(connection: Connection, sign_in_name: str, **values: object) -> None:
    name = sign_in_name.strip().lower()
    which = Account.sign_in_name == name
    account = connection.scalar(
        update(Account).where(which).values(**values).returning(Account.account_id)
        if values
        else select(Account.account_id).where(which)
    )
    if account is None:
        raise AccountError(f"Nobody signs in as '{name}'. 'manage.py user list' shows who does.")
    connection.execute(delete(WebSession).where(WebSession.account_id == account))


_ADMINISTRATOR = """
SELECT a.district_id, a.staff_id, a.account_id, s.display_name AS name, i.name AS district_name,
       i.generated, chalkline.today(a.district_id) AS today
FROM chalkline.accounts a
JOIN chalkline.staff s ON s.district_id = a.district_id AND s.staff_id = a.staff_id
JOIN chalkline.institutions i ON i.district_id = a.district_id AND i.kind = 'district'
WHERE a.sign_in_name = :name AND a.disabled_at IS NULL AND EXISTS (
    SELECT FROM chalkline.staff_roles r
    WHERE r.district_id = a.district_id AND r.staff_id = a.staff_id AND r.role = 'administrator'
      AND r.starts_on <= chalkline.today(a.district_id)
      AND (r.ends_on IS NULL OR r.ends_on >= chalkline.today(a.district_id)))
"""
