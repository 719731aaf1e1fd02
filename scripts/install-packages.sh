#!/usr/bin/env bash
# Installs the Debian packages that building and running need, when any is missing. TEST=1 adds those of the tests.
set -euo pipefail

wanted=(libpq-dev libcurl4-openssl-dev libsqlite3-dev zlib1g-dev libqrencode-dev libfreetype-dev libxlsxwriter-dev libjs-bootstrap5 libjs-chart.js
    postgresql-15 postgresql-common ca-certificates procps weasyprint fonts-noto-cjk fonts-symbola)
if [ "${TEST:-}" = 1 ]; then
    wanted+=(chromium hledger libreoffice-calc-nogui poppler-utils python3-venv shellcheck strace)
fi

missing=()
for package in "${wanted[@]}"; do
    dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed || missing+=("$package")
done
[ ${#missing[@]} -eq 0 ] && exit 0

run=()
if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || {
        echo "These Debian packages are missing: ${missing[*]}. Install them as root, then run the command again." >&2
        exit 1
    }
    run=(sudo)
fi
echo "Installing ${missing[*]}"
"${run[@]}" apt-get update -qq
"${run[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
    -o Dpkg::Use-Pty=0 "${missing[@]}" >/dev/null
