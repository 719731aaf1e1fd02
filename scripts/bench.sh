#!/usr/bin/env bash
# Measurements beside their baselines in the same run: release build of the nodes, real disk, loopback only, bounded.
set -euo pipefail
cd "$(dirname "$0")/.."

for product in huiyika-office huiyika-till huiyika-lab; do
    swift build -c release --scratch-path .build-bench --product "$product"
done
folder=$(dirname "$(mktemp -u)")/huiyika-bench-$(id -u)
.build-bench/release/huiyika-lab bench --folder "$folder"

# The till's commit is bound by the disk, so the debug build of the tests is near enough; it also fills a till with
# 100,000 products, which the release build then serves to a browser.
measured=$(mktemp -d)
trap 'rm -rf "$measured"' EXIT
HUIYIKA_MEASURE=1 HUIYIKA_MEASURE_FOLDER="$measured/till" \
    swift test --filter 'CommitMeasurement|SearchMeasurement' 2>/dev/null | grep -E '^(till:|search)'
HUIYIKA_MEASURE_FOLDER="$measured/till" HUIYIKA_MEASURE_TILL=.build-bench/release/huiyika-till \
    scripts/browser-tests.sh -s Tests/Browser/test_search_speed.py | grep '^key to paint'
