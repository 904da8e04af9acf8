"""What may pass between browsers and pages: the ASGI layer around Streamlit's own server."""

import secrets
from datetime import UTC, datetime
from urllib.parse import urlsplit

from anyio import to_thread
from google.protobuf.message import DecodeError  # type: ignore[import-untyped]  # it ships none
from sqlalchemy.exc import SQLAlchemyError
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import cookie_parser
from starlette.responses import PlainTextResponse, RedirectResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit import config
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.runtime.runtime_util import get_max_widget_state_size_bytes

from db.settings import Settings
from pages import home
from pages.browser_rules import security_headers
from pages.cookies import browser_cookie, new_browser, session_cookie
from pages.guard import BROWSER, SESSION
from privacy.clicks import TOUCH_EVERY, standing, touch
from privacy.tickets import digest
from privacy.web_sessions import Standing

STREAM = "/_stcore/stream"
# Streamlit's own doors for machines, which nobody here may use from outside.
SHUT = ("/_stcore/metrics", "/_stcore/agent", "/_stcore/script-health-check")
# Files of people's sessions: pictures, downloads, uploads.
FOR_THE_SIGNED_IN = ("/media/", "/_stcore/upload_file/")
NO_STORE = {"cache-control": "no-store"}
NEEDS_NO_SESSION = ("stop_script", "app_heartbeat")
NEEDS_SESSION = ("rerun_script", "file_urls_request", "backend_operation_request")


class Wire:
    """Middleware: headers on every answer, and on the websocket nothing without a live session.

    A page learns who its browser is from two request headers that only this layer can set: they
    carry hashes of the cookies under names that are random in each process. Streamlit keeps them
    as `st.user`, and gives a broken connection its session back only where they are the same.
    So no page ever holds a cookie, and running the router without this layer shows the sign-in.
    """

    def __init__(self, app: ASGIApp, *, settings: Settings) -> None:
        self.app = app
        self.settings = settings
        nonce = secrets.token_hex(16)
        self.headers = {f"x-{nonce}-session": SESSION, f"x-{nonce}-browser": BROWSER}
        self.security = security_headers(settings)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        match scope["type"]:
            case "http":
                await self._http(scope, receive, send)
            case "websocket":
                await self._websocket(scope, receive, send)
            case _:
                await self.app(scope, receive, send)

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Headers(scope=scope)
        cookies = cookie_parser(request.get("cookie", ""))
        path = scope["path"]

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._dress(message)
                headers = MutableHeaders(scope=message)
                if browser_cookie(self.settings) not in cookies and "text/html" in request.get(
                    "accept", ""
                ):
                    headers.append("set-cookie", new_browser(self.settings))
                if path.startswith(FOR_THE_SIGNED_IN):
                    headers["cache-control"] = "no-store"
            await send(message)

        app: ASGIApp = self.app
        if path.startswith(SHUT):
            app = PlainTextResponse("Not found.", 404)
        elif path.startswith(FOR_THE_SIGNED_IN) and not await _now(self._session(cookies)):
            app = PlainTextResponse("Sign in first.", 401)
        elif path == "/" and (stands := await _now(self._session(cookies))):
            # Here and not by the router, which can not change the address of a first visit.
            app = RedirectResponse(f"/{home(stands.viewer.role).address}", 303, NO_STORE)
        # Streamlit would answer other origins with CORS headers, and to know its own it would ask
        # a service on the internet for its address. Nobody but our pages needs to read answers.
        headers = [(name, value) for name, value in scope["headers"] if name != b"origin"]
        await app({**scope, "headers": headers}, receive, answer)

    async def _websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Headers(scope=scope)
        if scope["path"] != STREAM or not self._same_origin(request):
            await send({"type": "websocket.close", "code": 1008})
            return
        cookies = cookie_parser(request.get("cookie", ""))
        session = self._session(cookies)
        # Set at each connection, since Streamlit forgets it when it reads its files again.
        config.set_option("server.trustedUserHeaders", self.headers)
        scope = {**scope, "headers": self._introduced(scope["headers"], cookies)}
        await self.app(scope, _checking(receive, session), send)

    def _session(self, cookies: dict[str, str]) -> bytes | None:
        token = cookies.get(session_cookie(self.settings))
        return digest(token) if token else None

    def _same_origin(self, request: Headers) -> bool:
        """Browsers always say where a websocket was opened; only our own pages may open one.

        Streamlit's own check lets any port of localhost through, and whoever says nothing.
        """
        if self.settings.public_url is not None:
            return request.get("origin") == origin(self.settings.public_url)
        host = request.get("host")
        return bool(host) and request.get("origin") in (f"http://{host}", f"https://{host}")

    def _introduced(
        self, headers: list[tuple[bytes, bytes]], cookies: dict[str, str]
    ) -> list[tuple[bytes, bytes]]:
        ours = {session_cookie(self.settings): SESSION, browser_cookie(self.settings): BROWSER}
        rest = [(name, value) for name, value in headers if name not in (b"cookie", b"host")]
        # A proxy may have changed the host; the origin was checked, and Streamlit compares the two.
        host = urlsplit(Headers(raw=headers)["origin"]).netloc
        rest.append((b"host", host.encode("latin-1")))
        others = "; ".join(f"{name}={value}" for name, value in cookies.items() if name not in ours)
        if others:
            rest.append((b"cookie", others.encode("latin-1", "replace")))
        names = {meaning: name for name, meaning in self.headers.items()}
        for cookie, meaning in ours.items():
            if cookies.get(cookie):
                proof = digest(cookies[cookie]).hex()
                rest.append((names[meaning].encode(), proof.encode()))
        return rest

    def _dress(self, message: Message) -> None:
        if self.settings.secure_cookies:
            # Streamlit marks its own cookies Secure only where it holds the certificate itself.
            message["headers"] = [
                (name, value + b"; Secure")
                if name == b"set-cookie" and b"; secure" not in value.lower()
                else (name, value)
                for name, value in message["headers"]
            ]
        MutableHeaders(scope=message).update(self.security)


def _checking(receive: Receive, session: bytes | None) -> Receive:
    """The messages of a browser, without those that an ended session may not send.

    Buttons' callbacks, fragments and waiting downloads run before or without the router. So the
    session is looked up before Streamlit sees such a message. To an ended one only an empty rerun
    gets through, which shows the sign-in.
    """
    touched = datetime.min.replace(tzinfo=UTC)

    async def checked() -> Message:
        nonlocal touched
        while True:
            message = await receive()
            data = message.get("bytes")
            if message["type"] != "websocket.receive" or data is None:
                return message
            if len(data) > get_max_widget_state_size_bytes():
                return message  # Streamlit closes the connection for it
            try:
                said = BackMsg.FromString(data)
            except DecodeError:
                return message  # likewise
            kind = said.WhichOneof("type")
            if kind in NEEDS_NO_SESSION or (kind == "rerun_script" and session is None):
                return message
            if kind not in NEEDS_SESSION or session is None:
                continue
            if await _now(session):
                now = datetime.now(UTC)
                by_a_person = kind == "rerun_script" and not said.rerun_script.is_auto_rerun
                if by_a_person and now - touched >= TOUCH_EVERY:
                    await to_thread.run_sync(lambda: touch(session, now=datetime.now(UTC)))
                    touched = now
                return message
            if kind == "rerun_script":
                for field in ("widget_states", "fragment_id", "is_auto_rerun"):
                    said.rerun_script.ClearField(field)
                return {**message, "bytes": said.SerializeToString()}

    return checked


async def _now(session: bytes | None) -> Standing | None:
    """What a session stands for, if it is alive."""

    def look() -> Standing | None:
        try:
            found = standing(session, now=datetime.now(UTC)) if session is not None else None
        except SQLAlchemyError:
            return None  # the page that is then shown says that the database does not answer
        return found if isinstance(found, Standing) else None

    return await to_thread.run_sync(look)


def origin(address: str) -> str:
    """The part of an address by which browsers tell sites apart.

    >>> origin("https://Chalk.example/school")
    'https://chalk.example'
    """
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}".lower()
