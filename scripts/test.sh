#!/usr/bin/env bash
# Everything that continuous integration runs, stage by stage; stops at the first stage that fails.
set -euo pipefail
cd "$(dirname "$0")/.."

stage() {
    local name=$1 start=$SECONDS
    shift
    echo "== $name"
    "$@"
    echo "== $name: $((SECONDS - start)) s"
}

stage packages env TEST=1 scripts/install-packages.sh
stage lint scripts/lint.sh
stage build swift build --build-tests --explicit-target-dependency-import-check error
stage "swift tests" swift test --skip-build
stage "main job end to end" scripts/demo-once.sh
stage "browser tests" scripts/browser-tests.sh
