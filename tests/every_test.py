#!/usr/bin/env python3
"""Runs every test of the catalogue for some seconds over loopback and prints the table of docs/measuring.md.

    tests/every_test.py [--fa PATH] [--flent PATH] [--seconds N] [TEST…]

With --flent each file is also given to that Flent: statistics, and the test's own plot. Where mosquitto is installed, a broker
with numbers is started for the tests that read one.
"""

import argparse
import concurrent.futures
import contextlib
import gzip
import json
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time

# What a test cannot do without.
PARAMETERS = {
    "tcp_nup": ["upload_streams=2"],
    "tcp_ndown": ["download_streams=2"],
    "rrul_be_nflows": ["upload_streams=2", "download_streams=2"],
    "rrul_var": ["bidir_streams=2"],
    "command-output": ["command=echo 1"],
    "bursts": ["burst_length=1"],
    "bursts_11e": ["burst_length=1"],
    "qdisc-stats": ["interface=lo"],
    "mqtt_read": ["mqtt_topic=fa", "mqtt_host=localhost"],
    "power_usage": ["mqtt_topic=fa", "mqtt_host=localhost", "ipmi_power_command=echo 1"],
}

# Runners that start a program of somebody else's.
PROGRAMS = {
    "CommandOutputRunner": "the user's command",
    "MosquittoSubRunner": "mosquitto_sub",
    "StressNgRunner": "stress-ng",
    "DashJsRunner": "a browser",
}


@contextlib.contextmanager
def broker(folder):
    """Its port, with a number under the topic ten times a second; nothing where there is no mosquitto."""
    programs = [shutil.which(name, path="/usr/sbin:/usr/bin:/bin") for name in ("mosquitto", "mosquitto_pub")]
    if None in programs:
        print("skipped: no broker for mqtt_read and power_usage: mosquitto is not installed", file=sys.stderr)
        yield None
        return
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    config = pathlib.Path(folder) / "mosquitto.conf"
    config.write_text(f"listener {port} 127.0.0.1\nallow_anonymous true\nuser root\n")
    with subprocess.Popen([programs[0], "-c", config], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        while server.poll() is None:
            with contextlib.suppress(ConnectionRefusedError), socket.create_connection(("127.0.0.1", port)):
                break
            time.sleep(0.05)
        to_topic = [programs[1], "-p", str(port), "-t", "fa", "-l"]
        over = threading.Event()
        with subprocess.Popen(to_topic, stdin=subprocess.PIPE, text=True) as publisher:

            def tell():
                number = 0
                while not over.wait(0.1):
                    number += 1
                    publisher.stdin.write(f"{number}\n")
                    publisher.stdin.flush()

            telling = threading.Thread(target=tell)
            telling.start()
            try:
                yield port
            finally:
                over.set()
                telling.join()
                publisher.stdin.close()
                server.terminate()


def run(fa, test, seconds, folder):
    command = [fa, "measure", test, "localhost", "-q", "-l", str(seconds), "-d", "1", "-s", "0.1", "-D", str(folder)]
    for parameter in PARAMETERS.get(test, []):
        command += ["--test-parameter", parameter]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=120 + 10 * seconds)
    except subprocess.TimeoutExpired:
        return None, "did not end"
    path = done.stdout.strip().splitlines()[-1] if done.stdout.strip() else ""
    if not path.endswith(".flent.gz"):
        errors = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
        return None, (errors or ["error: nothing was written"])[0].removeprefix("error: ")
    return pathlib.Path(path), ""


def asked_of_flent(flent, path, plot):
    if not flent:
        return ""
    stats = subprocess.run([flent, "-f", "stats", path], capture_output=True, text=True)
    image = str(path) + ".png"
    drawn = subprocess.run([flent, "-p", plot, "-o", image, path], capture_output=True, text=True)
    good = stats.returncode == 0 and "Results" in stats.stdout
    figure = drawn.returncode == 0 and pathlib.Path(image).exists() and pathlib.Path(image).stat().st_size > 3000
    return ("statistics" if good else "no statistics") + (", plot" if figure else ", no plot")


def row(fa, flent, test, plot, path, error):
    if path is None:
        return f"| {test} | cannot run | – | {error} | – |"
    data = json.loads(gzip.open(path).read())
    meta = data["metadata"]["SERIES_META"]
    failed = {name: m["ERROR"] for name, m in meta.items() if "ERROR" in m}
    programs = sorted({PROGRAMS[m["RUNNER"]] for m in meta.values() if m.get("RUNNER") in PROGRAMS})
    measured = [n for n, m in meta.items() if m.get("RUNNER") not in ("NullRunner", None)]
    there = [n for n in measured if n not in failed and has_values(data, n)]
    how = "with " + " and ".join(programs) if programs else "natively"
    if measured and not there:
        how = "cannot run here"
    elif failed:
        how += ", in part"
    reasons = sorted(set(failed.values()))
    why = "; ".join(reason.split("\n")[0][:160] for reason in reasons)
    return f"| {test} | {how} | {len(there)} of {len(measured)} | {why} | {asked_of_flent(flent, path, plot)} |"


def has_values(data, name):
    series = [values for key, values in data["results"].items() if key == name or key.startswith(name + "::")]
    return any(value is not None for values in series for value in values)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fa", default="target/release/fa")
    parser.add_argument("--flent")
    parser.add_argument("--seconds", type=int, default=2)
    parser.add_argument("tests", nargs="*")
    given = parser.parse_args()
    listed = json.loads(subprocess.run([given.fa, "list", "tests", "--json"], capture_output=True, text=True).stdout)
    unknown = set(given.tests) - {test["name"] for test in listed}
    if unknown:
        sys.exit("no such test: " + ", ".join(sorted(unknown)))
    tests = [test["name"] for test in listed if not given.tests or test["name"] in given.tests]
    print("| test | ran | series with values | what is missing, and why | Flent 2.3.0 reads |\n|---|---|---|---|---|")
    with (
        tempfile.TemporaryDirectory() as folder,
        concurrent.futures.ThreadPoolExecutor(1) as asking,
        broker(folder) as port,
    ):
        if port:
            for test in ("mqtt_read", "power_usage"):
                PARAMETERS[test].append(f"mqtt_port={port}")
        rows = []
        for test in tests:
            print(test, file=sys.stderr)
            path, error = run(given.fa, test, given.seconds, folder)
            plots = subprocess.run([given.fa, "list", "plots", test, "--json"], capture_output=True, text=True).stdout
            plots = json.loads(plots) if plots else []
            opens = [p["name"] for p in plots if p.get("default")] or [p["name"] for p in plots] or [""]
            rows.append(asking.submit(row, given.fa, given.flent, test, opens[0], path, error))
        for one in rows:
            print(one.result(), flush=True)


main()
