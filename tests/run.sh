#!/usr/bin/env bash
# Every check and test, in the order in which a failure is cheapest. 'tests/run.sh lint' stops before the tests.
set -eu
cd "$(dirname "$0")/.."
PATH="$PWD/.venv/bin:$PATH"
export XDG_RUNTIME_DIR="${XDG_RUNTIME_DIR:-${TMPDIR:-/tmp}}"  # Streamlit warns without one

step() { printf '\n== %s\n' "$1"; shift; "$@"; }

step "ruff" ruff check .
step "ruff format" ruff format --check .
step "mypy --strict" mypy
step "import contracts" lint-imports --no-cache
[ "${1:-}" = lint ] && exit 0

# SQL is put together from constants in db/ alone, where B608 would say so at every statement.
step "bandit" bandit -q -ll -r analytics commands components pages privacy queries app.py manage.py
step "bandit, db" bandit -q -ll -s B608 -r db
if [ -n "${ADVISORIES:-}" ]; then
  step "pip-audit" pip-audit -r requirements.txt --no-deps --disable-pip --vulnerability-service "$ADVISORIES"
else
  echo "pip-audit is left out: no database of advisories can be reached from here. Elsewhere: ADVISORIES=osv make test"
fi

debian() { [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; }
install() {
  timeout 60 apt-get update -qq && DEBIAN_FRONTEND=noninteractive timeout 300 apt-get install -y -qq "$1" >/dev/null
}
browser() { command -v chromium-headless-shell || command -v chromium || command -v chromium-browser || command -v google-chrome; }

if debian && ! command -v chromium-headless-shell >/dev/null 2>&1; then
  echo "Installing Chromium's headless shell for the browser tests ..."
  install chromium-headless-shell || echo "It is not to be had here; any Chromium will do."
fi
if ! browser >/dev/null 2>&1 && ! { debian && install chromium; } && ! python -m playwright install chromium >/dev/null 2>&1; then
  echo "The browser tests need Chromium: install your system's package 'chromium', then run make test again."
  exit 1
fi

if ! [ -e /usr/lib/softhsm/libsofthsm2.so ] && ! command -v softhsm2-util >/dev/null 2>&1; then
  if debian; then
    echo "Installing SoftHSM2 for the tests of keys on a token ..."
    install softhsm2
  else
    echo "The tests of keys on a token need SoftHSM2: install your system's package 'softhsm2', then run make test again."
    exit 1
  fi
fi

step "doctests and tests" pytest -n 2 --dist loadfile --no-loadscope-reorder --doctest-modules \
  analytics commands components db pages privacy queries app.py tests "$@"
