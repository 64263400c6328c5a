#!/usr/bin/env bash
# Measures the sample files anew: needs root, Linux, `ip` and `tc`, and `fa` (FA=path/to/fa, default: in the path).
# client ── router ── server, 20 Mbit/s each way at the router, with a long or a short buffer.
set -euo pipefail
cd "$(dirname "$0")"
fa=${FA:-fa}
c=fa-client r=fa-router s=fa-server

cleanup() {
    for n in $c $r $s; do
        ip netns pids $n 2>/dev/null | xargs -r kill 2>/dev/null || true
        ip netns del $n 2>/dev/null || true
    done
}
trap cleanup EXIT
cleanup
for n in $c $r $s; do ip netns add $n; ip -n $n link set lo up; done
ip link add c0 netns $c type veth peer name c1 netns $r
ip link add s0 netns $s type veth peer name s1 netns $r
ip -n $c addr add 10.77.1.2/24 dev c0; ip -n $r addr add 10.77.1.1/24 dev c1
ip -n $s addr add 10.77.2.2/24 dev s0; ip -n $r addr add 10.77.2.1/24 dev s1
for x in "$c c0" "$r c1" "$s s0" "$r s1"; do set -- $x; ip -n $1 link set $2 up; done
ip -n $c route add default via 10.77.1.1; ip -n $s route add default via 10.77.2.1
ip netns exec $r sysctl -qw net.ipv4.ip_forward=1

bottleneck() { # rate, milliseconds of buffer
    for dev in c1 s1; do ip netns exec $r tc qdisc replace dev $dev root tbf rate "$1" burst 16kb latency "$2"; done
}
ip netns exec $s "$fa" serve --listen 10.77.2.2 >/dev/null 2>&1 &
sleep 1

measure() { # file, test, options …
    local name=$1 test=$2 dir
    shift 2
    dir=$(mktemp -d)
    ip netns exec $c "$fa" measure "$test" 10.77.2.2 --data-dir "$dir" --test-parameter tcp_cong_control=cubic "$@"
    mv "$dir"/*.flent.gz "$name"
    rm -rf "$dir"
}

bottleneck 20mbit 300ms
measure bufferbloat-long.flent.gz rrul --length 20 --delay 3 --title "300 ms buffer"
measure upload-long.flent.gz tcp_1up --length 15 --delay 3 --title "300 ms buffer"
bottleneck 20mbit 20ms
measure bufferbloat-short.flent.gz rrul --length 20 --delay 3 --title "20 ms buffer"
measure uploads-short.flent.gz tcp_nup --length 10 --delay 2 --title "20 ms buffer" --test-parameter upload_streams=3
measure download-short.flent.gz tcp_1down --length 10 --delay 2 --title "20 ms buffer"
bottleneck 20mbit 300ms
measure ping-idle.flent.gz ping --length 10 --title "no load"
