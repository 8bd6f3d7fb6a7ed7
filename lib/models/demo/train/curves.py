#!/usr/bin/env python3
# gst-vlm: how a training went
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Draws what train.py logged: curves.py RUN FILE.png"""

import json
import pathlib
import sys

import matplotlib
matplotlib.use("Agg")
import matplotlib.pyplot as plt

import passes

DECODER = [("video.shapes", "shape in lists"),
           ("video.digits", "digits of times"),
           ("video.query", "query answered exactly"),
           ("image.query", "box answered exactly"),
           ("video.yes", "yes or no"), ("image.count", "number")]
PANELS = {
    "vision": [("video.recall", "cells found"),
               ("video.precision", "found cells that are there"),
               ("video.color", "colour"), ("video.shape", "shape")],
    "text": DECODER,
    "joint": DECODER,
}


def smooth(values, keep=0.8):
  out, mean = [], None
  for value in values:
    mean = value if mean is None else keep * mean + (1 - keep) * value
    out.append(mean)
  return out


def read(log):
  """The records, without those that a later call has repeated."""
  records = []
  for line in log.read_text().splitlines():
    record = json.loads(line)
    while records and records[-1]["step"] >= record["step"]:
      records.pop()
    records.append(record)
  return records


def read_passes(run, stage):
  """The records of all passes of a stage, one after the other."""
  records, before = [], 0.0
  for folder in passes.folders(run):
    log = folder / f"{stage}.jsonl"
    if log.exists():
      records += [{**r, "minutes": r["minutes"] + before} for r in read(log)]
      before = records[-1]["minutes"] if records else 0.0
  return records


def main():
  if len(sys.argv) != 3:
    raise SystemExit(__doc__)
  run = pathlib.Path(sys.argv[1])
  figure, panels = plt.subplots(1, len(PANELS), figsize=(11, 3), sharey=True)
  for panel, (stage, lines) in zip(panels, PANELS.items()):
    records = read_passes(run, stage)
    if not records:
      continue
    for key, label in lines:
      points = [(r["minutes"], r[key]) for r in records if key in r]
      if points:
        minutes, values = zip(*points)
        panel.plot(minutes, smooth(values), label=label)
    panel.set_title(stage)
    panel.set_xlabel("minutes")
    panel.set_ylim(0, 1)
    panel.grid(alpha=0.3)
    panel.legend(fontsize=6)
  figure.tight_layout()
  figure.savefig(sys.argv[2], dpi=110)


if __name__ == "__main__":
  main()
