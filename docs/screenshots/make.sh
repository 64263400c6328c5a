#!/usr/bin/env bash
# Pictures of the viewer, made in a window of a virtual X server. Needs Xvfb and a built `fa`.
#
#   docs/screenshots/make.sh [FA] [NAME…]     default: target/debug/fa, all pictures
set -euo pipefail
cd "$(dirname "$0")/../.."
fa=${1:-${CARGO_TARGET_DIR:-target}/debug/fa}
shift || true
only=" $* "
command -v Xvfb > /dev/null || { echo "skipped: Xvfb is not installed"; exit 0; }

work=$(mktemp -d)
export XDG_RUNTIME_DIR=$work XDG_STATE_HOME=$work
exec {ready}<> <(:)
Xvfb -displayfd "$ready" -noreset -screen 0 1400x900x24 2> /dev/null &
xvfb=$!
trap 'kill "$xvfb"; rm -rf "$work"' EXIT
read -r display <&"$ready"
export DISPLAY=:$display
# Out of the way: nothing is hovered that the script does not hover.
if command -v xdotool > /dev/null; then xdotool mousemove 1399 899; fi

# shot NAME SCRIPT FILE…
shot() {
    local name=$1 script=$2
    shift 2
    [ "$only" = "  " ] || [[ "$only" == *" $name "* ]] || return 0
    printf '%b' "$script" > "$work/script"
    timeout 300 "$fa" gui --script "$work/script" --screenshot "docs/screenshots/$name.png" "$@"
    echo "docs/screenshots/$name.png"
}

long=samples/bufferbloat-long.flent.gz
short=samples/bufferbloat-short.flent.gz
shot one-file 'hover 0.55 0.62\n' "$long"
shot two-files 'tick 2\nplot ping\n' "$long" "$short"
shot differences 'tick 2\nplot ping_cdf\ndiff\n' "$long" "$short"
shot brush 'plot ping\nbrush 8 14\ncursor 6\ncursor 20\npanel statistics\n' "$long"
shot dark 'theme dark\nview 2\nsplit\nplot box_totals\npanel series\n' "$long" "$short"
shot live 'run rrul localhost 10 live tcp_cong_control=cubic\nwait 9\n'
if [ "$only" = "  " ] || [[ "$only" == *" table "* ]]; then
    mkdir "$work/runs"
    for i in $(seq -w 1 1000); do
        case $((10#$i % 5)) in
            0) from=$long ;; 1) from=$short ;; 2) from=samples/ping-idle.flent.gz ;;
            3) from=samples/upload-long.flent.gz ;; *) from=samples/download-short.flent.gz ;;
        esac
        cp "$from" "$work/runs/run-$i.flent.gz"
    done
    shot table 'column File\nfilter rrul\n' "$work/runs"
fi
