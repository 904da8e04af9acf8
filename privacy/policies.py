"""The shipped sets of retention rules, with their sources: `policies.csv`, installed by choice."""

import csv
from pathlib import Path
from typing import Final
from uuid import UUID, uuid5

from sqlalchemy import Connection
from sqlalchemy.dialects.postgresql import insert

from db.tables import RetentionRule

_FILE: Final = Path(__file__).with_name("policies.csv")
_SPACE: Final = UUID("5f3a1f0e-3d51-4b7e-8f3c-0a4f8e2f6f11")
SETS: Final = ("COPPA", "FERPA", "GDPR")


def shipped(policy: str) -> list[dict[str, str]]:
    """The rules of a set as they stand in the file."""
    with _FILE.open(encoding="utf-8", newline="") as file:
        return [row for row in csv.DictReader(file) if row["policy"] == policy]


def install(connection: Connection, district: int, policy: str) -> int:
    """Adds a set's rules to a district; those it has keep what was switched. How many are new."""
    rows = [
        {
            "district_id": district,
            "rule_id": uuid5(_SPACE, "/".join((policy, r["category"], r["trigger"], r["action"]))),
            "policy": policy,
            "category": r["category"],
            "source": r["source"],
            "legal_basis": r["legal_basis"],
            "trigger": r["trigger"],
            "delay_days": int(r["delay_days"]),
            "action": r["action"],
            "active": r["active"] == "true",
            "citation": r["citation"],
            "why": r["why"],
        }
        for r in shipped(policy)
    ]
    added = insert(RetentionRule).values(rows).on_conflict_do_nothing()
    return len(connection.scalars(added.returning(RetentionRule.rule_id)).all())
