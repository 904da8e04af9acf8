"""Brings the state that pages read up to date: all of it, or what new rows are about.

One transaction a district writes its state and its watermark together, so a refresh that is
killed has changed nothing, and one that runs twice changes nothing the second time.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import monotonic
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Connection, Engine, text

from db.people import Progress, quiet
from db.refresh.activity import activity_days
from db.refresh.assessments import assessment_state
from db.refresh.dirty import Dirty, dirty, districts_with_news
from db.refresh.due import note_due
from db.refresh.enrollments import enrollment_state, touch
from db.refresh.facts import class_facts, learner_facts
from db.refresh.flags import NOTHING, Change, bring_flags
from db.refresh.mastery import mastery
from db.refresh.notices import bring_notices
from db.refresh.recommendations import recommendations
from db.refresh.releases import release_rows
from db.refresh.schools import school_grade_state
from db.refresh.sections import section_state
from db.refresh.upkeep import SOURCES, analyse, prepare, summarise
from db.refresh.watermark import Place, moved_on, nothing_new, places

BATCH: Final = 3_000  # enrolments whose state one statement makes
IDLE: Final = timedelta(minutes=1)  # so often a watermark moves on while nothing is new
LOCK: Final = 7_242_616  # advisory lock, first key; the second is the district


@dataclass(frozen=True)
class Refreshed:
    """What became of one district; `version` is what its pages now compare with."""

    district_id: int
    whole: bool
    classes: int
    rows: int
    flags_raised: int
    flags_resolved: int
    version: int
    seconds: float


@dataclass(frozen=True)
class RefreshReport:
    """The districts in which something was new; the others cost nothing and are not listed."""

    districts: tuple[Refreshed, ...]


class RefreshError(RuntimeError):
    """Some districts could not be refreshed; the others were. Names them, quotes no data."""

    def __init__(self, failed: dict[int, Exception], done: tuple[Refreshed, ...]) -> None:
        listed = ", ".join(f"{number} ({type(why).__name__})" for number, why in failed.items())
        super().__init__(
            f"The state of district {listed} was left as it was. "
            "Run 'manage.py refresh' again; if it fails again, 'manage.py refresh --full'."
        )
        self.failed = failed
        self.done = done


def refresh(
    engine: Engine,
    *,
    districts: list[int] | None = None,
    full: bool = False,
    now: datetime,
    progress: Progress = quiet,
) -> RefreshReport:
    """Makes the state of these districts (None: of all) say what is known by each one's today.

    `engine` is a jobs engine. With `full`, everything is made again from the rows; else what rows
    written since the last time are about, and on a new day what depends on the day.
    """
    with engine.begin() as connection:
        found = places(connection, districts)
        known = [place for place in found if not place.unknown]
        news = districts_with_news(connection, known)
        due = [place for place in found if full or place.unknown or _day_moved(place)]
        due += [place for place in known if place not in due and place.district_id in news]
        if due or any(_idle(place, now) for place in known):
            nothing_new(connection, [place for place in known if place not in due], now=now)
    done: list[Refreshed] = []
    failed: dict[int, Exception] = {}
    for place in due:
        try:
            with engine.begin() as connection:
                done.append(_refresh(connection, place.district_id, full, now, progress))
            if done[-1].whole:
                with engine.begin() as connection:
                    summarise(connection)
        except Exception as error:  # one broken district must not keep the others' pages stale
            failed[place.district_id] = error
    if failed:
        raise RefreshError(failed, tuple(done)) from next(iter(failed.values()))
    return RefreshReport(tuple(done))


def _day_moved(place: Place) -> bool:
    return place.rolled or place.turned_back


def _idle(place: Place, now: datetime) -> bool:
    return place.updated_at is None or now - place.updated_at >= IDLE


def _refresh(
    connection: Connection, district: int, full: bool, now: datetime, progress: Progress
) -> Refreshed:
    began = monotonic()
    connection.execute(
        text("SELECT pg_advisory_xact_lock(:lock, :district)"),
        {"lock": LOCK, "district": district},
    )
    prepare(connection)
    # Read again under the lock: whoever held it may have done the work.
    place = places(connection, [district])[0]
    given = place.parameters(now)
    new = None if full or place.unknown or place.turned_back else dirty(connection, place, given)
    if new is None:
        prepare(connection, whole=True)
        analyse(connection, *SOURCES)
    progress("activity", 0, None)
    rows = activity_days(connection, given, new)
    answered = None if new is None else new.answered
    estimated = mastery(connection, given, answered, progress, rolled=place.rolled)
    learners = estimated.answered
    if new is None:
        analyse(connection, "activity_days", "mastery")
    about = learners | estimated.faded
    classes = _classes(connection, given, new, about, rolled=place.rolled)
    change, written = _classes_made(connection, given, classes, new, progress, rolled=place.rolled)
    rows += written + len(about) + change.raised + change.resolved + change.touched
    if new is None or classes:
        analyse(connection, "enrollment_state", "section_state", "assessment_state", "flags")
        rows += school_grade_state(connection, given, None if new is None else classes)
    release_rows(connection, given)
    if new is not None:
        touch(connection, district, pairs={day[:2] for day in new.days}, learners=learners, now=now)
    note_due(connection, district, classes)
    version = moved_on(connection, place, changed=rows > 0, now=now)
    return Refreshed(
        district_id=district,
        whole=new is None,
        classes=len(classes),
        rows=rows,
        flags_raised=change.raised,
        flags_resolved=change.resolved,
        version=version,
        seconds=round(monotonic() - began, 3),
    )


def refresh_classes(
    connection: Connection, district: int, classes: Sequence[UUID], *, now: datetime
) -> None:
    """Makes the state of these classes again in the caller's transaction: rows of theirs are gone.

    Refresh notices new rows and never missing ones, so whoever deletes calls this.
    """
    connection.execute(
        text("SELECT pg_advisory_xact_lock(:lock, :district)"),
        {"lock": LOCK, "district": district},
    )
    prepare(connection)
    given = places(connection, [district])[0].parameters(now)
    _classes_made(connection, given, classes, None, quiet, rolled=False)
    school_grade_state(connection, given, list(classes))
    note_due(connection, district, classes)


def _classes(
    connection: Connection,
    given: dict[str, Any],
    new: Dirty | None,
    learners: Iterable[UUID],
    *,
    rolled: bool,
) -> list[UUID]:
    """The classes to make again: those with new rows, and all classes of learners with news."""
    if new is None:
        return list(connection.scalars(text(_ALL_CLASSES), given))
    about = {
        **given,
        "classes": list(new.classes),
        "learners": list({*new.answered, *new.attended, *learners}),
        "rolled": rolled,
    }
    return list(connection.scalars(text(_SOME_CLASSES), about))


def _classes_made(
    connection: Connection,
    given: dict[str, Any],
    classes: Sequence[UUID],
    new: Dirty | None,
    progress: Progress,
    *,
    rolled: bool,
) -> tuple[Change, int]:
    change, rows, made = NOTHING, 0, 0
    whole = new is None or rolled
    for batch in _batches(connection, given, classes):
        where = {**given, "classes": batch}
        pairs = connection.execute(text(_PAPERS), where).all()
        if not whole and new is not None:
            pairs = [pair for pair in pairs if tuple(pair) in new.papers]
        papers = {"paper_classes": [p[0] for p in pairs], "papers": [p[1] for p in pairs]}
        rows += section_state(connection, where)
        rows += assessment_state(connection, where | papers)
        rows += enrollment_state(connection, where)
        facts = class_facts(connection, given, batch)
        change += bring_flags(connection, given, facts, scope="class", who=batch)
        rows += bring_notices(connection, given, facts.notices, batch)
        people = list(connection.scalars(text(_LEARNERS), where))
        about = learner_facts(connection, given, people)
        change += bring_flags(connection, given, about, scope="learner", who=people)
        made += len(batch)
        progress("classes", made, len(classes))
    # Of every class only now is it known how its sections worked, which others' proposals quote.
    for batch in _batches(connection, given, classes):
        rows += recommendations(connection, given, batch)
    return change, rows


def _batches(
    connection: Connection, given: dict[str, Any], classes: Sequence[UUID]
) -> Iterator[list[UUID]]:
    """Classes in turn, about BATCH enrolments at a time."""
    found = connection.execute(text(_SIZES), {**given, "classes": list(classes)})
    sizes = {row.class_id: row.learners for row in found}
    batch: list[UUID] = []
    size = 0
    for class_id in classes:
        batch.append(class_id)
        size += sizes.get(class_id, 0)
        if size >= BATCH:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


_ALL_CLASSES = "SELECT class_id FROM chalkline.classes WHERE district_id = :district ORDER BY 1"
# On a new day: every class that ran on the day the state showed, so that one which has ended
# since is shown as of its last day, and then left alone.
_SOME_CLASSES = """
SELECT c.class_id FROM chalkline.classes c
WHERE c.district_id = :district AND (
    c.class_id = ANY (CAST(:classes AS uuid[]))
    OR (:rolled AND c.starts_on <= :as_of AND c.ends_on >= :was)
    OR c.class_id IN (
        SELECT e.class_id FROM chalkline.enrollments e
        WHERE e.district_id = :district AND e.learner_id = ANY (CAST(:learners AS uuid[]))))
ORDER BY 1
"""
_SIZES = """
SELECT class_id, count(*) AS learners FROM chalkline.enrollments
WHERE district_id = :district AND class_id = ANY (CAST(:classes AS uuid[])) GROUP BY class_id
"""
_PAPERS = """
SELECT class_id, assessment_id FROM chalkline.class_assessments
WHERE district_id = :district AND class_id = ANY (CAST(:classes AS uuid[])) ORDER BY 1, 2
"""
_LEARNERS = """
SELECT DISTINCT learner_id FROM chalkline.enrollments
WHERE district_id = :district AND class_id = ANY (CAST(:classes AS uuid[])) ORDER BY 1
"""
