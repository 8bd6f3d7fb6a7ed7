#!/usr/bin/env python3
# gst-vlm: what a training took
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Says what train.py left in a folder took, as a table for the card:

  took.py RUN > took.md
"""

import pathlib
import sys

import torch

STAGES = (("vision", "the tower alone"), ("text", "the decoder alone"),
          ("joint", "both"))


def states(run):
  """(file, what it trained), in the order of the training."""
  for stage, what in STAGES:
    yield run / f"{stage}.pt", what
  for folder in sorted(run.glob("pass-*"), key=lambda p: int(p.name[5:])):
    yield folder / "joint.pt", f"{STAGES[-1][1]}, pass {folder.name[5:]}"


def main():
  if len(sys.argv) != 2:
    raise SystemExit(__doc__)
  rows, seeds, total, busy = [], set(), 0.0, 0.0
  for state, what in states(pathlib.Path(sys.argv[1])):
    if not state.exists():
      continue
    saved = torch.load(state, "cpu")
    args = saved["args"]
    seeds.add(args["seed"])
    cores = saved["busy"] / 60 * args["world"]
    total += saved["seconds"] / 60
    busy += cores
    rows.append(f"| {what} | {saved['step']} of {args['steps']} | "
                f"{saved['seen']} | {args['world']} | "
                f"{saved['seconds'] / 60:.0f} | {cores:.0f} |")
  print("| stage | steps | clips and pictures | processes | minutes | minutes "
        "of a core |\n|---|---|---|---|---|---|")
  print("\n".join(rows))
  print(f"\nOne run from nothing, seed {min(seeds)}, "
        f"torch {torch.__version__}: {busy / 60:.1f} hours of a core. The first "
        "two stages ran side by side.")


if __name__ == "__main__":
  main()
