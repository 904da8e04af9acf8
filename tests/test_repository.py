"""The repository itself: no secret stands in it."""

import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).parent.parent
SECRETS = {
    "private key": re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----"),
    "cloud key": re.compile(r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"),
    "token": re.compile(
        r"\b(?:gh[pousr]_[A-Za-z0-9]{36}|xox[abprs]-[A-Za-z0-9-]{10,}|sk_live_\w+)"
    ),
    "google key": re.compile(r"\bAIza[0-9A-Za-z_-]{35}\b"),
    "signed token": re.compile(
        r"\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}"
    ),
    "password in an address": re.compile(r"\b[a-z+]+://[^\s:/@\"'{}]+:[^\s/@\"'{}…*]{6,}@"),
    "first password": re.compile(r"\b(?:[a-hj-km-np-z2-9]{4}-){3}[a-hj-km-np-z2-9]{4}\b"),
}
EXAMPLE = re.compile(r":password@$|^abcd-efgh-jkmn-pqrs$")  # in words for people
NEVER = re.compile(r"(kek\.json|context\.key|audit\.key|demo-logins\.json|secrets\.toml|\.pem)$")


def found(text: str) -> list[str]:
    """The kinds of secrets in a text."""
    return [
        kind
        for kind, pattern in SECRETS.items()
        for match in pattern.finditer(text)
        if not EXAMPLE.search(match[0])
    ]


def files() -> list[Path]:
    """What git keeps, or all there is in a copy without git."""
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    names = listed.stdout.split("\0") if listed.returncode == 0 else []
    return [ROOT / name for name in names if name and (ROOT / name).is_file()]


def test_no_secret_stands_in_the_repository() -> None:
    kept = files()
    assert len(kept) > 200
    assert [path.name for path in kept if NEVER.search(path.name)] == []
    there = {}
    for path in kept:
        if path.suffix in (".png", ".pdf", ".woff2", ".gz") or path == Path(__file__):
            continue
        if kinds := found(path.read_text(encoding="utf-8", errors="replace")):
            there[str(path.relative_to(ROOT))] = kinds
    assert there == {}


def test_the_scan_finds_what_it_is_for() -> None:
    """The control, put together here so that it is none itself."""
    samples = {
        "private key": "-----BEGIN " + "EC PRIVATE KEY-----",
        "cloud key": "AKIA" + "Q" * 16,
        "token": "ghp_" + "a1" * 18,
        "google key": "AIza" + "x" * 35,
        "signed token": "eyJ" + "a" * 12 + ".eyJ" + "b" * 12 + "." + "c" * 12,
        "password in an address": "postgresql://chalkline:" + "hunter22@db.example/x",
        "first password": "ab2d-ef3h-" + "jk4m-np5r",
    }
    assert {kind: found(sample) for kind, sample in samples.items()} == {
        kind: [kind] for kind in samples
    }
