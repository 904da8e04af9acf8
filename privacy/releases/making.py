"""Makes one release: charges, measures, adds noise and stores, inside the caller's transaction."""

from collections.abc import Mapping
from importlib.metadata import version as package_version
from typing import Any
from uuid import uuid4

from sqlalchemy import Connection, insert

from db.tables import Release as Stored
from privacy.metrics import METRICS, Grain, Group, Metric, Version, groups, sums, values
from privacy.releases import ledger, prices
from privacy.releases.accounting import CONFIDENCE, FREE, Cost, epsilon
from privacy.releases.book import Line
from privacy.releases.figures import LEAST, figures
from privacy.releases.kept import kept_releases, line_of
from privacy.releases.ledger import Budget
from privacy.releases.measuring import STEPS, Measured, Rows, measure
from privacy.releases.numbers import Numbers, consistent, numbers
from privacy.releases.question import Question, question_of, times
from privacy.releases.release import Release, from_stored, to_answer
from privacy.viewer import Viewer


class Making:
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
        if prices.paid_at(asked, by) is not by:
            return self._gathered(asked, by)
        everybody = self._everybody(asked, by)
        cost = prices.price_of(asked, by)
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
            kept_releases(self.viewer.district_id, [name], grain, [self.week.data_version])
        ).first()
        return from_stored(row) if row else None

    def _everybody(self, asked: Metric, by: Grain) -> Release | None:
        """How many learners each group has, released first; None where it is no denominator."""
        return (
            self.release(METRICS[prices.ENROLMENT], by) if prices.denominated(asked, by) else None
        )

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
            there = sums(self.db, METRICS[prices.ENROLMENT], by, self.week.data_version)
            all_ = [there[one.keys].learners if one.keys in there else 0 for one in public]
        return public, Rows([found.get(one.keys, []) for one in public], all_, by.most)

    def _gathered(self, asked: Metric, by: Grain) -> Release:
        """A coarser grain's release, added up from a finer one's noisy numbers."""
        finer = self.release(asked, prices.paid_at(asked, by))
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
        self.lines.append(line_of(self.database, self.viewer.district_id, row))
        return from_stored(row)


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
