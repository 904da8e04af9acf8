"""The pages as scripts: each runs for its reader, says its sentences, and acts in few clicks.

Who may open them at all is tested against a real server in test_access.py.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import delete, insert, select, update
from streamlit.testing.v1 import AppTest

from db import tables as t
from db.nightly import work_through
from db.refresh import refresh
from pages.students.links import token
from privacy import Viewer
from queries.exports import note_export
from tests import cast
from tests.conftest import District

TESS, OMAR, CARLA = (cast.viewer(name) for name in ("Tess Moran", "Omar Haddad", "Carla Weiss"))
ADAM = cast.viewer("Adam Price")


def show(module: str, viewer: Viewer, query: Mapping[str, str] | None = None) -> AppTest:
    """The page after its first run, without anything gone wrong."""

    def script(module, viewer):  # its source alone travels, so it names no type of ours
        from importlib import import_module

        import_module(module).page(viewer)

    app = AppTest.from_function(script, kwargs={"module": module, "viewer": viewer})
    for name, value in (query or {}).items():
        app.query_params[name] = value
    return ran(app)


def ran(app: AppTest) -> AppTest:
    """The same after another run."""
    app.run(timeout=20)
    assert [problem.message for problem in app.exception] == []
    return app


def said(app: AppTest) -> str:
    """All that the page says, as one text."""
    kinds = ("title", "header", "subheader", "markdown", "caption", "error", "info", "warning")
    return "\n".join(element.value for kind in kinds for element in app.get(kind))


def sent(node: Any) -> str:
    """All that goes to the browser for a block and what is in it, keys and components' data too."""
    below = "".join(sent(child) for child in getattr(node, "children", {}).values())
    return f"{getattr(node, 'proto', '')}{below}"


def press(app: AppTest, label: str) -> AppTest:
    """Clicks the first button of that label."""
    next(button for button in app.button if button.label == label).click()
    return ran(app)


def today(viewer: Viewer) -> AppTest:
    return show("pages.students.today", viewer)


def test_today_names_learners_with_their_reasons(district: District) -> None:
    page = today(TESS)
    text = said(page)
    assert "seems tired" in text
    assert [b.label for b in page.button if "Ben Cole" in b.label] != []
    assert "Next step" in text
    assert not page.error


def test_today_names_nobody_elses_learner(district: District) -> None:
    page = today(TESS)
    labels = " ".join(button.label for button in page.button)
    assert "Eve" not in labels + said(page)
    assert "Eve Lind" in " ".join(button.label for button in today(OMAR).button)


def test_a_token_of_any_spelling_makes_a_table() -> None:
    def script():
        from components.table import plain_table

        for key in ("a__b", "a_b", "__"):
            plain_table(["a"], [["1"]], caption="a table", key=f"table-{key}")

    ran(AppTest.from_function(script))


def test_without_a_flag_today_says_so_kindly(district: District) -> None:
    with district.jobs.begin() as db:
        db.execute(delete(t.Flag))
    assert "Nobody needs you urgently this week" in said(today(TESS))


def test_without_a_class_every_class_page_says_so(district: District) -> None:
    with district.jobs.begin() as db:
        db.execute(delete(t.ClassStaff))
    for module in ("today", "mastery", "content"):
        assert "You teach no class today" in said(show(f"pages.students.{module}", TESS))


def test_one_click_acknowledges_and_one_takes_it_back(district: District) -> None:
    page = today(TESS)
    first = next(b.label for b in page.button if "**1." in b.label)
    press(page, "Acknowledge")
    text = said(page)
    assert "acknowledged" in text
    assert first not in [button.label for button in page.button]
    press(page, "Undo")
    assert first in [button.label for button in page.button]


def test_an_answer_survives_a_reload(district: District) -> None:
    page = today(TESS)
    before = [b.label for b in page.button if "**1." in b.label]
    press(page, "Acknowledge")
    assert [b.label for b in today(TESS).button if "**1." in b.label] != before


def test_below_the_cut_stands_a_number(district: District) -> None:
    with district.jobs.begin() as db:
        db.execute(
            update(t.Institution)
            .where(t.Institution.district_id == cast.LAKESIDE, t.Institution.kind == "district")
            .values(alert_capacity=1)
        )
    assert "2 more learners" in said(today(TESS))


def test_a_class_notice_comes_before_the_learners(district: District) -> None:
    notice_of(district, "Maths 7A")
    page = today(TESS)
    assert "Reteach 6\\.RP\\.A\\.1" in said(page) or "Reteach 6.RP.A.1" in said(page)
    assert "Open in the mastery map" in [button.label for button in page.button]
    assert "Reteach" not in said(today(OMAR))


def notice_of(district: District, class_name: str) -> None:
    """What refresh writes when a third of a class struggles with the same competency."""
    with district.jobs.begin() as db:
        db.execute(
            insert(t.ClassNotice).values(
                district_id=cast.LAKESIDE,
                notice_id=uuid4(),
                class_id=cast.of(class_name),
                competency_id=cast.COMPETENCIES["6.RP.A.1"],
                learners=6,
                struggling=3,
                raised_on=cast.TODAY,
                seen_on=cast.TODAY,
                updated_at=cast.NOW,
            )
        )


# -- A learner's page ---------------------------------------------------------------------------


def learner(viewer: Viewer, address: str) -> AppTest:
    return show("pages.students.learner", viewer, {"learner": address})


def test_a_learners_page_shows_her_to_her_teacher(district: District) -> None:
    refresh(district.jobs, now=datetime.now(UTC))
    page = learner(TESS, token(TESS, cast.of("Ana Ruiz")))
    assert page.title[0].value == "Ana Ruiz"
    text = said(page)
    assert "Elm Middle School" in text
    assert "Staff concern" in text
    assert "Developing (1)" in text


def test_a_token_opens_for_nobody_else(district: District) -> None:
    page = learner(OMAR, token(TESS, cast.of("Ana Ruiz")))
    assert "is not yours" in page.error[0].value
    assert "Ana" not in said(page)


def test_ones_own_token_for_a_strangers_learner_opens_nothing(district: District) -> None:
    page = learner(OMAR, token(OMAR, cast.of("Ana Ruiz")))
    assert "not responsible for this learner" in page.error[0].value
    assert "Ana" not in said(page)


@pytest.mark.parametrize(
    "address", ["x", "A" * 32, "'; drop table learners", str(cast.of("Ana Ruiz"))]
)
def test_a_made_up_address_is_answered_in_words(district: District, address: str) -> None:
    page = learner(TESS, address)
    assert "Open the page from its list again" in page.error[0].value


def test_no_identifier_of_a_learner_is_on_the_wire(district: District) -> None:
    refresh(district.jobs, now=datetime.now(UTC))
    for page in (
        today(TESS),
        show("pages.students.mastery", TESS),
        learner(TESS, token(TESS, cast.of("Ana Ruiz"))),
        show("pages.students.caseload", CARLA),
    ):
        wire = sent(page.main)
        assert "Ana" in wire
        for name in ("Ana Ruiz", "Ben Cole", "Dev Patel"):
            assert str(cast.of(name)) not in wire
            assert str(cast.of(f"flag {cast.of(name)}")) not in wire


def test_a_counselors_page_of_a_learner_offers_to_take_on_and_not_to_refer(
    district: District,
) -> None:
    page = learner(CARLA, token(CARLA, cast.of("Ana Ruiz")))
    labels = [button.label for button in page.button]
    assert "Take on" in labels
    assert "Acknowledge" not in labels


def test_the_learner_page_finds_by_full_name_only_ones_own(district: District) -> None:
    page = show("pages.students.learner", TESS)
    page.text_input[0].set_value("Eve Lind")
    press(page, "Find")
    assert "Nothing of that name" in said(page)


# -- Mastery, content, caseload, overview -------------------------------------------------------


def test_the_weakest_competency_is_said_in_a_sentence(district: District) -> None:
    with district.jobs.begin() as db:
        db.execute(
            update(t.Mastery)
            .where(t.Mastery.learner_id == cast.of("Ana Ruiz"))
            .values(label="struggling")
        )
    text = said(show("pages.students.mastery", TESS))
    assert "Weakest: 7" in text
    assert "1 of 2 learners struggle with it" in text


def test_without_competencies_the_page_says_so_and_shows_scores(district: District) -> None:
    with district.jobs.begin() as db:
        db.execute(delete(t.ContentCompetency))
    assert "names no competencies" in said(show("pages.students.mastery", TESS))


def test_content_seen_by_too_few_is_refused_in_words(district: District) -> None:
    text = said(show("pages.students.content", TESS))
    assert "No section of Mathematics 7 has been started by 5 learners yet" in text.replace(
        "\\", ""
    )


def measured(district: District) -> None:
    """Six learners more, their content measured and their cohorts analysed."""
    with district.jobs.begin() as db:
        cast.join(db, "Maths 7C", *(f"Omar's {number}" for number in range(5)))
        cast.join(db, "Maths 8A", "Ines's one")
    refresh(district.jobs, now=datetime.now(UTC))
    work_through(district.jobs, district=cast.LAKESIDE, now=datetime.now(UTC))


def test_content_shows_the_district_where_her_own_are_too_few(district: District) -> None:
    measured(district)
    text = said(show("pages.students.content", TESS))
    assert "Over all classes of the district" in text
    assert "No section stands out" in text
    own = said(show("pages.students.content", TESS, {"part": "Sections"}))
    assert "No section of Mathematics 7 has been started by 5 learners yet" in own.replace("\\", "")
    assert "Over the district" in own
    assert "Too few learners with an accommodation" in own


def test_a_source_of_clicks_alone_gets_sentences_and_not_emptiness(district: District) -> None:
    """As the Open University's data: who opened what on which day, and no single question."""
    with district.jobs.begin() as db:
        db.execute(delete(t.ItemResponse))
        db.execute(delete(t.LearningSession))
        db.execute(delete(t.ContentCompetency))
        db.execute(delete(t.Mastery))
        cast.join(db, "Maths 7A", *(f"Tess's {number}" for number in range(5)))
        cast.join(db, "Maths 7C", *(f"Omar's {number}" for number in range(5)))
        db.execute(delete(t.ItemResponse))
        db.execute(delete(t.LearningSession))
        db.execute(
            update(t.SectionProgress).values(
                status="in_progress", completed_at=None, seconds_spent=None, comprehension=None
            )
        )
    refresh(district.jobs, now=datetime.now(UTC))
    work_through(district.jobs, district=cast.LAKESIDE, now=datetime.now(UTC))
    first = said(show("pages.students.content", TESS))
    assert "This data says who opened a section, but not who finished it" in first
    sections = said(show("pages.students.content", TESS, {"part": "Sections"}))
    assert "completion is not recorded" in sections.replace("\\", "")
    questions = said(show("pages.students.content", TESS, {"part": "Questions"}))
    assert "No question of Mathematics 7 has been answered" in questions.replace("\\", "")
    assert "names no standards" in said(show("pages.students.content", TESS, {"part": "Standards"}))
    patterns = said(show("pages.students.patterns", TESS))
    assert "The source does not record this" in patterns
    assert "The source does not record when a section was completed" in patterns


def test_questions_too_few_have_answered_are_refused_in_words(district: District) -> None:
    measured(district)
    text = said(show("pages.students.content", TESS, {"part": "Questions"})).replace("\\", "")
    assert "No question of Mathematics 7 has been answered by 5 learners of your classes" in text


def test_standards_are_held_against_the_courses_own_list(district: District) -> None:
    """Its objectives are the list; 6.RP.A.2 is taught and not asked about."""
    with district.jobs.begin() as db:
        db.execute(
            update(t.Course).values(learning_objectives=["6.RP.A.1", "6.RP.A.2", "8.EE.A.1"])
        )
    text = said(show("pages.students.content", TESS, {"part": "Standards"})).replace("\\", "")
    assert "1 of 2 standards" in text  # 6.RP.A.1: one section, four questions
    assert "Taught, hardly asked about (1):** 6.RP.A.2" in text
    assert "Not on the list (1):** 7.RP.A.1" in text


def test_content_without_standards_says_so(district: District) -> None:
    with district.jobs.begin() as db:
        db.execute(delete(t.ContentCompetency))
    text = said(show("pages.students.content", TESS, {"part": "Standards"}))
    assert "names no standards" in text


def test_patterns_are_about_the_cohort_and_name_nobody(district: District) -> None:
    measured(district)
    for viewer in (TESS, CARLA):
        page = show("pages.students.patterns", viewer)
        text = said(page)
        assert "Time of day" in text
        assert "Grade 7" in text
        words = text.replace(",", " ").split()
        for name in cast.LEARNERS:
            assert not set(name.split()) & set(words)


def test_without_patterns_the_page_says_when_they_come(district: District) -> None:
    assert "No pattern of your learners' cohorts is known yet" in said(
        show("pages.students.patterns", TESS)
    ).replace("\\", "")


def test_the_caseload_lists_who_waits_and_can_be_acted_on(district: District) -> None:
    page = show("pages.students.caseload", CARLA)
    assert "3 learners of 3 on your caseload" in said(page)
    press(page, "Take on")
    assert "taken on by you" in said(page)


def test_the_page_about_data_has_no_learner_on_it(district: District) -> None:
    refresh(district.jobs, now=datetime.now(UTC))
    page = show("pages.district.data", ADAM)
    text = said(page)
    assert "2 schools" in text
    assert "Data as of" in text
    for name in cast.LEARNERS:
        assert name.split()[0] not in text


def test_a_failed_job_is_told_to_the_administrator_without_data(district: District) -> None:
    with district.jobs.begin() as db:
        db.execute(
            insert(t.JobRun).values(district_id=cast.LAKESIDE, job="refresh", state="failed")
        )
    page = show("pages.district.data", ADAM)
    assert "1 background job of the last 1 failed" in page.warning[0].value


# -- Exports ------------------------------------------------------------------------------------


def test_taking_a_table_leaves_a_line_in_the_trail(district: District) -> None:
    note_export(TESS, what="mastery", rows=2)
    with district.jobs.begin() as db:
        found = db.execute(
            select(t.AuditEntry.actor, t.AuditEntry.detail).where(
                t.AuditEntry.action == "exported table"
            )
        ).one()
    assert found.actor == TESS.staff_id
    assert found.detail == {"what": "mastery", "rows": 2}
