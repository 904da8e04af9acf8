"""Groups that a teacher keeps outlast the reload and the week, and are her class's alone."""

import io
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from pypdf import PdfReader
from sqlalchemy import select, text, update
from sqlalchemy.exc import DBAPIError

import privacy
from components import documents
from db import tables as t
from pages.students.keeping_group import sheet
from privacy import NotAllowed
from queries.students import keeping
from queries.students.acting import NotPossible
from queries.students.classes import my_classes
from queries.students.kept import Kept, kept_groups
from tests import cast
from tests.conftest import District
from tests.test_pages import press, said, show

TESS, OMAR, CARLA = (cast.viewer(name) for name in ("Tess Moran", "Omar Haddad", "Carla Weiss"))
ANA, BEN, EVE = (cast.of(name) for name in ("Ana Ruiz", "Ben Cole", "Eve Lind"))
CLASS, SKILL = cast.class_id("Maths 7A"), cast.COMPETENCIES["6.RP.A.1"]


def keep(viewer: Any = TESS, **changes: Any) -> UUID:
    return keeping.keep(
        viewer,
        **{
            "class_id": CLASS,
            "competency_id": SKILL,
            "name": "Ratios again",
            "meets": "Tuesday, second lesson",
            "learners": [ANA, BEN],
            "now": datetime.now(UTC),
            **changes,
        },
    )


def the_group(viewer: Any = TESS) -> Kept:
    return next(one for one in kept_groups(viewer, class_id=CLASS) if one.name == "Ratios again")


def masters(district: District, learner: UUID) -> None:
    with district.jobs.begin() as db:
        db.execute(
            text(
                "INSERT INTO chalkline.mastery (district_id, learner_id, competency_id,"
                " probability, low, high, next_right, label, evidence, credit, updated_at) VALUES"
                " (1, :l, :c, 0.95, 0.9, 0.98, 0.9, 'mastered', 9, 8, now())"
            ),
            {"l": learner, "c": SKILL},
        )


def test_a_kept_group_is_there_next_week_and_says_who_has_mastered_it(district: District) -> None:
    keep()
    masters(district, BEN)
    next_week = cast.viewer("Tess Moran")
    with district.jobs.begin() as db:
        db.execute(
            update(t.Institution)
            .where(t.Institution.kind == "district")
            .values(clock_on=TESS.today + timedelta(days=7))
        )
    found = the_group(next_week)
    assert [one.name for one in found.members] == ["Cole, Ben", "Ruiz, Ana"]
    assert [one.name for one in found.mastered] == ["Cole, Ben"]
    page = show("pages.students.groups", TESS)
    assert "Still to teach (1):** Ruiz, Ana" in said(page)
    assert "Have mastered it since (1):** Cole, Ben" in said(page)
    press(page, "Take out the one who has mastered it")
    assert "Taken out (1):** Cole, Ben" in said(page)
    press(page, "Done")
    assert the_group().done_on == TESS.today
    assert "Ruiz, Ana" not in said(page)


def test_a_group_changes_and_whoever_left_can_come_back(district: District) -> None:
    keep()
    change = {"name": "Ratios again", "meets": "", "now": datetime.now(UTC)}
    keeping.change(TESS, group=the_group(), learners=[ANA], **change)
    assert [one.learner_id for one in the_group().gone] == [BEN]
    keeping.change(TESS, group=the_group(), learners=[ANA, BEN], **change)
    assert not the_group().gone
    assert len(the_group().members) == 2
    keeping.done(TESS, group=the_group(), on=TESS.today, now=datetime.now(UTC))
    keeping.done(TESS, group=the_group(), on=None, now=datetime.now(UTC))
    assert the_group().done_on is None
    with district.jobs.begin() as db:
        lines = db.scalars(
            select(t.AuditEntry.action).where(t.AuditEntry.action.like("%group%"))
        ).all()
    expected = {"kept group": 1, "changed group": 2, "finished group": 1, "reopened group": 1}
    assert {one: lines.count(one) for one in lines} == expected


def test_a_group_without_a_name_or_a_learner_is_refused_in_words(district: District) -> None:
    with pytest.raises(NotPossible, match="Give the group a name"):
        keep(name="  ")
    with pytest.raises(NotPossible, match="needs a learner"):
        keep(learners=[])
    with pytest.raises(NotAllowed, match="learners of one class of yours"):
        keep(learners=[ANA, EVE])


def test_nobody_else_reads_or_makes_a_classs_groups(district: District) -> None:
    keep()
    group = the_group()
    assert kept_groups(OMAR, class_id=CLASS) == ()
    with pytest.raises(NotAllowed):
        keep(OMAR)
    with pytest.raises(NotAllowed):
        keeping.done(OMAR, group=group, on=TESS.today, now=datetime.now(UTC))
    with pytest.raises(NotAllowed):
        keeping.take_out(OMAR, group=group, learners=[ANA], now=datetime.now(UTC))
    assert len(the_group().members) == 2
    with pytest.raises(DBAPIError, match="permission denied"):
        kept_groups(CARLA, class_id=CLASS)


def test_the_database_itself_refuses_a_group_in_anothers_name(district: District) -> None:
    """The control: in her own name the same row goes in."""

    def put(staff: UUID) -> None:
        with privacy.session(TESS) as db:
            db.execute(
                text(
                    "INSERT INTO chalkline.kept_groups (district_id, class_id, group_id,"
                    " competency_id, name, made_on, changed_by, updated_at) VALUES"
                    " (1, :c, gen_random_uuid(), :k, 'x', '2026-03-20', :s, now())"
                ),
                {"c": CLASS, "k": SKILL, "s": staff},
            )

    with pytest.raises(DBAPIError, match="row-level security"):
        put(OMAR.staff_id)
    put(TESS.staff_id)


def test_the_paper_names_whom_to_teach_and_who_has_it_already(district: District) -> None:
    keep()
    masters(district, BEN)
    chosen = next(one for one in my_classes(TESS) if one.class_id == CLASS)
    made = documents.pdf("group", sheet(TESS, chosen, the_group()), made_at=cast.NOW)
    page = " ".join(PdfReader(io.BytesIO(made)).pages[0].extract_text().split())
    assert "Tuesday, second lesson" in page
    assert page.index("Ruiz, Ana") < page.index("Have mastered it since: Cole, Ben")
