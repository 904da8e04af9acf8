"""Claims about the settings: they fail in words, keep secrets, and never send data in the clear."""

import multiprocessing
import os
import stat
from pathlib import Path

import pytest
from sqlalchemy.engine import make_url

from db.setting_error import SettingsError
from db.settings import Settings, private_file, secret_file


def test_nothing_set_means_a_local_app_with_its_own_server(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    settings = Settings.load({})
    assert settings.embedded
    assert not settings.secure_cookies
    assert (settings.host, settings.port) == ("127.0.0.1", 8501)
    assert settings.home == tmp_path / ".chalkline"
    assert settings.key_file == tmp_path / ".chalkline" / "keys" / "kek.json"
    assert settings.context_secret_file == tmp_path / ".chalkline" / "keys" / "context.key"


def test_an_empty_variable_is_an_absent_one() -> None:
    assert Settings.load({"DATABASE_URL": " ", "PORT": ""}) == Settings.load({})


@pytest.mark.parametrize("port", ["0", "65536", "-1", "http", "8501.0", "٣"])
def test_a_wrong_port_is_named(port: str) -> None:
    with pytest.raises(SettingsError, match="PORT should be a number from 1 to 65535"):
        Settings.load({"PORT": port})


@pytest.mark.parametrize(
    "url",
    ["http://school.example", "school.example", "https://", "https://a:b@c", "https://h:x", "x://"],
)
def test_a_public_address_is_https(url: str) -> None:
    with pytest.raises(SettingsError, match="CHALKLINE_PUBLIC_URL should be the https address"):
        Settings.load({"CHALKLINE_PUBLIC_URL": url})


def test_the_public_address_decides_cookies_and_hosts() -> None:
    settings = Settings.load(
        {
            "CHALKLINE_PUBLIC_URL": "https://chalk.example.org:8443/",
            "CHALKLINE_ALLOWED_HOSTS": "Other.example.org, ",
        }
    )
    assert settings.public_url == "https://chalk.example.org:8443"
    assert settings.secure_cookies
    assert settings.allowed_hosts == (
        *("other.example.org", "chalk.example.org"),
        *("localhost", "127.0.0.1"),
    )


@pytest.mark.parametrize("hosts", ["https://a.example", "a.example/x", "a b", "a.*.example"])
def test_a_wrong_host_is_named(hosts: str) -> None:
    with pytest.raises(SettingsError, match="CHALKLINE_ALLOWED_HOSTS should be host names"):
        Settings.load({"CHALKLINE_ALLOWED_HOSTS": hosts})


# --- another database --------------------------------------------------------------------------

SECRET = "s3cret-Pass"


def sslmode(url: str, **more: str) -> object:
    loaded = Settings.load({"DATABASE_URL": url, **more}).database_url
    assert loaded
    return make_url(loaded).query.get("sslmode")


@pytest.mark.parametrize(
    "scheme", ["postgres", "postgresql", "postgresql+psycopg"], ids=lambda scheme: scheme
)
def test_any_usual_scheme_reaches_psycopg(scheme: str) -> None:
    loaded = Settings.load({"DATABASE_URL": f"{scheme}://app:{SECRET}@localhost/chalkline"})
    assert loaded.database_url == f"postgresql+psycopg://app:{SECRET}@localhost/chalkline"
    assert not loaded.embedded


@pytest.mark.parametrize(
    "url",
    [
        f"postgresql://app:{SECRET}@db.example.org/chalkline",
        f"postgresql://app:{SECRET}@10.0.0.5:5432/chalkline",
        f"postgresql://app:{SECRET}@/chalkline?host=h1:5432&host=h2:5432",
        f"postgresql://app:{SECRET}@/chalkline?host=localhost,h2",
        f"postgresql://app:{SECRET}@localhost/chalkline?hostaddr=10.0.0.5",
        f"postgresql://app:{SECRET}@localhost.example.org/chalkline",
        f"postgresql://app:{SECRET}@[2001:db8::1]:5432/chalkline",
    ],
)
def test_a_database_elsewhere_is_reached_by_verified_tls_alone(url: str) -> None:
    assert sslmode(url) == "verify-full"
    joint = "&" if "?" in url else "?"
    assert sslmode(f"{url}{joint}sslmode=require") == "require"  # said in so many words
    for plain in ("disable", "allow", "prefer", "nonsense"):
        with pytest.raises(
            SettingsError, match=r"^DATABASE_URL .*plain text.*verify-full"
        ) as wrong:
            sslmode(f"{url}{joint}sslmode={plain}")
        assert SECRET not in str(wrong.value)


@pytest.mark.parametrize(
    "url",
    [
        f"postgresql://app:{SECRET}@localhost/chalkline",
        f"postgresql://app:{SECRET}@127.0.0.1:5433/chalkline",
        f"postgresql://app:{SECRET}@[::1]:5433/chalkline",
        f"postgresql://app:{SECRET}@/chalkline?host=/run/postgresql",
        f"postgresql://app:{SECRET}@/chalkline",
    ],
)
def test_a_database_on_this_machine_needs_no_tls(url: str) -> None:
    assert sslmode(url) is None


@pytest.mark.parametrize("variable", ["PGHOST", "PGHOSTADDR"])
def test_a_host_that_only_libpqs_own_variables_name_counts_too(variable: str) -> None:
    assert sslmode("postgresql:///chalkline", **{variable: "10.0.0.5"}) == "verify-full"


@pytest.mark.parametrize("more", [{"PGSERVICE": "district"}, {}])
def test_a_libpq_service_which_could_hide_a_host_is_refused(more: dict[str, str]) -> None:
    url = "postgresql:///chalkline" + ("" if more else "?service=district")
    with pytest.raises(SettingsError, match="DATABASE_URL should name its host itself"):
        sslmode(url, **more)


@pytest.mark.parametrize(
    "url",
    [
        f"app:{SECRET}@localhost",
        f"mysql://app:{SECRET}@localhost/chalkline",
        f"postgresql+asyncpg://app:{SECRET}@localhost/chalkline",
        f"postgresql://app:{SECRET}@localhost:port/chalkline",
        f"postgresql://app:{SECRET}@localhost",
    ],
)
@pytest.mark.parametrize("name", ["DATABASE_URL", "DATABASE_OWNER_URL"])
def test_a_wrong_address_is_named_without_telling_it(name: str, url: str) -> None:
    with pytest.raises(SettingsError, match=f"^{name} should be a PostgreSQL address") as wrong:
        Settings.load({name: url})
    assert SECRET not in str(wrong.value)


def test_an_owner_without_an_app_is_refused() -> None:
    with pytest.raises(SettingsError, match="set DATABASE_URL too"):
        Settings.load({"DATABASE_OWNER_URL": "postgresql://owner:x@localhost/chalkline"})


def test_the_app_may_not_be_the_owner() -> None:
    url = "postgresql://owner:x@localhost/chalkline"
    with pytest.raises(SettingsError, match="name the same role"):
        Settings.load({"DATABASE_URL": url, "DATABASE_OWNER_URL": url})


def test_printing_the_settings_tells_no_password() -> None:
    settings = Settings.load(
        {
            "DATABASE_URL": f"postgresql://app:{SECRET}@localhost/chalkline",
            "DATABASE_OWNER_URL": f"postgresql://owner:{SECRET}@localhost/chalkline",
        }
    )
    assert SECRET not in repr(settings)
    assert SECRET in str(settings.database_url)  # control: it is there to be told


# --- secrets on the disk -----------------------------------------------------------------------


def test_a_secret_is_made_once_and_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "context.key"
    secret = secret_file(path)
    assert len(secret) == 32
    assert secret_file(path) == secret
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert list(path.parent.iterdir()) == [path]


def test_two_secrets_differ(tmp_path: Path) -> None:
    assert secret_file(tmp_path / "a") != secret_file(tmp_path / "b")


def test_a_wide_umask_does_not_open_a_secret(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        secret_file(tmp_path / "keys" / "a")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "keys" / "a").stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "keys").stat().st_mode) == 0o700


def test_processes_that_start_at_once_agree_on_the_secret(tmp_path: Path) -> None:
    with multiprocessing.get_context("spawn").Pool(4) as pool:
        for number in range(20):
            path = tmp_path / str(number) / "secret"
            assert len(set(pool.map(secret_file, [path] * 8, chunksize=1))) == 1


def test_a_secret_that_others_can_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    secret_file(path)
    path.chmod(0o640)
    with pytest.raises(SettingsError, match="can be read by other users: run chmod 600"):
        secret_file(path)


def test_a_cut_secret_is_refused_not_replaced(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    private_file(path, lambda: b"half")
    with pytest.raises(SettingsError, match="holds 4 bytes where a secret of 32 belongs"):
        secret_file(path)
    assert path.read_bytes() == b"half"


def test_a_folder_that_can_not_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(
        SettingsError, match=r"secret can not be used \(.*/file: .*\): put that right"
    ):
        secret_file(tmp_path / "file" / "secret")
