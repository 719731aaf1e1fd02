#!/usr/bin/env bash
# The web faces in a real browser: Playwright drives Debian's Chromium against a running network. Pictures go to out/pictures, a folder for each language.
set -euo pipefail
cd "$(dirname "$0")/.."

venv=.venv-browser
wanted=Tests/Browser/requirements.txt
if ! cmp -s "$wanted" "$venv/requirements.txt"; then
    [ -x "$venv/bin/pip" ] || python3 -m venv "$venv"
    "$venv/bin/pip" install --quiet --disable-pip-version-check -r "$wanted"
    cp "$wanted" "$venv/requirements.txt"
fi
[ $# -gt 0 ] || set -- Tests/Browser
if "$venv/bin/pytest" -q "$@"; then exit 0; fi
# Pages in a browser wait for each other's timers: what failed has one more try on a fresh network, and both results stand above each other.
echo "== once more, what failed"
exec "$venv/bin/pytest" -q --last-failed --last-failed-no-failures none "$@"
