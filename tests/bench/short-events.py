#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Are short events seen? Runs build/tests/bench/short-events, draws the plot and writes the table.

short-events.py BUILD [--films N]   measures, keeps docs/experiments/short-events.json, draws and writes
short-events.py --redraw            the last two only
short-events.py BUILD --check       measures one film, for the test
"""
import argparse
import json
import pathlib
import subprocess
import sys

DOCS = pathlib.Path(__file__).resolve().parents[2] / "docs" / "experiments"
BEGIN, END = "<!-- table -->", "<!-- /table -->"
SCENES = ("else still", "always moving")


def measure(build, films):
    program = pathlib.Path(build) / "tests" / "bench" / "short-events"
    output = subprocess.run([program, str(films)], check=True, capture_output=True, text=True).stdout
    return [json.loads(line) for line in output.splitlines()]


def rate(row):
    return row["seen"] / row["events"]


def choose(rows, **wanted):
    found = [r for r in rows if all(r[k] == v for k, v in wanted.items())]
    return sorted(found, key=lambda r: r["mean_fps"])


def uniform_at(rows, fps):
    """Interpolated between the two nearest rates that were measured."""
    below = [r for r in rows if r["mean_fps"] <= fps]
    above = [r for r in rows if r["mean_fps"] >= fps]
    if not below or not above:
        return rate((below or above)[-1 if below else 0])
    a, b = below[-1], above[0]
    if a is b:
        return rate(a)
    part = (fps - a["mean_fps"]) / (b["mean_fps"] - a["mean_fps"])
    return rate(a) + part * (rate(b) - rate(a))


def table(rows):
    lines = ["| event | scenes | max-fps, budget | mean fps | seen, motion | seen, uniform at that rate |",
             "|---|---|---|---|---|---|"]
    for seconds in sorted({r["event_s"] for r in rows}):
        for scenes in SCENES:
            flat = choose(rows, event_s=seconds, scenes=scenes, sampling="uniform")
            for row in choose(rows, event_s=seconds, scenes=scenes, sampling="motion"):
                limit = f", {row['budget']} in 16 s" if row["budget"] else ""
                lines.append(f"| {seconds:g} s | {scenes} | {row['fps']:g}{limit} | {row['mean_fps']:.2f} "
                             f"| {rate(row):.2f} | {uniform_at(flat, row['mean_fps']):.2f} |")
    return "\n".join(lines)


def draw(rows, path):
    try:
        import matplotlib
    except ImportError:
        sys.exit("a plot takes matplotlib (Debian: python3-matplotlib)")
    matplotlib.use("svg")
    matplotlib.rcParams["svg.hashsalt"] = "short-events"
    from matplotlib import pyplot
    durations = sorted({r["event_s"] for r in rows})
    figure, axes = pyplot.subplots(len(SCENES), len(durations), figsize=(12, 5), sharex=True, sharey=True)
    for line, scenes in zip(axes, SCENES):
        for axis, seconds in zip(line, durations):
            for sampling, style in (("uniform", "o--"), ("motion", "s-")):
                part = choose(rows, event_s=seconds, scenes=scenes, sampling=sampling, budget=0)
                axis.plot([r["mean_fps"] for r in part], [rate(r) for r in part], style, label=sampling,
                          markersize=4)
            axis.set_xscale("log", base=2)
            axis.grid(alpha=0.3)
            axis.set_title(f"{seconds:g} s, {scenes}", fontsize=9)
        line[0].set_ylabel("events seen")
    for axis in axes[-1]:
        axis.set_xlabel("mean frames a second")
        axis.set_xticks([0.125, 0.5, 2, 8], ["1/8", "1/2", "2", "8"])
    axes[0][0].legend(fontsize=8)
    figure.tight_layout()
    figure.savefig(path, metadata={"Date": None})


def write(rows):
    page = DOCS / "short-events.md"
    text = page.read_text()
    before, rest = text.split(BEGIN)
    page.write_text(before + BEGIN + "\n" + table(rows) + "\n" + END + rest.split(END)[1])
    draw(rows, DOCS / "short-events.svg")


def check(build):
    """One film: fast uniform sampling sees all events, and motion sees more than slow sampling does."""
    rows = measure(build, 1)
    print("1..2")
    fast = [r for r in rows if r["sampling"] == "uniform" and r["fps"] == 8]
    print("ok 1 - all" if fast and all(rate(r) == 1 for r in fast) else "not ok 1 - all")
    better = sum(r["seen"] for r in rows if r["sampling"] == "motion" and r["fps"] == 8 and not r["budget"])
    worse = sum(r["seen"] for r in rows if r["sampling"] == "uniform" and r["fps"] == 0.5)
    print("ok 2 - motion" if better > worse else "not ok 2 - motion")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("build", nargs="?")
    parser.add_argument("--films", type=int, default=12)
    parser.add_argument("--redraw", action="store_true")
    parser.add_argument("--check", action="store_true")
    args = parser.parse_args()
    kept = DOCS / "short-events.json"
    if args.build is None and not args.redraw:
        parser.error("the build folder is missing")
    if args.check:
        check(args.build)
        return 0
    if not args.redraw:
        rows = measure(args.build, args.films)
        kept.write_text("[\n" + ",\n".join(json.dumps(r) for r in rows) + "\n]\n")
    write(json.loads(kept.read_text()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
