#!/usr/bin/env bash
# Measures beside ping, irtt and a packet capture, in one run with them, and prints a table: over a path of three network
# namespaces with a 20 Mbit/s bottleneck, over loopback, and with a thousand flows. Ends with 1 when a row misses its limit.
# Needs root, ip, tc, ping (iputils-ping), irtt, tcpdump and python3; what is missing is named and everything is skipped.
#
#     tests/accuracy.sh [--only path|web|loopback|many] [--fa PROGRAM] [--keep FOLDER]
set -euo pipefail
cd "$(dirname "$0")/.."
skip() {
    echo "skipped: accuracy beside peers: $1"
    exit 0
}
[ "$(id -u)" = 0 ] || skip "not root"
for tool in ip tc ping irtt tcpdump python3; do
    command -v "$tool" >/dev/null || skip "no $tool"
done
ip netns add "fa-try-$$" 2>/dev/null || skip "no network namespaces here"
ip netns del "fa-try-$$"
case " $* " in
*" --fa "*) ;;
*)
    cargo build --locked --release --bin fa
    set -- --fa "${CARGO_TARGET_DIR:-target}/release/fa" "$@"
    ;;
esac
exec python3 tests/accuracy.py "$@"
