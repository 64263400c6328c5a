#!/usr/bin/env python3
"""Draws every plot of every data file: `fa plot NAME FILE`, with the plots that `fa list plots FILE` names.

    tests/every_plot.py --fa PATH [--format svg|json|png] [--show] FILE|FOLDER …

Each must end in a figure, or say what the file lacks for it. A panic, an end without a reason, and a plot that the list calls
drawable and that shows nothing, are failures. Prints how many of each.
"""
import argparse
import collections
import glob
import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

SUFFIXES = (".flent.gz", ".flent.bz2", ".flent", ".flnt", ".json.gz")


def run(command):
    return subprocess.run(command, capture_output=True, timeout=300)


def plots_of(fa, path):
    listed = run([fa, "list", "plots", path, "--json", "--quiet"])
    if listed.returncode:
        return path, None, listed.stderr.decode(errors="replace").strip()
    return path, [(plot["name"], plot["drawable"]) for plot in json.loads(listed.stdout)], ""


def draw(fa, path, plot, drawable, form):
    """(verdict, what was said)"""
    done = run([fa, "plot", plot, path, "--format", form])
    said = done.stderr.decode(errors="replace").strip()
    if "panicked" in said:
        return "panic", said
    if done.returncode == 0 and done.stdout:
        return "drawn", said
    if drawable:
        return "not drawn, though listed as drawable", said
    reasons = ("missing", " lack ", "has no ", "has none of", "choose one with")
    return ("not drawn, with the reason" if any(word in said for word in reasons) else "not drawn, without a reason"), said


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--fa", required=True)
    parser.add_argument("--format", default="svg")
    parser.add_argument("--show", action="store_true", help="name every case that is not drawn, and why")
    parser.add_argument("paths", nargs="+")
    args = parser.parse_args()
    files = []
    for path in args.paths:
        found = sorted(glob.glob(os.path.join(path, "*"))) if os.path.isdir(path) else [path]
        files += [name for name in found if name.endswith(SUFFIXES)]
    tally, bad, unread = collections.Counter(), [], []
    names = set()
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        cases = []
        for path, plots, why in pool.map(lambda path: plots_of(args.fa, path), files):
            if plots is None:
                unread.append(f"{os.path.basename(path)}: {why}")
            else:
                cases += [(path, plot, drawable) for plot, drawable in plots]
        for case, (verdict, said) in zip(cases, pool.map(lambda case: draw(args.fa, *case, args.format), cases)):
            tally[verdict] += 1
            names.add(case[1])
            line = f"{verdict}: {case[1]} {os.path.basename(case[0])}: {said[-300:]}"
            if verdict not in ("drawn", "not drawn, with the reason"):
                bad.append(line)
            elif args.show and verdict != "drawn":
                print(line)
    print(f"{len(files)} files, {len(names)} plots, {len(cases)} cases")
    for verdict, n in tally.most_common():
        print(f"{n:6}  {verdict}")
    for line in unread:
        print("not read:", line)
    print(*bad, sep="\n")
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()
