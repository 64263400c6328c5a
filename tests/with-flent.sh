#!/usr/bin/env bash
# Measures ten different tests over loopback and gives each file to Flent: its statistics, and the test's own plot.
# Skipped by name where there is no Flent (`pip install flent==2.3.0 matplotlib`; FLENT=path/to/flent).
#
#     tests/with-flent.sh [TEST…]
set -euo pipefail
cd "$(dirname "$0")/.."
flent=${FLENT:-flent}
if ! command -v "$flent" >/dev/null || ! command -v python3 >/dev/null; then
    echo "skipped: files read by Flent: no flent or no python3"
    exit 0
fi
export MPLBACKEND=Agg
[ $# -gt 0 ] || set -- rrul rrul_be tcp_1up tcp_1down tcp_nup ping udp_flood voip http qdisc-stats
cargo build --locked --bin fa
table=$(python3 tests/every_test.py --fa "${CARGO_TARGET_DIR:-target}/debug/fa" --flent "$(command -v "$flent")" --seconds 4 "$@")
echo "$table"
read=$(grep -c "| statistics, plot |$" <<<"$table" || true)
bad=$(grep -cE 'no statistics|no plot' <<<"$table" || true)
echo "Flent read and drew $read of $# files"
[ "$bad" = 0 ] && [ "$read" = $# ]
