#!/usr/bin/env bash
# Holds every figure against Flent's own, where the golden files are at hand (FA_SHARED, or ../shared beside the checkout):
# numbers, labels and limits, as `fa` draws and with --flent-smoothing. Any difference must be listed in
# tests/golden-differences.txt, and any listed one must be there. Prints the table of docs/differences-from-flent.md.
set -euo pipefail
cd "$(dirname "$0")/.."
shared=${FA_SHARED:-../shared}
if [ ! -d "$shared/golden" ] || ! command -v python3 >/dev/null; then
    echo "skipped: golden figures: no golden data or no python3"
    exit 0
fi
cargo build --locked --bin fa
exec python3 tests/golden.py --fa "${CARGO_TARGET_DIR:-target}/debug/fa" --shared "$shared" "$@"
