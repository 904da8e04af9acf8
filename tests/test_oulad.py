"""Loading OULAD: everything arrives, twice is once, a killed load goes on, bad data get a sentence.

The files are made here, small, in OULAD's shape: Kit (101) takes AAA and later BBB, Lou (102)
leaves AAA after a month, Max (103) fails it; Nia (104) took BBB before, without a day of leaving;
Ola (105) and Pat (106) take BBB with Kit.
"""

import csv
import os
import signal
import subprocess
import sys
import zipfile
from dataclasses import replace
from datetime import UTC, date, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

import privacy
from db import engine as engines
from db import oulad
from db.nightly import work_through
from db.oulad.learners import _identifier
from db.oulad.names import invented_name
from db.oulad.reading import Block, blocks
from db.oulad.report import Rejections
from db.refresh import refresh
from privacy.people import names, sealer, source_hash
from privacy.viewer import Viewer
from tests.conftest import District

Files = dict[str, list[list[object]]]
REAL = Path(__file__).parents[2] / "shared/data/oulad/oulad-2013B-2013J-2014B.zip"
STUDENTS = range(101, 107)
SECRET = "Wrenfield-Oakes"  # stands for a learner's own data inside a broken row

TINY: Files = {
    "courses.csv": [
        ["code_module", "code_presentation", "module_presentation_length"],
        ["AAA", "2013J", 268],
        ["BBB", "2013J", 268],
        ["BBB", "2014B", 234],
    ],
    "assessments.csv": [
        [
            "code_module",
            "code_presentation",
            "id_assessment",
            "assessment_type",
            "date",
            "weight",
        ],
        ["AAA", "2013J", 1, "TMA", 19, 10],
        ["AAA", "2013J", 2, "Exam", "", 100],
        ["BBB", "2014B", 11, "CMA", 50, 0],
        ["BBB", "2014B", 12, "Exam", "", 100],
    ],
    "vle.csv": [
        ["id_site", "code_module", "code_presentation", "activity_type", "week_from", "week_to"],
        [501, "AAA", "2013J", "oucontent", 3, 4],
        [502, "AAA", "2013J", "forumng", "", ""],
        [601, "BBB", "2014B", "homepage", "", ""],
        [602, "BBB", "2014B", "quiz", "", ""],
        [701, "BBB", "2013J", "resource", "", ""],
    ],
    "studentInfo.csv": [
        [
            "code_module",
            "code_presentation",
            "id_student",
            "gender",
            "region",
            "highest_education",
            "imd_band",
            "age_band",
            "num_of_prev_attempts",
            "studied_credits",
            "disability",
            "final_result",
        ],
        ["AAA", "2013J", 101, "F", "Wales", "HE", "10-20", "0-35", 0, 60, "N", "Pass"],
        ["AAA", "2013J", 102, "M", "Wales", "HE", "?", "0-35", 1, 60, "N", "Withdrawn"],
        ["AAA", "2013J", 103, "M", "Wales", "HE", "", "55<=", 0, 60, "N", "Fail"],
        ["BBB", "2013J", 104, "F", "Wales", "HE", "90-100%", "35-55", 0, 30, "N", "Withdrawn"],
        ["BBB", "2014B", 101, "F", "Wales", "HE", "10-20", "35-55", 0, 90, "Y", "Pass"],
        ["BBB", "2014B", 105, "M", "Wales", "HE", "10-20", "0-35", 2, 30, "N", "Distinction"],
        ["BBB", "2014B", 106, "M", "Wales", "HE", "10-20", "0-35", 0, 30, "N", "Withdrawn"],
    ],
    "studentRegistration.csv": [
        [
            "code_module",
            "code_presentation",
            "id_student",
            "date_registration",
            "date_unregistration",
        ],
        ["AAA", "2013J", 101, -50, ""],
        ["AAA", "2013J", 102, -40, 30],
        ["AAA", "2013J", 103, -1, ""],
        ["BBB", "2013J", 104, -20, ""],
        ["BBB", "2014B", 101, -9, ""],
        ["BBB", "2014B", 105, "", ""],
        ["BBB", "2014B", 106, "", -5],
    ],
    "studentAssessment.csv": [
        ["id_assessment", "id_student", "date_submitted", "is_banked", "score"],
        [1, 101, 18, 0, 78],
        [1, 102, 20, 0, ""],
        [1, 103, 25, 0, 30],
        [11, 105, -1, 1, 60],
        [12, 105, 230, 0, 90],
    ],
    "studentVle.csv": [
        ["code_module", "code_presentation", "id_student", "id_site", "date", "sum_click"],
        ["AAA", "2013J", 101, 501, -10, 4],
        ["AAA", "2013J", 101, 501, -10, 1],
        ["AAA", "2013J", 102, 502, 3, 7],
        ["AAA", "2013J", 101, 501, 5, 2],
        ["AAA", "2013J", 101, 501, -10, 1],
        ["BBB", "2014B", 105, 601, 0, 1],
        ["BBB", "2014B", 105, 602, 10, 3],
        ["BBB", "2014B", 105, 602, 10, 5],
        ["BBB", "2013J", 104, 701, 2, 1],
    ],
}
CLICKS = {
    ("AAA 2013J", 101, "501", date(2013, 9, 21)): 6,
    ("AAA 2013J", 101, "501", date(2013, 10, 6)): 2,
    ("AAA 2013J", 102, "502", date(2013, 10, 4)): 7,
    ("BBB 2013J", 104, "701", date(2013, 10, 3)): 1,
    ("BBB 2014B", 105, "601", date(2014, 2, 1)): 1,
    ("BBB 2014B", 105, "602", date(2014, 2, 11)): 8,
}
OPENED = {
    ("AAA 2013J", 101, "501"): (date(2013, 9, 21), date(2013, 10, 6), 8),
    ("AAA 2013J", 102, "502"): (date(2013, 10, 4), date(2013, 10, 4), 7),
    ("BBB 2013J", 104, "701"): (date(2013, 10, 3), date(2013, 10, 3), 1),
    ("BBB 2014B", 105, "601"): (date(2014, 2, 1), date(2014, 2, 1), 1),
    ("BBB 2014B", 105, "602"): (date(2014, 2, 11), date(2014, 2, 11), 8),
}
ENROLMENTS = {
    ("AAA 2013J", 101): ("completed", date(2013, 8, 12), None, 0, 60, "pass"),
    ("AAA 2013J", 102): ("withdrawn", date(2013, 8, 22), date(2013, 10, 31), 1, 60, "withdrawn"),
    ("AAA 2013J", 103): ("failed", date(2013, 9, 30), None, 0, 60, "fail"),
    ("BBB 2013J", 104): ("withdrawn", date(2013, 9, 11), None, 0, 30, "withdrawn"),
    ("BBB 2014B", 101): ("completed", date(2014, 1, 23), None, 0, 90, "pass"),
    ("BBB 2014B", 105): ("completed", date(2014, 2, 1), None, 2, 30, "distinction"),
    ("BBB 2014B", 106): ("withdrawn", date(2014, 1, 27), date(2014, 1, 27), 0, 30, "withdrawn"),
}
RESULTS = {
    ("1", 101): (date(2013, 10, 19), 78.0, True, False, "graded"),
    ("1", 102): (date(2013, 10, 21), None, None, False, "submitted"),
    ("1", 103): (date(2013, 10, 26), 30.0, False, False, "graded"),
    ("11", 105): (date(2014, 1, 31), 60.0, True, True, "graded"),
    ("12", 105): (date(2014, 9, 19), 90.0, True, False, "graded"),
}


def folder(at: Path, files: Files = TINY) -> Path:
    """Writes the files as the Open University does: texts quoted."""
    at.mkdir(parents=True, exist_ok=True)
    for name, rows in files.items():
        with (at / name).open("w", newline="", encoding="utf-8") as file:
            csv.writer(file, quoting=csv.QUOTE_NONNUMERIC).writerows(rows)
    return at


def zipped(at: Path, source: Path, inside: str = "") -> Path:
    with zipfile.ZipFile(at, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(source.iterdir()):
            archive.write(file, f"{inside}{file.name}")
    return at


def changed(
    name: str, *, instead: list[object] | None = None, line: int, add: bool = False
) -> Files:
    """TINY with one line of one file replaced, left out, or added before."""
    rows = list(TINY[name])
    rows[line - 1 : line - 1 + (not add)] = [] if instead is None else [instead]
    return {**TINY, name: rows}


def load(district: District, path: Path, /, **options: Any) -> oulad.LoadReport:
    keystore = district.door.keystore
    return oulad.load(
        district.jobs, path, seal=sealer(keystore), source_hash=source_hash(keystore), **options
    )


def rows(district: District, sql: str, **values: object) -> list[Any]:
    with district.jobs.connect() as connection:
        return list(connection.execute(text(sql), values).all())


def picture(district: District, of: int) -> dict[str, dict[Any, Any]]:
    """What the database says, in OULAD's own numbers."""
    hashed = source_hash(district.door.keystore)
    number = {hashed(of, f"oulad/{student}"): student for student in STUDENTS}
    who = "JOIN chalkline.learners l USING (district_id, learner_id)"
    where = "JOIN chalkline.classes c USING (district_id, class_id)"
    site = "JOIN chalkline.content_items i ON i.section_id = t.section_id"
    utc = "AT TIME ZONE 'UTC')::date"
    enrolments = rows(
        district,
        "SELECT c.title, l.source_hash, t.status, enrolled_on, t.left_on, prior_attempts, "
        f"studied_credits, final_result FROM chalkline.enrollments t {who} {where} "
        "WHERE t.district_id = :of",
        of=of,
    )
    results = rows(
        district,
        f"SELECT a.source_id, l.source_hash, (submitted_at {utc}, percent, passed, banked, status "
        f"FROM chalkline.assessment_attempts t {who} "
        "JOIN chalkline.assessments a USING (district_id, assessment_id) WHERE t.district_id = :of",
        of=of,
    )
    clicks = rows(
        district,
        f"SELECT c.title, l.source_hash, i.source_id, (occurred_at {utc}, clicks "
        f"FROM chalkline.learning_interactions t {who} {where} {site} "
        "AND i.content_id = t.content_id WHERE t.district_id = :of",
        of=of,
    )
    opened = rows(
        district,
        f"SELECT c.title, l.source_hash, i.source_id, (first_opened_at {utc}, "
        f"(last_opened_at {utc}, interactions "
        f"FROM chalkline.section_progress t {who} {where} {site} WHERE t.district_id = :of",
        of=of,
    )
    return {
        "enrolments": {(row[0], number[row[1]]): tuple(row[2:]) for row in enrolments},
        "results": {(row[0], number[row[1]]): tuple(row[2:]) for row in results},
        "clicks": {(row[0], number[row[1]], row[2], row[3]): row[4] for row in clicks},
        "opened": {(row[0], number[row[1]], row[2]): tuple(row[3:]) for row in opened},
    }


WHOLE = {"enrolments": ENROLMENTS, "results": RESULTS, "clicks": CLICKS, "opened": OPENED}


def contents(district: District) -> dict[str, list[str]]:
    """Every row of every table but the record of imports, with the transaction that wrote it."""
    tables = rows(
        district,
        "SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
        "WHERE n.nspname = 'chalkline' AND c.relkind IN ('r', 'p') AND NOT c.relispartition "
        "AND has_table_privilege(c.oid, 'SELECT') "
        "AND c.relname NOT IN ('imports', 'import_errors')",
    )
    return {
        table: sorted(
            str(row) for row in rows(district, f"SELECT t.xmin, t FROM chalkline.{table} t")
        )
        for (table,) in tables
    }


def viewer(report: oulad.LoadReport, member: oulad.StaffMember) -> Viewer:
    return Viewer(
        district_id=report.district_id,
        staff_id=member.staff_id,
        account_id=UUID(int=1),
        role=member.role,  # type: ignore[arg-type]
        name=member.display_name,
        district_name=oulad.DISTRICT,
        generated=False,
        today=report.clock_on,
    )


def test_everything_in_the_files_is_in_the_database(district: District, tmp_path: Path) -> None:
    report = load(district, folder(tmp_path / "oulad"))
    assert picture(district, report.district_id) == WHOLE
    figures = {one.file: (one.read, one.written, one.rejected, one.merged) for one in report.files}
    assert figures == {
        "courses.csv": (3, 3, 0, 0),
        "assessments.csv": (4, 4, 0, 0),
        "vle.csv": (5, 5, 0, 0),
        "studentInfo.csv": (7, 7, 0, 0),
        "studentRegistration.csv": (7, 7, 0, 0),
        "studentAssessment.csv": (5, 5, 0, 0),
        "studentVle.csv": (9, 6, 0, 3),
    }
    assert not report.unchanged


def test_classes_run_from_day_0_and_an_exam_nobody_has_results_of_is_never_due(
    district: District, tmp_path: Path
) -> None:
    report = load(district, folder(tmp_path / "oulad"))
    due = rows(
        district,
        "SELECT c.title, a.title, format, weight, due_on, c.starts_on, c.ends_on "
        "FROM chalkline.class_assessments d JOIN chalkline.classes c USING (district_id, class_id) "
        "JOIN chalkline.assessments a USING (district_id, assessment_id) "
        "WHERE d.district_id = :of ORDER BY 1, 2",
        of=report.district_id,
    )
    first, last = date(2013, 10, 1), date(2014, 6, 26)
    spring, autumn = date(2014, 2, 1), date(2014, 9, 23)
    assert [tuple(row) for row in due] == [
        ("AAA 2013J", "Final exam", "exam", 100.0, None, first, last),
        ("AAA 2013J", "Tutor-marked", "essay", 10.0, date(2013, 10, 20), first, last),
        (
            "BBB 2014B",
            "Computer-marked",
            "computer_marked",
            0.0,
            date(2014, 3, 23),
            spring,
            autumn,
        ),
        ("BBB 2014B", "Final exam", "exam", 100.0, autumn, spring, autumn),
    ]


def test_the_catalogue_speaks_plain_words(district: District, tmp_path: Path) -> None:
    load(district, folder(tmp_path / "oulad"))
    found = rows(
        district,
        "SELECT c.code, m.position, m.title, s.title, s.opens_week, s.content_type "
        "FROM chalkline.sections s JOIN chalkline.modules m USING (module_id) "
        "JOIN chalkline.courses c ON c.course_id = s.course_id WHERE c.code LIKE 'OULAD-%' "
        "ORDER BY 1, 2",
    )
    assert [tuple(row) for row in found] == [
        ("OULAD-AAA", 1, "Course texts", "Course text 501", 3, "text"),
        ("OULAD-AAA", 2, "Forums", "Forum 502", None, "discussion"),
        ("OULAD-BBB", 1, "Quizzes", "Quiz 602", None, "assessment"),
        ("OULAD-BBB", 2, "Course home page", "Course home page 601", None, "text"),
        ("OULAD-BBB", 3, "Resources", "Resource 701", None, "text"),
    ]


def test_a_zip_and_its_folder_are_the_same_load(district: District, tmp_path: Path) -> None:
    source = folder(tmp_path / "oulad")
    archive = zipped(tmp_path / "oulad.zip", source, inside="anonymised/")
    assert picture(district, load(district, archive).district_id) == WHOLE
    assert load(district, source).unchanged


def test_loading_again_changes_nothing(district: District, tmp_path: Path) -> None:
    source = folder(tmp_path / "oulad")
    first = load(district, source)
    before = contents(district)
    again = load(district, source)
    assert contents(district) == before
    assert again.unchanged
    assert [one.written for one in again.files] == [0] * 7
    expected = [replace(one, written=0) for one in first.files]
    assert (list(again.files), again.staff, again.notes) == (expected, first.staff, first.notes)


def test_a_part_and_then_the_rest_is_the_whole(district: District, tmp_path: Path) -> None:
    source = folder(tmp_path / "oulad")
    part = load(district, source, courses=["bbb"])
    found = picture(district, part.district_id)
    assert {title for title, _ in found["enrolments"]} == {"BBB 2013J", "BBB 2014B"}
    assert {one.file: one.left_out for one in part.files}["studentVle.csv"] == 5
    bbb = contents(district)["learning_interactions"]
    rest = load(district, source)
    assert picture(district, rest.district_id) == WHOLE
    assert set(bbb) <= set(contents(district)["learning_interactions"])  # not written again
    assert {one.file: one.written for one in rest.files}["studentVle.csv"] == 3


KILLED = """
import os, signal, sys
from pathlib import Path
from db import engine, oulad
from privacy.keystore import open_keystore
from privacy.people import sealer, source_hash

def die(what, done, of):
    if what == sys.argv[4]:
        os.kill(os.getpid(), signal.SIGKILL)

keystore = open_keystore(Path(sys.argv[3]))
oulad.load(engine.jobs(sys.argv[1]), Path(sys.argv[2]), seal=sealer(keystore),
           source_hash=source_hash(keystore), progress=die)
"""


@pytest.mark.parametrize(
    "moment", ["Writing learners", "Writing BBB 2013J", "Writing BBB 2014B", "Finishing"]
)
def test_a_killed_load_goes_on_and_ends_the_same(
    district: District, tmp_path: Path, moment: str
) -> None:
    source = folder(tmp_path / "oulad")
    key_file = str(district.settings.key_file)
    killed = subprocess.run(
        [sys.executable, "-c", KILLED, district.owner_url, str(source), key_file, moment],
        cwd=Path(__file__).parents[1],
        env={**os.environ, "PYTHONPATH": "."},
        check=False,
    )
    assert killed.returncode == -signal.SIGKILL
    written = contents(district)["learning_interactions"]
    report = load(district, source)
    assert picture(district, report.district_id) == WHOLE
    assert set(written) <= set(contents(district)["learning_interactions"])  # kept, not redone
    assert {one.file: one.written for one in report.files}["studentVle.csv"] == 6
    assert [tuple(row) for row in rows(district, "SELECT state FROM chalkline.imports")] == [
        ("done",)
    ]
    assert load(district, source).unchanged


def test_a_class_whose_files_changed_is_replaced_and_the_others_are_left(
    district: District, tmp_path: Path
) -> None:
    load(district, folder(tmp_path / "first"))
    untouched = [row for row in contents(district)["section_progress"] if "2014-02" in row]
    later = changed("studentVle.csv", instead=["AAA", "2013J", 103, 502, 9, 2], line=4)
    report = load(district, folder(tmp_path / "second", later))
    clicks = dict(CLICKS)
    del clicks["AAA 2013J", 102, "502", date(2013, 10, 4)]
    clicks["AAA 2013J", 103, "502", date(2013, 10, 10)] = 2
    assert picture(district, report.district_id)["clicks"] == clicks
    assert untouched
    assert set(untouched) <= set(contents(district)["section_progress"])


@pytest.mark.parametrize(
    ("file", "line", "bad", "column", "reason"),
    [
        ("studentInfo.csv", 3, ["AAA", "2013J", 102, SECRET], None, "has 4 fields instead of 12"),
        (
            "studentInfo.csv",
            3,
            ["AAA", "2013J", 102, "M", "W", "HE", "?", SECRET, 1, 60, "N", "Withdrawn"],
            "age_band",
            "must be one of 0-35, 35-55, 55<=",
        ),
        (
            "studentRegistration.csv",
            2,
            ["AAA", "2013J", 999, -50, ""],
            "id_student",
            "has no row for this presentation in studentInfo.csv",
        ),
        (
            "studentAssessment.csv",
            2,
            [1, 101, 18, 0, 178],
            "score",
            "must be a number from 0 to 100",
        ),
        ("studentAssessment.csv", 3, [1, 101, 18, 0, 78], None, "repeats an earlier row"),
        (
            "studentVle.csv",
            6,
            ["AAA", "2013J", 101, 501, SECRET, 1],
            "date",
            "must be a whole number from -1500 to 1500",
        ),
        (
            "studentVle.csv",
            2,
            ["AAA", "2013J", 101, 601, 1, 1],
            "id_site",
            "has no row for this presentation in vle.csv",
        ),
        (
            "studentVle.csv",
            2,
            ["ZZZ", "2013J", 101, 501, 1, 1],
            "code_presentation",
            "is of a presentation that courses.csv does not list",
        ),
        (
            "studentVle.csv",
            2,
            ["AAA", "2013J", 101, 501, 1, 0],
            "sum_click",
            "must be a whole number from 1 to 1000000",
        ),
        (
            "assessments.csv",
            2,
            ["AAA", "2013J", 1, SECRET, 19, 10],
            "assessment_type",
            "must be one of TMA, CMA, Exam",
        ),
    ],
)
def test_a_bad_row_is_left_out_and_its_place_reported_but_never_its_content(
    district: District,
    tmp_path: Path,
    file: str,
    line: int,
    bad: list[object],
    column: str | None,
    reason: str,
) -> None:
    report = load(district, folder(tmp_path / "oulad", changed(file, instead=bad, line=line)))
    figures = {one.file: one for one in report.files}
    assert figures[file].reasons == {reason: 1}
    assert figures[file].rejected == 1
    assert figures[file].read == len(TINY[file]) - 1
    kept = rows(district, 'SELECT file, line, "column", reason FROM chalkline.import_errors')
    assert (file, line, column, reason) in [tuple(row) for row in kept]
    everything = (
        str(report)
        + str(contents(district))
        + str(rows(district, "SELECT i::text FROM chalkline.imports i"))
        + str(rows(district, "SELECT e::text FROM chalkline.import_errors e"))
    )
    assert SECRET not in everything


def test_a_line_is_counted_as_an_editor_counts_it(tmp_path: Path) -> None:
    source = folder(tmp_path / "oulad")
    broken = (source / "studentVle.csv").read_text().splitlines()
    broken[3] = "AAA,2013J"
    broken.insert(5, "")
    broken[7] = "AAA,2013J,101,501,soon,1"
    (source / "studentVle.csv").write_text("\n".join(broken) + "\n\n")
    rejections = Rejections()
    with oulad.files.opened(source) as dataset:
        found: list[Block] = list(blocks(dataset, "studentVle.csv", rejections))
    assert [one.line for one in rejections.kept] == [4]
    assert [line for block in found for line in block.lines.tolist()] == [2, 3, 5, 7, 8, 9, 10, 11]


def _without(name: str) -> Files:
    return {file: content for file, content in TINY.items() if file != name}


def _headless(name: str) -> Files:
    return {**TINY, name: TINY[name][1:]}


@pytest.mark.parametrize(
    ("files", "says"),
    [
        (_without("vle.csv"), r"lacks vle\.csv\. OULAD has seven files"),
        (
            changed("courses.csv", instead=["code_module", "code_presentation", "length"], line=1),
            r"courses\.csv lacks the column module_presentation_length\.",
        ),
        (_headless("studentInfo.csv"), r"studentInfo\.csv lacks the column code_module, "),
        ({**TINY, "courses.csv": []}, r"courses\.csv is empty"),
        (
            {**TINY, "courses.csv": [TINY["courses.csv"][0], ["AAA", "soon", 268]]},
            r"No row of courses\.csv can be used\. Courses\.csv, line 2, column code_presentation: "
            r"must be a year and a month's letter",
        ),
    ],
)
def test_files_that_are_not_oulad_write_nothing_and_get_a_sentence(
    district: District, tmp_path: Path, files: Files, says: str
) -> None:
    before = contents(district)
    with pytest.raises(oulad.LoadError, match=says):
        load(district, folder(tmp_path / "oulad", files))
    assert contents(district) == before
    assert rows(district, "SELECT FROM chalkline.imports") == []


def test_a_path_or_zip_that_can_not_be_read_gets_a_sentence(
    district: District, tmp_path: Path
) -> None:
    source = folder(tmp_path / "oulad")
    with pytest.raises(oulad.LoadError, match="There is no file or folder"):
        load(district, tmp_path / "nothing.zip")
    not_a_zip = tmp_path / "not.zip"
    not_a_zip.write_text("id_student")
    with pytest.raises(oulad.LoadError, match="is not a zip file, or it is cut short"):
        load(district, not_a_zip)
    with pytest.raises(
        oulad.LoadError, match="There is no course XYZ in these data; they hold AAA"
    ):
        load(district, source, courses=["XYZ"])
    twice = zipped(tmp_path / "twice.zip", source)
    with zipfile.ZipFile(twice, "a") as archive:
        archive.write(source / "vle.csv", "copy/vle.csv")
    with pytest.raises(oulad.LoadError, match=r"holds vle\.csv twice"):
        load(district, twice)
    damaged = zipped(tmp_path / "damaged.zip", source)
    content = bytearray(damaged.read_bytes())
    place = content.index(b"studentVle.csv") + 40
    content[place : place + 8] = bytes(8)
    damaged.write_bytes(bytes(content))
    with pytest.raises(oulad.LoadError, match=r"studentVle\.csv in .* can not be unpacked"):
        load(district, damaged)
    (source / "studentInfo.csv").write_bytes(
        (source / "studentInfo.csv").read_bytes() + b"\xff\xfe,"
    )
    with pytest.raises(oulad.LoadError, match=r"studentInfo\.csv is not a CSV file in UTF-8"):
        load(district, source)
    assert rows(district, "SELECT FROM chalkline.imports") == []


def test_two_loads_at_once_are_one_and_a_sentence(district: District, tmp_path: Path) -> None:
    source = folder(tmp_path / "oulad")
    with oulad.journal.alone(district.jobs), pytest.raises(oulad.LoadError, match="already"):
        load(district, source)
    assert picture(district, load(district, source).district_id) == WHOLE


def test_a_district_that_is_not_ours_is_not_loaded_into(district: District, tmp_path: Path) -> None:
    with pytest.raises(oulad.LoadError, match="'Lakeside' is the name of a district that was not"):
        load(district, folder(tmp_path / "oulad"), district="Lakeside")


def test_a_night_over_it_measures_what_it_records_and_fails_on_nothing_it_does_not(
    district: District, tmp_path: Path
) -> None:
    """No question, no competency, no sitting, no time; and six learners."""
    report = load(district, folder(tmp_path / "oulad"))
    refresh(district.jobs, now=datetime.now(UTC))
    night = work_through(district.jobs, district=report.district_id, now=datetime.now(UTC))
    assert night.content["courses"] == 3
    assert night.content["items"] == 0
    stored = "SELECT DISTINCT dimension FROM chalkline.learning_patterns WHERE district_id = :of"
    assert {row[0] for row in rows(district, stored, of=report.district_id)} <= {
        "engagement", "velocity", "feedback_delay",
    }  # fmt: skip


def test_files_without_a_click_load(district: District, tmp_path: Path) -> None:
    quiet = {**TINY, "studentVle.csv": TINY["studentVle.csv"][:1]}
    report = load(district, folder(tmp_path / "oulad", quiet))
    assert picture(district, report.district_id) == {**WHOLE, "clicks": {}, "opened": {}}


def test_a_database_error_is_told_without_the_row_that_caused_it(
    district: District, tmp_path: Path
) -> None:
    source = folder(tmp_path / "oulad")
    owner = engines.owner(district.owner_url)
    with owner.begin() as connection:
        connection.execute(
            text(
                "ALTER TABLE chalkline.enrollments "
                "ADD CONSTRAINT full_up CHECK (studied_credits < 80)"
            )
        )
    with pytest.raises(oulad.LoadError, match="full_up") as caught:
        load(district, source)
    assert "2014-" not in str(caught.value)
    assert [tuple(row) for row in rows(district, "SELECT state FROM chalkline.imports")] == [
        ("failed",)
    ]
    with owner.begin() as connection:
        connection.execute(text("ALTER TABLE chalkline.enrollments DROP CONSTRAINT full_up"))
    owner.dispose()
    assert picture(district, load(district, source).district_id) == WHOLE


def test_the_clock_stands_on_day_84_of_the_last_presentation_or_where_it_is_put(
    district: District, tmp_path: Path
) -> None:
    source = folder(tmp_path / "oulad")
    caseload = (
        "SELECT count(*) FROM chalkline.caseloads c JOIN chalkline.staff s "
        "USING (district_id, staff_id) WHERE s.source_id = 'support'"
    )
    report = load(district, source)
    assert report.clock_on == date(2014, 4, 26)
    assert rows(district, caseload) == [(4,)]  # Kit, Max, Nia, Ola; Lou and Pat have left
    moved = load(district, source, as_of=date(2013, 10, 15))
    assert moved.clock_on == date(2013, 10, 15)
    assert rows(district, caseload) == [(4,)]  # Kit, Lou, Max, Nia
    empty = load(district, source, as_of=date(2020, 1, 1))
    assert "No loaded class runs on 2020-01-01" in empty.notes[-1]
    clock = rows(district, "SELECT chalkline.today(:of)", of=report.district_id)
    assert clock == [(date(2020, 1, 1),)]


def test_a_tutor_sees_the_learners_of_her_course_by_name_and_no_others(
    district: District, tmp_path: Path
) -> None:
    report = load(district, folder(tmp_path / "oulad"))
    tutor = next(one for one in report.staff if one.display_name == "BBB course tutor")
    her = viewer(report, tutor)
    with privacy.session(her) as db:
        learners = list(db.scalars(text("SELECT learner_id FROM chalkline.learners")))
        called = {str(name) for name in names(db, her, learners).values()}
    assert called == {" ".join(invented_name(student)) for student in (101, 104, 105, 106)}


def test_neither_names_nor_numbers_nor_protected_attributes_lie_about_in_plain_text(
    district: District, tmp_path: Path
) -> None:
    peculiar = {
        **TINY,
        "studentInfo.csv": [
            [SECRET if value == "Wales" else value for value in row]
            for row in TINY["studentInfo.csv"]
        ],
    }
    load(district, folder(tmp_path / "oulad", peculiar))
    everything = contents(district)
    found = {
        table
        for table, lines in everything.items()
        if table != "protected_attributes" and any(SECRET in line for line in lines)
    }
    assert found == set()
    assert any(SECRET in line for line in everything["protected_attributes"])
    ours = str(
        {k: v for k, v in everything.items() if k in ("learners", "learner_pii", "data_keys")}
    )
    for student in STUDENTS:
        given, family = invented_name(student)
        for plain in (given, family, given.encode().hex(), family.encode().hex()):
            assert plain not in ours.replace("undergraduate", "")
    # The scan does see what is plain: the staff directory.
    assert "course tutor" in str(everything["staff"])


def test_no_identifier_can_be_worked_out_from_a_learners_number(
    district: District, tmp_path: Path
) -> None:
    source = folder(tmp_path / "oulad")
    here = load(district, source).district_id
    elsewhere = load(district, source, district="The same learners elsewhere").district_id

    def identifiers(of: int) -> set[UUID]:
        found = rows(
            district, "SELECT learner_id FROM chalkline.learners WHERE district_id = :of", of=of
        )
        return {one for (one,) in found}

    assert len(identifiers(here)) == 6
    assert not identifiers(here) & identifiers(elsewhere)
    interactions = rows(
        district,
        "SELECT replace(interaction_id::text, '-', '') FROM chalkline.learning_interactions "
        "WHERE district_id = :of",
        of=here,
    )
    hashed = source_hash(district.door.keystore)
    for student in STUDENTS:
        plain = sha256(f"oulad/{student}".encode()).digest()
        assert _identifier(plain) not in identifiers(here)
        assert _identifier(hashed(here, f"oulad/{student}")) in identifiers(here)  # with the key
        assert not any(student.to_bytes(8, "big").hex() in one for (one,) in interactions)


@pytest.fixture
def real() -> Path:
    """The real dataset, which lies beside the project and not in it."""
    if not REAL.exists():
        pytest.skip(f"The real OULAD is not at {REAL}: this test needs it.")
    return REAL


@pytest.fixture
def ground(real: Path) -> dict[str, Any]:
    """Counts of course AAA, straight from the CSV files with nothing of ours."""
    totals: dict[str, Any] = {"enrolments": 0, "withdrawn": 0, "clicks": 0, "rows": set()}
    with zipfile.ZipFile(real) as archive:
        for name in ("studentInfo", "studentRegistration", "studentVle"):
            with archive.open(f"{name}.csv") as raw:
                for line in raw:
                    if not line.startswith(b"AAA,"):
                        continue
                    cells = line.decode().strip().split(",")
                    if name == "studentInfo":
                        totals["enrolments"] += 1
                    elif name == "studentRegistration":
                        totals["withdrawn"] += cells[4] != ""
                    else:
                        totals["clicks"] += int(cells[5])
                        totals["rows"].add(tuple(cells[1:5]))
    return totals


def test_a_real_course_loads_to_the_last_click(
    district: District, real: Path, ground: dict[str, Any]
) -> None:
    report = load(district, real, courses=["AAA"])
    counted = rows(
        district,
        "SELECT (SELECT count(*) FROM chalkline.enrollments WHERE district_id = :of), "
        "(SELECT count(left_on) FROM chalkline.enrollments WHERE district_id = :of), "
        "(SELECT sum(clicks) FROM chalkline.learning_interactions WHERE district_id = :of), "
        "(SELECT count(*) FROM chalkline.learning_interactions WHERE district_id = :of), "
        "(SELECT sum(interactions) FROM chalkline.section_progress WHERE district_id = :of)",
        of=report.district_id,
    )
    assert tuple(counted[0]) == (
        ground["enrolments"],
        ground["withdrawn"],
        ground["clicks"],
        len(ground["rows"]),
        ground["clicks"],
    )
    assert sum(one.rejected for one in report.files) == 0
