"""Answers a question about groups with a release: the stored one, or a new one that is paid for."""

from collections.abc import Iterable, Mapping
from datetime import date
from hashlib import sha256
from importlib.metadata import version as package_version
from typing import Any, Final
from uuid import uuid4

import orjson
from sqlalchemy import Connection, Select, insert, select

from db.refresh.releases import VERSIONS_KEPT
from db.tables import Release as Stored
from privacy.metrics import (
    GRAINS,
    METRICS,
    Grain,
    Group,
    Metric,
    Version,
    groups,
    latest_version,
    metric,
    releaser_session,
    sums,
    values,
    versions,
)
from privacy.releases import ledger
from privacy.releases.accounting import CONFIDENCE, FREE, Cost, epsilon
from privacy.releases.book import Line
from privacy.releases.figures import LEAST, Numbers, consistent, figures, numbers
from privacy.releases.ledger import Budget, Refused
from privacy.releases.measuring import STEPS, Measured, Rows, measure, price
from privacy.releases.question import Question, question_of, times
from privacy.releases.release import Release, from_stored, to_answer
from privacy.session import NotAllowed, session
from privacy.trail import record
from privacy.viewer import Viewer

# Made of another grain's noisy numbers, at no cost, so that the parts add up to the whole.
MADE_OF: Final[Mapping[str, str]] = {"district": "school", "grade": "school_grade"}
ENROLMENT: Final = "enrolment"  # counts everybody: the denominator of the other metrics


def release(
    viewer: Viewer, name: str, grain: str = "school", *, version: date | None = None
) -> Release:
    """A metric by school, grade ..., with margins; what every district page asks.

        found = release(viewer, "attendance", "school")
        for figure in found.figures:            # one a school; found.total is the district
            figure.value, figure.noise          # 93.1 (%), +-1.6 at 95 %
            figure.hidden                       # "" or why there is no value: FEW, VAGUE
        found.citation, release_module.N_RULE   # sentences for the page and the file
        found.table()                           # rows for a table twin, CSV, XLSX

    The first to ask in a week pays for it from the school year's budget and everybody reads that
    answer from then on, free. Pages that show many figures use `stored`, which never pays; the
    worker makes the weekly overview beforehand. `version` is a week's Monday, else the latest.

    Raises NotAllowed (not an administrator), KeyError (no such metric or grain), WrongRegime (the
    metric is not told to the district) and Refused (the budget can not pay, or there is no data);
    each message is a sentence to show.
    """
    asked, by = _asked(viewer, name, grain)
    with session(viewer) as db:
        week = _week(db, viewer.district_id, version)
        found = db.execute(_stored(viewer.district_id, [name], grain, [week.data_version])).first()
        database = ledger.database_name(db)
        kept = [one.data_version for one in versions(db, viewer.district_id)[:VERSIONS_KEPT]]
    if found is not None:
        ledger.book().add([_line(database, viewer.district_id, found)])
        return from_stored(found)
    if week.data_version not in kept:
        raise Refused(
            f"The data of the week of {week.data_version:%d %B %Y} is no longer kept, and this "
            "figure was not released then. Ask for a later week."
        )
    try:
        return _made(viewer, asked, by, week)
    except Refused as why:
        _note(viewer, "release refused", asked, by, week, detail={"why": str(why)})
        raise


def stored(
    viewer: Viewer, names: Iterable[str], grain: str = "school", *, weeks: int = 1
) -> dict[str, list[Release]]:
    """What is released already of these metrics, latest week first, in one query; never pays.

    A metric without a release in the last `weeks` weeks has an empty list. For a page of many
    figures and for trends.
    """
    wanted = [name for name in names if _asked(viewer, name, grain)]
    with session(viewer) as db:
        known = [one.data_version for one in versions(db, viewer.district_id)[:weeks]]
        rows = db.execute(_stored(viewer.district_id, wanted, grain, known)).all()
        database = ledger.database_name(db)
    ledger.book().add(_line(database, viewer.district_id, row) for row in rows)
    found: dict[str, list[Release]] = {name: [] for name in wanted}
    for row in rows:
        found[row.metric].append(from_stored(row))
    return found


def planned(viewer: Viewer, names: Iterable[str], grain: str, *, weeks: int = 1) -> Cost:
    """What a report of these metrics would cost for so many weeks, the latest week's data being the
    first; what is released of that already costs nothing.
    """
    need: dict[tuple[str, str], Cost] = {}
    for name in names:
        asked, by = _asked(viewer, name, grain)
        by = _paid_at(asked, by)
        need[(asked.name, by.name)] = _price(asked, by)
        if _denominated(asked, by):
            need[(ENROLMENT, by.name)] = _price(METRICS[ENROLMENT], by)
    whole = sum(need.values(), FREE)
    saved = sum((need[pair] for pair in _released(viewer, need)), FREE)
    return Cost(weeks * whole.rho - saved.rho, weeks * whole.changed - saved.changed)


def _released(viewer: Viewer, pairs: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Which of these metrics and grains the latest week has already."""
    with session(viewer) as db:
        week = latest_version(db, viewer.district_id)
        if week is None:
            return []
        found = db.execute(
            select(Stored.metric, Stored.grain).where(
                Stored.district_id == viewer.district_id,
                Stored.regime == "private",
                Stored.data_version == week.data_version,
            )
        ).all()
    there = {(row.metric, row.grain) for row in found}
    return [pair for pair in pairs if pair in there]


def _asked(viewer: Viewer, name: str, grain: str) -> tuple[Metric, Grain]:
    """The declared metric and grain, if this viewer may ask for them."""
    if viewer.role != "administrator":
        raise NotAllowed(
            "Figures across schools are for administrators. Figures of your own school are on "
            "your pages; ask your administrator for others."
        )
    asked = metric(name)
    asked.must_be("private", "district")
    if grain not in asked.grains or grain not in GRAINS:
        raise KeyError(
            f"'{asked.title}' is not told by '{grain}'. It is by: {', '.join(asked.grains)}."
        )
    return asked, GRAINS[grain]


def _week(db: Connection, district: int, version: date | None) -> Version:
    latest = latest_version(db, district)
    if latest is None:
        raise Refused(
            "There is no data to release figures from yet. It is taken when data has been loaded "
            "and the background worker has run; look again in a few minutes."
        )
    if version is None:
        return latest
    for week in versions(db, district):
        if week.data_version == version:
            return week
    raise Refused(f"There is no data of the week of {version:%d %B %Y}.")


def _made(viewer: Viewer, asked: Metric, by: Grain, week: Version) -> Release:
    """Charges, adds noise, stores and commits; what was made is in the book before it is told."""
    lines: list[Line] = []
    with releaser_session(viewer) as db:
        database = ledger.database_name(db)
        making = _Making(db, viewer, week, database, lines)
        making.budget = ledger.locked(db, viewer.district_id, week.school_year, database)
        made = making.release(asked, by)
    ledger.book().add(lines)
    for line in lines:
        _note(viewer, "release made", metric(line.metric), GRAINS[line.grain], week)
    return made


class _Making:
    """One transaction's work: a release, and the releases that it is made of."""

    budget: Budget

    def __init__(
        self, db: Connection, viewer: Viewer, week: Version, database: str, lines: list[Line]
    ) -> None:
        self.db, self.viewer, self.week = db, viewer, week
        self.database, self.lines = database, lines

    def release(self, asked: Metric, by: Grain) -> Release:
        """The stored release, else a new one."""
        found = self._find(asked.name, by.name)
        if found is not None:
            return found
        what = f"'{asked.title}' by {by.words}"
        about = (
            self.database,
            self.viewer.district_id,
            asked.name,
            by.name,
            self.week.data_version,
        )
        ledger.refuse_forgotten(self.db, about, what=what)
        if _paid_at(asked, by) is not by:
            return self._gathered(asked, by)
        everybody = self._everybody(asked, by)
        cost = _price(asked, by)
        self.budget = ledger.charge(self.db, self.viewer.district_id, self.budget, cost, what=what)
        public, rows = self._rows(asked, by, everybody)
        question = question_of(asked)
        measured = measure(question, rows, times=times(asked, by))
        counted = numbers(question, measured, everybody.numbers if everybody else None)
        counted, beside = self._beside(asked, by, public, counted)
        parameters = _parameters(question, asked, by, measured, self.budget) | beside
        return self._store(asked, by, public, counted, cost, parameters)

    def _find(self, name: str, grain: str) -> Release | None:
        row = self.db.execute(
            _stored(self.viewer.district_id, [name], grain, [self.week.data_version])
        ).first()
        return from_stored(row) if row else None

    def _everybody(self, asked: Metric, by: Grain) -> Release | None:
        """How many learners each group has, released first; None where it is no denominator."""
        return self.release(METRICS[ENROLMENT], by) if _denominated(asked, by) else None

    def _rows(
        self, asked: Metric, by: Grain, everybody: Release | None
    ) -> tuple[tuple[Group, ...], Rows]:
        if everybody is not None:
            public = everybody.groups
        else:
            public = groups(self.db, self.viewer.district_id, by, on=self.week.as_of)
        found = values(self.db, asked, by, self.week.data_version)
        all_ = None
        if everybody is not None:
            there = sums(self.db, METRICS[ENROLMENT], by, self.week.data_version)
            all_ = [there[one.keys].learners if one.keys in there else 0 for one in public]
        return public, Rows([found.get(one.keys, []) for one in public], all_, by.most)

    def _gathered(self, asked: Metric, by: Grain) -> Release:
        """A coarser grain's release, added up from a finer one's noisy numbers."""
        finer = self.release(asked, _paid_at(asked, by))
        if not by.keys:
            public: tuple[Group, ...] = (Group((), ()),)
            counted = finer.numbers.added()
        else:
            at = finer.grain.keys.index(by.keys[0])
            kinds = dict.fromkeys((one.keys[at], one.words[at]) for one in finer.groups)
            order = groups(self.db, self.viewer.district_id, by, on=self.week.as_of)
            words = dict(kinds) | {one.keys[0]: one.words[0] for one in order}
            keys = [one.keys[0] for one in order if one.keys[0] in dict(kinds)]
            keys += [key for key, _ in kinds if key not in keys]
            public = tuple(Group((key,), (words[key],)) for key in keys)
            counted = finer.numbers.gathered([keys.index(g.keys[at]) for g in finer.groups])
        parameters = {
            **finer.parameters,
            "made of": f"the release by {finer.grain.words}, at no further cost",
            "made of release": str(finer.release_id),
        }
        return self._store(asked, by, public, counted, FREE, parameters)

    def _beside(
        self, asked: Metric, by: Grain, public: tuple[Group, ...], counted: Numbers
    ) -> tuple[Numbers, dict[str, Any]]:
        """Finer figures are moved to add up to what is published of their schools already."""
        if by.name != "school_grade":
            return counted, {}
        above = self._find(asked.name, "school")
        if above is None:
            return counted, {}
        schools = [one.keys for one in above.groups]
        if any(one.keys[:1] not in schools for one in public):
            return counted, {}
        parent_of = [schools.index(one.keys[:1]) for one in public]
        return consistent(counted, above.numbers, parent_of), {
            "adds up to release": str(above.release_id)
        }

    def _store(
        self,
        asked: Metric,
        by: Grain,
        public: tuple[Group, ...],
        counted: Numbers,
        cost: Cost,
        parameters: Mapping[str, Any],
    ) -> Release:
        question = question_of(asked)
        told = figures(question, counted, [_words(one, self.viewer) for one in public])
        total = None
        if by.most == 1 and by.keys:
            total = figures(question, counted.added(), [self.viewer.district_name])[0]
        answer = to_answer(public, told, total, counted)
        row = self.db.execute(
            insert(Stored)
            .values(
                district_id=self.viewer.district_id,
                release_id=uuid4(),
                school_year=self.week.school_year,
                metric=asked.name,
                grain=by.name,
                regime="private",
                data_version=self.week.data_version,
                parameters=dict(parameters),
                rho=cost.rho,
                rho_changed=cost.changed,
                answer=answer,
                asked_by=self.viewer.staff_id if self.viewer.staff_id.int else None,
            )
            .returning(Stored.__table__)
        ).one()
        self.lines.append(_line(self.database, self.viewer.district_id, row))
        return from_stored(row)


def _paid_at(asked: Metric, by: Grain) -> Grain:
    """The grain whose release is paid for: a finer one, where the coarser is its sum."""
    finer = MADE_OF.get(by.name)
    return GRAINS[finer] if finer is not None and finer in asked.grains else by


def _denominated(asked: Metric, by: Grain) -> bool:
    """Whether enrolment at this grain includes everybody whom the metric is about."""
    return (
        asked.kind in ("sum", "mean", "rate")
        and by.slice == "all"
        and by.name in METRICS[ENROLMENT].grains
    )


def _price(asked: Metric, by: Grain) -> Cost:
    return price(question_of(asked), denominated=_denominated(asked, by), times=times(asked, by))


def _stored(district: int, names: list[str], grain: str, weeks: list[date]) -> Select[Any]:
    return (
        select(Stored.__table__)
        .where(
            Stored.district_id == district,
            Stored.metric.in_(names),
            Stored.grain == grain,
            Stored.regime == "private",
            Stored.data_version.in_(weeks),
        )
        .order_by(Stored.data_version.desc())
    )


def _parameters(
    question: Question, asked: Metric, by: Grain, measured: Measured, budget: Budget
) -> dict[str, Any]:
    parts = {name: part for name, part in vars(measured).items() if part is not None}
    return {
        "mechanism": "discrete Gaussian over whole numbers",
        "library": f"OpenDP {package_version('opendp')}",
        "unit": "one learner added to or removed from the district",
        "bounds": [question.low, question.high],
        "steps": STEPS,
        "edges": list(question.edges),
        "groups a learner can be in": by.most,
        "scales": {name: part.scale for name, part in parts.items()},
        "rho": {name: str(part.cost.rho) for name, part in parts.items()},
        "rho if a learner changes": str(measured.cost.changed),
        "epsilon": epsilon(measured.cost.rho, budget.delta),
        "delta": str(budget.delta),
        "confidence": CONFIDENCE,
        "least learners": LEAST,
        "value": asked.row_name,
    }


def _words(group: Group, viewer: Viewer) -> str:
    return ", ".join(group.words) or viewer.district_name


def _line(database: str, district: int, row: Any) -> Line:
    return Line(
        database=database,
        district=district,
        school_year=row.school_year,
        metric=row.metric,
        grain=row.grain,
        version=row.data_version,
        rho=row.rho,
        changed=row.rho_changed,
        answer=sha256(orjson.dumps(row.answer, option=orjson.OPT_SORT_KEYS)).hexdigest(),
    )


def _note(
    viewer: Viewer,
    action: str,
    asked: Metric,
    by: Grain,
    week: Version,
    *,
    detail: Mapping[str, Any] | None = None,
) -> None:
    """A line in the audit trail: who asked for what. The worker's releases are in `releases`."""
    if not viewer.staff_id.int:
        return
    what = {"metric": asked.name, "grain": by.name, "week": week.data_version.isoformat()}
    with session(viewer) as db:
        record(db, viewer, action, detail=what | dict(detail or {}))
