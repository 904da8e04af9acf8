"""What the job measures about content, and that nothing it stores is about a few learners."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, insert, select, text, update
from sqlalchemy.exc import DBAPIError, IntegrityError

import privacy
from db import tables as t
from db.content import Measured, measure
from tests import cast
from tests.conftest import District

TESS, OMAR = cast.viewer("Tess Moran"), cast.viewer("Omar Haddad")
FIVE = tuple(f"Omar's {number}" for number in range(5))
FIRST_ITEM = cast.ITEMS[1]


def now() -> datetime:
    return datetime.now(UTC)


def measured(district: District, **how: Any) -> Measured:
    return measure(district.jobs, district=cast.LAKESIDE, now=now(), **how)


def enough(district: District) -> None:
    """Six learners more, so that whoever takes off her own is left with five at least."""
    with district.jobs.begin() as db:
        cast.join(db, "Maths 7C", *FIVE)
        cast.join(db, "Maths 8A", "Ines's one")


def item(district: District, viewer: privacy.Viewer = TESS) -> Any:
    """What a member of staff reads of the first question, or None."""
    with privacy.session(viewer) as db:
        return db.execute(
            select(t.ItemStatistics).where(t.ItemStatistics.item_id == FIRST_ITEM)
        ).one_or_none()


def answers_right(district: District, name: str, *, right: bool) -> None:
    """Marks a learner's answer to the first question, as a loader that found a mistake does."""
    with district.jobs.begin() as db:
        db.execute(
            update(t.ItemResponse)
            .where(t.ItemResponse.learner_id == cast.of(name), t.ItemResponse.item_id == FIRST_ITEM)
            .values(credit=float(right), ingest_xid=text("(pg_current_xact_id()::text)::bigint"))
        )


def test_a_teacher_reads_what_was_measured_over_the_district(district: District) -> None:
    enough(district)
    done = measured(district)
    assert (done.courses, done.sections, done.items) == (2, 1, 4)  # this year's course and last's
    row = item(district)
    assert (row.learners, row.difficulty) == (11, 1.0)
    with privacy.session(TESS) as db:
        section = db.execute(select(t.ContentEffectiveness)).one()
    assert (section.learners, section.comprehension) == (12, 0.7)
    assert section.minutes == 30
    assert section.measures["completion"]["learners"] == 12


def test_another_districts_staff_read_nothing_of_it(district: District) -> None:
    enough(district)
    measured(district)
    with privacy.session(cast.viewer("Zoe Quist")) as db:
        for table in (
            t.ContentEffectiveness, t.ItemStatistics, t.AssessmentStatistics, t.ContentMeasured,
        ):  # fmt: skip
            assert db.scalar(select(func.count()).select_from(table)) == 0
    with privacy.session(TESS) as db:
        assert db.scalar(select(func.count()).select_from(t.ItemStatistics)) == 4


@pytest.mark.parametrize("name", ["Carla Weiss", "Adam Price", "Rita Sol", "Sam Shah"])
def test_other_roles_do_not_read_it_at_all(district: District, name: str) -> None:
    with (
        pytest.raises(DBAPIError, match="permission denied"),
        privacy.session(cast.viewer(name)) as db,
    ):
        db.execute(select(t.ItemStatistics))


def test_what_a_teacher_is_left_with_is_never_about_a_few(district: District) -> None:
    """Of five who answered, two are Tess's own and three are not: less her own, a figure would be
    about three."""
    answered = (
        "SELECT count(DISTINCT learner_id) FROM chalkline.item_responses WHERE district_id = 1 "
        "AND class_id <> :ended"
    )
    with district.jobs.begin() as db:
        assert db.scalar(text(answered), {"ended": cast.class_id("Maths 6 of last year")}) >= 5
    measured(district)
    assert item(district) is None
    with privacy.session(TESS) as db:
        assert db.scalar(select(func.count()).select_from(t.ContentEffectiveness)) == 0


def test_subtracting_would_find_one_child_if_it_were_shown(district: District) -> None:
    """The control of the test above: from the mean over all and her own, Tess has Eve's answer."""
    with district.jobs.begin() as db:
        db.execute(
            text(
                "DELETE FROM chalkline.item_responses WHERE district_id = 1 AND learner_id = :finn"
            ),
            {"finn": cast.of("Finn Gray")},
        )
    answers_right(district, "Eve Lind", right=False)
    mean = select(func.sum(t.ItemResponse.credit)).where(
        t.ItemResponse.item_id == FIRST_ITEM, t.ItemResponse.district_id == cast.LAKESIDE
    )
    mine = mean.where(
        t.ItemResponse.class_id.in_([cast.class_id("Maths 7A"), cast.class_id("Maths 7B")])
    )
    over_all = mean.where(t.ItemResponse.class_id != cast.class_id("Maths 6 of last year"))
    with district.jobs.begin() as db:
        assert db.scalar(over_all) - db.scalar(mine) == 0.0  # Eve's very answer


def test_yesterdays_figure_and_todays_do_not_tell_what_one_child_answered(
    district: District,
) -> None:
    enough(district)
    measured(district)
    answers_right(district, "Eve Lind", right=False)
    again = measured(district)
    assert (again.courses, again.waiting) == (0, 1)
    assert item(district).difficulty == 1.0
    # The control: measured at once, the figure gives Eve away.
    measured(district, full=True)
    assert item(district).difficulty == pytest.approx(0.91)


def test_enough_news_is_measured_again_and_nothing_twice(district: District) -> None:
    enough(district)
    assert measured(district).courses == 2
    assert measured(district).courses == 0
    for name in FIVE:
        answers_right(district, name, right=False)
    assert measured(district).courses == 1
    assert item(district).difficulty == pytest.approx(0.55)


def test_a_week_without_news_completes_the_figures(district: District) -> None:
    enough(district)
    measured(district)
    with district.jobs.begin() as db:
        db.execute(
            update(t.Institution)
            .where(t.Institution.kind == "district")
            .values(clock_on=cast.TODAY + timedelta(days=7))
        )
    assert measured(district).courses == 1


def test_the_database_refuses_a_figure_about_fewer_than_five(district: District) -> None:
    for table, more in (
        (t.ItemStatistics, {"item_id": FIRST_ITEM}),
        (t.AssessmentStatistics, {"assessment_id": cast.QUIZ, "items": 4}),
        (
            t.ContentEffectiveness,
            {
                "course_id": cast.COURSE,
                "section_id": cast.SECTIONS["Ratios"],
                "term_id": cast.of("1 2026"),
            },
        ),
    ):
        with pytest.raises(IntegrityError, match="violates check"), district.jobs.begin() as db:
            db.execute(
                insert(table).values(
                    district_id=cast.LAKESIDE, learners=4, measured_at=now(), **more
                )
            )


def test_a_learner_in_two_classes_of_a_course_counts_once(district: District) -> None:
    enough(district)
    measured(district)
    with district.jobs.begin() as db:
        rows = db.scalar(
            text(
                "SELECT count(*) FROM chalkline.item_responses WHERE district_id = 1"
                " AND item_id = :item AND class_id <> :ended"
            ),
            {"item": FIRST_ITEM, "ended": cast.class_id("Maths 6 of last year")},
        )
    assert rows == item(district).learners + 1  # Ana answered in both
