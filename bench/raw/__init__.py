"""The same answers from the raw tables: one SQL file a look, and what to make of its rows."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from itertools import groupby
from pathlib import Path
from statistics import median
from typing import Any
from uuid import UUID

import numpy as np
from sqlalchemy import Connection, text

from analytics import items, rules
from analytics.knowledge import Answer, State, mastery, update
from analytics.knowledge.crowd import WEEK
from bench.asking import Scope
from db.knowledge.store import InUse

HERE = Path(__file__).parent
Rows = Sequence[Any]
SECONDS_A_DAY = 86_400


def look(connection: Connection, name: str, scope: Scope, **more: object) -> Rows:
    """The rows of one SQL file."""
    return connection.execute(
        _SQL[name],
        {
            "district": scope.viewer.district_id,
            "classes": scope.ids,
            "day": scope.viewer.today,
            "tz": scope.timezone,
            "cut": scope.cut,
            "weeks": rules.WORK_WEEKS,
            "grace": rules.GRACE_DAYS,
            "school_days": rules.ATTENDANCE_DAYS,
            "absent_least": rules.ABSENT_LEAST,
            "absent_share": rules.ABSENT_SHARE,
            "share": items.UPPER_SHARE,
            **more,
        },
    ).all()


_SQL = {path.stem: text(path.read_text(encoding="utf-8")) for path in HERE.glob("*.sql")}


def findings(activity: Rows, work: Rows, attendance: Rows, today: date) -> dict[Any, Any]:
    """What the rules about work, activity and attendance find: (learner, rule) to its evidence."""
    found: dict[Any, Any] = {}
    by_class: dict[UUID, list[Any]] = defaultdict(list)
    for row in activity:
        by_class[row.course_id].append(row)
    for rows in by_class.values():
        change = [r.clicks_28 / r.clicks_before for r in rows if r.clicks_before]
        days = median(r.days_14 for r in rows)
        for row in rows:
            _note(
                found,
                row,
                rules.falling_activity(
                    rules.Activity(
                        days=row.days_28,
                        days_before=row.days_before,
                        clicks=int(row.clicks_28),
                        clicks_before=int(row.clicks_before),
                        last_on=row.latest_on,
                        enrolled_on=row.since,
                        class_change=float(np.float32(median(change))) if change else None,
                        class_days=days,
                    ),
                    today=today,
                ),
            )
    pieces: dict[tuple[UUID, UUID], list[Any]] = defaultdict(list)
    for row in work:
        pieces[row.course_id, row.learner_id].append(row)
    for mine in pieces.values():
        since = min((piece.due_on for piece in mine if piece.missing), default=None)
        due_since = sum(since is not None and piece.due_on >= since for piece in mine)
        missing = sum(piece.missing for piece in mine)
        _note(found, mine[0], rules.missing_work(rules.Work(len(mine), missing, since, due_since)))
    school: dict[UUID, list[Any]] = defaultdict(list)
    for row in attendance:
        school[row.learner_id].append(row)
    for days_on_roll in school.values():
        said = rules.attendance([(day.on_date, day.status) for day in days_on_roll])
        if said:
            found[None, days_on_roll[0].learner_id, said.rule] = said.evidence
    return found


def _note(found: dict[Any, Any], row: Any, finding: rules.Finding | None) -> None:
    if finding:
        found[row.course_id, row.learner_id, finding.rule] = finding.evidence


def weekly(activity: Rows) -> dict[UUID, tuple[int, ...]]:
    """Each learner's clicks a week over twelve weeks, oldest first, all classes together."""
    weeks: dict[UUID, list[int]] = defaultdict(lambda: [0] * 12)
    for row in activity:
        for ago, clicks in zip(row.weeks_ago or (), row.clicks or (), strict=True):
            weeks[row.learner_id][11 - ago] += int(clicks)
        weeks[row.learner_id]  # also those without a click
    return {learner: tuple(mine) for learner, mine in weeks.items()}


def estimates(answers: Rows, use: InUse, scope: Scope, shown: set[UUID]) -> dict[Any, Any]:
    """(learner, competency) to (answers, chance of the next one, label), one answer at a time."""
    found: dict[Any, Any] = {}
    day = scope.cut.timestamp() / SECONDS_A_DAY
    for learner, mine in groupby(answers, key=lambda row: row.learner_id):
        state = State()
        for row in mine:
            skills = tuple(map(str, row.competencies))
            answer = Answer(str(row.item_id), skills, row.credit, row.at / SECONDS_A_DAY)
            lifts = use.lifts.get(row.course_id)
            state = update(use.model, state, answer, lifts=lifts)
        for skill, trace in state.skills.items():
            if UUID(skill) in shown:
                weeks = (day - trace.when) // WEEK
                said = mastery(use.model, state, skill, now=trace.when + WEEK * weeks)
                found[learner, UUID(skill)] = said.evidence, said.next_right, said.label
    return found


def item_figures(rows: Rows, k: int) -> dict[UUID, Any]:
    """Item to learners, difficulty, discrimination, share right above and below, options chosen."""
    parts: dict[tuple[UUID, UUID], items.AssessmentSums] = {}
    chosen: dict[UUID, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    papers: dict[UUID, set[UUID]] = defaultdict(set)
    for row in rows:
        for answer in row.chosen:
            chosen[row.item_id][answer] += 1
        if row.n:
            mine = items.ItemSums(
                row.n, row.x, row.xx, row.xt, row.upper, row.upper_right, row.lower, row.lower_right
            )
            key = row.item_id, row.course_id
            parts[key] = items.AssessmentSums(row.n, row.total, row.squared, {row.item_id: mine})
            papers[row.item_id].add(row.course_id)
    found = {}
    for item, classes in papers.items():
        test = items.combine(parts[item, one] for one in classes)
        sums = test.items[item]
        if sums.n < max(k, items.LEAST_FOR_DIFFICULTY):
            continue
        found[item] = (
            sums.n,
            sums.x / sums.n,
            items.point_biserial(sums, test),
            sums.upper_right / sums.upper if sums.upper else None,
            sums.lower_right / sums.lower if sums.lower else None,
            dict(chosen[item]),
        )
    return found


def section_figures(rows: Rows, k: int) -> dict[tuple[int, int], Any]:
    """(unit, position) to the section's sums over the classes."""
    parts: dict[tuple[int, int], list[Any]] = defaultdict(list)
    for row in rows:
        parts[row.unit, row.position].append(row)
    return {
        where: (
            started,
            sum(r.completed for r in mine),
            timed := sum(r.timed for r in mine),
            _minutes(mine, timed),
            sum(r.checked for r in mine),
            float(sum(r.understood or 0.0 for r in mine)),
            sum(r.helped for r in mine),
        )
        for where, mine in parts.items()
        if (started := sum(r.started for r in mine)) >= k
    }


def _minutes(mine: Sequence[Any], timed: int) -> float | None:
    if not timed:
        return None
    return float(sum(r.timed * (r.median_minutes or 0.0) for r in mine)) / timed
