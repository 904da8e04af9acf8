"""The ledger: the budget row that a release locks, charges and commits with its answer.

One transaction: lock the budget row, look for a stored answer, charge, add noise, store, commit;
only then answer. Whoever asks the same at the same time waits at the lock and finds the answer
stored. A process that is killed on the way leaves neither charge nor answer.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache
from pathlib import Path

from sqlalchemy import Connection, Row, column, select, table, update
from sqlalchemy.dialects.postgresql import insert

from db.tables import BudgetProposal, ReleaseBudget
from privacy.releases.accounting import DELTA, EACH_RHO, YEAR_RHO, Cost, epsilon
from privacy.releases.book import Book
from privacy.session import door
from privacy.usage import used_for

_MIGRATIONS = table("chalkline_migrations", column("number"), column("applied_at"), schema="public")


class Refused(RuntimeError):  # noqa: N818 - reads as the sentence it carries
    """A release that may not be made; says why and the way out. Nothing was charged."""


@dataclass(frozen=True)
class Budget:
    """A district's school year: caps and what is spent, in rho; `changed` is what is spent when a
    learner's change is counted instead of her presence.
    """

    school_year: int
    cap: Decimal
    each: Decimal
    spent: Decimal
    changed: Decimal
    delta: Decimal

    @property
    def left(self) -> Decimal:
        """What may still be spent."""
        return max(self.cap - self.spent, Decimal(0))


def book() -> Book:
    """The list of releases beside the keys of the open door."""
    opened = door()
    with used_for("the list of releases"):
        # This secret outlives every rotation of keys, as the book does.
        return _book(opened.book_file, opened.keystore.secret("pseudonym"))


@lru_cache(maxsize=4)
def _book(path: Path, secret: bytes) -> Book:
    return Book(path, secret)


def database_name(db: Connection) -> str:
    """Which database this is, for the book: the moment of its first migration, which every backup
    and copy keeps and a new database does not have.
    """
    born = db.scalars(select(_MIGRATIONS.c.applied_at).where(_MIGRATIONS.c.number == 1)).one()
    return str(born.timestamp())


def budget(db: Connection, district: int, school_year: int) -> Budget:
    """The year's budget, without locking it; the default one where nothing was released yet."""
    row = db.execute(_budget(district, school_year)).one_or_none()
    if row is None:
        return Budget(school_year, YEAR_RHO, EACH_RHO, Decimal(0), Decimal(0), DELTA)
    return _from(row)


def locked(db: Connection, district: int, school_year: int, database: str) -> Budget:
    """The year's budget, locked until the transaction ends: one release of a year at a time.

    Brings in a decision on the caps, and what the book knows to be spent when the database, being
    restored, has forgotten it.
    """
    db.execute(
        insert(ReleaseBudget)
        .values(
            district_id=district,
            school_year=school_year,
            rho_cap=YEAR_RHO,
            rho_each=EACH_RHO,
            delta=DELTA,
        )
        .on_conflict_do_nothing()
    )
    found = _from(db.execute(_budget(district, school_year).with_for_update()).one())
    by_book = book().spent(database, district, school_year)
    decided = db.execute(_decided(district, school_year)).one_or_none()
    new = {
        "rho_spent": max(found.spent, by_book.rho),
        "rho_spent_changed": max(found.changed, by_book.changed),
        "rho_cap": max(decided.rho_cap if decided else found.cap, found.spent, by_book.rho),
        "rho_each": decided.rho_each if decided else found.each,
    }
    if decided:
        new |= {"set_by": decided.proposed_by, "approved_by": decided.decided_by}
    db.execute(update(ReleaseBudget).where(*_is(district, school_year)).values(**new))
    return Budget(
        school_year,
        new["rho_cap"],
        new["rho_each"],
        new["rho_spent"],
        new["rho_spent_changed"],
        found.delta,
    )


def charge(db: Connection, district: int, budget: Budget, cost: Cost, *, what: str) -> Budget:
    """Takes the cost of `what` from the locked budget; Refused when a cap can not pay it."""
    refuse_over_cap(budget, cost, what=what)
    db.execute(
        update(ReleaseBudget)
        .where(*_is(district, budget.school_year))
        .values(
            rho_spent=ReleaseBudget.rho_spent + cost.rho,
            rho_spent_changed=ReleaseBudget.rho_spent_changed + cost.changed,
        )
    )
    return Budget(
        budget.school_year,
        budget.cap,
        budget.each,
        budget.spent + cost.rho,
        budget.changed + cost.changed,
        budget.delta,
    )


def refuse_over_cap(budget: Budget, cost: Cost, *, what: str) -> None:
    """Refused, in words, when one release or the year may not cost so much."""
    if cost.rho > budget.each:
        raise Refused(
            f"{what} would cost {cost.rho:f}, and one release may cost {budget.each:f} at most. "
            "Propose another cap on the page 'Privacy'; a second administrator has to approve it."
        )
    if cost.rho > budget.left:
        raise Refused(
            f"{what} would cost {cost.rho:f}, and {budget.left:f} is left of the privacy budget "
            f"of school year {budget.school_year} ({budget.cap:f}, epsilon "
            f"{epsilon(budget.cap, budget.delta):g}). What was released stays readable. Wait for "
            "the next school year, or propose a larger budget on the page 'Privacy'; a second "
            "administrator has to approve it."
        )


def refuse_forgotten(db: Connection, about: tuple[str, int, str, str, date], *, what: str) -> None:
    """Refused where the book knows a release that the database does not: it was restored from a
    backup made before, and other noise on the same data would give the data away.
    """
    if book().find(about) is not None:
        raise Refused(
            f"{what} was released before, for the week of {about[-1]:%d %B %Y}, and this database "
            "was restored from a backup that does not know the answer. It is not made again: two "
            "answers would say more than one. The next week's figures are not affected."
        )


def _budget(district: int, school_year: int):  # type: ignore[no-untyped-def]  # a Select of seven
    return select(ReleaseBudget.__table__).where(*_is(district, school_year))


def _is(district: int, school_year: int):  # type: ignore[no-untyped-def]  # two conditions
    return (ReleaseBudget.district_id == district, ReleaseBudget.school_year == school_year)


def _decided(district: int, school_year: int):  # type: ignore[no-untyped-def]  # a Select of four
    return (
        select(
            BudgetProposal.rho_cap,
            BudgetProposal.rho_each,
            BudgetProposal.proposed_by,
            BudgetProposal.decided_by,
        )
        .where(
            BudgetProposal.district_id == district,
            BudgetProposal.school_year == school_year,
            BudgetProposal.decision == "approved",
        )
        .order_by(BudgetProposal.decided_at.desc())
        .limit(1)
    )


def _from(row: Row) -> Budget:  # type: ignore[type-arg]  # of the whole table
    return Budget(
        row.school_year,
        row.rho_cap,
        row.rho_each,
        row.rho_spent,
        row.rho_spent_changed,
        row.delta,
    )
