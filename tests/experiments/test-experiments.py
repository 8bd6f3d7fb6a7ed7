#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The experiments run, with the small checkpoint, and draw: test-experiments.py BUILD CHECKPOINT

The answers of a random model are noise. The test checks that tables have the
right rows, and that a plot that is drawn again is the same."""
import importlib.util
import json
import os
import pathlib
import subprocess
import sys
import tempfile

BUILD, CHECKPOINT = sys.argv[1:3]
FOLDER = pathlib.Path(__file__).resolve().parent
PLOTS = importlib.util.find_spec("matplotlib") is not None
ENVIRONMENT = {**os.environ, "VLM_VALIDATE": "0", "LC_ALL": "C"}
EXPERIMENTS = {
    "window-attention": ["--measure", "4", "--blocks", "1", "--runs", "1", "--step", "316"],
    "native-resolution": ["--model", CHECKPOINT, "--scenes", "2", "--sizes", "160x90,640x360",
                          "--shapes", "56x560", "--max-pixels", "40000"],
    "time-positions": ["--time", CHECKPOINT, "--index", CHECKPOINT, "--scenes", "2", "--duration", "2",
                       "--rates", "1,8"],
}
ROWS = {"window-attention": ["| 3584 x 3584 | 65536 |", "| 7B |"],
        "native-resolution": ["| 160x90 | 1.78 : 1 |", "| 56x560 | 1 : 10 |"],
        "time-positions": ["| 1 | yes |", "| 8 | yes |"]}
number = 0


def report(good, name):
    global number
    number += 1
    print(f"{'ok' if good else 'not ok'} {number} {name}", flush=True)


def run(program, *args):
    return subprocess.run([sys.executable, FOLDER / program, "--build", BUILD, *args],
                          capture_output=True, text=True, env=ENVIRONMENT, timeout=600, check=False)


def check(name, folder):
    args = ["--out", folder, *EXPERIMENTS[name], *([] if PLOTS else ["--no-plot"])]
    (folder / "README.md").write_text(f"before\n\n<!-- {name} -->\nold\n<!-- /{name} -->\n\nafter\n")
    result = run(f"{name}.py", *args)
    page = (folder / "README.md").read_text()
    good = (result.returncode == 0 and page.startswith("before\n") and page.endswith("after\n")
            and "old" not in page and all(row in page for row in ROWS[name])
            and json.loads((folder / f"{name}.json").read_text()))
    if not good:
        print(f"# {result.stdout}\n# {result.stderr}\n# {page}")
    report(good, f"/experiments/{name}")
    if PLOTS and good:
        plot = (folder / f"{name}.svg").read_text()
        again = run(f"{name}.py", *args, "--redraw")
        report(again.returncode == 0 and (folder / f"{name}.svg").read_text() == plot
               and (folder / "README.md").read_text() == page, f"/experiments/{name}-again")


def fails(name, *args, because):
    program = pathlib.Path(BUILD) / "tests" / "experiments" / "ask-scenes"
    result = subprocess.run([program, "--model", CHECKPOINT, *args], capture_output=True, text=True,
                            env=ENVIRONMENT, timeout=600, check=False)
    report(result.returncode == 2 and because in result.stderr, f"/ask-scenes/{name}")


with tempfile.TemporaryDirectory() as path:
    for experiment in EXPERIMENTS:
        check(experiment, pathlib.Path(path))
fails("nothing", because="--sizes or --fps")
fails("size", "--sizes", "640", because="\"640\" is no size")
fails("rate", "--fps", "0", because="\"0\" is no rate")
fails("positions", "--fps", "1", "--positions", "clock", because="--positions")
print(f"1..{number}")
