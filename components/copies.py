"""A copy of a learner's record as it is handed over: JSON, CSV files, words for paper."""

import csv
import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from typing import Any, Final

from components.show import harmless

LONGEST: Final = 60  # rows of one kind on paper; the files hold all
WIDEST: Final = 6  # columns on paper

_TITLES: Final = {
    "learner_pii": "Name and contact",
    "learners": "School and grade",
    "enrollments": "Classes",
    "consents": "Consents",
    "disclosures": "Given to others",
    "protected_attributes": "What was reported about her",
    "section_progress": "Progress in the material",
    "assessment_attempts": "Work handed in",
    "item_responses": "Answers to questions",
    "learning_interactions": "Clicks in the material",
    "learning_sessions": "Sittings",
    "attendance": "Attendance",
    "behaviour_events": "Events",
    "mastery": "What she has shown she can do",
    "risk_scores": "Estimated need of help",
    "flags": "Flags that somebody should look",
    "interventions": "Plans to help",
    "intervention_notes": "Notes",
    "messages": "Messages sent",
    "corrections": "Corrections asked for, and what the family says",
}
# What a reader can not read, and what stands beside it in words.
_HIDDEN: Final = ("_id", "_at_xid", "fingerprint", "features")

Copy = Mapping[str, Any]
Rows = Sequence[Mapping[str, Any]]


def to_json(copy: Copy) -> bytes:
    """The whole copy for a machine."""
    return json.dumps(copy, indent=1, ensure_ascii=False).encode()


def to_csv_files(copy: Copy) -> bytes:
    """A zip of one CSV file a table, and what is left out; no cell is a formula."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, rows in copy["about"].items():
            archive.writestr(f"{name}.csv", _csv(rows))
        left_out = "\n".join(f"{name}: {why}" for name, why in copy["left_out"].items())
        archive.writestr("what is left out.txt", left_out)
    return out.getvalue()


def parts(copy: Copy) -> list[dict[str, Any]]:
    """The copy as sections of tables of words, for the printed form."""
    known = {name: place for place, name in enumerate(_TITLES)}
    names = sorted(copy["about"], key=lambda name: (known.get(name, len(known)), name))
    return [_part(name, copy["about"][name]) for name in names]


def title(table: str) -> str:
    """A table's name in words.

    >>> title("attendance"), title("plan_effects")
    ('Attendance', 'Plan effects')
    """
    return _TITLES.get(table, table.replace("_", " ").capitalize())


def _part(name: str, rows: Rows) -> dict[str, Any]:
    columns = [c for c in rows[0] if not c.endswith(_HIDDEN) and any(row[c] for row in rows)]
    shown = columns[:WIDEST]
    more = len(rows) - LONGEST
    note = f"{len(rows):,} entries." if len(rows) > 1 else ""
    if more > 0:
        note += f" The first {LONGEST} are printed; the files with this copy hold all."
    if len(columns) > WIDEST:
        note += " The files hold further columns."
    return {
        "title": title(name),
        "note": note.strip(),
        "head": [column.replace("_", " ") for column in shown],
        "rows": [[_words(row[column]) for column in shown] for row in rows[:LONGEST]],
    }


def _words(value: Any) -> str:
    """One value as a person reads it.

    >>> _words(True), _words(None), _words(["a", "b"]), _words("2026-03-20T08:00:00+00:00")
    ('yes', '', 'a, b', '2026-03-20 08:00')
    """
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case float():
            return f"{value:.2f}".rstrip("0").rstrip(".")
        case list():
            return ", ".join(_words(one) for one in value)
        case dict():
            return "; ".join(f"{name.replace('_', ' ')}: {_words(v)}" for name, v in value.items())
    text = str(value)
    if len(text) >= 19 and text[4:5] == "-" and text[10:11] == "T":
        return f"{text[:10]} {text[11:16]}"
    return text


def _csv(rows: Rows) -> bytes:
    out = io.StringIO()
    columns = list(dict.fromkeys(name for row in rows for name in row))
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(columns)
    for row in rows:
        writer.writerow([harmless(_cell(row.get(name))) for name in columns])
    return out.getvalue().encode("utf-8-sig")


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return json.dumps(value, ensure_ascii=False) if isinstance(value, list | dict) else str(value)
