#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""vlm-bench measures, and says so in JSON: test-vlm-bench.py VLM-BENCH CHECKPOINT"""
import json
import os
import subprocess
import sys

PROGRAM, CHECKPOINT = sys.argv[1:3]
CONFIG = os.path.join(CHECKPOINT, "config.json")
SMALL = ["--runs", "2", "--image", "56", "--prefill", "20", "--decode", "2"]
STAGES = {"load": "bytes_per_s", "vision": "flop_per_s", "prefill": "flop_per_s", "decode": "bytes_per_s",
          "together": "bytes_per_s"}
number = 0


def report(good, name):
    global number
    number += 1
    print(f"{'ok' if good else 'not ok'} {number} {name}", flush=True)


def run(*args):
    return subprocess.run([PROGRAM, *args], capture_output=True, text=True, timeout=600, check=False,
                          env={**os.environ, "VLM_VALIDATE": "0", "LC_ALL": "C"})


def measures(name, *args, is_random, n_layers):
    result = run("--config", CONFIG, "--json", *SMALL, *args)
    good = result.returncode == 0 and result.stderr == ""
    if good:
        found = json.loads(result.stdout)
        good = (found["random_weights"] == is_random and found["n_layers"] == n_layers
                and 0 < found["weight_bytes"] <= found["peak_device_bytes"]
                and found["peak_host_bytes"] > 0 and isinstance(found["host_holds_device"], bool)
                and all(found[f"ceiling_{unit}_per_s"] > 0 for unit in ("flop", "bytes"))
                and all(found[stage][key] > 0 for stage, rate in STAGES.items()
                        for key in (rate, "median_s", "items_per_s", "share_of_ceiling")))
    if not good:
        print(f"# {result.returncode}: {result.stdout} {result.stderr}")
    report(good, name)


def fails(name, *args, because, status=2):
    result = run(*args)
    report(result.returncode == status and result.stdout == "" and because in result.stderr, name)


measures("/bench/checkpoint", is_random=False, n_layers=3)
measures("/bench/random", "--random", is_random=True, n_layers=3)
measures("/bench/one-layer", "--layers", "1", is_random=True, n_layers=1)
table = run("--config", CONFIG, *SMALL)
report(table.returncode == 0 and all(word in table.stdout for word in (*STAGES, "ceilings", "peak memory")),
       "/bench/table")
fails("/bench/no-config", because="--config")
fails("/bench/missing", "--config", "nowhere.json", because="nowhere.json: ", status=1)
fails("/bench/folder", "--config", CHECKPOINT, because="not a regular file", status=1)
fails("/bench/rest", "--config", CONFIG, "more", because="\"more\"")
fails("/bench/sequences", "--config", CONFIG, "--sequences", "0", because="range")
fails("/bench/image", "--config", CONFIG, "--image", "30", because="--image")
fails("/bench/positions", "--config", CONFIG, "--prefill", "128000", because="128000 positions")
print(f"1..{number}")
