#!/usr/bin/env bash
# Draws the gallery anew from samples/: a PNG of every plot type, the contact sheet, and the README that says how.
# Needs `fa` (FA=path/to/fa, default: in the path) and cargo for the contact sheet. The same samples give the same bytes.
set -euo pipefail
cd "$(dirname "$0")/../.."
fa=${FA:-fa}
out=docs/gallery
long=samples/bufferbloat-long.flent.gz short=samples/bufferbloat-short.flent.gz
rm -f "$out"/*.png
names=() commands=() texts=()

figure() { # name, what it shows, plot and arguments …
    local name=$1 text=$2
    shift 2
    TZ=UTC "$fa" -q plot "$@" --figure-width 6.4 --figure-height 4 --figure-dpi 100 -o "$out/$name.png"
    names+=("$name") texts+=("$text")
    local shown=""
    for arg in "$@"; do case $arg in *[\*\ ]*) shown+=" '$arg'" ;; *) shown+=" $arg" ;; esac; done
    commands+=("fa plot$shown")
}

own=(--catalog "$out/types.toml")
figure timeseries "lines over time, two axes, two runs: colour is the series, the pattern the run" totals $long $short
figure meta "panels of plots that share the time axis" all_scaled $long
figure cdf "empirical distribution" ping_cdf $long $short
figure box "boxes, one per series and run" box_totals $long $short
figure bar "means with standard deviation" bar_totals $long $short "${own[@]}"
figure qq "quantiles of one run against those of another" qq_download $long $short
figure ellipsis "two quantities at once: two standard deviations, medians marked" ellipsis $long $short
figure timeseries_combine "groups of files, point by point" icmp_combine $long $short
figure box_combine "groups of files, a number per file" box_combine samples/*.flent.gz
figure bar_combine "the same as bars" bar_combine_up $long $short
figure cdf_combine "distribution over groups of files" cdf_combine $long $short "${own[@]}"
figure ellipsis_combine "ellipses over groups of files" ellipsis_combine $long $short "${own[@]}"
figure line_combine "one point per series" line_combine $long $short "${own[@]}"
figure stacked "areas on top of each other" stacked $long "${own[@]}"
figure subplots "a panel per file" totals $long $short --subplot-combine
figure scatter "one series against another at the same time" scatter $long $short
figure histogram "share of the samples in each range" histogram $long
figure ridge "densities of runs below each other" ridge samples/*.flent.gz
figure logarithmic "logarithmic axis" ping $long $short --log-scale-y log10
figure inverted "latency upside down: better is up" totals $long --invert-latency-y --theme dark
figure dark "the dark theme" all_scaled $long --theme dark
figure paper "the paper theme: told apart without colour" ping_cdf $long $short --theme paper

(cd "$out" && cargo run --quiet -p fa-plot --example contact_sheet -- contact-sheet.png "${names[@]/%/.png}")
{
    echo "# Gallery"
    echo
    echo "Every plot type, drawn by \`docs/gallery/make.sh\` from \`samples/\` (\`FA=target/release/fa docs/gallery/make.sh\`)."
    echo "Each command stands above its figure (add \`-o FIGURE.png\`); the figures here are 6.4 × 4 inches (\`--figure-width 6.4 --figure-height 4\`)."
    echo
    echo "![all figures](contact-sheet.png)"
    for i in "${!names[@]}"; do
        printf '\n## %s\n\n%s\n\n    %s\n\n![%s](%s.png)\n' "${names[$i]}" "${texts[$i]^}." "${commands[$i]}" "${names[$i]}" "${names[$i]}"
    done
} >"$out/README.md"
