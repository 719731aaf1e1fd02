#!/usr/bin/env bash
# Measurements beside their baselines in the same run: release build of the nodes, real disk, loopback only, bounded.
set -euo pipefail
cd "$(dirname "$0")/.."

swift build -c release --scratch-path .build-bench --product huiyika-office
swift build -c release --scratch-path .build-bench --product huiyika-lab
folder=$(dirname "$(mktemp -u)")/huiyika-bench-$(id -u)
.build-bench/release/huiyika-lab bench --folder "$folder"
# The till's commit is bound by the disk, so the debug build of the tests is near enough.
HUIYIKA_MEASURE=1 swift test --filter CommitMeasurement 2>/dev/null | grep '^till:'
