"""Gives loaded staff accounts with random passwords, and keeps the list in the data folder."""

import json
import os
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from sqlalchemy import Engine

from db.accounts import add_account, free_name, has_account
from db.settings import Settings
from privacy.passwords import generated, hashed

FILE = "demo-logins.json"


@dataclass(frozen=True)
class Newcomer:
    """Somebody on the roster who is to sign in."""

    staff_id: UUID
    display_name: str
    role: str
    sign_in_name: str


def give_accounts(
    work: Engine, district_id: int, staff: Iterable[Newcomer], settings: Settings
) -> list[dict[str, str]]:
    """Accounts for those of `staff` who have none; returns the new ones."""
    logins = []
    with work.begin() as connection:
        for person in staff:
            if has_account(connection, person.staff_id):
                continue
            password = generated()
            name = free_name(connection, person.sign_in_name)
            add_account(
                connection,
                district_id=district_id,
                staff_id=person.staff_id,
                sign_in_name=name,
                password_hash=hashed(password),
                must_change=False,
            )
            logins.append(
                {
                    "role": person.role,
                    "name": person.display_name,
                    "sign_in_name": name,
                    "password": password,
                }
            )
        _keep(settings.home / FILE, [*known(settings), *logins])
    return logins


def known(settings: Settings) -> list[dict[str, str]]:
    """The sign-ins printed at start."""
    path = settings.home / FILE
    if not path.exists():
        return []
    found: list[dict[str, str]] = json.loads(path.read_text(encoding="utf-8"))
    return found


def _keep(path: Path, logins: list[dict[str, str]]) -> None:
    """Replaces the file whole, so that nobody reads half of it; only its owner may read it."""
    new = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(logins, file, indent=1)
    new.replace(path)
