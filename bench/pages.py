"""Times whole pages in the server: many teachers at once, each acting every ten seconds."""

import asyncio
import secrets
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

from sqlalchemy import insert, select

import privacy
from bench import asking
from bench.browserless import Run, Tab, tab
from bench.home import Home, Say
from bench.measuring import spread
from bench.processes import Used, megabytes, used
from db.tables import Account, WebSession
from pages.cookies import session_cookie
from privacy.tickets import digest
from privacy.web_sessions import LONGEST
from tests.app_server import RunningApp, running_app

PAGES: Final = ("today", "mastery", "content")
PERIOD: Final = 10.0  # seconds between two acts of one teacher
CROWDS: Final = {1: 120.0, 10: 60.0, 50: 60.0, 150: 90.0}  # sessions: seconds of measuring
WARM: Final = 20  # visits of a page before it is measured: the app has only just started
ALONE: Final = 40  # visits to each page, one after the other
CPU_TO_REACH: Final = 30.0  # milliseconds a rerun
P95_TO_REACH: Final = 200.0  # milliseconds, with 150 sessions


def run(home: Home, say: Say, crowds: Sequence[int] = tuple(CROWDS)) -> dict[str, Any]:
    """Starts the app over the home's database, and measures: one tab alone, then crowds."""
    cookies = _signed_in(home, max(crowds))
    logs = Path(home.settings.home) / "logs"
    logs.mkdir(exist_ok=True)
    with running_app(home.settings.home, logs) as app:
        measured = asyncio.run(_measured(home, app, cookies, crowds, say))
        measured["log lines"] = len(app.said().splitlines())
    return measured


async def _measured(
    home: Home, app: RunningApp, cookies: list[str], crowds: Sequence[int], say: Say
) -> dict[str, Any]:
    say("One tab, page after page ...")
    alone = await _alone(home, app, cookies[0])
    together = []
    for sessions in crowds:
        say(f"{sessions} sessions, each acting every {PERIOD:.0f} s ...")
        together.append(await _together(home, app, cookies[:sessions], CROWDS[sessions]))
    return {"alone": alone, "together": together}


async def _alone(home: Home, app: RunningApp, cookie: str) -> list[dict[str, Any]]:
    """What a page costs by itself, without the fragments that repeat."""
    rows = []
    async with tab(app.url, cookie, repeats=False) as one:
        for address in PAGES:
            for _ in range(WARM):
                await one.visit(address)
            before = _used(home, app)
            runs = [await one.visit(address) for _ in range(ALONE)]
            cost = _used(home, app) - before
            rows.append({"page": address, **_times(runs), **_costs(cost, ALONE)})
    return rows


async def _together(
    home: Home, app: RunningApp, cookies: Sequence[str], seconds: float
) -> dict[str, Any]:
    """Everybody at her own moment of the ten seconds; the first round is not counted."""
    async with AsyncExitStack() as stack:
        tabs = [await stack.enter_async_context(tab(app.url, cookie)) for cookie in cookies]
        stop = asyncio.Event()
        acting = [
            asyncio.create_task(_act(one, number, len(tabs), stop))
            for number, one in enumerate(tabs)
        ]
        await asyncio.sleep(PERIOD * (1 + len(PAGES)))
        for one in tabs:
            one.runs.clear()
        before = _used(home, app)
        await asyncio.sleep(seconds)
        cost = _used(home, app) - before
        memory = megabytes(app.pid)
        runs = [run for one in tabs for run in one.runs]
        stop.set()
        await asyncio.gather(*acting)
    visits = [run for run in runs if run.what != "fragment"]
    repeats = [run for run in runs if run.what == "fragment"]
    return {
        "sessions": len(cookies),
        **_times(visits),
        **_costs(cost, len(visits)),
        "by page": {page: _times([r for r in visits if r.what == page]) for page in PAGES},
        "repeats": _times(repeats) if repeats else None,
        "app cores": cost.app / seconds,
        "database cores": cost.database / seconds,
        "megabytes": memory,
    }


async def _act(one: Tab, number: int, many: int, stop: asyncio.Event) -> None:
    await asyncio.sleep(PERIOD * number / many)
    turn = number
    while not stop.is_set():
        started = asyncio.get_running_loop().time()
        await one.visit(PAGES[turn % len(PAGES)])
        turn += 1
        rest = PERIOD - (asyncio.get_running_loop().time() - started)
        try:
            await asyncio.wait_for(stop.wait(), max(rest, 0))
        except TimeoutError:
            continue


def _times(runs: Sequence[Run]) -> dict[str, Any]:
    return {
        "runs": len(runs),
        "milliseconds": asdict(spread([run.milliseconds + run.waited for run in runs])),
        "kilobytes": spread([run.bytes / 1024 for run in runs]).p50,
        "messages": spread([run.messages for run in runs]).p50,
    }


def _costs(cost: Used, runs: int) -> dict[str, float]:
    """Processor time a visit, with everything else that went on meanwhile."""
    return {"app ms": 1000 * cost.app / runs, "database ms": 1000 * cost.database / runs}


def _used(home: Home, app: RunningApp) -> Used:
    return used(app.pid, home.server.pid or 0)


def _signed_in(home: Home, many: int) -> list[str]:
    """Cookies of browsers in which teachers are signed in (the form's bcrypt is not measured)."""
    now = datetime.now(UTC)
    teachers = [scope.viewer.staff_id for scope in asking.scopes(home, many)]
    with home.jobs.begin() as connection:
        accounts = dict(
            connection.execute(
                select(Account.staff_id, Account.account_id).where(
                    Account.district_id == home.district_id
                )
            )
            .tuples()
            .all()
        )
        for teacher in teachers:
            if teacher not in accounts:
                accounts[teacher] = uuid4()
                connection.execute(
                    insert(Account).values(
                        district_id=home.district_id,
                        account_id=accounts[teacher],
                        staff_id=teacher,
                        sign_in_name=f"bench-{teacher}",
                    )
                )
    tokens = [secrets.token_urlsafe(32) for _ in range(many)]
    with privacy.signin_session() as connection:
        for number, token in enumerate(tokens):
            connection.execute(
                insert(WebSession).values(
                    token_hash=digest(token),
                    district_id=home.district_id,
                    account_id=accounts[teachers[number % len(teachers)]],
                    role="teacher",
                    created_at=now,
                    last_seen_at=now,
                    absolute_expires_at=now + LONGEST,
                    client="bench",
                )
            )
    return [f"{session_cookie(home.settings)}={token}" for token in tokens]
