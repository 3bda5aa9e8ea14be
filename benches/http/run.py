#!/usr/bin/env python3
"""Sends lists of requests with `wrk`, and prints requests a second and the CPU time that each costs.

usage: run.py --dir DIR --target NAME=URL,SERVER_PID [--target …] --mongod PID [--seconds 5] [--rounds 3] [--connections 32]

Several targets take turns within a round, so that whatever else the machine does falls on all of them. What is printed are medians over
the rounds. CPU milliseconds are of the server and of mongod; they hardly depend on other load, requests a second do.
"""
import argparse
import glob
import json
import os
import statistics
import subprocess

arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
arguments.add_argument("--dir", required=True)
arguments.add_argument("--target", action="append", required=True)
arguments.add_argument("--mongod", type=int, required=True)
arguments.add_argument("--seconds", type=int, default=5)
arguments.add_argument("--rounds", type=int, default=3)
arguments.add_argument("--connections", type=int, default=32)
arguments.add_argument("--only", default="")
options = arguments.parse_args()
TICKS = os.sysconf("SC_CLK_TCK")
SCRIPT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "replay.lua")


def cpu_millis(pid):
    with open("/proc/%d/stat" % pid, encoding="utf-8") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) * 1_000 / TICKS


def send(path, url, first, seconds):
    command = ["wrk", "-t1", "-c%d" % options.connections, "-d%ds" % seconds, "--timeout", "20s", "-s", SCRIPT, url]
    environment = dict(os.environ, REQUESTS=path, FIRST=str(first))
    output = subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout
    return json.loads(next(line[7:] for line in output.splitlines() if line.startswith("RESULT ")))


targets = []
for target in options.target:
    name, rest = target.split("=", 1)
    url, pid = rest.rsplit(",", 1)
    targets.append((name, url, int(pid)))
for path in sorted(glob.glob(os.path.join(options.dir, "*.tsv"))):
    kind = os.path.basename(path)[:-4]
    if options.only and kind not in options.only.split(","):
        continue
    runs = {name: [] for name, _, _ in targets}
    sent = {name: 0 for name, _, _ in targets}
    for name, url, _ in targets:
        sent[name] += send(path, url, 0, 1)["requests"]
    for _ in range(options.rounds):
        for name, url, pid in targets:
            server, mongod = cpu_millis(pid), cpu_millis(options.mongod)
            result = send(path, url, sent[name], options.seconds)
            count = max(1, result["requests"])
            sent[name] += count
            result["server"] = (cpu_millis(pid) - server) / count
            result["mongod"] = (cpu_millis(options.mongod) - mongod) / count
            runs[name].append(result)
    for name, results in runs.items():
        median = lambda value: statistics.median(value(result) for result in results)
        print("%-11s %-7s %8.1f req/s  p50 %7.1f ms  p99 %7.1f ms  CPU %6.2f + %6.2f ms/req  refused %d, errors %d" % (
            kind, name, median(lambda r: r["requests"] * 1e6 / r["micros"]), median(lambda r: r["p50"] / 1e3),
            median(lambda r: r["p99"] / 1e3), median(lambda r: r["server"]), median(lambda r: r["mongod"]),
            sum(r["refused"] for r in results), sum(r["errors"] for r in results)), flush=True)
