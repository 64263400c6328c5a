#!/usr/bin/env bash
# Compares the numbers of `fa plot … --format json` with Flent's own, case by case, where the golden files are at hand
# (FA_SHARED, or ../shared beside the checkout). A difference that tests/golden-differences.txt does not list fails.
set -euo pipefail
cd "$(dirname "$0")/.."
shared=${FA_SHARED:-../shared}
if [ ! -d "$shared/golden" ] || ! command -v python3 >/dev/null; then
    echo "skipped: golden figures: no golden data or no python3"
    exit 0
fi
cargo build --locked --bin fa
target=${CARGO_TARGET_DIR:-target}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
found=$work/found
data=$shared/data
# Smoothing differs on purpose in most figures (docs/differences-from-flent.md, 1.1); done Flent's way, all else is seen.
printf '#!/bin/sh\nexec "%s/debug/fa" "$@" --flent-smoothing -q\n' "$(realpath "$target")" >"$work/fa"
chmod +x "$work/fa"
# The checker exits with 1 when any number differs; which ones may is decided below. Anything else is its own failure.
python3 "$shared/tools/golden_check.py" --fa "$work/fa" --golden "$shared/golden" \
    --data "$data" --data "$data/derived" --data "$data/field" ${GOLDEN_ARGS:-} >"$found" || [ $? -eq 1 ]
tail -n 1 "$found" | grep -q '^numbers [0-9]' || { echo "the checker came to no result"; cat "$found"; exit 1; }
grep -v '^  differs' "$found"
python3 - "$found" tests/golden-differences.txt <<'PY'
import re, sys
# A case is `<golden file>: <plot and options> [n files]`; the text after it says how it differs.
found, part = set(), ""
for line in open(sys.argv[1]):
    if line.startswith("  differs: "):
        found.add(part + ": " + re.match(r"  differs: (.*?\[\d+ files\])", line)[1])
    elif ": " in line and not line.startswith(" "):
        part = line.split(": ")[0]
listed = {line.rstrip("\n") for line in open(sys.argv[2]) if line.strip() and not line.startswith("#")}
new = sorted(found - listed)
for case in new:
    print("differs without a listed reason:", case)
gone = listed - found
if gone:
    print(f"{len(gone)} listed differences did not show up in this run")
sys.exit(1 if new else 0)
PY
