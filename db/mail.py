"""Sends one mail through the school's own mail server, over TLS, and says in words what failed."""

import smtplib
import ssl
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

from db.setting_error import SettingsError
from db.settings import Settings

TIMEOUT: Final = 15  # seconds
_PORTS: Final = {"smtps": 465, "smtp": 587, "smtp+plain": 25}
_HERE: Final = ("localhost", "127.0.0.1", "::1")


class MailError(RuntimeError):
    """The mail did not go out; the message says why and quotes neither text nor address."""


@dataclass(frozen=True)
class MailServer:
    """Where mail is handed in. `way` is smtps (TLS from the start), smtp (STARTTLS, required) or
    smtp+plain (no TLS, only to this very machine).
    """

    way: str
    host: str
    port: int
    user: str
    password: str = field(repr=False)
    sender: str
    ca: Path | None


def mail_server(settings: Settings) -> MailServer | None:
    """The server that the settings name; None where none is.

    >>> mail_server(Settings.load({})) is None
    True
    """
    if settings.smtp_url is None:
        return None
    try:
        parts = urlsplit(settings.smtp_url)
        port = parts.port or _PORTS.get(parts.scheme, 0)
    except ValueError:
        raise _wrong() from None
    if parts.scheme not in _PORTS or not parts.hostname:
        raise _wrong()
    if parts.scheme == "smtp+plain" and parts.hostname not in _HERE:
        raise SettingsError(
            "CHALKLINE_SMTP_URL sends learners' data over the network in plain text: use smtp:// "
            "(STARTTLS) or smtps://, or a server on this machine."
        )
    if not settings.mail_from:
        raise SettingsError(
            "CHALKLINE_MAIL_FROM should be the address that mail comes from, such as "
            "school@example.org; CHALKLINE_SMTP_URL is set and it is not."
        )
    return MailServer(
        way=parts.scheme,
        host=parts.hostname,
        port=port,
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        sender=settings.mail_from,
        ca=settings.smtp_ca,
    )


def send(server: MailServer, *, to: str, subject: str, body: str) -> None:
    """Hands in one plain-text mail; MailError when the server was not reached or refused it."""
    message = EmailMessage()
    try:
        message["From"] = server.sender
        message["To"] = to
        message["Subject"] = subject
    except ValueError:  # a line break in a header would add headers of somebody's choosing
        raise MailError("The address or the subject holds a line break. Write it anew.") from None
    message["Date"] = formatdate()
    message["Message-ID"] = make_msgid(domain=server.sender.rpartition("@")[2] or None)
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(body)
    try:
        with _connected(server) as smtp:
            if server.user:
                smtp.login(server.user, server.password)
            smtp.send_message(message)
    except smtplib.SMTPRecipientsRefused:
        raise MailError("The mail server refuses the address. Check the contact.") from None
    except ssl.SSLError:
        raise MailError(
            "The mail server could not prove who it is (TLS). Tell whoever runs Chalkline; "
            "CHALKLINE_SMTP_CA names a certificate to trust."
        ) from None
    except smtplib.SMTPNotSupportedError:
        raise MailError("The mail server offers no TLS. Tell whoever runs Chalkline.") from None
    except (smtplib.SMTPException, OSError) as problem:
        raise MailError(
            f"The mail server did not take it ({type(problem).__name__}). Try again later; if it "
            "stays so, tell whoever runs Chalkline."
        ) from None


def _connected(server: MailServer) -> smtplib.SMTP:
    trusted = ssl.create_default_context(cafile=str(server.ca) if server.ca else None)
    if server.way == "smtps":
        return smtplib.SMTP_SSL(server.host, server.port, timeout=TIMEOUT, context=trusted)
    smtp = smtplib.SMTP(server.host, server.port, timeout=TIMEOUT)
    if server.way == "smtp":
        smtp.starttls(context=trusted)
    return smtp


def _wrong() -> SettingsError:
    return SettingsError(
        "CHALKLINE_SMTP_URL should be a mail server such as smtps://user:password@mail.example.org "
        "or smtp://user:password@mail.example.org:587 (STARTTLS), the password percent-encoded."
    )
