#!/usr/bin/env python3
# gst-vlm: trains the demo model
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Trains the demo model in three stages; README.md beside this says how.

  train.py vision --out DIR --steps 5000     the vision tower alone
  train.py text   --out DIR --steps 3000     the decoder, on perfect features
  train.py joint  --out DIR --steps 9000     both together

`vision` and `text` know nothing of each other and may run side by side. `joint`
takes what the two left in DIR. Each can be stopped at any moment and called
again: it continues from where it saved last, and comes to the same weights as one
that was never stopped. How far the learning rate has fallen, and when it ends,
is a matter of steps, not of time: a busy machine makes it longer, not worse.
"""

import argparse
import json
import math
import os
import pathlib
import time

import numpy as np
import torch
import torch.distributed as distributed

import text
from batches import Source
from codes import Helpers, align, align_pointers
from losses import drill_loss, step_loss
from model import Model
from muon import make_optimizers

SAVE_EVERY = 120.0
REPORT_EVERY = 20.0
EASY_PART = 0.6
SAME = ("seed", "steps", "budget", "world", "positions")
"""What must not change while a stage is trained."""

STAGES = {
    # learning rates of Muon and of AdamW, warm-up in steps
    "vision": dict(muon=0.02, adam=1.5e-3, warmup=30),
    "text": dict(muon=0.008, adam=4e-4, warmup=40),
    "joint": dict(muon=0.005, adam=3e-4, warmup=60),
}


class Run:
  """One stage: its state on disk, its log, its clock."""

  def __init__(self, args):
    self.args = args
    self.folder = pathlib.Path(args.out)
    # One process has the GPU, if there is one; more share the processor.
    alone = args.world == 1 and torch.cuda.is_available()
    self.device = torch.device("cuda" if alone else "cpu")
    self.model = Model(text.TOKENIZER.size)
    self.helpers = Helpers(self.model.config["text"]["hidden"])
    self.rates = STAGES[args.stage]
    trained = {"vision": [self.model.vision],
               "text": [self.model.text, self.helpers],
               "joint": [self.model, self.helpers]}[args.stage]
    self.parameters = [p for m in trained for p in m.parameters()]
    self.optimizers = make_optimizers(trained, self.rates)
    self.base = [[g["lr"] for g in o.param_groups] for o in self.optimizers]
    self.source = Source([args.seed, hash_of(args.stage), args.rank],
                         args.stage, args.budget, args.positions)
    self.step, self.seen = 0, 0
    self.seconds, self.busy = 0.0, 0.0   # on the clock; of this process
    self.state = self.folder / f"{args.stage}.pt"
    known = self._begin()
    self.model.to(self.device)
    self.helpers.to(self.device)
    for optimizer, state in zip(self.optimizers, known):
      optimizer.load_state_dict(state)

  def _begin(self):
    """The weights with which it begins or continues, and the state of the
    optimizers."""
    if self.state.exists():
      return self._go_on()
    if self.args.begin:
      saved = torch.load(self.args.begin, "cpu")
      self.model.load_state_dict(saved["model"])
      self.helpers.load_state_dict(saved["helpers"])
    elif self.args.stage == "text":
      align(self.model.text, self.helpers.code)
      align_pointers(self.model.text, self.helpers.clock, self.helpers.box)
    elif self.args.stage == "joint":
      for stage, parts in (("vision", ("vision.",)), ("text", ("text.",))):
        saved = torch.load(self.folder / f"{stage}.pt", "cpu")
        chosen = {k: v for k, v in saved["model"].items()
                  if k.startswith(parts)}
        self.model.load_state_dict(chosen, strict=False)
        if stage == "text":
          self.helpers.load_state_dict(saved["helpers"])
    return []

  def _go_on(self):
    saved = torch.load(self.state, "cpu")
    for name in SAME:
      if saved["args"][name] != getattr(self.args, name):
        raise SystemExit(
            f"{self.state} was begun with --{name} {saved['args'][name]}, not "
            f"{getattr(self.args, name)}: go on with that, or begin in another "
            "folder.")
    self.model.load_state_dict(saved["model"])
    self.helpers.load_state_dict(saved["helpers"])
    self.step, self.seen = saved["step"], saved["seen"]
    self.seconds, self.busy = saved["seconds"], saved["busy"]
    return saved["optimizers"]

  def save(self):
    if self.args.rank:
      return
    partial = self.state.with_suffix(".partial")
    with open(partial, "wb") as out:
      torch.save({"model": self.model.state_dict(),
                  "helpers": self.helpers.state_dict(),
                  "optimizers": [o.state_dict() for o in self.optimizers],
                  "args": {name: getattr(self.args, name) for name in SAME},
                  "step": self.step, "seen": self.seen,
                  "seconds": self.seconds, "busy": self.busy}, out)
      # if the machine loses power, the state before or this one is kept
      out.flush()
      os.fsync(out.fileno())
    os.replace(partial, self.state)

  def log(self, record):
    if self.args.rank:
      return
    print(" ".join(f"{k} {v:.4g}" if isinstance(v, float) else f"{k} {v}"
                   for k, v in record.items()), flush=True)
    with open(self.folder / f"{self.args.stage}.jsonl", "a") as out:
      out.write(json.dumps(record) + "\n")

  def set_rate(self):
    """Warm-up, then half a cosine down to a fiftieth at the end."""
    part = min(1.0, self.step / self.args.steps)
    factor = 0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * part))
    factor *= min(1.0, (self.step + 1) / self.rates["warmup"])
    for optimizer, base in zip(self.optimizers, self.base):
      for group, rate in zip(optimizer.param_groups, base):
        group["lr"] = rate * factor

  def share_gradients(self):
    """The mean over all processes."""
    flat = torch.cat([(torch.zeros_like(p) if p.grad is None else p.grad)
                      .flatten() for p in self.parameters])
    distributed.all_reduce(flat)
    flat /= self.args.world
    at = 0
    for p in self.parameters:
      p.grad = flat[at:at + p.numel()].view_as(p).clone()
      at += p.numel()

  def one_step(self):
    part = self.step / self.args.steps
    self.source.begin(self.step)
    batch = self.source.draw(
        min(1.0, part / EASY_PART) if self.args.stage == "text" else 1.0)
    loss, stats = step_loss(self.args.stage, self.model, self.helpers,
                            batch.to(self.device))
    if self.args.stage != "vision":
      more, drilled = drill_loss(self.model, self.helpers,
                                 self.source.drill().to(self.device))
      loss = loss + more
      stats.update(drilled)
    loss.backward()
    if self.args.world > 1:
      self.share_gradients()
    torch.nn.utils.clip_grad_norm_(self.parameters, 1.0)
    for optimizer in self.optimizers:
      optimizer.step()
    for p in self.parameters:
      p.grad = None
    self.step += 1
    self.seen += batch.size * self.args.world
    kind = "video" if batch.grid[0] > 1 else "image"
    # statistics without any examples in the batch are NaN
    told = {k: float(v) for k, v in stats.items()}
    return kind, {k: v for k, v in told.items() if not math.isnan(v)}

  def go(self):
    begin = time.monotonic() - self.seconds
    begin_busy = time.process_time() - self.busy
    collected = {}
    reported = saved = self.seconds
    while self.step < self.args.steps:
      self.set_rate()
      kind, stats = self.one_step()
      for name, value in stats.items():
        collected.setdefault(f"{kind}.{name}", []).append(value)
      self.seconds = time.monotonic() - begin
      self.busy = time.process_time() - begin_busy
      if self.seconds - reported > REPORT_EVERY:
        record = {"step": self.step, "seen": self.seen,
                  "minutes": self.seconds / 60, "busy": self.busy / 60}
        record.update({k: float(np.mean(v))
                       for k, v in sorted(collected.items())})
        self.log(record)
        collected, reported = {}, self.seconds
      if self.seconds - saved > SAVE_EVERY:
        self.save()
        saved = self.seconds
    self.save()


def hash_of(name):
  return sum(ord(c) << (8 * i) for i, c in enumerate(name[:6]))


def main():
  parser = argparse.ArgumentParser(
      description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
  parser.add_argument("stage", choices=STAGES)
  parser.add_argument("--out", required=True, help="folder of the run")
  parser.add_argument("--steps", type=int, required=True,
                      help="of the whole stage; the rate falls over them")
  parser.add_argument("--from", dest="begin", metavar="STATE",
                      help="begin with the weights of another run's stage")
  parser.add_argument("--positions", choices=("time", "index"), default="time",
                      help="what a slice's temporal position counts")
  parser.add_argument("--seed", type=int, default=1)
  parser.add_argument("--budget", type=int, default=2600,
                      help="tokens in a batch, about")
  parser.add_argument("--threads", type=int, default=1)
  parser.add_argument("--world", type=int, default=1,
                      help="processes that share the work")
  parser.add_argument("--rank", type=int, default=0, help="of this process")
  args = parser.parse_args()
  torch.set_num_threads(args.threads)
  torch.manual_seed(args.seed * 1000 + args.rank)
  folder = pathlib.Path(args.out).resolve()
  folder.mkdir(parents=True, exist_ok=True)
  if args.world > 1:
    # without the folder they would wait for each other for ever
    meeting = folder / "meeting"
    distributed.init_process_group("gloo", init_method=f"file://{meeting}",
                                   rank=args.rank, world_size=args.world)
  Run(args).go()


if __name__ == "__main__":
  main()
