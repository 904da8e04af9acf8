"""The cookies of Chalkline: their names, and the headers that set and remove them."""

import secrets

from db.settings import Settings


def session_cookie(settings: Settings) -> str:
    """The session cookie's name; `__Host-` makes browsers insist on Secure and our host alone."""
    return "__Host-chalkline" if settings.secure_cookies else "chalkline"


def browser_cookie(settings: Settings) -> str:
    """The name of the cookie that a browser gets before it signs in; tickets are tied to it."""
    return f"{session_cookie(settings)}-browser"


def cookie(settings: Settings, name: str, value: str, *, same_site: str) -> str:
    """A Set-Cookie header for one of our cookies; it ends when the browser is closed."""
    secure = "; Secure" if settings.secure_cookies else ""
    return f"{name}={value}; Path=/; HttpOnly; SameSite={same_site}{secure}"


def gone(settings: Settings, name: str) -> str:
    """A Set-Cookie header that removes a cookie."""
    return cookie(settings, name, "", same_site="Strict") + "; Max-Age=0"


def new_browser(settings: Settings) -> str:
    """A Set-Cookie header that gives a browser the cookie it has before anybody signs in."""
    # Lax: Strict would not be sent, and so be replaced, when a link in an e-mail is followed.
    return cookie(settings, browser_cookie(settings), secrets.token_urlsafe(32), same_site="Lax")
