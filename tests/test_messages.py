"""Messages: sent over TLS to a real mail server, only where consent allows, sealed in the log."""

import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from importlib import import_module
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from sqlalchemy import delete, insert, select, update

from db import mail
from db import tables as t
from db.mail import MailError, MailServer, mail_server
from db.setting_error import SettingsError
from db.settings import Settings
from privacy import fields
from privacy.datakeys import data_keys
from queries.message_words import BUILT_IN, MessageTemplate
from queries.students import messaging, writing
from queries.students.acting import NotPossible
from queries.students.writing import Address
from tests import cast
from tests.conftest import District
from tests.test_pages import press, said, sent, show, token

TESS = cast.viewer("Tess Moran")
ANA = cast.of("Ana Ruiz")
TODAY = cast.TODAY
HOME = Address("Mother", "maria@family.example")
GOOD_NEWS = next(one for one in BUILT_IN if one.name == "Good news")


def now() -> datetime:
    return datetime.now(UTC)


@dataclass
class Postbox:
    """A mail server of this test's own: what reached it, and how to reach it."""

    server: MailServer
    mails: list[Any]

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        assert session.ssl is not None  # STARTTLS came first
        self.mails.append(envelope)
        return "250 OK"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """(certificate, key) of a server called 127.0.0.1, signed by itself."""
    folder = tmp_path_factory.mktemp("smtp")
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now() - timedelta(days=1))
        .not_valid_after(now() + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    paths = folder / "cert.pem", folder / "key.pem"
    paths[0].write_bytes(made.public_bytes(serialization.Encoding.PEM))
    paths[1].write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return paths


@pytest.fixture
def postbox(certificate: tuple[Path, Path]) -> Iterator[Postbox]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    box = Postbox(MailServer("smtp", "127.0.0.1", 0, "", "", "school@example.org", None), [])
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    controller = Controller(
        box, hostname="127.0.0.1", port=port, tls_context=context, require_starttls=True
    )
    controller.start()
    box.server = replace(box.server, port=port, ca=certificate[0])
    yield box
    controller.stop()


@pytest.fixture
def reachable(district: District, postbox: Postbox, monkeypatch: pytest.MonkeyPatch) -> Postbox:
    """The district with that mail server."""
    monkeypatch.setattr(
        import_module("privacy.session"), "_door", replace(district.door, mail=postbox.server)
    )
    return postbox


def write(**how: Any) -> None:
    messaging.send(
        TESS,
        **{
            "learner": ANA,
            "audience": "home",
            "template": GOOD_NEWS,
            "to": HOME,
            "subject": "A note from Elm",
            "text": "Ana did well.",
            "today": TODAY,
            "now": now(),
            **how,
        },
    )


def consent(district: District, purpose: str, **more: Any) -> None:
    with district.jobs.begin() as db:
        db.execute(
            insert(t.Consent).values(
                district_id=1,
                consent_id=cast.of(purpose),
                learner_id=ANA,
                law="COPPA",
                purpose=purpose,
                basis="consent",
                version="1",
                **{"given_by": "parent", "given_at": now(), **more},
            )
        )


def test_a_message_home_goes_out_over_tls_and_its_log_is_sealed(
    district: District, reachable: Postbox
) -> None:
    write()
    (mail_out,) = reachable.mails
    assert mail_out.rcpt_tos == ["maria@family.example"]
    assert b"Ana did well." in mail_out.content
    with district.jobs.begin() as db:
        row = db.execute(select(*t.Message.__table__.c).where(t.Message.state == "sent")).one()
        trail = db.scalars(
            select(t.AuditEntry.detail).where(t.AuditEntry.action == "sent message")
        ).all()
    assert b"maria" not in row.body
    assert b"did well" not in row.body
    assert "maria" not in str(trail)
    assert len(trail) == 1


def test_a_server_that_can_not_prove_who_it_is_gets_nothing(postbox: Postbox) -> None:
    """The control: with its certificate trusted, the same mail goes out."""
    how = {"to": "a@b.example", "subject": "x", "body": "y"}
    with pytest.raises(MailError, match="could not prove who it is"):
        mail.send(replace(postbox.server, ca=None), **how)
    assert postbox.mails == []
    mail.send(postbox.server, **how)
    assert len(postbox.mails) == 1


def test_a_line_break_in_a_subject_adds_no_header(postbox: Postbox) -> None:
    with pytest.raises(MailError, match="line break"):
        mail.send(postbox.server, to="a@b.example", subject="x\nBcc: z@z.example", body="y")
    assert postbox.mails == []


def test_without_a_known_consent_nothing_goes_to_a_child(
    district: District, reachable: Postbox
) -> None:
    to_ana = {"audience": "learner", "to": Address("Ana", "ana@learners.example")}
    with pytest.raises(NotPossible, match="No consent to messages to the learner is known"):
        write(**to_ana)
    consent(district, "messages to the learner", given_by="learner")  # she is too young for it
    with pytest.raises(NotPossible, match="No consent"):
        write(**to_ana)
    assert reachable.mails == []
    with district.jobs.begin() as db:
        db.execute(update(t.Consent).values(given_by="parent"))
    write(**to_ana)
    assert len(reachable.mails) == 1


def test_a_withdrawn_or_pending_consent_is_respected(
    district: District, reachable: Postbox
) -> None:
    for state, why in (("withdrawn", "has withdrawn"), ("pending", "still pending")):
        with district.jobs.begin() as db:
            db.execute(update(t.Learner).values(consent_state=state))
        with pytest.raises(NotPossible, match=why):
            write()
    with district.jobs.begin() as db:
        db.execute(update(t.Learner).values(consent_state="parental"))
    consent(district, "messages home", withdrawn_at=now())
    with pytest.raises(NotPossible, match="was withdrawn"):
        write()
    assert reachable.mails == []


def test_a_message_that_could_not_be_sent_is_logged_as_such(
    district: District, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(NotPossible, match="no mail server"):
        write()
    closed = MailServer("smtp+plain", "127.0.0.1", 9, "", "", "school@example.org", None)
    monkeypatch.setattr(
        import_module("privacy.session"), "_door", replace(district.door, mail=closed)
    )
    with district.jobs.begin() as db:
        db.execute(delete(t.Message))
    with pytest.raises(NotPossible, match="did not take it"):
        write()
    with district.jobs.begin() as db:
        assert db.scalars(select(t.Message.state)).all() == ["failed"]


def test_the_page_previews_in_the_language_of_the_home(
    district: District, reachable: Postbox
) -> None:
    family = '[{"relation": "mother", "email": "maria@family.example"}]'
    with district.jobs.begin() as db:
        db.execute(delete(t.Message))
        db.execute(update(t.Learner).values(home_language="es"))
        key = data_keys(db, district.door.keystore, 1, [ANA])[ANA]
        where = {"table": "learner_pii", "row": ANA, "district": "1"}
        contacts = fields.encrypt_row(key, {"contacts": family}, **where)["contacts"]
        db.execute(
            update(t.LearnerPii).where(t.LearnerPii.learner_id == ANA).values(contacts=contacts)
        )
    page = show("pages.students.message", TESS, {"learner": token(TESS, ANA)})
    assert page.text_area[0].value.startswith("Estimada familia de Ana:")
    assert "maria@" not in sent(page.main)  # only "m…@family.example"
    assert str(ANA) not in sent(page.main)
    press(page, "Send")
    (mail_out,) = reachable.mails
    assert mail_out.rcpt_tos == ["maria@family.example"]
    assert "No message about" not in said(page)


def test_a_template_names_only_known_fields(district: District) -> None:
    desk = writing.desk(TESS, learner=ANA, today=TODAY)
    for body in ("{learner.email}", "{password}", "{}"):
        with pytest.raises(ValueError, match="There is no field"):
            writing.draft(desk, MessageTemplate("x", "home", "en", "s", body))
    with pytest.raises(ValueError, match="There is no field"):  # a subject names nobody
        writing.draft(desk, MessageTemplate("x", "home", "en", "{learner}", "b"))


@pytest.mark.parametrize(
    ("url", "sender", "why"),
    [
        ("smtp+plain://mail.example.org", "a@b.example", "plain text"),
        ("http://mail.example.org", "a@b.example", "should be a mail server"),
        ("smtps://mail.example.org:notaport", "a@b.example", "should be a mail server"),
        ("smtps://mail.example.org", "", "CHALKLINE_MAIL_FROM"),
    ],
)
def test_a_wrong_mail_setting_is_named(url: str, sender: str, why: str) -> None:
    given = Settings.load({"CHALKLINE_SMTP_URL": url, "CHALKLINE_MAIL_FROM": sender})
    with pytest.raises(SettingsError, match=why):
        mail_server(given)
