"""Brings the state that pages read up to date: all of it, or what new rows are about.

One transaction a district writes its state and its watermark together, so a refresh that is
killed has changed nothing, and one that runs twice changes nothing the second time.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from time import monotonic
from typing import Final

from sqlalchemy import Connection, Engine

from db.in_words import InWordsError
from db.locks import Work, alone
from db.people import Progress, quiet
from db.refresh.activity import activity_days
from db.refresh.classes import classes_made, classes_to_make
from db.refresh.dirty import dirty, districts_with_news
from db.refresh.due import note_due
from db.refresh.enrollments import touch
from db.refresh.mastery import mastery
from db.refresh.releases import release_rows
from db.refresh.schools import school_grade_state
from db.refresh.upkeep import SOURCES, analyse, prepare, summarise
from db.refresh.watermark import Place, moved_on, nothing_new, places

IDLE: Final = timedelta(minutes=1)  # so often a watermark moves on while nothing is new


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


class RefreshError(InWordsError, RuntimeError):
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
    alone(connection, Work.STATE, district)
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
    classes = classes_to_make(connection, given, new, about, rolled=place.rolled)
    if place.rolled:  # no statistics know of a day that begins
        prepare(connection, whole=True)
    change, written = classes_made(connection, given, classes, new, progress, rolled=place.rolled)
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
