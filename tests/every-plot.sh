#!/usr/bin/env bash
# Draws every plot of every data file of the folders given (default: our samples) and says how many were drawn, and how many
# had nothing to show and said why. Over the comparison data: tests/every-plot.sh ../shared/data{,/derived,/field}
set -euo pipefail
cd "$(dirname "$0")/.."
command -v python3 >/dev/null || { echo "skipped: every plot: no python3"; exit 0; }
cargo build --locked --bin fa
[ $# -gt 0 ] || set -- samples
exec python3 tests/every_plot.py --fa "${CARGO_TARGET_DIR:-target}/debug/fa" "$@"
