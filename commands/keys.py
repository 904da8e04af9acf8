"""The commands about keys: how old they are, rotating them, proving that every one opens."""

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated

import typer

from commands.databases import database, jobs
from commands.terminal import Json, Refusal, answering, say, show_rows, watched
from privacy import reencryption, rotation

keys = typer.Typer(no_args_is_help=True, help="Keys: their age, rotation and proof.")


@keys.command()
def status(as_json: Json = False) -> None:
    """Say how old each key is, how many learners' keys it wraps, and what is overdue."""
    with answering(as_json) as answer, database() as (settings, keystore), jobs(settings) as work:
        with work.begin() as connection:
            ages = rotation.key_ages(connection, keystore, now=datetime.now(UTC))
            old_fields = reencryption.old_fields(connection)
        rows = [
            {
                "key": age.kek_id,
                "state": age.state,
                "created": f"{age.created_at:%Y-%m-%d}",
                "destroyed": age.retired_at and f"{age.retired_at:%Y-%m-%d}",
                "days": age.age_days,
                "learners": age.learners,
                "overdue": "yes" if age.overdue else "",
            }
            for age in ages
        ]
        told = {"keys": [asdict(age) for age in ages], "fields_in_an_old_format": old_fields}

        def shown() -> None:
            show_rows("Keys", rows)
            if old_fields:
                say.print(f"{old_fields:,} fields are in an old format: 'keys rotate' renews them.")
            if any(age.state == "missing" for age in ages):
                say.print("A key is missing: restore the key store that belongs to this database.")
            elif any(age.overdue for age in ages):
                say.print("A rotation is overdue: run 'manage.py keys rotate'.")

        answer(told, shown)


@keys.command()
def rotate(
    patience: Annotated[float, typer.Option(help="Seconds to wait for loads to end.")] = 600.0,
    as_json: Json = False,
) -> None:
    """Make a new key, rewrap every learner's key, verify, destroy the old; or finish that."""
    with answering(as_json) as answer, database() as (settings, keystore), jobs(settings) as work:
        with watched() as progress:
            done = rotation.rotate(
                work, keystore, now=datetime.now(UTC), progress=progress, patience=patience
            )
            renewed = reencryption.renew_fields(work, keystore, progress=progress)
        words = (
            f"{'Finished the rotation to' if done.resumed else 'Rotated to'} key {done.kek_id}: "
            f"{done.rewrapped:,} learners' keys rewrapped, {done.verified:,} verified, "
            f"{len(done.retired)} old keys destroyed, {renewed:,} fields renewed."
        )
        if done.waiting:
            words += (
                f" {len(done.waiting)} old keys stay while a load is running: "
                "run 'keys rotate' again when it has ended."
            )
        answer(asdict(done) | {"renewed": renewed}, lambda: say.print(words, highlight=False))


@keys.command()
def verify(as_json: Json = False) -> None:
    """Open every learner's key and every sealed field; shows nothing of what they hold."""
    with answering(as_json) as answer, database() as (settings, keystore), jobs(settings) as work:
        with watched() as progress:
            found = rotation.verify(work, keystore, progress=progress)
            fields = reencryption.verify_fields(work, keystore, progress=progress)
        shut = [*found.shut, *fields.shut]
        if shut:
            district, learner = shut[0]
            raise Refusal(
                f"{len(shut)} do not open of {found.opened + len(found.shut):,} keys and "
                f"{fields.opened + len(fields.shut):,} fields (the first: district {district}, "
                f"learner {learner}). Restore these rows from a backup."
            )
        words = f"All {found.opened:,} keys and {fields.opened:,} fields open."
        answer({"keys": found.opened, "fields": fields.opened}, lambda: say.print(words))
