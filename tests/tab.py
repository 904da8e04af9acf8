"""A tab without a browser: Streamlit's own websocket protocol, to say what no browser says."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import monotonic

import httpx
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin, Subprotocol

from tests.app_server import RunningApp

ANSWERS_WITHIN = 20.0  # seconds
PAGE = {"accept": "text/html"}


@dataclass
class Seen:
    """What one run of the script sent: its words, where it redirects to, which widgets it drew."""

    words: str = ""
    redirect: str | None = None
    session_id: str = ""
    widgets: dict[str, str] = field(default_factory=dict)  # label -> identifier
    fragments: list[str] = field(default_factory=list)
    pages: dict[str, str] = field(default_factory=dict)  # address -> page script hash
    shown: list[str] = field(default_factory=list)  # titles in the menu


class Tab:
    """One websocket with the cookies of a browser; `run` is a visit or a click."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket

    def run(
        self,
        *,
        page: str = "",
        page_hash: str = "",
        query: str = "",
        typed: dict[str, str] | None = None,
        clicked: str = "",
        fragment: str = "",
        by_itself: bool = False,
    ) -> Seen:
        """Asks for a run of the script and returns all that it sent."""
        message = BackMsg()
        state = message.rerun_script
        state.page_name, state.page_script_hash, state.query_string = page, page_hash, query
        state.fragment_id, state.is_auto_rerun = fragment, by_itself
        for widget, value in (typed or {}).items():
            state.widget_states.widgets.add(id=widget, string_value=value)
        if clicked:
            state.widget_states.widgets.add(id=clicked, trigger_value=True)
        self.socket.send(message.SerializeToString())
        return self.seen()

    def seen(self) -> Seen:
        """All that arrives until the script has finished or leads elsewhere."""
        seen, deadline = Seen(), monotonic() + ANSWERS_WITHIN
        while monotonic() < deadline:
            message = ForwardMsg.FromString(self.socket.recv(timeout=ANSWERS_WITHIN))
            match message.WhichOneof("type"):
                case "new_session":
                    seen = Seen(session_id=message.new_session.initialize.session_id)
                case "delta":
                    _read(message, seen)
                case "navigation":
                    for entry in message.navigation.app_pages:
                        seen.pages[entry.url_pathname] = entry.page_script_hash
                        if not entry.is_hidden:
                            seen.shown.append(entry.page_name)
                case "auto_rerun":
                    seen.fragments.append(message.auto_rerun.fragment_id)
                case "auth_redirect":
                    seen.redirect = message.auth_redirect.url
                case "script_finished":
                    if message.script_finished != ForwardMsg.FINISHED_EARLY_FOR_RERUN:
                        return seen
        raise AssertionError("the script did not finish")


def _read(message: ForwardMsg, seen: Seen) -> None:
    element = message.delta.new_element
    match element.WhichOneof("type"):
        case "text_input":
            seen.widgets[element.text_input.label] = element.text_input.id
        case "button":
            seen.widgets[element.button.label] = element.button.id
    seen.words += f"\n{message.delta}".replace("\\'", "'")  # as protobuf writes it in its text form


class Browser:
    """Cookies and the pages they open."""

    def __init__(self, app: RunningApp) -> None:
        self.app = app
        self.jar = httpx.Cookies()
        self.get("/")

    @property
    def cookies(self) -> dict[str, str]:
        """What the browser would send."""
        return {cookie.name: cookie.value or "" for cookie in self.jar.jar}

    def get(self, path: str, **params: str) -> httpx.Response:
        """Asks for an address of the application as a browser would, and keeps its cookies."""
        with httpx.Client(
            base_url=self.app.url, cookies=self.jar, timeout=ANSWERS_WITHIN
        ) as client:
            answer = client.get(path, params=params or None, headers=PAGE)
            self.jar = client.cookies
        return answer

    @contextmanager
    def tab(
        self,
        *,
        cookies: dict[str, str] | None = None,
        origin: str | None = "",
        resume: str = "",
    ) -> Iterator[Tab]:
        """Opens a tab; by default as a browser would, else with what a test puts in its place."""
        sent = self.cookies if cookies is None else cookies
        pairs = "; ".join(f"{name}={value}" for name, value in sent.items())
        proof = sent.get("_streamlit_xsrf", "none")  # as Streamlit's own page repeats its cookie
        protocols = ["streamlit", proof, *([resume] if resume else [])]
        with connect(
            f"ws://127.0.0.1:{self.app.port}/_stcore/stream",
            origin=None if origin is None else Origin(origin or self.app.url),
            additional_headers={"cookie": pairs} if pairs else {},
            subprotocols=[Subprotocol(name) for name in protocols],
            max_size=None,
            compression=None,
        ) as socket:
            yield Tab(socket)

    def ask(self, page: str = "", query: str = "") -> Seen:
        """What a fresh tab at this address shows."""
        with self.tab() as tab:
            return tab.run(page=page, query=query)

    def sign_in(self, name: str, password: str, *, page: str = "", query: str = "") -> Seen:
        """Types into the form and follows where it leads; the run that the form caused."""
        with self.tab() as tab:
            form = tab.run(page=page, query=query).widgets
            seen = tab.run(
                page=page,
                query=query,
                typed={form["Sign-in name"]: name, form["Password"]: password},
                clicked=form["Sign in"],
            )
        if seen.redirect:
            self.get(seen.redirect)
        return seen
