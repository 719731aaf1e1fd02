#!/usr/bin/env bash
# Measurements beside their baselines in the same run: one release build of the nodes and of the measuring tests,
# real disk, loopback only, bounded. Half an hour on two cores after the build; nothing else should run meanwhile.
set -euo pipefail
cd "$(dirname "$0")/.."

options=(-c release -Xswiftc -enable-testing --scratch-path .build-bench)
swift build "${options[@]}" --build-tests
release=.build-bench/release
measured=$(mktemp -d)
trap 'rm -rf "$measured"' EXIT

measure() {
    HUIYIKA_MEASURE=1 HUIYIKA_MEASURE_FOLDER="$measured/till" \
        swift test "${options[@]}" --skip-build --filter "$1" | grep -E '^(MEASURED|till:|search)'
}

# What a customer waits for, and head office's ingest beside PostgreSQL's own tools.
# PostgreSQL's own user must be able to enter the folder.
"$release/huiyika-lab" bench --folder "$(dirname "$measured")/huiyika-bench-$(id -u)"

# The till's commit; SearchMeasurement leaves a till with 100,000 products, which the till then serves to a browser.
measure 'CommitMeasurement|SearchMeasurement'
HUIYIKA_MEASURE_FOLDER="$measured/till" HUIYIKA_MEASURE_TILL="$release/huiyika-till" \
    scripts/browser-tests.sh -s Tests/Browser/test_search_speed.py | grep '^key to paint'

# Head office at full size, one after the other.
for suite in IngestMeasurement ExportMeasurement ReportMeasurement; do
    measure "$suite"
done
