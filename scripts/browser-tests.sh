#!/usr/bin/env bash
# The web faces in a real browser: Playwright drives Debian's Chromium against a running network. Pictures go to out/pictures.
set -euo pipefail
cd "$(dirname "$0")/.."

venv=.venv-browser
if [ ! -x "$venv/bin/pytest" ]; then
    python3 -m venv "$venv"
    "$venv/bin/pip" install --quiet --disable-pip-version-check -r Tests/Browser/requirements.txt
fi
exec "$venv/bin/pytest" -q Tests/Browser "$@"
