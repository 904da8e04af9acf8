"""The knowledge model behind the app: carried on by new answers, fading, fitted, kept, replaced."""

import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import numpy as np
import pytest
from sqlalchemy import Connection, text

import privacy
from analytics.knowledge import Answer, Model, State, mastery, update
from analytics.knowledge.fitting import LEAST_FOR_FIT
from analytics.mastery import MASTERED_SHARE
from db.knowledge import fitting
from db.knowledge.fitting import fit_district
from db.knowledge.store import SHIPPED, keep, model_for
from db.refresh import refresh
from tests import cast
from tests.conftest import District

NOW = datetime(2026, 3, 20, 15, tzinfo=UTC)
MATHS = cast.class_id("Maths 7A")
FIRST, SECOND = cast.COMPETENCIES["6.RP.A.1"], cast.COMPETENCIES["6.RP.A.2"]
DAY = 86_400.0


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
        yield connection


QUIZ = UUID(int=77)


def learner(db: Connection, who: UUID | None = None) -> UUID:
    """A new learner of Maths 7A with an attempt at a quiz."""
    who = who or uuid4()
    for sql in (
        "INSERT INTO chalkline.learners (district_id, learner_id, school_id, grade_level,"
        " academic_level) VALUES (1, :who, :school, 7, 'middle')",
        "INSERT INTO chalkline.enrollments (district_id, learner_id, class_id, enrolled_on)"
        " VALUES (1, :who, :class_id, '2026-01-12')",
    ):
        values = {"who": who, "school": cast.of("Elm Middle School"), "class_id": MATHS}
        db.execute(text(sql), values)
    attempted(db, who)
    return who


def attempted(db: Connection, who: UUID) -> None:
    """An attempt to put answers in; it has the learner's own identifier."""
    db.execute(
        text(
            "INSERT INTO chalkline.assessment_attempts (district_id, attempt_id, class_id,"
            " learner_id, assessment_id, submitted_at, percent) VALUES (1, :who, :class_id, :who,"
            " :quiz, '2026-03-01', 50)"
        ),
        {"who": who, "class_id": MATHS, "quiz": QUIZ},
    )


def item(db: Connection, *competencies: UUID, new: UUID | None = None) -> UUID:
    new = new or uuid4()
    position = db.scalar(text("SELECT count(*) + 1 FROM chalkline.assessment_items"))
    db.execute(
        text(
            "INSERT INTO chalkline.assessment_items (district_id, item_id, assessment_id, position,"
            " stem) VALUES (1, :item, :quiz, :position, '?')"
        ),
        {"item": new, "quiz": QUIZ, "position": position},
    )
    for competency in competencies:
        db.execute(
            text("INSERT INTO chalkline.item_competencies VALUES (1, :item, :competency)"),
            {"item": new, "competency": competency},
        )
    return new


def answer(db: Connection, who: UUID, to: UUID, *, days_ago: float, credit: float) -> None:
    answers(db, [(who, to, days_ago, credit)])


def answers(db: Connection, given: list[tuple[UUID, UUID, float, float]]) -> None:
    """Learner, item, days ago and credit of each."""
    db.execute(
        text(
            "INSERT INTO chalkline.item_responses (district_id, class_id, learner_id, item_id,"
            " attempt_id, answered_at, credit, seconds) VALUES (1, :class_id, :who, :item, :who,"
            " :at, :credit, 30)"
        ),
        [
            {
                "class_id": MATHS,
                "who": who,
                "item": to,
                "at": NOW - timedelta(days=days_ago),
                "credit": credit,
            }
            for who, to, days_ago, credit in given
        ],
    )


def rows(db: Connection, who: UUID) -> dict[UUID, Any]:
    found = db.execute(
        text("SELECT * FROM chalkline.mastery WHERE learner_id = :who"), {"who": who}
    ).all()
    return {row.competency_id: row for row in found}


def brought(district: District) -> None:
    refresh(district.jobs, now=NOW)


def shipped(district: District) -> Model:
    with district.jobs.begin() as connection:
        given = {"district": 1, "as_of": cast.TODAY, "now": NOW}
        return model_for(connection, given).model


def test_a_row_says_what_the_model_says_after_those_answers(
    district: District, db: Connection
) -> None:
    """One at a time through `update`, with an item that asks for two competencies."""
    who, both = learner(db), item(db, FIRST, SECOND)
    given = [(item(db, FIRST), 40.0, 1.0), (both, 22.0, 0.5), (item(db, SECOND), 9.0, 0.0)]
    for to, days, credit in given:
        answer(db, who, to, days_ago=days, credit=credit)
    brought(district)
    model, state = shipped(district), State()
    skills = dict(
        zip([one[0] for one in given], [(FIRST,), (FIRST, SECOND), (SECOND,)], strict=True)
    )
    for to, days, credit in given:
        when = (NOW - timedelta(days=days)).timestamp() / DAY
        asked = tuple(sorted(str(one) for one in skills[to]))
        state = update(model, state, Answer(str(to), asked, credit, when))
    today = datetime(2026, 3, 21, tzinfo=UTC).timestamp() / DAY
    for competency, row in rows(db, who).items():
        trace = state.skills[str(competency)]
        weeks = (today - trace.when) // 7
        said = mastery(model, state, str(competency), now=trace.when + 7 * weeks)
        assert (row.probability, row.low, row.high, row.next_right) == pytest.approx(said[:4], 1e-5)
        assert (row.evidence, row.label) == (said.evidence, said.label)
    assert rows(db, who)[SECOND].credit == 0.5
    assert len(rows(db, who)) == 2


def test_a_new_answer_is_taken_in_without_reading_the_old_ones(
    district: District, db: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    who, to = learner(db), [item(db, FIRST) for _ in range(6)]
    for number in range(5):
        answer(db, who, to[number], days_ago=9 - number, credit=1)
    brought(district)
    before, read = rows(db, who)[FIRST], []

    def counted(*args: Any, **how: Any) -> Any:
        found = real(*args, **how)
        read.append(len(found.at))
        return found

    refreshing = sys.modules["db.refresh.mastery"]
    real = refreshing.answers
    monkeypatch.setattr(refreshing, "answers", counted)
    answer(db, who, to[5], days_ago=0.2, credit=0)
    brought(district)
    after = rows(db, who)[FIRST]
    assert read == [1]
    assert (after.evidence, after.credit) == (6, 5)
    assert after.probability < before.probability
    assert after.next_right < before.next_right


def test_an_answer_that_comes_late_is_put_in_its_place(district: District, db: Connection) -> None:
    late, timely = learner(db), learner(db)
    first, then = item(db, FIRST), item(db, FIRST)
    answer(db, late, then, days_ago=2, credit=1)
    answer(db, timely, first, days_ago=9, credit=0)
    brought(district)
    answer(db, late, first, days_ago=9, credit=0)
    answer(db, timely, then, days_ago=2, credit=1)
    brought(district)
    one, other = rows(db, late)[FIRST], rows(db, timely)[FIRST]
    assert one.model_state == other.model_state
    assert one.next_right == other.next_right


def test_an_estimate_fades_week_by_week_and_says_less(district: District, db: Connection) -> None:
    who = learner(db)
    for number in range(8):
        answer(db, who, item(db, FIRST), days_ago=1 + number / 100, credit=1)
    brought(district)
    seen = [rows(db, who)[FIRST]]
    for days in (3, 7, 70, 700):
        db.execute(
            text(
                "UPDATE chalkline.institutions SET clock_on = :day WHERE district_id = 1 "
                "AND kind = 'district'"
            ),
            {"day": cast.TODAY + timedelta(days=days)},
        )
        brought(district)
        seen.append(rows(db, who)[FIRST])
    fresh, days_later, week_later, spring, summer = seen
    assert fresh.label == "mastered"
    assert days_later.next_right == fresh.next_right
    assert fresh.next_right > week_later.next_right > spring.next_right > summer.next_right
    assert summer.high - summer.low > fresh.high - fresh.low
    assert summer.evidence == 8
    assert summer.label != "mastered"
    assert summer.mastered_at is None
    assert summer.model_state["reached"] == fresh.model_state["reached"]


def test_what_a_learner_knows_of_a_prerequisite_is_where_the_next_begins(
    district: District, db: Connection
) -> None:
    with district.jobs.begin() as connection:
        given = {"district": 1, "as_of": cast.TODAY, "now": NOW}
        item_of_each = [item(db, FIRST), item(db, SECOND)]
        edges = model_for(connection, given).model.prerequisites
    assert edges[str(SECOND)] == (str(FIRST),)
    strong, weak, last = learner(db), learner(db), item_of_each[1]
    for number in range(6):
        to = item(db, FIRST)
        answer(db, strong, to, days_ago=9 - number / 100, credit=1)
        answer(db, weak, to, days_ago=9 - number / 100, credit=0)
    for who in (strong, weak):
        answer(db, who, last, days_ago=2, credit=1)
    brought(district)
    one, other = rows(db, strong)[SECOND], rows(db, weak)[SECOND]
    assert one.evidence == other.evidence == 1
    assert one.model_state["trace"][2] > other.model_state["trace"][2]


# -- Fit, keep, use ---------------------------------------------------------------------------


def named(dice: np.random.Generator) -> UUID:
    """An identifier that the dice decide."""
    return UUID(bytes=dice.bytes(16), version=4)


def school(db: Connection, learners: int = 60, many: int = 50) -> list[UUID]:
    """Learners of differing ability with many answers, in order of ability.

    Their identifiers are the same in every run: they decide who is set aside to test a fit on.
    """
    dice = np.random.default_rng(5)
    asked = [competency for competency in (FIRST, SECOND) for _ in range(many // 2)]
    items = [item(db, of, new=named(dice)) for of in asked]
    ease = dice.normal(0.5, 1.0, len(items))
    people = []
    for number in range(learners):
        who = learner(db, named(dice))
        ability = 3 * (number / learners - 0.5)
        chance = 1 / (1 + np.exp(-ability - ease))
        right = (dice.random(len(items)) < chance).astype(float).tolist()
        answers(db, [(who, to, 30 - n / 2, right[n]) for n, to in enumerate(items)])
        people.append(who)
    return people


def test_a_district_with_too_few_answers_keeps_the_shipped_weights(
    district: District, db: Connection
) -> None:
    answer(db, learner(db), item(db, FIRST), days_ago=3, credit=1)
    fitted = fit_district(district.jobs, district=1, now=NOW)
    assert fitted.version is None
    assert f"{LEAST_FOR_FIT:,} are needed" in fitted.why_not
    brought(district)
    versions = db.execute(text("SELECT DISTINCT model_version FROM chalkline.learner_knowledge"))
    assert [tuple(row) for row in versions] == [(SHIPPED,)]


def test_a_fit_is_kept_with_its_window_and_figures_and_remakes_every_estimate(
    district: District, db: Connection
) -> None:
    people = school(db)
    brought(district)
    before = rows(db, people[30])[FIRST]
    fitted = fit_district(district.jobs, district=1, now=NOW)
    report = refresh(district.jobs, now=NOW)
    assert [one.whole for one in report.districts if one.district_id == 1] == [True]
    stored = db.execute(
        text("SELECT * FROM chalkline.knowledge_models WHERE in_use AND district_id = 1")
    ).one()
    assert (stored.model_version, stored.kind) == (fitted.version, "fitted")
    assert stored.trained_to == date(2026, 3, 15)
    assert stored.metrics["test_learners"] > 10
    assert stored.metrics["auc"] > 0.7
    assert stored.metrics["labels"]["stated_share"] == MASTERED_SHARE
    after = rows(db, people[30])[FIRST]
    assert after.model_state["trace"] != before.model_state["trace"]  # ease of items is known now
    chances = [rows(db, who)[SECOND].next_right for who in people]
    assert np.corrcoef(chances, np.arange(len(chances)))[0, 1] > 0.7
    again = fit_district(district.jobs, district=1, now=NOW)
    assert again.version == fitted.version
    assert refresh(district.jobs, now=NOW).districts == ()


def test_a_fit_is_due_each_week_but_not_in_the_first_night(
    district: District, db: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fitting, "fit_district", lambda *_, now, **__: fitting.Fitted(f"{now:%d}"))
    assert fitting.fit_weekly(district.jobs, district=1, now=NOW) is None
    db.execute(
        text(
            "INSERT INTO chalkline.job_runs (district_id, job, state, started_at)"
            " VALUES (1, 'night', 'done', :at)"
        ),
        {"at": NOW},
    )
    assert fitting.fit_weekly(district.jobs, district=1, now=NOW) == fitting.Fitted("20")
    with district.jobs.begin() as connection:
        keep(
            connection,
            1,
            model=shipped(district),
            lifts={},
            window=(date(2026, 1, 1), date(2026, 3, 15)),
            metrics={},
            now=NOW,
        )
    for days, due in ((1, False), (6, False), (7, True)):
        later = NOW + timedelta(days=days)
        assert (fitting.fit_weekly(district.jobs, district=1, now=later) is not None) == due


def test_a_model_that_knew_the_future_is_not_used_for_a_day_before_it(
    district: District, db: Connection
) -> None:
    with district.jobs.begin() as connection:
        given = {"district": 1, "as_of": cast.TODAY, "now": NOW}
        model = model_for(connection, given).model
        version = keep(
            connection,
            1,
            model=model,
            lifts={MATHS: {str(FIRST): 0.5}},
            window=(date(2026, 1, 1), date(2026, 3, 15)),
            metrics={},
            now=NOW,
        )
        use = model_for(connection, given)
        assert (use.version, use.lifts[MATHS]) == (version, {str(FIRST): 0.5})
        earlier = {**given, "as_of": date(2026, 3, 14)}
        assert model_for(connection, earlier).version == SHIPPED


def test_a_class_that_finds_it_easy_lends_that_to_its_newcomers(
    district: District, db: Connection
) -> None:
    alone, lifted = learner(db), learner(db)
    to = item(db, FIRST)
    answer(db, alone, to, days_ago=1, credit=1)
    brought(district)
    with district.jobs.begin() as connection:
        keep(
            connection,
            1,
            model=shipped(district),
            lifts={MATHS: {str(FIRST): 0.8}},
            window=(date(2026, 1, 1), date(2026, 3, 15)),
            metrics={},
            now=NOW,
        )
    without = rows(db, alone)[FIRST].next_right
    answer(db, lifted, to, days_ago=1, credit=1)
    brought(district)
    assert rows(db, lifted)[FIRST].next_right > without + 0.02
    assert rows(db, alone)[FIRST].next_right == rows(db, lifted)[FIRST].next_right


def test_many_answers_are_fitted_on_some_learners_drawn_by_lot(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(fitting, "MOST_ANSWERS", 100)
    counts = [(UUID(int=number), 10) for number in range(50)]
    chosen = fitting._by_lot(counts)
    assert len(chosen) == 10
    assert chosen == fitting._by_lot(counts)
    assert chosen != [one for one, _ in counts[:10]]


def test_what_the_model_remembers_is_closed_to_every_person(
    district: District, db: Connection
) -> None:
    answer(db, learner(db), item(db, FIRST), days_ago=3, credit=1)
    brought(district)
    assert db.scalar(text("SELECT count(*) FROM chalkline.learner_knowledge")) > 0
    for name in ("Tess Moran", "Carla Weiss", "Adam Price", "Rita Sol", "Sam Shah"):
        for asked in (
            "SELECT overall FROM chalkline.learner_knowledge",
            "SELECT parameters FROM chalkline.knowledge_models",
        ):
            with (
                pytest.raises(Exception, match="permission denied"),
                privacy.session(cast.viewer(name)) as page,
            ):
                page.execute(text(asked))
    with privacy.session(cast.viewer("Tess Moran")) as page:
        seen = page.execute(text("SELECT district_id, kind FROM chalkline.knowledge_models")).all()
        assert {row.district_id for row in seen} == {1}
