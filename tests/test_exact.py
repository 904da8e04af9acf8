"""Exact figures as the database releases them: stored, nested, kept apart from private ones."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import date, timedelta
from uuid import UUID, uuid4, uuid5

import pytest
from sqlalchemy import Connection, create_engine, delete, func, insert, select, text, update

import privacy
from db.erasing import forget_release_rows
from db.refresh import refresh
from db.refresh.releases import release_rows
from db.tables import Class, Institution, Release, ReleaseRow, ReleaseVersion, StaffRole
from privacy import NotAllowed, exact, releases
from privacy.exact import asking, deciding
from privacy.exact.cube import EXACT_GRAINS
from privacy.metrics import GRAINS, METRICS, WrongRegime, changes, releaser_session
from privacy.releases import Refused
from privacy.viewer import Role
from queries.students.grade import beside
from tests import attack, cast
from tests.conftest import District

FIRST = date(2026, 3, 16)
ELM, OAK = cast.of("Elm Middle School"), cast.of("Oak Middle School")
Sizes = Mapping[tuple[UUID, int], int]
USUAL: Sizes = {(ELM, 6): 45, (ELM, 7): 52, (ELM, 8): 38, (OAK, 6): 41, (OAK, 7): 3, (OAK, 8): 47}


def people(sizes: Sizes, *, born: str = "") -> list[tuple[UUID, UUID, int]]:
    """(row key, school, grade) of so many learners a group; the first of a group stay the same,
    unless they were `born` otherwise.
    """
    return [
        (uuid5(school, f"{grade} {number}{born}"), school, grade)
        for (school, grade), size in sizes.items()
        for number in range(size)
    ]


def write_week(
    db: Connection,
    week: date,
    learners: Sequence[tuple[UUID, UUID, int]],
    *,
    value: int = 0,
    year: int = 2026,
) -> None:
    """A week's rows: everybody enrolled and scored; `value` shifts the scores."""
    db.execute(
        insert(ReleaseVersion).values(
            district_id=1, data_version=week, school_year=year, as_of=week, made_at=cast.NOW
        )
    )
    db.execute(
        insert(ReleaseRow),
        [
            {
                "district_id": 1,
                "data_version": week,
                "slice": slice_,
                "row_key": key,
                "slice_key": slice_key,
                "school_id": school,
                "grade_level": grade,
                "traits": {},
                "figures": {
                    "enrolment": 1,
                    "assessment_mean": 40 + (key.int + value) % 50,
                    "pass": int((key.int + value) % 3 > 0),
                    "flagged": 0,
                },
            }
            for key, school, grade in learners
            for slice_, slice_key in (
                ("all", ""),
                ("course", str(cast.COURSE)),
                ("subject", "mathematics"),
            )
        ],
    )


def offer(db: Connection, *offered: tuple[UUID, int]) -> None:
    """Classes of these grades, so that the public list knows them."""
    for school, grade in offered:
        db.execute(
            insert(Class).values(
                district_id=1,
                class_id=uuid5(school, f"class {grade}"),
                school_id=school,
                course_id=cast.COURSE,
                term_id=cast.of("1 2026"),
                title=f"Grade {grade}",
                grade_level=grade,
                starts_on=cast.STARTED,
                ends_on=cast.ENDS,
            )
        )


@pytest.fixture
def schools(district: District) -> District:
    """Lakeside with three grades at Elm and Oak and the usual week's rows."""
    with district.jobs.begin() as db:
        db.execute(update(Class).values(grade_level=7).where(Class.district_id == 1))
        offer(db, *USUAL)
        write_week(db, FIRST, people(USUAL))
    return district


def figures(name: str = "assessment_mean", who: str = "Tess Moran", **how: bool) -> exact.Figures:
    return exact.figures(cast.viewer(who), name, **how)


def test_a_group_of_few_and_enough_beside_it_are_not_told(schools: District) -> None:
    found = figures("enrolment")
    assert found.k == 5
    assert found.of("school_grade", str(OAK), "7") is None
    hidden = {
        (school, grade)
        for school, grade in USUAL
        if found.of("school_grade", str(school), str(grade)) is None
    }
    assert len(hidden) >= 4  # one hidden cell of a row or column would be its total less the rest
    district = found.of("district")
    assert district is not None
    assert district.words == "226 learners"


def test_the_first_to_ask_decides_and_everybody_reads_the_same(schools: District) -> None:
    before = figures()
    with schools.jobs.begin() as db:
        db.execute(text("UPDATE chalkline.release_rows SET figures = '{\"enrolment\": 1}'"))
    assert figures(who="Carla Weiss").by_cell == before.by_cell
    assert before.by_cell


def test_the_week_is_decided_before_anybody_asks_and_once(schools: District) -> None:
    names = ("assessment_mean", "pass")
    assert exact.decide_week(names, now=cast.NOW) == 2
    with schools.jobs.begin() as db:
        made = db.scalar(select(func.count()).where(Release.regime == "exact"))
    assert figures().by_cell
    assert exact.decide_week(names, now=cast.NOW) == 0
    with schools.jobs.begin() as db:
        assert db.scalar(select(func.count()).where(Release.regime == "exact")) == made


def test_a_large_districts_week_is_decided_by_the_job_alone(
    schools: District, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asking, "AT_ONCE", 5)
    assert figures().by_cell == {}
    with schools.jobs.begin() as db:
        assert db.scalar(select(func.count()).where(Release.regime == "exact")) == 0
    assert exact.decide_week(("assessment_mean",), now=cast.NOW) == 1
    assert figures().by_cell


def test_what_is_printed_is_told_of_ten_or_more_and_never_more_than_the_screen(
    schools: District,
) -> None:
    for name in ("enrolment", "assessment_mean", "pass"):
        screen, paper = figures(name), figures(name, printed=True)
        assert (screen.k, paper.k) == (5, 10)
        assert set(paper.by_cell) <= set(screen.by_cell)
        assert all(screen.by_cell[cell] == one for cell, one in paper.by_cell.items())


@pytest.mark.parametrize("k", [5, 10, 15, 20])
def test_the_district_sets_k(schools: District, k: int) -> None:
    with schools.jobs.begin() as db:
        db.execute(update(Institution).values(least_group=k).where(Institution.kind == "district"))
        db.execute(text("DELETE FROM chalkline.release_versions"))
        write_week(db, FIRST, people({**USUAL, (OAK, 7): 12}))
    found = figures("enrolment")
    assert found.k == k
    assert (found.of("school_grade", str(OAK), "7") is not None) == (k <= 12)


def test_a_rate_of_all_or_none_is_coded(schools: District) -> None:
    found = figures("flagged")
    assert {one.words for one in found.by_cell.values()} <= {"5 % or less", "2 % or less"}
    assert found.by_cell


def test_a_figure_stands_until_k_learners_have_changed(schools: District) -> None:
    """Two leave grade 6 at Elm: the figures of that week would tell about the two."""
    first = figures("enrolment")
    later = {**USUAL, (ELM, 6): USUAL[ELM, 6] - 2}
    with schools.jobs.begin() as db:
        write_week(db, FIRST + timedelta(days=7), people(later))
    second = figures("enrolment")
    assert second.by_cell == first.by_cell
    much_later = {**USUAL, (ELM, 6): USUAL[ELM, 6] - 7}
    with schools.jobs.begin() as db:
        write_week(db, FIRST + timedelta(days=14), people(much_later))
    third = figures("enrolment")
    district = third.of("district")
    assert district is not None
    assert district.learners == 219
    assert district.since == FIRST + timedelta(days=14)


@pytest.mark.parametrize("counted", [True, False])
def test_an_erased_learner_is_not_told_by_two_weeks(schools: District, counted: bool) -> None:
    """She alone leaves Oak, while seven leave Elm. Control: where no trace of her stays, Elm and
    the district are told anew, and that Oak has one learner fewer is what is left over.
    """
    erased, (key, *_) = uuid4(), people({(OAK, 8): 1})[0]
    with schools.jobs.begin() as db:
        db.execute(text(_UNDER_HER_KEY), {"whose": f"1/{erased}", "key": key})
    assert _left_over(figures("enrolment")) == 0
    later = people({**USUAL, (ELM, 6): USUAL[ELM, 6] - 7})
    with schools.jobs.begin() as db:
        forget_release_rows(db, 1, erased)
        if not counted:
            db.execute(delete(ReleaseRow).where(ReleaseRow.erased))
        write_week(db, FIRST + timedelta(days=7), [one for one in later if one[0] != key])
    assert _left_over(figures("enrolment")) == (0 if counted else -1)


def test_who_was_erased_is_a_change_and_never_one_of_k(schools: District) -> None:
    """In every group of every metric: alone as who left, and beside others not at all."""
    erased, (key, *_) = uuid4(), people({(OAK, 8): 1})[0]
    alone, beside_others = FIRST + timedelta(days=7), FIRST + timedelta(days=14)
    with schools.jobs.begin() as db:
        db.execute(text(_UNDER_HER_KEY), {"whose": f"1/{erased}", "key": key})
        for week, value in ((alone, 0), (beside_others, 1)):
            write_week(db, week, [one for one in people(USUAL) if one[0] != key], value=value)
    left, moved = _changes(alone), _changes(beside_others)
    with schools.jobs.begin() as db:
        forget_release_rows(db, 1, erased)
    assert _changes(alone) == left
    assert left["enrolment", "district"] == {(): 1}
    without = _changes(beside_others)
    assert without["enrolment", "district"] == {(): 1}
    every, others = moved["assessment_mean", "district"], without["assessment_mean", "district"]
    assert (every, others) == ({(): 226}, {(): 225})
    assert without.keys() == moved.keys()


@pytest.mark.parametrize("counted", [False, True])
def test_erased_learners_make_no_crowd_for_one_who_changed(
    schools: District, counted: bool
) -> None:
    """Of grade 6 at Elm four without marks are erased, and one other has other marks. Control:
    where each of the four counts as a change, the marks are told anew, and the difference is hers.
    """
    learners = people(USUAL)
    first, (one, *_) = learners[:4], learners[4]
    erased = {uuid4(): key for key, *_ in first}
    with schools.jobs.begin() as db:
        db.execute(text(_NO_MARKS), {"some": list(erased.values())})
        for learner, key in erased.items():
            db.execute(text(_UNDER_HER_KEY), {"whose": f"1/{learner}", "key": key})
    before = figures()
    with schools.jobs.begin() as db:
        for learner in erased:
            forget_release_rows(db, 1, learner)
        if counted:  # as of somebody whom the metric was about, and who left
            db.execute(text(_AS_IF_LEFT))
        write_week(db, FIRST + timedelta(days=7), learners[4:])
        db.execute(text(_OTHER_MARKS), {"week": FIRST + timedelta(days=7), "key": one})
    renewed = {cell for cell, now in figures().by_cell.items() if now.since > FIRST}
    assert (("school", str(ELM)) in renewed) == counted
    assert bool(renewed) == counted
    assert before.by_cell


_NO_MARKS = """
UPDATE chalkline.release_rows SET figures = figures - 'assessment_mean' WHERE row_key = ANY (:some)
"""
_AS_IF_LEFT = """
UPDATE chalkline.release_rows SET erased = false, figures = '{"assessment_mean": 50}' WHERE erased
"""
_OTHER_MARKS = """
UPDATE chalkline.release_rows SET figures = figures || '{"assessment_mean": 99}'
WHERE data_version = :week AND row_key = :key
"""


def _changes(until: date) -> dict[tuple[str, str], dict[tuple[str, ...], int]]:
    names = ("enrolment", "assessment_mean", "pass")
    with releaser_session(cast.viewer("Tess Moran")) as db:
        return {
            (name, grain): changes(db, METRICS[name], GRAINS[grain], since=FIRST, until=until)
            for name in names
            for grain in set(EXACT_GRAINS) & set(METRICS[name].grains)
        }


def _left_over(found: exact.Figures) -> int:
    """How many learners the district has beside those of its schools."""
    cells = [("district",), ("school", str(ELM)), ("school", str(OAK))]
    whole, *parts = [found.by_cell[cell].learners or 0 for cell in cells]
    return whole - sum(parts)


_UNDER_HER_KEY = """
UPDATE chalkline.release_rows r SET row_key = encode(substring(
    sha256(s.row_pad || convert_to(:whose, 'UTF8')) FOR 16), 'hex')::uuid
FROM chalkline.context_secrets s WHERE s.secret_id = 1 AND r.row_key = :key
"""


def test_rows_of_a_week_that_was_shown_are_kept_to_compare_with(schools: District) -> None:
    """Ten weeks on the rows of the first week, which was shown, are there; the second's not."""
    refresh(schools.jobs, now=cast.NOW)  # makes the state; the week's rows are made already
    figures("enrolment")
    with schools.jobs.begin() as db:
        for number in range(1, 10):
            write_week(db, FIRST + timedelta(weeks=number), people({(ELM, 6): 1}))
    later = cast.NOW + timedelta(weeks=10)
    with schools.jobs.begin() as db:
        release_rows(db, {"district": 1, "as_of": later.date(), "now": later, "cut": later})
        rows = select(ReleaseRow.data_version).where(ReleaseRow.district_id == 1).distinct()
        there = set(db.scalars(rows))
    assert FIRST in there
    assert FIRST + timedelta(weeks=1) not in there


def test_an_answer_stored_before_weeks_were_kept_stands_for_the_school_year(
    schools: District,
) -> None:
    first = figures("enrolment")
    kept = ("cell", "low", "high", "learners", "size", "since")
    stored = create_engine(schools.super_url)  # of us nobody may change an answer
    with stored.begin() as db:
        for answer in db.scalars(select(Release.answer)).all():
            plain = {
                k: [{**{name: row[name] for name in kept}, "base": row["since"]} for row in some]
                for k, some in answer.items()
            }
            db.execute(update(Release).where(Release.metric == "enrolment").values(answer=plain))
    stored.dispose()
    with schools.jobs.begin() as db:
        fewer = {**USUAL, (ELM, 6): USUAL[ELM, 6] - 7}
        write_week(db, FIRST + timedelta(days=7), people(fewer))
    assert figures("enrolment").by_cell == first.by_cell


@pytest.mark.parametrize("careful", [True, False])
def test_a_school_year_that_is_new_by_name_alone_tells_nothing_anew(
    schools: District, careful: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One leaves Oak and seven leave Elm, while the calendar turns over. Control: where the name of
    the year is enough to start afresh, Oak has one learner fewer.
    """
    if not careful:
        monkeypatch.setattr(deciding, "_others", lambda *_: True)
    oak = ("school", str(OAK))
    before = figures("enrolment").by_cell[oak].learners
    fewer = {**USUAL, (ELM, 6): USUAL[ELM, 6] - 7, (OAK, 8): USUAL[OAK, 8] - 1}
    for number in (1, 2):
        with schools.jobs.begin() as db:
            write_week(db, FIRST + timedelta(weeks=number), people(fewer), year=2027)
        after = figures("enrolment").by_cell[oak].learners
        assert (before or 0) - (after or 0) == (0 if careful else 1)


def test_in_a_school_year_of_other_learners_all_starts_afresh(schools: District) -> None:
    """Grade 7 at Oak, hidden the year before, is told as soon as everybody is somebody else."""
    small = ("school_grade", str(OAK), "7")
    figures("enrolment")
    grown = {**USUAL, (OAK, 7): 33}
    with schools.jobs.begin() as db:  # the first week of the year comes too early
        write_week(db, FIRST + timedelta(weeks=1), people(grown), year=2027)
    assert figures("enrolment").of(*small) is None
    with schools.jobs.begin() as db:
        write_week(db, FIRST + timedelta(weeks=2), people(grown, born=" later"), year=2027)
    told = figures("enrolment").by_cell[small]
    assert (told.learners, told.since) == (33, FIRST + timedelta(weeks=2))


def test_a_hidden_group_stays_hidden_when_it_grows(schools: District) -> None:
    figures("enrolment")
    with schools.jobs.begin() as db:
        write_week(db, FIRST + timedelta(days=7), people({**USUAL, (OAK, 7): 30}))
    assert figures("enrolment").of("school_grade", str(OAK), "7") is None


def test_figures_that_all_learners_moved_are_told_anew(schools: District) -> None:
    first = figures("assessment_mean")
    with schools.jobs.begin() as db:
        write_week(db, FIRST + timedelta(days=7), people(USUAL), value=7)
    second = figures("assessment_mean")
    assert set(second.by_cell) == set(first.by_cell)
    assert {one.since for one in second.by_cell.values()} == {FIRST + timedelta(days=7)}


def test_a_district_too_small_is_not_told_at_all(schools: District) -> None:
    with schools.jobs.begin() as db:
        db.execute(text("DELETE FROM chalkline.release_versions"))
        write_week(db, FIRST, people({(ELM, 7): 4}))
    assert figures("enrolment").by_cell == {}
    assert figures("assessment_mean").by_cell == {}


def test_before_the_first_week_there_is_nothing_to_tell(district: District) -> None:
    found = figures()
    assert found.version is None
    assert found.by_cell == {}


MANY_SMALL: Sizes = {
    (ELM, 6): 45, (ELM, 7): 4, (ELM, 8): 38, (OAK, 6): 11, (OAK, 7): 3, (OAK, 8): 47,
}  # fmt: skip


def test_all_that_is_published_in_two_weeks_gives_no_hidden_group_away(
    district: District,
) -> None:
    """Every metric, grain, week, and screen and print together; the control is in the same test."""
    later = {**MANY_SMALL, (ELM, 8): 36, (OAK, 6): 8, (OAK, 8): 54}
    weeks, asked = [], ("enrolment", "pass")
    with district.jobs.begin() as db:
        db.execute(update(Class).values(grade_level=7).where(Class.district_id == 1))
        offer(db, *MANY_SMALL)
    for number, sizes in enumerate((MANY_SMALL, later)):
        with district.jobs.begin() as db:
            learners = people(sizes)
            write_week(db, FIRST + timedelta(weeks=number), learners, value=number)
        weeks.append(attack.ask_all(cast.viewer("Tess Moran"), asked))
    found = [
        one
        for name in asked
        for one in attack.attack(cast.viewer("Tess Moran"), METRICS[name], weeks)
    ]
    assert [one for one in found if one.fallen] == []
    assert {one.k for one in found} == {5, 10}
    assert sum(one.hidden for one in found) > 30
    assert sum(one.new + one.stood for one in found) > 40
    assert sum(one.fallen_unprotected for one in found) > 10
    assert sum(one.fallen_week_by_week for one in found) > 5


def test_an_administrator_gets_no_exact_figure_of_any_metric(schools: District) -> None:
    for name in METRICS:
        with pytest.raises(WrongRegime):
            figures(name, who="Adam Price")


def test_who_teaches_and_administers_counts_as_an_administrator(schools: District) -> None:
    with schools.jobs.begin() as db:
        db.execute(
            insert(StaffRole).values(
                district_id=1,
                staff_id=cast.of("Tess Moran"),
                role="administrator",
                school_id=cast.of("Lakeside"),
                starts_on=cast.STARTED,
            )
        )
    with pytest.raises(WrongRegime, match="private figures only"):
        figures()


def answered(who: str, role: Role, name: str) -> set[str]:
    """The regimes in which somebody gets a metric at the doors; a spent budget is an answer too."""
    viewer, found = cast.viewer(who, role=role), set()
    with suppress(WrongRegime):
        exact.figures(viewer, name)
        found.add("exact")
    with suppress(WrongRegime, NotAllowed):
        with suppress(Refused):
            releases.release(viewer, name, METRICS[name].grains[0])
        found.add("private")
    return found


def test_nobody_gets_a_statistic_exact_and_private_in_any_role_she_holds(
    schools: District,
) -> None:
    """Every metric, at both doors; Omar teaches and administers, in whichever role he signs in."""
    with schools.jobs.begin() as db:
        db.execute(
            insert(StaffRole).values(
                district_id=1, staff_id=cast.of("Omar Haddad"), role="administrator",
                school_id=cast.of("Lakeside"), starts_on=cast.STARTED,
            )
        )  # fmt: skip
    people: list[tuple[str, tuple[Role, ...]]] = [
        ("Tess Moran", ("teacher",)),
        ("Carla Weiss", ("counselor",)),
        ("Adam Price", ("administrator",)),
        ("Rita Sol", ("records",)),
        ("Sam Shah", ("security",)),
        ("Omar Haddad", ("teacher", "administrator")),
    ]
    seen: dict[str, set[str]] = {}
    for name in METRICS:
        for who, roles in people:
            told = {regime for role in roles for regime in answered(who, role, name)}
            assert len(told) <= 1, (name, who, told)
            seen.setdefault(who, set()).update(told)
    assert seen == {
        "Tess Moran": {"exact"},
        "Carla Weiss": {"exact"},
        "Adam Price": {"private"},
        "Rita Sol": set(),
        "Sam Shah": set(),
        "Omar Haddad": {"private"},
    }


@pytest.mark.parametrize("who", ["Rita Sol", "Sam Shah"])
def test_records_and_security_get_no_figures(schools: District, who: str) -> None:
    with pytest.raises(WrongRegime, match="Ask your administrator"):
        figures(who=who)


def test_an_administrators_session_reads_no_stored_exact_answer(schools: District) -> None:
    figures()
    with schools.jobs.begin() as db:
        assert db.scalar(select(func.count()).select_from(Release)) == 2  # and its enrolment
    with privacy.session(cast.viewer("Adam Price")) as db:
        assert db.scalar(select(func.count()).select_from(Release)) == 0


def test_an_exact_answer_holds_nothing_of_a_hidden_group(schools: District) -> None:
    figures("enrolment")
    with schools.jobs.begin() as db:
        answers = db.scalars(select(Release.answer)).all()
    told = {tuple(row["cell"]) for answer in answers for some in answer.values() for row in some}
    assert ("school_grade", str(OAK), "7") not in told


def test_a_group_of_which_a_teacher_knows_all_but_few_is_not_compared(schools: District) -> None:
    tess, cell = cast.viewer("Tess Moran"), ("school", str(ELM))  # 135 learners
    assert figures("assessment_mean").of(*cell) is not None

    def told(own: int) -> bool:
        return exact.compare(tess, "assessment_mean", cell, own=own) is not None

    assert [told(own) for own in (0, 60, 130, 131, 134, 135)] == [
        True,
        True,
        True,
        False,
        False,
        True,
    ]


def test_nor_one_whose_news_may_be_of_few_that_she_does_not_know(schools: District) -> None:
    """Twelve of grade 6 at Elm have other marks. Whoever sees eight of them herself could subtract
    those from both weeks' figures; the control is the figure itself, which is there for others.
    """
    tess, cell = cast.viewer("Tess Moran"), ("school", str(ELM))
    figures("assessment_mean")
    with schools.jobs.begin() as db:
        write_week(db, FIRST + timedelta(days=7), people(USUAL))
        db.execute(
            text(
                "UPDATE chalkline.release_rows SET figures = figures || '{\"assessment_mean\": 99}'"
                " WHERE data_version = :week AND row_key = ANY (:twelve)"
            ),
            {
                "week": FIRST + timedelta(days=7),
                "twelve": [key for key, *_ in people({(ELM, 6): 12})],
            },
        )
    one = figures("assessment_mean").of(*cell)
    assert one is not None
    assert (one.since, one.news) == (FIRST + timedelta(days=7), 12)
    told = [exact.compare(tess, "assessment_mean", cell, own=own) == one for own in (0, 7, 8, 12)]
    assert told == [True, True, False, False]


def test_nor_one_that_stands_where_others_have_changed_since(schools: District) -> None:
    """Three have left Elm, too few to tell it anew: of the 135 that its figure is about, somebody
    who sees 135 today, or 128, may know all but three or four. Before they left she may see it.
    """
    tess, cell = cast.viewer("Tess Moran"), ("school", str(ELM))

    def told() -> list[bool]:
        every = [exact.compare(tess, "assessment_mean", cell, own=n) for n in (127, 128, 135)]
        return [one is not None for one in every]

    assert told() == [True, True, True]
    with schools.jobs.begin() as db:
        fewer = {**USUAL, (ELM, 6): USUAL[ELM, 6] - 3}
        write_week(db, FIRST + timedelta(days=7), people(fewer))
    one = figures().by_cell[cell]
    assert one.since == FIRST
    assert told() == [True, False, False]


def test_nor_one_whose_only_other_learner_was_erased(schools: District) -> None:
    """Elm's figure is of 135 learners, and she sees 134 of them: the other one's is what she could
    subtract, before the erasure as after it. Of a group that is all her own nothing is hidden.
    """
    tess, cell = cast.viewer("Tess Moran"), ("school", str(ELM))
    figures("assessment_mean")
    erased, (key, *_) = uuid4(), people({(ELM, 8): 1})[0]
    assert exact.compare(tess, "assessment_mean", cell, own=134) is None
    with schools.jobs.begin() as db:
        db.execute(text(_UNDER_HER_KEY), {"whose": f"1/{erased}", "key": key})
        forget_release_rows(db, 1, erased)
    told = [
        exact.compare(tess, "assessment_mean", cell, own=own) is not None for own in (60, 130, 134)
    ]
    assert told == [True, False, False]


def test_a_class_stands_beside_its_course_and_school(schools: District) -> None:
    refresh(schools.jobs, now=cast.NOW)  # the week's rows are made already and stay
    found = beside(cast.viewer("Tess Moran"), class_id=cast.class_id("Maths 7A"))
    assert found.groups == (
        "Mathematics 7 at Elm Middle School",
        "Mathematics at Elm Middle School",
        "Mathematics 7, all schools",
    )
    marks = found.measures[0]
    assert (marks.title, marks.own, marks.learners) == ("Assessment mean", 75, 1)
    assert marks.groups[0] == figures().of("school_course", str(ELM), str(cast.COURSE))
    assert marks.groups[0] is not None
    assert found.since == FIRST


def test_figures_never_cross_into_another_district(schools: District) -> None:
    assert exact.figures(cast.viewer("Zoe Quist"), "enrolment").by_cell == {}
