"""The commands about accounts."""

import getpass
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated

import typer

from commands.databases import database, jobs
from commands.terminal import Json, Refusal, answering, say, show_rows
from db import accounts
from db.status import sign_in_names
from privacy import ROLES
from privacy.first_passwords import DAYS
from privacy.passwords import generated, hashed, weakness

RULES = {
    "default": "Required of staff with wide access, but only offered in generated districts.",
    "offered": "Everybody may set one up; nobody has to.",
    "required": "Administrators, counselors, records clerks and security officers need one.",
    "everyone": "Everybody needs one.",
}
user = typer.Typer(no_args_is_help=True, help="Accounts with which staff sign in.")


@user.command("list")
def listed(as_json: Json = False) -> None:
    """List the accounts."""
    with answering(as_json) as answer, database() as (settings, _), jobs(settings) as work:
        with work.begin() as connection:
            found = sign_in_names(connection)
        answer(found, lambda: show_rows("Accounts", found))


@user.command()
def add(
    sign_in_name: str,
    name: Annotated[str, typer.Option(help="As colleagues know her, e.g. 'Tess Moran'")],
    role: Annotated[str, typer.Option(help=", ".join(ROLES))],
    district: Annotated[int, typer.Option(help="Number of the district ('status' lists them)")] = 1,
    school: Annotated[str, typer.Option(help="Name of the school; none: district-wide")] = "",
    as_json: Json = False,
) -> None:
    """Put a person on the roster and give her an account; prints the first password."""
    with answering(as_json) as answer:
        if role not in ROLES:
            raise Refusal(f"'{role}' is not a role. Use one of: {', '.join(ROLES)}.")
        with database() as (settings, _), jobs(settings) as work:
            password = generated()
            with work.begin() as connection:
                staff_id = accounts.add_staff(
                    connection, accounts.NewStaff(district, name, role, school or None)
                )
                accounts.add_account(
                    connection,
                    district_id=district,
                    staff_id=staff_id,
                    sign_in_name=sign_in_name,
                    password_hash=hashed(password),
                    must_change=True,
                )
        answer(*_first_password(sign_in_name, password))


@user.command()
def disable(sign_in_name: str, as_json: Json = False) -> None:
    """Shut an account and sign it out everywhere."""
    with answering(as_json) as answer, database() as (settings, _), jobs(settings) as work:
        with work.begin() as connection:
            accounts.disable_account(connection, sign_in_name, now=datetime.now(UTC))
        words = f"'{sign_in_name}' can not sign in any more."
        answer({"disabled": sign_in_name}, lambda: say.print(words))


@user.command()
def reset(
    sign_in_name: str,
    ask: Annotated[bool, typer.Option(help="Type the password instead of a random one.")] = False,
    as_json: Json = False,
) -> None:
    """Give an account a new first password, which its owner must change; opens it again."""
    with answering(as_json) as answer:
        password = getpass.getpass("New password: ") if ask else generated()
        if problem := weakness(password, sign_in_name=sign_in_name):
            raise Refusal(problem)
        with database() as (settings, _), jobs(settings) as work, work.begin() as connection:
            accounts.reset_password(connection, sign_in_name, hashed(password))
        answer(*_first_password(sign_in_name, password))


@user.command()
def identity(
    sign_in_name: str,
    issuer: Annotated[str, typer.Option(help="As the provider writes it, with https://")],
    subject: Annotated[str, typer.Option(help="Its own identifier; Microsoft: TENANT/OBJECT-ID")],
    as_json: Json = False,
) -> None:
    """Let somebody sign in with her school's provider (OpenID Connect)."""
    with answering(as_json) as answer:
        if not issuer.startswith("https://") and not issuer.startswith("http://127.0.0.1"):
            raise Refusal("An issuer is an https address, such as https://accounts.google.com.")
        if "@" in subject:
            raise Refusal(
                "An e-mail address can change hands, so it names nobody. Use the provider's own "
                "identifier of the person ('sub'; Microsoft: TENANT/OBJECT-ID)."
            )
        with database() as (settings, _), jobs(settings) as work, work.begin() as connection:
            accounts.tie_identity(connection, sign_in_name, issuer=issuer, subject=subject)
        words = f"'{sign_in_name}' signs in with {issuer}."
        answer({"tied": sign_in_name}, lambda: say.print(words))


@user.command("second-factor")
def second_factor(
    rule: Annotated[str, typer.Argument(help=", ".join(RULES))],
    district: Annotated[int, typer.Option(help="Number of the district ('status' lists them)")] = 1,
    as_json: Json = False,
) -> None:
    """Say who needs a second factor: nobody, staff with wide access, or everyone."""
    with answering(as_json) as answer:
        if rule not in RULES:
            raise Refusal(f"'{rule}' is no rule. Use one of: {', '.join(RULES)}.")
        with database() as (settings, _), jobs(settings) as work, work.begin() as connection:
            accounts.rule_second_factor(connection, district, None if rule == "default" else rule)
        answer({"district": district, "rule": rule}, lambda: say.print(RULES[rule]))


@user.command("first-passwords")
def first_passwords(
    days: Annotated[int, typer.Argument(min=1, max=90, help="1 to 90")] = DAYS,
    district: Annotated[int, typer.Option(help="Number of the district ('status' lists them)")] = 1,
    as_json: Json = False,
) -> None:
    """Say how many days a password that somebody else chose lets its owner in."""
    with answering(as_json) as answer:
        with database() as (settings, _), jobs(settings) as work, work.begin() as connection:
            accounts.rule_first_passwords(connection, district, None if days == DAYS else days)
        words = f"A first password of district {district} lets its owner in for {days} days."
        answer({"district": district, "days": days}, lambda: say.print(words))


@user.command("drop-factor")
def drop_factor(sign_in_name: str, as_json: Json = False) -> None:
    """Take a lost second factor off an account and sign it out everywhere."""
    with answering(as_json) as answer, database() as (settings, _), jobs(settings) as work:
        with work.begin() as connection:
            accounts.remove_second_factor(connection, sign_in_name)
        words = f"'{sign_in_name}' signs in with the password alone until a new app is set up."
        answer({"dropped": sign_in_name}, lambda: say.print(words))


def _first_password(sign_in_name: str, password: str) -> tuple[dict[str, str], Callable[[], None]]:
    told = {"sign_in_name": sign_in_name.strip().lower(), "password": password}
    return told, lambda: typer.echo(f"{told['sign_in_name']}: first password {password}")
