"""Says for whom a retention rule falls due, and since when."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Connection, Select, and_, exists, func, or_, select

from db.erasing import WHOLE, in_category
from db.tables import Consent, Learner, LearnerPii, RetentionBatch, RetentionItem, RetentionRule
from privacy import fields
from privacy.datakeys import data_keys
from privacy.erasure import held
from privacy.keystore import KeyStore
from privacy.usage import used_by

KEPT_FOR: Final = timedelta(days=365)  # after a refusal the same rule asks again in a year
_MOST: Final = 2000  # learners in a batch that a person can still look at


@dataclass(frozen=True)
class Rule:
    """A retention rule as it stands in the database."""

    rule_id: UUID
    policy: str
    category: str
    source: str
    trigger: str
    delay_days: int
    action: str
    citation: str

    def __str__(self) -> str:
        days = f"{self.delay_days} days after" if self.delay_days else "when"
        return f"{self.action} {self.category} {days} {self.trigger} ({self.citation})"


@dataclass(frozen=True)
class Due:
    """A learner for whom a rule fell due, since when, and whether a hold keeps her."""

    learner_id: UUID
    anonymous_id: UUID
    since: date
    held: bool


def rules(connection: Connection, district: int, *, active: bool = True) -> list[Rule]:
    """A district's rules, those in force alone unless asked otherwise."""
    query = (
        select(
            RetentionRule.rule_id,
            RetentionRule.policy,
            RetentionRule.category,
            RetentionRule.source,
            RetentionRule.trigger,
            RetentionRule.delay_days,
            RetentionRule.action,
            RetentionRule.citation,
        )
        .where(RetentionRule.district_id == district)
        .order_by(RetentionRule.policy, RetentionRule.category, RetentionRule.trigger)
    )
    if active:
        query = query.where(RetentionRule.active)
    return [Rule(*row) for row in connection.execute(query)]


def due(
    connection: Connection, keystore: KeyStore, district: int, rule: Rule, *, today: date
) -> list[Due]:
    """Whom a rule falls due for today and who is in no batch of it, longest first."""
    found = [
        (learner, subject, since)
        for learner, subject, since in _candidates(connection, keystore, district, rule)
        if since <= today
    ]
    found.sort(key=lambda one: (one[2], one[0]))
    return [
        Due(learner, subject, since, held(connection, district, learner))
        for learner, subject, since in found[:_MOST]
    ]


Candidate = tuple[UUID, UUID, date]


def still_due(
    connection: Connection,
    keystore: KeyStore,
    district: int,
    rule_id: UUID,
    *,
    learners: Sequence[UUID],
    today: date,
) -> set[UUID]:
    """Those of a batch's learners for whom its rule holds yet: it is in force, and its reason has
    not gone since (she came back, was active, a consent was given).
    """
    rule = next((one for one in rules(connection, district) if one.rule_id == rule_id), None)
    if rule is None:
        return set()
    found = _candidates(connection, keystore, district, rule, among=learners)
    return {learner for learner, _, since in found if since <= today}


def _candidates(
    connection: Connection,
    keystore: KeyStore,
    district: int,
    rule: Rule,
    *,
    among: Sequence[UUID] | None = None,
) -> Sequence[Candidate]:
    """(learner, anonymous identifier, day on which the rule falls due); those who are in no batch
    yet, or all `among` these.
    """
    delay = rule.delay_days
    match rule.trigger:
        case "left":
            query = _learners(district, rule, Learner.left_on, among).where(
                Learner.left_on.is_not(None)
            )
        case "no activity":
            last = func.date(Learner.last_active_at)
            query = _learners(district, rule, last, among).where(
                Learner.last_active_at.is_not(None)
            )
        case "consent withdrawn":
            last = _of_consents(func.max(func.date(Consent.withdrawn_at)))
            query = _learners(district, rule, last, among).where(
                Learner.consent_state == "withdrawn"
            )
        case "consent expired":
            last = _of_consents(func.max(Consent.expires_on))
            running = exists().where(*_THEIRS, Consent.expires_on.is_(None))
            query = _learners(district, rule, last, among).where(
                Learner.consent_state == "parental", ~running
            )
        case "turned 13":
            query = _learners(district, rule, Learner.left_on, among).where(
                Learner.collected == "online", Learner.consent_state == "parental"
            )
            return _birthdays(connection, keystore, district, query, 13, delay)
        case "turned 18":
            query = _learners(district, rule, Learner.left_on, among)
            return _birthdays(connection, keystore, district, query, 18, delay)
        case other:
            raise ValueError(f"'{other}' is no trigger of a retention rule.")
    rows = connection.execute(query).all()
    return [(a, b, since + timedelta(days=delay)) for a, b, since in rows if since is not None]


_THEIRS: Final = (
    Consent.district_id == Learner.district_id,
    Consent.learner_id == Learner.learner_id,
)


def _of_consents(value: Any) -> Any:
    return select(value).where(*_THEIRS).correlate(Learner).scalar_subquery()


def _learners(district: int, rule: Rule, since: Any, among: Sequence[UUID] | None) -> Select[Any]:
    """Whom the rule can be about: of its source, in no batch of it, with something to lose."""
    batched = exists().where(
        RetentionItem.district_id == district,
        RetentionItem.learner_id == Learner.learner_id,
        RetentionBatch.district_id == district,
        RetentionBatch.batch_id == RetentionItem.batch_id,
        RetentionBatch.rule_id == rule.rule_id,
        or_(
            and_(RetentionBatch.finished_at.is_(None), RetentionBatch.refused_at.is_(None)),
            RetentionBatch.refused_at > func.now() - KEPT_FOR,
        ),
    )
    query = select(Learner.learner_id, Learner.anonymous_id, since).where(
        Learner.district_id == district,
        ~batched if among is None else Learner.learner_id.in_(among),
    )
    if rule.source == "online":
        query = query.where(Learner.collected == "online")
    if rule.category != WHOLE:
        something = [
            exists().where(t.c.district_id == district, t.c.learner_id == Learner.learner_id)
            for t in in_category(rule.category)
        ]
        query = query.where(or_(*something))
    if rule.action == "archive":
        query = query.where(Learner.retention_state != "archived")
    return query


def _birthdays(
    connection: Connection,
    keystore: KeyStore,
    district: int,
    query: Select[Any],
    years: int,
    delay: int,
) -> list[Candidate]:
    """By the sealed birth dates; those without one are never due."""
    subjects = {learner: subject for learner, subject, _ in connection.execute(query)}
    if not subjects:
        return []
    with used_by(district, "retention", "birthdays"):
        keys = data_keys(connection, keystore, district, list(subjects))
    rows = connection.execute(
        select(LearnerPii.learner_id, LearnerPii.birth_date).where(
            LearnerPii.district_id == district,
            LearnerPii.learner_id.in_(list(keys)),
            LearnerPii.birth_date.is_not(None),
        )
    ).all()
    found = []
    for learner, stored in rows:
        text = fields.decrypt(
            keys[learner],
            stored or b"",
            table="learner_pii",
            column="birth_date",
            row=learner,
            district=str(district),
        )
        born = date.fromisoformat(text)
        leap = (born.month, born.day) == (2, 29)
        birthday = date(born.year + years, 3, 1) if leap else born.replace(year=born.year + years)
        found.append((learner, subjects[learner], birthday + timedelta(days=delay)))
    return found
