#!/usr/bin/env bash
# The main job end to end, each step checked and printed with its evidence; the month's exports go to out/.
set -euo pipefail
cd "$(dirname "$0")/.."
exec scripts/demo.sh --once
