#!/usr/bin/env python3
"""Make facts.json from the catalogue of Flent's definitions (names, numbers and parameters; no prose).

    make_facts.py catalog.json > facts.json

It works globs, labels and expressions out by itself, so that the test compares two implementations.
"""

import collections
import fnmatch
import json
import re
import sys

SETTINGS = [dict(LENGTH=60, DELAY=5, STEP_SIZE=0.2), dict(LENGTH=48, DELAY=3, STEP_SIZE=0.05)]
COMPUTED = ("average", "sum", "smooth_average", "diff_min", "fairness")
PARAMETER_PLOTS = ("tcp_cwnd", "tcp_rtt", "tcp_rtt_cdf", "tcp_rtt_box_combine", "tcp_rtt_bar_combine", "tcp_pacing")


def number(expression, settings):
    if isinstance(expression, (int, float)):
        return expression
    return eval(expression, {"max": max, **settings})  # our own reference file


def both(expression, default):
    return [number(default if expression is None else expression, s) for s in SETTINGS]


def regex(glob):
    out, at = "", 0
    while at < len(glob):
        if glob.startswith("**", at):
            out, at = out + ".*", at + 2
        else:
            c, at = glob[at], at + 1
            out += "[^:]*" if c == "*" else "." if c == "?" else re.escape(c)
    return re.compile(out + r"\Z", re.S)


def matching(names, glob, exclude):
    wanted = regex(glob)
    return [n for n in names if wanted.match(n) and not any(fnmatch.fnmatchcase(n, e) for e in exclude)]


def hosts(text, count):
    if isinstance(text, str):
        for i in range(count, 0, -1):
            text = text.replace("{host%d}" % i, f"host{i}.example")
    return text


def expanded(series, count, test):
    out = collections.OrderedDict()
    for name, s in series.items():
        s = {k: hosts(v, count) for k, v in s.items()}
        name = hosts(name, count)
        if test == "rrul46" and "host" in s:
            s.setdefault("ip_version", 6)  # that test asks for IPv6 as a whole, then pins some series to 4
        if "{i}" in name:
            for i in range(1, s["repeat"] + 1):
                out[name.replace("{i}", str(i))] = dict(s, id=str(i))
        else:
            out[name] = s
    return out


def mark_bytes(marks, table):
    parts = marks.split(",")
    value = lambda m: table[m] if m in table else int(m, 0)
    return [value(parts[0]), value(parts[-1])]


def series_fact(name, s, names, table, load):
    fact = {"name": name, "units": s.get("units", ""), "runner": s["runner"]}
    if "id" in s:
        fact["id"] = s["id"]
    direction = s.get("direction", "")
    if s["runner"] in COMPUTED:
        found = []
        for source in s["sources"]:
            glob = source if isinstance(source, str) else source["glob"]
            exclude = [] if isinstance(source, str) else source.get("exclude", [])
            found += [n for n in matching(names, glob, exclude) if n != name and n not in found]
        fact.update(kind="computed", sources=ranged(found))
        return fact
    if s["runner"] == "null":
        fact["kind"] = "null"
        return fact
    if direction.startswith(("up", "down")) and s["runner"] in ("netperf_demo", "iperf_csv", "process"):
        fact.update(kind="flow", protocol=s.get("protocol", "tcp"), direction=direction.rstrip("?"))
        fact["time"] = list(zip(both(s.get("delay"), 0), both(s.get("length"), "LENGTH")))
    elif direction == "rtt" and s.get("protocol") != "sctp":
        fact.update(kind="probe", protocol=s["protocol"])
        fact["time"] = list(zip(both(s.get("delay"), 0), both(s.get("length"), load)))
        fact["interval"] = both(s.get("interval"), "STEP_SIZE")
    else:
        fact["kind"] = "other"
        if "length" in s:
            fact["time"] = list(zip(both(s.get("delay"), 0), both(s.get("length"), load)))
        for key in ("interface",):
            if key in s:
                fact[key] = s[key]
        return fact
    if "marking" in s:
        fact["tos"] = mark_bytes(s["marking"], table)
    if "cong_control" in s:
        fact["cong_control"] = s["cong_control"]
    for key in ("ip_version", "local_bind", "control_host"):
        if key in s:
            fact[key] = s[key]
    if "extra_test_args" in s:
        fact["recv_size"] = int(s["extra_test_args"].removeprefix("-M ,").replace("k", "000"))
    if "send_size" in s:
        fact["send_size"] = int(s["send_size"].replace("k", "000"))
    for key, to in (("bw", "rate"), ("pktsize", "packet")):
        if key in s:
            text = s[key][0] if isinstance(s[key], list) else s[key]
            fact[to] = int(text.replace("M", "000000"))
    host = s.get("host", 1)
    fact["host"] = f"host{host}.example" if isinstance(host, int) else host
    return fact


def ranged(names):
    """`X::1`..`X::n` as `X::{1..n}`: a thousand names on one line."""
    out = []
    for name in names:
        m = re.match(r"(.*::)(\d+)$", name)
        last = re.match(r"(.*::)\{(\d+)\.\.(\d+)\}$", out[-1]) if out else None
        if m and last and last[1] == m[1] and int(last[3]) + 1 == int(m[2]):
            out[-1] = f"{m[1]}{{{last[2]}..{m[2]}}}"
        elif m and out and out[-1] == f"{m[1]}{int(m[2]) - 1}":
            out[-1] = f"{m[1]}{{{int(m[2]) - 1}..{m[2]}}}"
        else:
            out.append(name)
    return out


def entries(plot, series, count):
    out, exclude = [], []
    for s in plot.get("series", []):
        s = {k: hosts(v, count) for k, v in s.items()}
        rest = {k: v for k, v in s.items() if k not in ("glob", "exclude", "n", "data", "label", "missing")}
        if isinstance(rest.get("raw_key"), dict):
            rest["raw_key"] = rest["raw_key"]["glob"]
        if "smoothing" in rest:
            rest["smoothing"] = both(rest["smoothing"], 0)
        if "cutoff" in rest:
            # A series' own cutoff was written down with DELAY already worked out.
            start, end = ({5: "DELAY", -5: "-DELAY"}.get(c, c) for c in rest["cutoff"])
            rest["cutoff"] = list(zip(both(start, 0), both(end, 0)))
        if "glob" in s:
            exclude += s.get("exclude", [])
            for name in matching(series, s["glob"], exclude):
                entry = dict(data=name, **rest)
                ident = series[name].get("id") or name
                label = s.get("label")
                if label is not None:
                    entry["label"] = f"{label} -- {ident}" if label else ident
                source = rest.get("source")
                if source:
                    entry["source"] = source["glob"].replace("{id}", ident)
                out.append(entry)
        else:
            entry = dict(data=s["data"], **rest)
            if s.get("label") is not None:
                entry["label"] = s["label"]
            out.append(entry)
    return squeezed(out)


def squeezed(out):
    """Neighbours that differ only in their number as one entry with a range."""
    done = []
    for e in out:
        m = re.match(r"(.*::)(\d+)$", e["data"])
        if m and e.get("label", "").endswith(m[2]) and done:
            p, n = done[-1], int(m[2])
            stem = e["label"][: -len(m[2])]
            prev = re.match(r"(.*::)\{?(\d+)(?:\.\.(\d+)\})?$", p["data"])
            same = {k: v for k, v in e.items() if k not in ("data", "label")} == {
                k: v for k, v in p.items() if k not in ("data", "label")
            }
            if same and prev and prev[1] == m[1] and int(prev[3] or prev[2]) == n - 1:
                old = p["label"][: -len(prev[2])] if prev[3] is None else p["label"].split("{")[0]
                if old == stem:
                    span = f"{{{prev[2]}..{n}}}"
                    p["data"], p["label"] = m[1] + span, stem + span
                    continue
        done.append(dict(e))
    return done


def plot_fact(name, p, series, count, lists):
    fact = {"name": name, "type": p["type"]}
    for key in ("axis_labels", "dual_axes", "legend_title", "scaling", "group_by", "colour_mode", "stacked",
                "subplots", "share_axis", "orientation"):
        if key in p:
            fact[key] = p[key]
    if "cutoff" in p:
        start, end = p["cutoff"]
        fact["cutoff"] = list(zip(both(start, 0), both(end, 0)))
    fact["series"] = [index(lists, entry) for entry in entries(p, series, count)]
    return fact


def index(table, fact):
    """Number of the fact in a table of different facts."""
    return table.setdefault(json.dumps(fact, separators=(",", ":")), len(table))


def main():
    catalog = json.load(open(sys.argv[1]))
    table = catalog["markings"]
    lists, series_seen, plots_seen, cases = {}, {}, {}, []

    def case(name, test, t, count, params, series, plots, total=None, **more):
        names = list(series)
        load = t["total_length"] or "LENGTH"
        if test == "iterated_bidirectional":
            load = "LENGTH"
        facts = []
        for plot, p in plots.items():
            facts.append(index(plots_seen, plot_fact(plot, p, series, count, lists)))
        ordered = [series_fact(n, s, names, table, load) for n, s in series.items()]
        cases.append(dict(
            case=name, test=test, hosts=[f"host{i + 1}.example" for i in range(count)], params=params,
            total=both(load, 0), opens=t["default_plot"], series=[index(series_seen, fact) for fact in squeeze_series(ordered)], plots=facts, **more))

    def squeeze_series(facts):
        out = []
        for f in facts:
            m = re.match(r"(.*::)(\d+)$", f["name"])
            if m and out and f.get("id") == m[2]:
                p = out[-1]
                prev = re.match(r"(.*::)\{?(\d+)(?:\.\.(\d+)\})?$", p["name"])
                same = {k: v for k, v in f.items() if k not in ("name", "id")} == {
                    k: v for k, v in p.items() if k not in ("name", "id")}
                if same and prev and prev[1] == m[1] and int(prev[3] or prev[2]) == int(m[2]) - 1:
                    span = f"{{{prev[2]}..{m[2]}}}"
                    p["name"], p["id"] = m[1] + span, span
                    continue
            out.append(dict(f))
        return out

    for test, t in catalog["tests"].items():
        count = t["sample"]["hosts"]
        case(test, test, t, count, t["sample"]["params"], expanded(t["series"], count, test), t["plots"])
        for variant, v in catalog["variants"].get(test, {}).items():
            raw = collections.OrderedDict(t["series"])
            change = v.get("series", {})
            for gone in change.get("removed", []):
                raw.pop(gone)
            # Where an added series stands is not in the reference: the test compares these cases as sets.
            raw.update(change.get("changed", {}))
            raw.update(change.get("added", {}))
            plots = collections.OrderedDict(t["plots"])
            plots.update(v.get("plots", {}).get("changed", {}))
            plots.update(v.get("plots", {}).get("added", {}))
            more = {"url_lists": v["HTTP_GETTER_URLLIST"]} if "HTTP_GETTER_URLLIST" in v else {}
            case(f"{test}/{variant}", test, t, v["hosts"], v["params"], expanded(raw, v["hosts"], test), plots,
                 unordered=True, **more)

    rrul = catalog["tests"]["rrul"]
    for mixin, m in catalog["mixins"].items():
        raw = collections.OrderedDict(rrul["series"])
        raw.update(m.get("changes_series", {}))
        raw.update(m.get("series", {}))
        plots = collections.OrderedDict((n, p) for n, p in rrul["plots"].items() if n not in PARAMETER_PLOTS)
        plots.update((n, p) for n, p in m.get("plots", {}).items())
        plots.update((n, rrul["plots"][n]) for n in PARAMETER_PLOTS)
        more = {"url_lists": m["HTTP_GETTER_URLLIST"]} if "HTTP_GETTER_URLLIST" in m else {}
        case(f"rrul+{mixin}", "rrul", rrul, 1, m["sample_params"], expanded(raw, 1, "rrul"), plots, **more)

    lines = ",\n".join
    print('{"settings":', json.dumps(SETTINGS), ',\n"entries": [')
    print(lines(lists), '],\n"series": [')
    print(lines(series_seen), '],\n"plots": [')
    print(lines(plots_seen), '],\n"cases": [')
    print(lines(json.dumps(c, separators=(",", ":")) for c in cases), "]}")


main()
