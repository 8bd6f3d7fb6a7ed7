#!/usr/bin/env python3
# gst-vlm: what a training took
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Says what train.py left in a folder took, as a table for the card:

  took.py RUN > took.md
"""

import pathlib
import sys

import torch

import passes

STAGES = (("vision", "the tower alone"), ("text", "the decoder alone"),
          ("joint", "both"))


def states(run):
  """(file, what it trained), in the order of the training."""
  for number, folder in enumerate(passes.folders(run), 1):
    for stage, what in STAGES:
      state = folder / f"{stage}.pt"
      if state.exists():
        yield state, what if number == 1 else f"{what}, pass {number}"


def main():
  if len(sys.argv) != 2:
    raise SystemExit(__doc__)
  rows, seeds, total, busy = [], [], 0.0, 0.0
  for state, what in states(pathlib.Path(sys.argv[1])):
    saved = torch.load(state, "cpu")
    args = saved["args"]
    seeds.append(args["seed"])
    cores = saved["busy"] / 60 * args["world"]
    total += saved["seconds"] / 60
    busy += cores
    rows.append(f"| {what} | {saved['step']} of {args['steps']} | "
                f"{saved['seen']} | {args['world']} | "
                f"{saved['seconds'] / 60:.0f} | {cores:.0f} |")
  if not rows:
    raise SystemExit(f"{sys.argv[1]}: nothing was trained there")
  # further passes draw with seeds of their own
  print("| stage | steps | clips and pictures | processes | minutes | minutes "
        "of a core |\n|---|---|---|---|---|---|")
  print("\n".join(rows))
  print(f"\nOne run from nothing, seed {seeds[0]}, "
        f"torch {torch.__version__}: {busy / 60:.1f} hours of a core. The first "
        "two stages ran side by side.")


if __name__ == "__main__":
  main()
