"""Makes the copy of a learner's record that she or her parents may ask for, and seals it.

It holds every row about her in every table, named as the tables are, personal fields opened. What
is left out is said in the copy itself: keys, and notes that only a case's counselors may read.
"""

from datetime import timedelta
from typing import Any, Final
from uuid import UUID

import orjson
from sqlalchemy import Connection

from db.erasing import rows_of, tables_of_learners
from privacy import fields
from privacy.datakeys import data_keys
from privacy.keystore import KeyStore
from privacy.reencryption import SEALED, Sealed
from privacy.usage import used_by

KEPT_FOR: Final = timedelta(days=30)  # a copy that nobody fetched is deleted then
TABLE, COLUMN = "sealed_exports", "content"

_LEFT_OUT: Final = {
    "data_keys": "The keys that protect her fields say nothing about her.",
    "sealed_exports": "Earlier copies of this record.",
    "record_openings": "Who opened her file stands in the list of who looked.",
}


def gathered(
    connection: Connection, keystore: KeyStore, district: int, learner: UUID
) -> dict[str, Any]:
    """Everything there is about her, by table, and what is left out and why."""
    with used_by(district, "records office", "copy of a record"):
        key = data_keys(connection, keystore, district, [learner])[learner]
    about: dict[str, list[dict[str, Any]]] = {}
    left_out = dict(_LEFT_OUT)
    for table in reversed(tables_of_learners()):
        if table.name in _LEFT_OUT:
            continue
        rows = [dict(row) for row in rows_of(connection, table, district, learner)]
        if table.name == "intervention_notes":
            restricted = [row for row in rows if row["restricted"]]
            rows = [row for row in rows if not row["restricted"]]
            if restricted:
                left_out["restricted notes"] = (
                    f"{len(restricted)} notes that only the counselors of her case may read; ask "
                    "them (34 CFR 99.3, treatment records)."
                )
        sealed = next((one for one in SEALED if one.table is table), None)
        if sealed is not None:
            rows = [_opened(key, sealed, row, district) for row in rows]
        if rows:
            about[str(table.name)] = [_plain(row) for row in rows]
    return {"about": about, "left_out": left_out}


def sealed(
    connection: Connection, keystore: KeyStore, district: int, learner: UUID, *, export: UUID
) -> bytes:
    """The copy as it is stored: JSON under her data key, so that it dies with her key."""
    text = orjson.dumps(
        gathered(connection, keystore, district, learner), option=orjson.OPT_SORT_KEYS, default=str
    ).decode()
    key = data_keys(connection, keystore, district, [learner])[learner]
    return fields.encrypt(key, text, table=TABLE, column=COLUMN, row=export, district=str(district))


def opened(
    connection: Connection,
    keystore: KeyStore,
    district: int,
    learner: UUID,
    *,
    export: UUID,
    content: bytes,
) -> dict[str, Any]:
    """A stored copy, opened."""
    key = data_keys(connection, keystore, district, [learner])[learner]
    text = fields.decrypt(
        key, content, table=TABLE, column=COLUMN, row=export, district=str(district)
    )
    copy: dict[str, Any] = orjson.loads(text)
    return copy


def _opened(key: bytes, sealed: Sealed, row: dict[str, Any], district: int) -> dict[str, Any]:
    """The row with its sealed columns as text."""
    plain: dict[str, str | None] = {}
    for column in sealed.columns:
        place = {column: row[column]}
        where = {"table": sealed.table.name, "row": row[sealed.row], "district": str(district)}
        try:
            plain |= fields.decrypt_row(key, place, **where)
        except fields.FieldError:
            plain[column] = "This can not be opened: it was altered or damaged."
    return {**row, **plain}


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    """Without our own bookkeeping and without bytes, which nobody outside could read."""
    hidden = ("district_id", "ingest_xid", "source_hash", "name_token")
    return {
        str(name): value
        for name, value in row.items()
        if name not in hidden and not isinstance(value, bytes | memoryview)
    }
