"""Sets a historical district's "today", and who is on the counselor's caseload on that day."""

from datetime import date, timedelta

from sqlalchemy import Connection, Date, delete, func, literal, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from db.oulad.report import LoadError
from db.oulad.roster import Ids
from db.tables import Caseload, Class, Enrollment, Institution

CLOCK_DAY = 84  # twelve weeks in: some work is marked, most is still ahead


def today(connection: Connection, ids: Ids, as_of: date | None) -> date:
    """The day asked for, or day 84 of the latest presentation that is loaded."""
    if as_of is not None:
        return as_of
    last = connection.scalar(
        select(func.max(Class.starts_on)).where(Class.district_id == ids.district)
    )
    if last is None:
        raise LoadError("The district has no class, so it has no day to stand on.")
    return last + timedelta(days=CLOCK_DAY)


def set_clock(connection: Connection, ids: Ids, day: date) -> list[str]:
    """Makes `day` the district's today; returns what to say about it.

    The counselor's caseload is everybody in a class that runs on that day who has not left it.
    """
    connection.execute(
        update(Institution)
        .where(
            Institution.district_id == ids.district,
            Institution.kind == "district",
            Institution.clock_on.is_distinct_from(day),
        )
        .values(clock_on=day)
    )
    running = (
        select(
            literal(ids.district),
            literal(ids.counselor),
            Enrollment.learner_id,
            func.min(Class.starts_on),
            literal("learners of the classes that run now"),
        )
        .join(
            Class,
            (Class.district_id == Enrollment.district_id) & (Class.class_id == Enrollment.class_id),
        )
        .where(
            Enrollment.district_id == ids.district,
            literal(day, Date).between(Class.starts_on, Class.ends_on),
            or_(Enrollment.left_on.is_(None), Enrollment.left_on > day),
        )
        .group_by(Enrollment.learner_id)
    )
    hers = Caseload.district_id == ids.district, Caseload.staff_id == ids.counselor
    connection.execute(delete(Caseload).where(*hers))
    connection.execute(
        insert(Caseload).from_select(
            ["district_id", "staff_id", "learner_id", "starts_on", "rule"], running
        )
    )
    learners = connection.scalar(select(func.count()).select_from(Caseload).where(*hers)) or 0
    if not learners:
        return [
            f"No loaded class runs on {day}, so teachers and the counselor will see nobody. "
            "Choose another day with --as-of."
        ]
    return [f"The counselor's caseload is the {learners:,} learners of the classes running {day}."]
