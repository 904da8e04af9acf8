"""The ASGI application: routes to sign in, out and ask for health, around the pages' router."""

import gc
import hashlib
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from threading import Thread

import streamlit as st
import uvicorn
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route
from streamlit import config
from streamlit.string_util import is_emoji

from db.settings import Settings, secret_file
from pages import PAGES, cookies, home, landing, sign_in, wire
from pages.failures import explain, keep_data_out_of_logs
from privacy import close_door, open_door, signin_session, web_sessions
from privacy.passwords import nobodys_hash
from privacy.tickets import client_family, digest, redeem

ROOT = Path(__file__).parent
LARGEST_MESSAGE = 4 * 1024 * 1024  # bytes, from a browser to us
PROVIDER_COOKIES = ("_streamlit_user", "_streamlit_user_tokens")


def enter(request: Request) -> Response:
    """Trades a ticket for the session's cookie and opens the page that was asked for."""
    former = request.cookies.get(cookies.session_cookie(SETTINGS))
    traded = redeem(
        request.query_params.get("ticket", ""),
        browser=digest(request.cookies.get(cookies.browser_cookie(SETTINGS), "")),
        client=client_family(request.headers),
        former=digest(former) if former else None,
        now=datetime.now(UTC),
    )
    if traded is None:
        return _to("/?notice=ticket")
    token, role = traded
    to = landing(request.query_params.get("to", "/"))
    answer = _to(f"/{home(role).address}" if to == "/" else to)
    name = cookies.session_cookie(SETTINGS)
    answer.headers.append("set-cookie", cookies.cookie(SETTINGS, name, token, same_site="Strict"))
    _forget_provider(request, answer)
    return answer


def leave(request: Request) -> Response:
    """Ends the session of the browser that asks, then takes it to the sign-in.

    The cookie is SameSite=Strict, so a link on another site can sign nobody out.
    """
    to = landing(request.query_params.get("to", "/"))
    token = request.cookies.get(cookies.session_cookie(SETTINGS))
    if token:
        web_sessions.end(digest(token), now=datetime.now(UTC))
    why = request.query_params.get("why", "")
    if why in sign_in.NOTICES:
        to += f"{'&' if '?' in to else '?'}notice={why}"
    answer = _to(to)
    if token:
        name = cookies.session_cookie(SETTINGS)
        answer.headers.append("set-cookie", cookies.gone(SETTINGS, name))
        _forget_provider(request, answer)
    return answer


def health(_: Request) -> Response:
    """Whether this process and its database answer; nothing else is told."""
    try:
        with signin_session() as connection:
            connection.execute(select(1))
    except (SQLAlchemyError, RuntimeError):
        return JSONResponse({"status": "failing", "database": "does not answer"}, 503)
    return JSONResponse({"status": "ok", "database": "answers"})


def serve(settings: Settings) -> None:
    """Serves until Ctrl-C or SIGTERM. The database must be there already."""
    uvicorn.run(
        app,
        host=settings.host,
        port=settings.port,
        ws="websockets-sansio",
        ws_max_size=LARGEST_MESSAGE,
        ws_per_message_deflate=False,  # costs more than it saves, as Streamlit's own default says
        access_log=False,  # addresses may hold what a person looked at
        log_level="warning",
        server_header=False,
        timeout_graceful_shutdown=2,
    )


@asynccontextmanager
async def _lifespan(_: st.App) -> AsyncIterator[None]:
    if config.get_option("client.showErrorDetails") != "none":
        raise RuntimeError(
            f"Streamlit did not find {ROOT / '.streamlit' / 'config.toml'}, which closes what must "
            f"be closed. Start Chalkline in {ROOT}, best with 'make run'."
        )
    open_door(SETTINGS)
    keep_data_out_of_logs()  # from here on there is data; what fails before speaks for itself
    try:
        web_sessions.tidy(now=datetime.now(UTC))
        nobodys_hash()  # or the first unknown name would take twice as long
        Thread(target=_warm_up, daemon=True).start()
        yield
    finally:
        close_door()


def _warm_up() -> None:
    """Imports what the first visitor would otherwise wait a second for.

    What is imported stays, so the collector need not walk over its million objects ever again:
    each time it did, whoever asked for a page just then waited a fifth of a second.
    """
    is_emoji("")
    for page in PAGES:
        with suppress(ImportError):  # whoever opens that page is told
            page.function()
    gc.collect()
    gc.freeze()


def _configure(settings: Settings) -> None:
    """Tells Streamlit what only the environment knows."""
    secret = secret_file(settings.context_secret_file)
    # Derived, so that several processes behind a proxy accept each other's cookies.
    config.set_option(
        "server.cookieSecret", hashlib.sha256(b"chalkline streamlit cookies" + secret).hexdigest()
    )
    config.set_option("server.allowedHosts", list(settings.allowed_hosts))
    # Providers' secrets stand with the other secrets, not in the code's folder.
    config.set_option("secrets.files", [str(settings.home / "secrets.toml")])


def _to(address: str) -> Response:
    return RedirectResponse(address, 303, headers={"cache-control": "no-store"})


def _forget_provider(request: Request, answer: Response) -> None:
    """Streamlit keeps a provider's word for 30 days; ours is traded at once and thrown away."""
    for name in request.cookies:
        if name.startswith(PROVIDER_COOKIES):
            answer.headers.append("set-cookie", cookies.gone(SETTINGS, name))


SETTINGS = Settings.load()
os.chdir(ROOT)  # where Streamlit looks for .streamlit/config.toml
_configure(SETTINGS)
app = st.App(
    ROOT / "pages" / "router.py",
    routes=[
        Route("/auth/enter", enter),
        Route("/auth/leave", leave),
        Route("/health", health),
    ],
    middleware=[
        Middleware(TrustedHostMiddleware, allowed_hosts=SETTINGS.allowed_hosts, www_redirect=False),
        Middleware(wire.Wire, settings=SETTINGS),
    ],
    lifespan=_lifespan,
    on_script_error=explain,
)
