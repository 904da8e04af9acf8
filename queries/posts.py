"""Gives and ends roles and accounts; what reaches a whole district waits for a second person."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID, uuid4

from sqlalchemy import Connection, func, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

import privacy
from db.tables import Account, Staff, StaffRole
from privacy import NotAllowed, Viewer, oversight
from privacy.passwords import generated, hashed
from queries.second_person import ask
from queries.staff import POWERFUL, Colleague, Post
from queries.trail import record


@dataclass(frozen=True)
class FirstPassword:
    """What is shown once to whoever made or reset an account."""

    sign_in_name: str
    password: str


def invite(
    viewer: Viewer, *, name: str, sign_in_name: str, role: str, school_id: UUID, today: date
) -> FirstPassword:
    """A new member of staff with her first role and account. NotAllowed, in words, for less."""
    if role in POWERFUL:
        raise NotAllowed(
            f"Invite {name} as a teacher or counselor first; the role '{role}' takes a second "
            "person and is asked for afterwards."
        )
    staff_id = uuid4()
    with privacy.session(viewer) as db:
        db.execute(
            insert(Staff)
            .values(district_id=viewer.district_id, staff_id=staff_id, display_name=name)
            .inline()
        )
        give(db, viewer, staff_id=staff_id, role=role, school_id=school_id, today=today)
        return first_account(db, viewer, staff_id=staff_id, sign_in_name=sign_in_name)


def assign(viewer: Viewer, *, staff_id: UUID, role: str, school_id: UUID, today: date) -> bool:
    """Gives a role from today; False where that was only asked for and takes a second person."""
    _not_oneself(viewer, staff_id)
    with privacy.session(viewer) as db:
        if role in POWERFUL:
            ask(db, viewer, kind="role", staff_id=staff_id, role=role, school_id=school_id)
            return False
        give(db, viewer, staff_id=staff_id, role=role, school_id=school_id, today=today)
    return True


def end(viewer: Viewer, *, staff_id: UUID, post: Post, today: date) -> None:
    """Takes a role back at once. NotAllowed for the district's last administrator."""
    with privacy.session(viewer) as db:
        if post.role == "administrator" and _last_administrator(db, viewer, staff_id, today):
            raise NotAllowed(
                "Nobody else administers the district. Give somebody else the role first."
            )
        db.execute(
            update(StaffRole)
            .where(
                StaffRole.district_id == viewer.district_id,
                StaffRole.staff_id == staff_id,
                StaffRole.role == post.role,
                StaffRole.school_id == post.school_id,
                StaffRole.starts_on == post.starts_on,
            )
            .values(ends_on=max(today, post.starts_on) - timedelta(days=1))
        )
        record(db, viewer, "role ended", detail={"staff": str(staff_id), "role": post.role})


def make_account(viewer: Viewer, *, person: Colleague, sign_in_name: str) -> FirstPassword | None:
    """A first account; None where it was only asked for and takes a second person."""
    _not_oneself(viewer, person.staff_id)
    with privacy.session(viewer) as db:
        if person.powerful:
            ask(db, viewer, kind="account", staff_id=person.staff_id)
            return None
        return first_account(db, viewer, staff_id=person.staff_id, sign_in_name=sign_in_name)


def reset(viewer: Viewer, *, person: Colleague, now: datetime) -> FirstPassword | None:
    """A new first password, without the second factor; signs her out everywhere.

    None where it was only asked for and takes a second person.
    """
    _not_oneself(viewer, person.staff_id)
    with privacy.session(viewer) as db:
        if person.powerful:
            ask(db, viewer, kind="reset", staff_id=person.staff_id)
            return None
        told = new_password(db, viewer, staff_id=person.staff_id)
    oversight.start_over(viewer, staff_id=person.staff_id, now=now)
    return told


def shut(viewer: Viewer, *, person: Colleague, now: datetime) -> None:
    """Switches an account off at once; it is out at its next click."""
    _switch(viewer, person, disabled_at=now, action="account shut")


def open_again(viewer: Viewer, *, person: Colleague) -> None:
    """Switches an account on again. NotAllowed for a powerful one: that takes a reset."""
    if person.powerful:
        raise NotAllowed(
            f"{person.name}'s account reaches the whole district. Ask for a new first password, "
            "which a second person agrees to; that opens it."
        )
    _switch(viewer, person, disabled_at=None, action="account opened")


def give(
    db: Connection, viewer: Viewer, *, staff_id: UUID, role: str, school_id: UUID, today: date
) -> None:
    try:
        db.execute(
            insert(StaffRole)
            .values(
                district_id=viewer.district_id,
                staff_id=staff_id,
                role=role,
                school_id=school_id,
                starts_on=today,
            )
            .inline()
        )
    except IntegrityError:
        raise NotAllowed(
            "She holds that role there from today already, or it was taken back today. Look at "
            "her roles; one that was taken back can be given again tomorrow."
        ) from None
    detail = {"staff": str(staff_id), "role": role, "school": str(school_id)}
    record(db, viewer, "role given", detail=detail)


def first_account(
    db: Connection, viewer: Viewer, *, staff_id: UUID, sign_in_name: str
) -> FirstPassword:
    name, password = sign_in_name.strip().lower(), generated()
    if not name:
        raise NotAllowed("An account needs a sign-in name, such as 'ana.ruiz'.")
    try:
        db.execute(
            insert(Account)
            .values(
                district_id=viewer.district_id,
                account_id=uuid4(),
                staff_id=staff_id,
                sign_in_name=name,
                password_hash=hashed(password),
                must_change_password=True,
                first_password_at=func.now(),
            )
            .inline()
        )
    except IntegrityError:
        raise NotAllowed(f"The sign-in name '{name}' is taken. Choose another.") from None
    record(db, viewer, "account made", detail={"staff": str(staff_id)})
    return FirstPassword(name, password)


def new_password(db: Connection, viewer: Viewer, *, staff_id: UUID) -> FirstPassword:
    password = generated()
    mine = (Account.district_id == viewer.district_id) & (Account.staff_id == staff_id)
    db.execute(
        update(Account)
        .where(mine)
        .values(
            password_hash=hashed(password),
            must_change_password=True,
            first_password_at=func.now(),
            disabled_at=None,
        )
    )
    record(db, viewer, "password reset", detail={"staff": str(staff_id)})
    return FirstPassword(db.scalar(select(Account.sign_in_name).where(mine)) or "", password)


def _switch(
    viewer: Viewer, person: Colleague, *, disabled_at: datetime | None, action: str
) -> None:
    _not_oneself(viewer, person.staff_id)
    with privacy.session(viewer) as db:
        db.execute(
            update(Account)
            .where(Account.district_id == viewer.district_id, Account.staff_id == person.staff_id)
            .values(disabled_at=disabled_at)
        )
        record(db, viewer, action, detail={"staff": str(person.staff_id)})


def _not_oneself(viewer: Viewer, staff_id: UUID) -> None:
    if staff_id == viewer.staff_id:
        raise NotAllowed(
            "Nobody changes her own access. Ask another administrator or the security officer."
        )


def _last_administrator(db: Connection, viewer: Viewer, staff_id: UUID, today: date) -> bool:
    other = db.scalar(
        select(StaffRole.staff_id)
        .where(
            StaffRole.district_id == viewer.district_id,
            StaffRole.role == "administrator",
            StaffRole.staff_id != staff_id,
            StaffRole.starts_on <= today,
            or_(StaffRole.ends_on.is_(None), StaffRole.ends_on >= today),
        )
        .limit(1)
    )
    return other is None
