"""Next steps and groups: proposed by refresh, shown with their reasons to those they are for."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Connection, text

import privacy
from queries.students.grouping import groups_of
from queries.students.learner import learner_record
from queries.students.proposed import proposals
from tests import cast
from tests.conftest import District
from tests.test_knowledge_store import MATHS, NOW, QUIZ, answers, attempted, item, learner
from tests.test_knowledge_store import refresh as refreshed

FIRST, SECOND = cast.COMPETENCIES["6.RP.A.1"], cast.COMPETENCIES["6.RP.A.2"]
TESS, OMAR = cast.viewer("Tess Moran"), cast.viewer("Omar Haddad")


@pytest.fixture
def db(district: District) -> Iterator[Connection]:
    engine = district.jobs.execution_options(isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(
            text(
                "INSERT INTO chalkline.assessments (district_id, assessment_id, course_id, term_id,"
                " title, type, format, weight) VALUES (1, :quiz, :course, :term, 'Practice',"
                " 'formative', 'short_answer', 0)"
            ),
            {"quiz": QUIZ, "course": cast.COURSE, "term": cast.of("1 2026")},
        )
        connection.execute(text("DELETE FROM chalkline.recommendations"))
        yield connection


def struggling(db: Connection, many: int, *, right: float = 0.0, days: float = 4) -> list[UUID]:
    """Learners who got all eight questions on both competencies wrong (or `right`)."""
    items = [item(db, one) for one in (FIRST, SECOND) for _ in range(8)]
    people = [learner(db) for _ in range(many)]
    answers(db, [(who, to, days - n / 100, right) for who in people for n, to in enumerate(items)])
    return people


def known_by_name(db: Connection, *names: str, right: float = 0.0) -> list[UUID]:
    """The same of learners of the cast in Maths 7A, who have names."""
    items = [item(db, one) for one in (FIRST, SECOND) for _ in range(8)]
    people = [cast.of(name) for name in names]
    for who in people:
        attempted(db, who)
    answers(db, [(who, to, 4 - n / 100, right) for who in people for n, to in enumerate(items)])
    return people


def steps(db: Connection, who: UUID) -> list[Any]:
    return list(
        db.execute(
            text(
                "SELECT * FROM chalkline.recommendations WHERE learner_id = :who ORDER BY made_on"
            ),
            {"who": who},
        )
    )


def brought(district: District, db: Connection, day: date = cast.TODAY) -> None:
    db.execute(
        text(
            "UPDATE chalkline.institutions SET clock_on = :day WHERE district_id = 1 "
            "AND kind = 'district'"
        ),
        {"day": day},
    )
    refreshed(district.jobs, now=NOW)


def test_a_refresh_proposes_the_prerequisite_with_its_figures(
    district: District, db: Connection
) -> None:
    (who,) = struggling(db, 1)
    brought(district, db)
    brought(district, db)
    (step,) = steps(db, who)
    assert (step.kind, step.competency_id, step.class_id) == ("reteach", FIRST, MATHS)
    assert step.section_id == cast.SECTIONS["Ratios"]
    assert step.made_on == cast.TODAY
    assert step.reasons["holds_up"] == str(SECOND)
    assert step.reasons["answers"] == 8
    assert step.reasons["worked"] is None


def test_a_step_stands_for_a_week_and_then_another_is_proposed(
    district: District, db: Connection
) -> None:
    (who,) = struggling(db, 1)
    brought(district, db)
    brought(district, db, cast.TODAY + timedelta(days=6))
    assert len(steps(db, who)) == 1
    brought(district, db, cast.TODAY + timedelta(days=7))
    assert [one.made_on for one in steps(db, who)] == [
        cast.TODAY,
        cast.TODAY + timedelta(days=7),
    ]


def test_an_answer_on_it_follows_a_step_which_is_not_repeated_in_its_week(
    district: District, db: Connection
) -> None:
    (who,) = struggling(db, 1)
    brought(district, db)
    answers(db, [(who, item(db, FIRST), -1.9, 1.0)])
    brought(district, db, cast.TODAY + timedelta(days=2))
    (first,) = steps(db, who)
    assert first.followed_on == cast.TODAY + timedelta(days=2)
    brought(district, db, cast.TODAY + timedelta(days=7))
    assert [one.followed_on for one in steps(db, who)] == [first.followed_on, None]


def test_a_clock_set_back_takes_back_what_was_proposed_later(
    district: District, db: Connection
) -> None:
    (who,) = struggling(db, 1)
    brought(district, db)
    brought(district, db, cast.TODAY - timedelta(days=1))
    assert [one.made_on for one in steps(db, who)] == [cast.TODAY - timedelta(days=1)]


def test_the_learner_page_and_nobody_elses_shows_the_step_and_why(
    district: District, db: Connection
) -> None:
    (who,) = known_by_name(db, "Ana Ruiz")
    brought(district, db)
    found = learner_record(TESS, learner_id=who, today=TESS.today)
    one = next(one for one in found.proposed if one.class_id == MATHS)
    assert one.step.startswith("Go through 6.RP.A.1")
    assert "with “Ratios”" in one.step
    assert "6.RP.A.2 builds on it" in one.step
    assert any("answers: struggling" in said for said in one.why)
    assert any("not known yet" in said for said in one.why)
    for other in (OMAR, cast.viewer("Zoe Quist")):
        with privacy.session(other) as page:
            assert proposals(page, other, [who]) == {}


def test_a_section_is_quoted_from_other_teachers_classes_rounded_and_never_of_few(
    district: District, db: Connection
) -> None:
    """Attack: a teacher subtracts what she knows of her own classes from what she is shown."""
    (who,) = struggling(db, 1)
    checked(db, cast.class_id("Maths 7C"), 19, 0.5)
    checked(db, MATHS, 25, 1.0)  # her own: must not show
    brought(district, db)
    evidence = db.execute(
        text("SELECT * FROM chalkline.section_evidence WHERE class_id = :c"), {"c": MATHS}
    ).all()
    shown = {row.section_id: (row.learners, row.share) for row in evidence}
    assert shown == {cast.SECTIONS["Ratios"]: (20, 0.5)}
    # Omar, who teaches only Maths 7C, is shown Tess's and none of his own.
    theirs = db.execute(
        text("SELECT share FROM chalkline.section_evidence WHERE class_id = :c"),
        {"c": cast.class_id("Maths 7C")},
    ).scalars()
    assert [share >= 0.9 for share in theirs] == [True]
    (step,) = steps(db, who)
    assert step.reasons["worked"] == {"learners": 20, "share": 0.5, "gained": False}


def test_fewer_than_ten_learners_of_others_are_not_quoted(
    district: District, db: Connection
) -> None:
    struggling(db, 1)
    checked(db, cast.class_id("Maths 7C"), 6, 0.5)  # two or three more are in the cast
    brought(district, db)
    asked = text("SELECT FROM chalkline.section_evidence WHERE class_id = :c")
    assert not db.execute(asked, {"c": MATHS}).all()


def checked(db: Connection, class_id: UUID, many: int, comprehension: float) -> None:
    """So many more learners of a class who were checked after the section on ratios."""
    for _ in range(many):
        who = uuid4()
        for sql in (
            "INSERT INTO chalkline.learners (district_id, learner_id, school_id, grade_level,"
            " academic_level) VALUES (1, :who, :school, 7, 'middle')",
            "INSERT INTO chalkline.enrollments (district_id, learner_id, class_id, enrolled_on)"
            " VALUES (1, :who, :class_id, '2026-01-12')",
            "INSERT INTO chalkline.section_progress (district_id, class_id, learner_id, section_id,"
            " status, first_opened_at, last_opened_at, completed_at, seconds_spent, comprehension)"
            " VALUES (1, :class_id, :who, :section, 'completed', :at, :at, :at, 900, :share)",
        ):
            db.execute(
                text(sql),
                {
                    "who": who,
                    "school": cast.of("Elm Middle School"),
                    "class_id": class_id,
                    "section": cast.SECTIONS["Ratios"],
                    "at": NOW - timedelta(days=10),
                    "share": comprehension,
                },
            )


def test_evidence_about_sections_is_seen_by_the_teachers_of_the_class_alone(
    district: District, db: Connection
) -> None:
    checked(db, cast.class_id("Maths 7C"), 14, 0.5)
    brought(district, db)
    asked = text("SELECT count(*) FROM chalkline.section_evidence WHERE class_id = :c")
    seen = {}
    for viewer in (TESS, OMAR, cast.viewer("Zoe Quist")):
        with privacy.session(viewer) as page:
            seen[viewer.staff_id] = page.scalar(asked, {"c": MATHS})
    assert list(seen.values()) == [1, 0, 0]
    for name in ("Carla Weiss", "Adam Price"):
        with (
            pytest.raises(Exception, match="permission denied"),
            privacy.session(cast.viewer(name)) as page,
        ):
            page.scalar(asked, {"c": MATHS})


def test_the_groups_of_a_class_hold_its_learners_by_what_they_lack(
    district: District, db: Connection
) -> None:
    weak = known_by_name(db, "Ana Ruiz", "Ben Cole")
    brought(district, db)
    found = groups_of(TESS, class_id=MATHS)
    (again,) = found.tables
    assert (again.kind, again.code, again.section) == ("reteach", "6.RP.A.1", "Ratios")
    assert {one for one, _, _ in again.learners} == set(weak)
    assert [name for _, name, _ in again.learners] == ["Cole, Ben", "Ruiz, Ana"]
    assert again.holds_up == ("6.RP.A.2",)
    assert not again.whole_class
    assert (found.learners, found.in_none) == (2, 0)
    assert groups_of(OMAR, class_id=MATHS).tables == ()


def test_who_has_mastered_it_all_is_ready_for_more(district: District, db: Connection) -> None:
    strong = known_by_name(db, "Ana Ruiz", "Ben Cole", right=1.0)
    more = [item(db, one) for one in (FIRST, SECOND) for _ in range(12)]
    answers(db, [(who, to, 3 - n / 100, 1.0) for who in strong for n, to in enumerate(more)])
    brought(district, db)
    (ahead,) = groups_of(TESS, class_id=MATHS).tables
    assert ahead.kind == "enrich"
    assert {one for one, _, _ in ahead.learners} == set(strong)
