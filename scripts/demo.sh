#!/usr/bin/env bash
# Starts a network to look at: head office with its own PostgreSQL and three tills, two of them in one store. `--once` drives the main job end to end instead.
set -euo pipefail
cd "$(dirname "$0")/.."

# Not inside the checkout: when root runs this, PostgreSQL runs as its own user, who must reach the folder.
folder=${HUIYIKA_DEMO_FOLDER:-$(dirname "$(mktemp -u)")/huiyika-demo-$(id -u)}
exec .build/debug/huiyika-lab demo --folder "$folder" --demo deploy/demo --out out "$@"
