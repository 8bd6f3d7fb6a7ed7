#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What bench-stream counts is what sessions do: test-bench-stream.py BENCH-STREAM CHECKPOINT"""
import os
import subprocess
import sys

PROGRAM, CHECKPOINT = sys.argv[1:3]
CONFIG = os.path.join(CHECKPOINT, "config.json")
SMALL = ["--width", "56", "--height", "56", "--window", "4", "--hop", "1", "--answer", "2"]
ROWS = ("incremental", "each window from scratch", "same videos from scratch",
        "  window / incremental", "  videos / incremental",
        "1 condition", "10 conditions", "a list of events")
number = 0


def report(good, name, *why):
    global number
    number += 1
    print(f"{'ok' if good else 'not ok'} {number} {name}", flush=True)
    if not good:
        print("#", *why)


def run(*args):
    return subprocess.run([PROGRAM, *args], capture_output=True, text=True, timeout=600, check=False,
                          env={**os.environ, "VLM_VALIDATE": "0", "LC_ALL": "C"})


def table(*args):
    """Row -> vision, prefill, decode, all, slices, tokens; None without the table."""
    result = run("--config", CONFIG, *args)
    if result.returncode != 0 or result.stderr != "":
        print(f"# {result.returncode}: {result.stderr}")
        return None
    rows = {row: line for line in result.stdout.splitlines() for row in ROWS if line.startswith(row)}
    return {row: [float(field) for field in line[len(row):].split()] for row, line in rows.items()}


def fails(name, *args, because, status=2):
    result = run(*args)
    good = result.returncode == status and result.stdout == "" and because in result.stderr
    report(good, name, result.stderr)


measured, counted = table(*SMALL), table(*SMALL, "--count")
report(measured is not None and len(measured) == len(ROWS), "/bench-stream/measures", measured)
report(measured is not None and counted is not None and
       all(measured[row][4:] == counted[row][4:] for row in ROWS),
       "/bench-stream/counts-what-it-does", measured, counted)
# The requested answers, computed from nothing, are four and eight times the work.
for window, hop, ratio, slices in ("10", "2", 4, 5), ("60", "5", 8, 12):
    found = table("--width", "168", "--height", "168", "--window", window, "--hop", hop, "--count")
    report(found is not None and found[ROWS[4]][3] >= ratio and found[ROWS[3]][4] == slices,
           f"/bench-stream/{window}-{hop}", found)
# A condition costs only its words: no answer is decoded.
one, ten, events = (counted[row] for row in ROWS[5:])
report(one[2] == ten[2] == 0.0 and one[4] == ten[4] == 0.0 and one[5] < events[5] and ten[5] <= 10 * one[5],
       "/bench-stream/conditions", one, ten, events)
fails("/bench-stream/no-config", because="--config")
fails("/bench-stream/hop", "--config", CONFIG, "--hop", "6", because="--hop")
fails("/bench-stream/size", "--config", CONFIG, "--width", "30", because="--width")
fails("/bench-stream/rest", "--config", CONFIG, "more", because="\"more\"")
fails("/bench-stream/missing", "--config", "nowhere.json", because="nowhere.json", status=1)
print(f"1..{number}")
