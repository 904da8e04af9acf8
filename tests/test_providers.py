"""Signing in with a school's provider: against a real one on this machine, honest and not."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from sqlalchemy import Engine, create_engine, text

from db.embedded import Server
from pages.sign_in import UNKNOWN_IDENTITY
from tests.app_server import RunningApp, free_port, running_app
from tests.conftest import _super
from tests.provider import ISSUERS, TENANT, Provider
from tests.tab import Browser, Seen

LABELS = {name: f"Sign in with {name.title()}" for name in ISSUERS}
OBJECT = "99999999-8888-7777-6666-555555555555"
TESS = {
    "google": ({"sub": "g-7", "email": "adam@school.example"}, "g-7"),
    "microsoft": ({"sub": "pairwise", "tid": TENANT, "oid": OBJECT}, f"{TENANT}/{OBJECT}"),
    "classlink": ({"sub": "cl-7"}, "cl-7"),
    "clever": ({"sub": "cv-7"}, "cv-7"),
    "other": ({"sub": "o-7"}, "o-7"),
}


@dataclass(frozen=True)
class Site:
    """The application, a provider it trusts, and a way to change its database."""

    app: RunningApp
    provider: Provider
    database: Engine

    def tie(self, name: str, issuer: str, subject: str) -> None:
        """Ties an account to an identity, and no other to it."""
        with self.database.begin() as db:
            db.execute(
                text("UPDATE chalkline.accounts SET oidc_issuer = NULL, oidc_subject = NULL")
            )
            db.execute(
                text(
                    "UPDATE chalkline.accounts SET oidc_issuer = :i, oidc_subject = :s"
                    " WHERE sign_in_name = :n"
                ),
                {"i": issuer, "s": subject, "n": name},
            )

    def browser(self) -> Browser:
        """A new browser that has loaded Streamlit's page, and so its cookie against forgery."""
        browser = Browser(self.app)
        browser.get("/_stcore/health")
        assert "_streamlit_xsrf" in browser.cookies
        return browser

    def come_in(self, provider: str, browser: Browser) -> Seen:
        """Presses the provider's button and follows wherever it leads, as a browser would."""
        with browser.tab() as tab:
            button = tab.run().widgets[LABELS[provider]]
            away = tab.run(clicked=button).redirect
        assert away is not None
        there = browser.get(away).headers["location"]
        back = httpx.get(there).headers["location"]
        parts = urlsplit(back)
        browser.get(f"{parts.path}?{parts.query}")
        return browser.ask("account")


@pytest.fixture(scope="module")
def site(
    server: Server, template: str, keys: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    """One application and one provider for all tests here."""
    _super(server, f"CREATE DATABASE federation TEMPLATE {template} OWNER chalkline_owner")
    database = create_engine(server.url("superuser", "federation"))
    home = tmp_path_factory.mktemp("federation")
    port = free_port()
    provider = Provider(free_port())
    running = provider.serve()
    (home / "secrets.toml").write_text(provider.secrets_file(f"http://127.0.0.1:{port}"))
    environment = {
        "DATABASE_URL": server.url("app", "federation"),
        "CHALKLINE_KEY_FILE": str(keys / "kek.json"),
        "CHALKLINE_CONTEXT_SECRET_FILE": str(keys / "context.key"),
    }
    with running_app(home, home, environment=environment, port=port) as app:
        yield Site(app, provider, database)
    running.should_exit = True
    database.dispose()
    _super(server, "DROP DATABASE federation WITH (FORCE)")


def honest(site: Site, name: str) -> None:
    """Ties Tess to the provider's identity of her, and lets it speak the truth."""
    claims, subject = TESS[name]
    site.tie("tess", ISSUERS[name], subject)
    site.provider.claims, site.provider.fault = dict(claims), ""


@pytest.mark.parametrize("name", ISSUERS)
def test_a_known_identity_comes_in_as_herself(site: Site, name: str) -> None:
    honest(site, name)
    browser = site.browser()
    seen = site.come_in(name, browser)
    assert seen.redirect is not None
    assert seen.redirect.startswith("/auth/enter?")
    browser.get(seen.redirect)
    assert "Tess Moran" in browser.ask("account").words
    assert not any(cookie.startswith("_streamlit_user") for cookie in browser.cookies)


@pytest.mark.parametrize(
    "fault", ["unsigned", "forged", "symmetric", "expired", "audience", "nonce", "issuer"]
)
def test_a_token_that_is_not_right_lets_nobody_in(site: Site, fault: str) -> None:
    honest(site, "google")
    site.provider.fault = fault
    browser = site.browser()
    seen = site.come_in("google", browser)
    assert seen.redirect is None
    assert "Sign-in name" in seen.widgets
    assert "Tess Moran" not in seen.words
    site.provider.fault = ""
    assert site.come_in("google", site.browser()).redirect  # the control: the fault decided


@pytest.mark.parametrize(
    ("name", "claims"),
    [
        ("google", {"sub": "somebody", "email": "tess@school.example", "email_verified": True}),
        ("google", {"sub": "somebody", "oid": "g-7", "tid": "g-7"}),
        ("microsoft", {"sub": "x", "tid": TENANT, "oid": "0", "email": "tess", "upn": "tess"}),
        ("microsoft", {"sub": f"{TENANT}/{OBJECT}", "tid": TENANT, "oid": "0"}),
        ("microsoft", {"sub": "x", "tid": "another tenant", "oid": OBJECT}),
        ("clever", {"sub": "g-7"}),
    ],
)
def test_neither_an_address_nor_a_borrowed_claim_makes_somebody_tess(
    site: Site, name: str, claims: dict[str, object]
) -> None:
    honest(site, name)
    if name == "clever":
        site.tie("tess", ISSUERS["google"], "g-7")
    site.provider.claims = claims
    seen = site.come_in(name, site.browser())
    assert seen.redirect is None
    assert UNKNOWN_IDENTITY in seen.words


def test_an_answer_nobody_asked_for_lets_nobody_in(site: Site) -> None:
    honest(site, "google")
    victim, attacker = site.browser(), site.browser()
    with attacker.tab() as tab:
        away = tab.run(clicked=tab.run().widgets[LABELS["google"]]).redirect
    assert away is not None
    back = urlsplit(httpx.get(attacker.get(away).headers["location"]).headers["location"])
    victim.get(f"{back.path}?{back.query}")  # a link that the attacker sends
    assert victim.ask("account").redirect is None


def test_a_password_still_works_beside_a_provider(site: Site) -> None:
    assert set(LABELS.values()) < set(site.browser().ask().widgets)


def test_nothing_of_a_token_is_in_the_log(site: Site) -> None:
    said = site.app.said()
    for word in ("eyJ", "g-7", OBJECT, "adam@school.example"):
        assert word not in said
