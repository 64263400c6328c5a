#!/usr/bin/env python3
"""Holds what `fa plot … --format json` draws against what Flent 2.3.0 drew of the same files, case by case.

    tests/golden.py --fa PATH --shared DIR [--list FILE] [--mode ours|flent] [--part TEXT] [--found FILE]

A case is a figure that Flent drew without an error. Compared are its numbers (x and y of lines, boxes, bars, areas, ellipses),
its labels (axes and series) and the limits of its axes, relative 1e-6; each case twice: as `fa` draws (`ours`) and with
`--flent-smoothing` (`flent`). The list says which may differ, and must: one line per case,

    REASON <tab> WHAT <tab> MODE <tab> CASE

REASON is a section of docs/differences-from-flent.md, WHAT `numbers`, `labels` or `limits`, MODE `ours`, `flent` or `both`.
A difference that is not listed and a listed one that is none are failures. Prints the closing table.
"""
import argparse
import collections
import glob
import gzip
import json
import math
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

MODES = {"ours": [], "flent": ["--flent-smoothing"]}
KEYS = {
    "box": ["n", "q1", "median", "q3", "whisker_lo", "whisker_hi", "n_fliers"],
    "bar": ["y", "yerr"],
    "ellipse": ["x", "y", "width", "height", "angle"],
    "area": ["x", "y_lo", "y_hi"],
    "line": ["x", "y"],
}


def close(a, b):
    """Equal within 1e-6 relative, 1e-9 absolute; lists item by item, one number like a list of one."""
    if a is None or b is None or isinstance(a, str) or isinstance(b, str):
        return a == b
    if isinstance(a, list) or isinstance(b, list):
        a, b = a if isinstance(a, list) else [a], b if isinstance(b, list) else [b]
        return len(a) == len(b) and all(map(close, a, b))
    return math.isclose(a, b, rel_tol=1e-6, abs_tol=1e-9)


def angles_close(a, b):
    """The first axis of an ellipse points both ways."""
    a, b = (v if isinstance(v, list) else [v] for v in (a, b))
    return len(a) == len(b) and all(abs((x - y + 90) % 180 - 90) < 1e-4 for x, y in zip(a, b))


def first_difference(where, key, want, got):
    if isinstance(want, list) and isinstance(got, list) and len(want) == len(got):
        at = next(i for i, pair in enumerate(zip(want, got)) if not close(*pair))
        return f"{where} {key}[{at}]: {got[at]}, want {want[at]}"
    if isinstance(want, list) and isinstance(got, list):
        return f"{where} {key}: {len(got)} values, want {len(want)}"
    return f"{where} {key}: {got}, want {want}"


def numbers_differ(want, got):
    """The first difference in the numbers of one set of axes, or None."""
    want, got = want.get("series", []), got.get("series", [])
    if len(want) != len(got):
        return f"{len(got)} series, want {len(want)}"
    for i, (w, g) in enumerate(zip(want, got)):
        if w["kind"] != g["kind"]:
            return f"series {i} is a {g['kind']}, want {w['kind']}"
        if w["kind"] == "box":
            if len(w["boxes"]) != len(g["boxes"]):
                return f"series {i}: {len(g['boxes'])} boxes, want {len(w['boxes'])}"
            pairs = [(f"series {i} box {j}", *pair) for j, pair in enumerate(zip(w["boxes"], g["boxes"]))]
        elif w["kind"] == "line" and len(w["x"]) < w["n"]:
            pairs = []  # shortened when it was recorded
            if w["n"] != g["n"]:
                return f"series {i}: {g['n']} points, want {w['n']}"
        else:
            pairs = [(f"series {i}", w, g)]
        for where, w_one, g_one in pairs:
            for key in (key for key in KEYS[w["kind"]] if key in w_one):
                same = angles_close if key == "angle" else close
                if not same(w_one[key], g_one.get(key)):
                    return first_difference(where, key, w_one[key], g_one.get(key))
    return None


def labels_differ(want, got):
    for key in ("xlabel", "ylabel"):
        if want.get(key) != got.get(key):
            return f"{key} {got.get(key)!r}, want {want.get(key)!r}"
    w, g = ([series.get("label") for series in axes.get("series", [])] for axes in (want, got))
    return None if w == g else f"labels {g}, want {w}"


def limits_differ(want, got):
    wrong = [f"{key} {got.get(key)}, want {want.get(key)}" for key in ("xlim", "ylim") if not close(want.get(key), got.get(key))]
    return "; ".join(wrong) or None


def compare(want, got):
    """What differs: {what: how}."""
    if len(want) != len(got):
        return {"numbers": f"{len(got)} axes, want {len(want)}"}
    found = {}
    for what, differ in (("numbers", numbers_differ), ("labels", labels_differ), ("limits", limits_differ)):
        how = next(filter(None, map(differ, want, got)), None)
        if how:
            found[what] = how
    return found


class Case:
    def __init__(self, part, line):
        self.want = line
        options = " ".join(line.get("options") or [])
        self.name = f"{part}: {line['plot']} {options} [{len(line['files'])} files]".replace("  ", " ")

    def draw(self, fa, folders, mode):
        paths = [next((p for d in folders if os.path.exists(p := os.path.join(d, f))), f) for f in self.want["files"]]
        options = self.want.get("options") or []
        command = [fa, "plot", self.want["plot"], *paths, "--format", "json", "--quiet", *options, *MODES[mode]]
        run = subprocess.run(command, capture_output=True, timeout=120)
        try:
            return compare(self.want["axes"], json.loads(run.stdout).get("axes", []))
        except ValueError:
            return {"numbers": "no figure: " + run.stderr.decode(errors="replace").strip()[-200:]}


def golden_cases(shared, part):
    golden = os.path.join(shared, "golden")
    for path in sorted(glob.glob(os.path.join(golden, "**", "*.plots.jsonl.gz"), recursive=True)):
        name = os.path.relpath(path, golden).removesuffix(".plots.jsonl.gz").removesuffix(".flent.gz")
        if part in name:
            with gzip.open(path, "rt") as lines:
                for line in map(json.loads, lines):
                    if "error" not in line and not line.get("skipped") and line.get("drawn", True):
                        yield Case(name, line)


def read_list(path):
    """{(mode, what, case): reason}"""
    listed = {}
    with open(path) as lines:
        for line in lines:
            if line.strip() and not line.startswith("#"):
                reason, what, mode, case = line.rstrip("\n").split("\t")
                for one in MODES if mode == "both" else [mode]:
                    listed[one, what, case] = reason
    return listed


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--fa", required=True)
    parser.add_argument("--shared", required=True)
    parser.add_argument("--list", default=os.path.join(os.path.dirname(__file__), "golden-differences.txt"))
    parser.add_argument("--mode", choices=MODES, help="only this one")
    parser.add_argument("--part", default="", help="only golden files with this text in their name")
    parser.add_argument("--found", help="write what differs, and how, to this file")
    args = parser.parse_args()
    data = os.path.join(args.shared, "data")
    folders = [data, os.path.join(data, "derived"), os.path.join(data, "field")]
    cases = list(golden_cases(args.shared, args.part))
    if not cases:
        sys.exit("no golden figures found")
    listed = read_list(args.list)
    modes = [args.mode] if args.mode else list(MODES)
    found = {}
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for mode in modes:
            for case, differs in zip(cases, pool.map(lambda case: case.draw(args.fa, folders, mode), cases)):
                found.update({(mode, what, case.name): how for what, how in differs.items()})
    if args.found:
        with open(args.found, "w") as out:
            for (mode, what, case), how in sorted(found.items()):
                out.write(f"{mode}\t{what}\t{case}\t{how}\n")

    tried = {case.name for case in cases}
    expected = {key: reason for key, reason in listed.items() if key[0] in modes and (key[2] in tried or not args.part)}
    for key in sorted(found.keys() - expected.keys()):
        print("differs without a listed reason:", *key, "|", found[key][:300])
    for key in sorted(expected.keys() - found.keys()):
        print("listed, but does not differ:", *key)
    table(cases, modes, found, expected)
    sys.exit(1 if found.keys() != expected.keys() else 0)


def table(cases, modes, found, expected):
    print(f"plots {len({case.want['plot'] for case in cases})}, cases {len(cases)} in each mode")
    for mode in modes:
        for what in ("numbers", "labels", "limits"):
            here = {key for key in found if key[:2] == (mode, what)}
            reasons = collections.Counter(expected[key] for key in here if key in expected)
            why = ", ".join(f"{reason}: {n}" for reason, n in sorted(reasons.items()))
            unexplained = len(here - expected.keys())
            print(f"{mode:6}{what:9}agree {len(cases) - len(here):5}  differ on purpose {len(here) - unexplained:4}"
                  f"  differ without reason {unexplained:3}  ({why})")


if __name__ == "__main__":
    main()
