#!/usr/bin/env bash
# Formatting and shell scripts. Architecture and tidiness are tests (Tests/ArchitectureTests).
set -euo pipefail
cd "$(dirname "$0")/.."
swift format lint --strict --recursive --parallel Package.swift Sources Tests
if command -v shellcheck >/dev/null; then
    shellcheck .ci/run scripts/*.sh
fi
