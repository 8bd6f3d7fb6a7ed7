#!/usr/bin/env python3
# gst-vlm: trains the demo model
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Trains the demo model in three stages; README.md beside this says how.

  train.py vision --out DIR --minutes 30     the vision tower alone
  train.py text   --out DIR --minutes 40     the decoder, on perfect features
  train.py joint  --out DIR --minutes 60     both together

`vision` and `text` know nothing of each other and may run side by side. Each
can be stopped and called again: it goes on where it saved last. `joint` takes
what the two left in DIR.
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
import torch.nn.functional as F
from torch import nn

import data
import text
from scenes import COLORS, SHAPES
from data import BOX_STEP, MAX_CELLS_A_SIDE, N_DENSE
from model import CONFIG, Model, patchify

MAX_TIME_IDS = 64
N_CODE = N_DENSE + 1
SIDE_SCALE = 0.5
EASY_PART = 0.6
SAVE_EVERY = 120.0
REPORT_EVERY = 20.0

STAGES = {
    # learning rates of Muon and of AdamW, warm-up in steps
    "vision": dict(muon=0.02, adam=1.5e-3, warmup=30),
    "text": dict(muon=0.008, adam=4e-4, warmup=40),
    "joint": dict(muon=0.005, adam=3e-4, warmup=60),
}


# --- what only the training needs -------------------------------------------


CLOCK = (4, 10, 4) * 2
"""Tens of seconds, seconds, quarters: of a start, of an end."""
BOX = (6, 10, 2) * 4
"""Hundreds, tens and fives of pixels: of left, top, right and bottom."""


def code_matrix(size):
  """[N_CODE, size], orthogonal rows: where in a feature the dense targets lie.
  Fixed, so that both towers can learn it apart from each other. And where in
  the decoder's third layer the digits of what starts or ends there shall lie,
  and in its fourth those of the box."""
  generator = torch.Generator().manual_seed(20260101)
  q, _ = torch.linalg.qr(torch.randn(size, size, generator=generator))
  code, clock, box, _ = q.split(
      [N_CODE, sum(CLOCK), sum(BOX), size - N_CODE - sum(CLOCK) - sum(BOX)])
  return code * 1.5, clock, box


@torch.no_grad()
def align_pointers(decoder, clock, box):
  """The heads that are told where to look hand on the times and boxes of what
  they see: one of the fourth layer both times, two of the fifth a corner
  each."""
  corners = box.split(len(box) // 2)
  for layer, kv, what in ((3, 1, clock), (4, 0, corners[0]), (4, 1, corners[1])):
    block = decoder.layers[layer]
    weight = block.qkv.weight.view(-1, block.head, block.qkv.in_features)
    n = len(what)
    head = (kv + 1) * block.heads // block.kv_heads - 1
    # loud enough to be heard in a stream that has grown by then
    weight[block.heads + block.kv_heads + kv, -n:] = 2.0 * what
    end = (head + 1) * block.head
    block.o.weight[:, end - n:end] = 4.0 * what.T


@torch.no_grad()
def align(decoder, code):
  """First weights of a decoder that reads features of this code. The words for
  colours and shapes lie where the features have them. In each layer some heads
  compare these parts of two tokens, and one looks for any token that has them,
  in the dimensions that rotation hardly turns; both hand on what they find. So
  from the first step on a word finds the cells it names, and an answer the
  words it may need. Without it a decoder of this size takes most of the time
  to come upon that."""
  parts = list(zip(range(data.COLOR.start, data.SHAPE.stop),
                   COLORS + ["object"] + SHAPES))
  for at, word in parts:
    for form in (word, " " + word):
      tokens = text.TOKENIZER.encode(form)
      if len(tokens) == 1:
        decoder.embed.weight[tokens] = code[at] / code[at].norm()
  rows = code[data.COLOR.start:data.SHAPE.stop] / code[0].norm()
  n = len(rows)
  generator = torch.Generator().manual_seed(7)
  for layer in decoder.layers:
    half = layer.head // 2
    slow = [j for j in range(layer.head) if j % half >= half - 7]
    mix = torch.linalg.qr(torch.randn(n, n, generator=generator))[0]
    weight = layer.qkv.weight.view(-1, layer.head, layer.qkv.in_features)
    bias = layer.qkv.bias.view(-1, layer.head)
    per_kv = layer.heads // layer.kv_heads
    first_key, first_value = layer.heads, layer.heads + layer.kv_heads
    for head in (*range(per_kv), first_key):
      weight[head, slow] = 0.8 * mix[:len(slow)] @ rows
    any_of_them = 0.45 * rows.sum(0).expand(len(slow), -1)
    weight[first_key + 1, slow] = any_of_them
    weight[per_kv, slow] = 0
    bias[per_kv, slow] = 0.45
    for kv in range(2):
      head = kv * per_kv
      weight[first_value + kv, :n] = 0.8 * rows
      layer.o.weight[:, head * layer.head:head * layer.head + n] = 0.1 * rows.T


class Helpers(nn.Module):
  """A head on the decoder's third layer that says where and when a cell is."""

  def __init__(self, size):
    super().__init__()
    code, clock, box = code_matrix(size)
    self.register_buffer("code", code, persistent=False)
    self.register_buffer("clock", clock, persistent=False)
    self.register_buffer("box", box, persistent=False)
    self.place = nn.Linear(size, MAX_TIME_IDS + 2 * MAX_CELLS_A_SIDE + 1)

  def encode(self, dense):
    """[…, N_DENSE] -> features […, size]."""
    scaled = dense.clone()
    scaled[..., data.SIDES] *= SIDE_SCALE
    return F.pad(scaled, (0, 1), value=1.0) @ self.code

  def decode(self, features):
    """The inverse of encode: […, N_DENSE]."""
    out = (features @ self.code.T / 2.25)[..., :N_DENSE]
    scale = torch.ones(N_DENSE)
    scale[data.SIDES] = 1 / SIDE_SCALE
    return out * scale


class Muon(torch.optim.Optimizer):
  """Momentum whose step is made orthogonal (Newton-Schulz in bf16)."""

  def __init__(self, parameters, lr, momentum=0.95):
    super().__init__(parameters, dict(lr=lr, momentum=momentum))

  @torch.no_grad()
  def step(self):
    for group in self.param_groups:
      for p in group["params"]:
        if p.grad is None:
          continue
        state = self.state[p]
        if "average" not in state:
          state["average"] = torch.zeros_like(p)
        average = state["average"].lerp_(p.grad, 1 - group["momentum"])
        x = p.grad.lerp(average, group["momentum"]).bfloat16()
        tall = x.shape[0] > x.shape[1]
        x = x.T if tall else x
        x = x / (x.norm() + 1e-7)
        for _ in range(5):
          a = x @ x.T
          x = 3.4445 * x + (-4.775 * a + 2.0315 * (a @ a)) @ x
        x = x.T if tall else x
        scale = max(1.0, p.shape[0] / p.shape[1])**0.5
        p.mul_(1 - 0.01 * group["lr"])
        p.add_(x.float(), alpha=-group["lr"] * scale)


def make_optimizers(modules, rates):
  matrices, others = [], []
  for module in modules:
    for name, p in module.named_parameters():
      is_matrix = p.dim() == 2 and "embed" not in name
      (matrices if is_matrix else others).append(p)
  return [Muon(matrices, rates["muon"]),
          torch.optim.AdamW(others, lr=rates["adam"], betas=(0.9, 0.98),
                            weight_decay=0.0)]


# --- batches ----------------------------------------------------------------


def _tokens(words):
  """A mask of the tokens of these words, alone and after a space."""
  mask = torch.zeros(text.TOKENIZER.size, dtype=torch.bool)
  mask[[i for word in words for form in (word, " " + word)
        for i in text.TOKENIZER.encode(form)]] = True
  return mask


_IS_DIGIT = torch.zeros(text.TOKENIZER.size, dtype=torch.bool)
_IS_DIGIT[text.TOKENIZER.encode("0123456789")] = True
_IS_SHAPE = _tokens(SHAPES)


_END = text.TOKENIZER.encode("end")[0]
_MODES = {text.TOKENIZER.encode(word)[0]: mode for word, mode in
          (("start", "first"), ("end", "last"), ("bbox", "first"))}
_WORDS = {text.TOKENIZER.encode(word)[0] for word in ("description", "label")}


def pointed_cells(answer, objects, sights):
  """For each token of an answer, the object and slice that it is read from:
  digits of a start from where the object is first seen, of an end from where
  it is last seen. sights: first and last slice of each object. [n, 2], -1 for
  none."""
  out = np.full((len(answer), 2), -1, np.int64)
  mode, about = None, -1
  for i, token in enumerate(answer):
    if token in _MODES:
      mode = _MODES[token]
      about += token != _END
    elif token in _WORDS:
      mode = None
    elif mode is not None and _IS_DIGIT[token] and about < len(objects):
      who = objects[about]
      out[i] = who, sights[who][mode == "last"]
  return out


class Batch:
  """Samples of one grid, stacked."""

  def __init__(self, samples, positions="time"):
    self.grid = samples[0].grid
    self.size = len(samples)
    n_slices, rows, columns = self.grid
    stack = lambda name: torch.from_numpy(
        np.stack([getattr(s, name) for s in samples]))
    self.frames = None if samples[0].frames is None else stack("frames")
    self.dense = stack("dense").flatten(1, 3)        # [B, T*C, N_DENSE]
    self.flags = stack("flags").flatten(1, 3)
    self.owner = stack("owner").flatten(1, 3)
    self.box = torch.from_numpy(np.stack([self._boxes(s) for s in samples]))
    times = np.stack([s.times for s in samples])     # [B, T]
    rate = CONFIG["tokens_per_second"]
    ids = np.trunc(times.astype(np.float32) * np.float32(rate)).astype(np.int64)
    if positions == "index":
      # as if every clip had two frames a second
      ids[:] = rate * np.arange(n_slices)
    place = np.broadcast_to(
        np.stack(np.meshgrid(np.arange(n_slices), np.arange(rows),
                             np.arange(columns), indexing="ij")),
        (self.size, 3, n_slices, rows, columns)).copy()
    place[:, 0] = ids[:, :, None, None]
    self.place = torch.from_numpy(place).flatten(2)  # [B, 3, T*C]
    clock = torch.from_numpy(np.stack([self._clock(s) for s in samples]))
    self.clock = torch.stack(
        [clock // 40 % 4, clock // 4 % 10, clock % 4], -1).flatten(2)
    self.clock[(clock < 0).any(-1)] = -100           # [B, T*C, 6]
    self.is_video = n_slices > 1 or samples[0].events != []
    self._lay_out(samples)

  @staticmethod
  def _boxes(sample):
    """Digits of the box of each cell's owner where the slice's second frame
    shows it; -100 elsewhere. [T*C, 12]"""
    n_slices, rows, columns = sample.grid
    boxes = data.round_boxes(sample.boxes[1::2], columns * data.CELL,
                             rows * data.CELL)        # [T, objects, 4]
    out = np.full(sample.owner.shape + (4,), np.nan)
    t, row, column = np.nonzero(sample.owner >= 0)
    out[t, row, column] = boxes[t, sample.owner[t, row, column]]
    known = ~np.isnan(out)
    value = np.where(known, out, 0).astype(np.int64)
    digits = np.stack([value // 100, value // 10 % 10,
                       value % 10 // BOX_STEP], -1)
    return np.where(known[..., None], digits, -100).reshape(-1, 12)

  @staticmethod
  def _clock(sample):
    """Start and end that each cell's owner tells of. [T*C, 2]"""
    out = np.full(sample.owner.shape + (2,), -1, np.int64)
    t, row, column = np.nonzero(sample.owner >= 0)
    out[t, row, column] = sample.clock[t, sample.owner[t, row, column]]
    return out.reshape(-1, 2)

  @staticmethod
  def _sights(sample):
    """First and last slice in which each object is seen."""
    seen = ~np.isnan(sample.boxes[..., 0])
    at = [np.nonzero(seen[:, i])[0] // 2 for i in range(seen.shape[1])]
    return [(a[0], a[-1]) if len(a) else (-1, -1) for a in at]

  def _lay_out(self, samples):
    """Prefix and vision tokens are the trunk; questions and answers the
    branches: the first one apart, because it is the longest."""
    n_prefix = len(text.PREFIX)
    n = self.place.shape[-1]
    prefix = torch.arange(n_prefix).expand(self.size, 3, n_prefix)
    vision = self.place + n_prefix
    after = vision.flatten(1).max(1).values + 1      # position of VISION_END
    self.positions = torch.cat(
        [prefix, vision, after[:, None, None].expand(-1, 3, 1)], 2)
    self.groups = []
    if not samples[0].branches:
      return
    sights = [self._sights(sample) for sample in samples]
    for at in (slice(0, 1), slice(1, None)):
      rows = [s.branches[at] for s in samples]
      count = len(rows[0])
      length = max(len(q) + len(a) for row in rows for q, a, _ in row)
      ids = np.zeros((self.size, count, length), np.int64)
      labels = np.full((self.size, count, length), -100, np.int64)
      points = np.full((self.size, count, length, 2), -1, np.int64)
      for b, row in enumerate(rows):
        for k, (q, a, objects) in enumerate(row):
          ids[b, k, :len(q) + len(a)] = q + a
          labels[b, k, len(q) - 1:len(q) + len(a) - 1] = a
          points[b, k, len(q) - 1:len(q) + len(a) - 1] = pointed_cells(
              a, objects, sights[b])
      positions = (after[:, None] + 1 + torch.arange(length))
      positions = positions[:, None, None].expand(-1, count, 3, -1)
      self.groups.append((torch.from_numpy(ids), torch.from_numpy(labels),
                          positions, torch.from_numpy(points)))


class Source:
  """Draws batches; numpy's generator alone decides, and can be saved."""

  def __init__(self, seed, stage, budget, positions):
    self.rng = np.random.default_rng(seed)
    self.positions = positions
    self.stage = stage
    self.budget = budget

  def draw(self, level=1.0):
    """level: 0 for short clips of one object, with which a decoder learns to
    look things up, 1 for all there is."""
    rng = self.rng
    render = self.stage != "text"
    branches = self.stage != "vision"
    if rng.random() < (0.3 if branches else 0.35):
      rows, columns = data.draw_grid(rng, 24 + 40 * level)
      cost = rows * columns + (150 if branches else 0)
      count = max(4, int(self.budget / cost))
      return Batch([data.image(rng, rows, columns, render, branches, level)
                    for _ in range(count)], self.positions)
    rows, columns = data.draw_grid(rng, 16 + 32 * level)
    n_slices = 2
    if branches:
      cells = 90 + (900 if rng.random() < 0.15 else 390) * level
      most = min(20, int(cells / (rows * columns)))
      n_slices = int(rng.integers(min(2, most), most + 1))
    cost = n_slices * rows * columns + (180 if branches else 0)
    count = max(2, int(self.budget / cost))
    return Batch([data.video(rng, n_slices, rows, columns, render, branches,
                             level) for _ in range(count)], self.positions)


# --- losses -----------------------------------------------------------------


def dense_loss(helpers, features, batch):
  """Of features [B, T*C, size] against the dense targets; also how much of
  what is there was found, how much of what was found is there, and how often
  colour and shape were right."""
  y = batch.dense
  out = helpers.decode(features)
  logits = 8 * (out[..., data.PRESENT] - 0.5)
  present = y[..., data.PRESENT]
  weight = 1 + 2 * present
  loss = (F.binary_cross_entropy_with_logits(logits, present,
                                             reduction="none") * weight).mean()
  owned = batch.owner >= 0
  mine, his = out[owned], y[owned]
  color, shape = his[:, data.COLOR], his[:, data.SHAPE]
  named = shape.sum(-1) > 0
  color_logits, shape_logits = 6 * mine[:, data.COLOR], 6 * mine[:, data.SHAPE]
  loss = loss + 0.3 * F.cross_entropy(color_logits, color.argmax(-1))
  if named.any():
    loss = loss + 0.3 * F.cross_entropy(shape_logits[named],
                                        shape[named].argmax(-1))
  loss = loss + 0.5 * F.smooth_l1_loss(mine[:, data.SIDES],
                                       his[:, data.SIDES], beta=0.1)
  loss = loss + 0.3 * F.smooth_l1_loss(mine[:, data.MOTION],
                                       his[:, data.MOTION], beta=0.1)
  loss = loss + 0.5 * F.mse_loss(features, helpers.encode(y))
  with torch.no_grad():
    found, there = logits > 0, present > 0.5
    both = (found & there).sum()
    stats = {
        "recall": both / there.sum().clamp(min=1),
        "precision": both / found.sum().clamp(min=1),
        "color": (color_logits.argmax(-1) == color.argmax(-1)).float().mean(),
        "shape": (shape_logits.argmax(-1)
                  == shape.argmax(-1))[named].float().mean(),
        "side": (mine[:, data.SIDES] - his[:, data.SIDES]).abs().mean()}
  return loss, stats


def blur(dense, owner):
  """What a vision tower that is not perfect would say instead."""
  y = dense.clone()
  there = owner >= 0
  lost = there & (torch.rand(owner.shape) < 0.03)
  y[lost] = 0
  ghosts = ~there & (torch.rand(owner.shape) < 0.003)
  if ghosts.any() and there.any():
    flat = dense[there]
    y[ghosts] = flat[torch.randint(len(flat), (int(ghosts.sum()),))]
  mixed = there & (torch.rand(owner.shape) < 0.06)
  if mixed.any():
    flat = dense[there]
    other = flat[torch.randint(len(flat), (int(mixed.sum()),))]
    both = slice(data.COLOR.start, data.SHAPE.stop)
    part = torch.rand(len(other), 1) * 0.7
    y[mixed] = torch.cat([y[mixed][:, :both.start],
                          torch.lerp(y[mixed][:, both], other[:, both], part),
                          y[mixed][:, both.stop:]], -1)
  noise = torch.full((N_DENSE,), 0.1)
  noise[data.SIDES] = 0.06
  noise[data.MOTION] = 0.06
  return y + noise * torch.randn_like(y)


def _token_kinds():
  """What a token of an answer tells. Each kind counts by its mean: counted by
  the token, the letters of the format, of which there are most, would teach a
  decoder to count positions before it has learned to look."""
  kinds = torch.zeros(text.TOKENIZER.size, dtype=torch.long)   # format
  verbs = {word for verb in text.VERBS for word in verb.split()}
  kinds[_tokens(verbs)] = 1
  kinds[text.TOKENIZER.encode("[]\n[\n")] = 2
  for more in ('"},\n', '"}\n'):
    kinds[text.TOKENIZER.encode(more)] = 2
  kinds[_IS_DIGIT] = 3
  kinds[_tokens(COLORS + ["object"])] = 4
  kinds[_IS_SHAPE] = 5
  return kinds


_KINDS = _token_kinds()
_KIND_WEIGHTS = [0.3, 0.7, 1.0, 1.5, 1.0, 1.0]


def answer_loss(model, hidden, batch):
  total = 0.0
  digits, shapes, choices, exact = [], [], [], []
  for (_, labels, *_), out in zip(batch.groups, hidden):
    chosen = labels != -100
    logits = model.text.logits(out[chosen]).float()
    target = labels[chosen]
    loss = F.cross_entropy(logits, target, reduction="none")
    kinds = _KINDS[target]
    for kind, weight in enumerate(_KIND_WEIGHTS):
      if (kinds == kind).any():
        total = total + 0.5 * weight * loss[kinds == kind].mean()
    with torch.no_grad():
      right = logits.argmax(-1) == target
      digits.append(right[kinds == 3])
      shapes.append(right[kinds == 5])
      choices.append(right[kinds == 2])
      all_right = torch.ones(labels.shape, dtype=torch.bool)
      all_right[chosen] = right
      exact.append(all_right.all(-1).float().mean())
  mean = lambda parts: torch.cat(parts).float().mean()
  return total, {"digits": mean(digits), "shapes": mean(shapes[:1]),
                 "repeat": mean(shapes[1:]), "choices": mean(choices),
                 "list": exact[0], "query": exact[1]}


def pointer_loss(pointers, batch):
  """Some heads shall look where an answer's digits are to be read."""
  n_prefix = len(text.PREFIX)
  n_slices, rows, columns = batch.grid
  slices = torch.arange(n_slices).repeat_interleave(rows * columns)
  # (layer after the tap, key head)
  chosen = [(0, 1)] if batch.is_video else [(0, 1), (1, 0), (1, 1)]
  losses, shares = [], []
  for g, (*_, points) in enumerate(batch.groups):
    b, k, l = torch.nonzero(points[..., 0] >= 0, as_tuple=True)
    if len(b) == 0:
      continue
    who, when = points[b, k, l].unbind(-1)
    there = (batch.owner[b] == who[:, None]) & (slices == when[:, None])
    for layer, kv in chosen:
      attention = pointers[layer][g][b, k, kv, l, n_prefix:-1].float()
      share = (attention * there).sum(-1)[there.any(-1)]
      losses.append(-torch.log(share + 1e-3))
      shares.append(share.detach())
  if not losses:
    return torch.zeros(()), {}
  return torch.cat(losses).mean(), {"pointer": torch.cat(shares).mean()}


def digits_loss(x, code, sizes, digits):
  """Of numbers that shall lie in x [n, size] as digits of the given sizes, by
  the fixed code. digits: [n, len (sizes)]. Also the logits of each digit."""
  unit = x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-6)
  logits = (2 * unit @ code.T).split(sizes, -1)
  return sum(F.cross_entropy(part, digits[:, i])
             for i, part in enumerate(logits)), logits


def place_loss(helpers, tapped, later, batch):
  """What the trunk shall know of its cells after the third layer, and later,
  after the fourth."""
  n_prefix = len(text.PREFIX)
  x = tapped[:, n_prefix:-1]
  out = helpers.place(x).float()
  parts = out.split([MAX_TIME_IDS, MAX_CELLS_A_SIDE, MAX_CELLS_A_SIDE, 1], -1)
  loss, stats = 0.0, {}
  for axis, name in enumerate(("when", "row", "column")):
    target = batch.place[:, axis].clamp(max=parts[axis].shape[-1] - 1)
    loss = loss + 0.1 * F.cross_entropy(parts[axis].flatten(0, 1),
                                        target.flatten())
    if axis == 0:
      with torch.no_grad():
        stats["when"] = (parts[0].argmax(-1) == target).float().mean()
  known = batch.clock[..., 0] >= 0
  if known.any():
    digits = batch.clock[known]
    more, logits = digits_loss(x[known], helpers.clock, CLOCK, digits)
    loss = loss + 0.3 * more
    with torch.no_grad():
      for i, name in ((1, "starts"), (4, "ends")):
        stats[name] = (logits[i].argmax(-1) == digits[:, i]).float().mean()
  flags = batch.flags[..., None]
  loss = loss + 4 * F.binary_cross_entropy_with_logits(
      parts[3], flags, pos_weight=torch.tensor(3.0))
  with torch.no_grad():
    found, there = parts[3] > 0, flags > 0.5
    stats["sights"] = ((found & there).sum()
                       / (found | there).sum().clamp(min=1)).float()
    for axis, name in ((1, "row"), (2, "column")):
      stats[name] = (parts[axis].argmax(-1)
                     == batch.place[:, axis]).float().mean()
  known = batch.box[..., 0] >= 0
  if known.any():
    digits = batch.box[known]
    more, logits = digits_loss(later[:, n_prefix:-1][known], helpers.box, BOX,
                               digits)
    loss = loss + 0.15 * more
    with torch.no_grad():
      stats["box"] = torch.stack(
          [(logits[i].argmax(-1) == digits[:, i]).float().mean()
           for i in (1, 4, 7, 10)]).mean()
  return loss, stats


def step_loss(stage, model, helpers, batch):
  n_slices, rows, columns = batch.grid
  losses, stats = [], {}
  if stage == "text":
    features = helpers.encode(blur(batch.dense, batch.owner))
  else:
    with torch.autocast("cpu", torch.bfloat16):
      features = model.vision(patchify(batch.frames, rows, columns), rows,
                              columns)
    features = features.float().view(batch.size, -1, features.shape[-1])
    loss, more = dense_loss(helpers, features, batch)
    losses.append(loss if stage == "vision" else 0.5 * loss)
    stats.update(more)
  if stage != "vision":
    with torch.autocast("cpu", torch.bfloat16):
      embed = model.text.embed
      prefix = embed(torch.tensor(text.PREFIX)).expand(batch.size, -1, -1)
      end = embed(torch.tensor([text.VISION_END])).expand(batch.size, -1, -1)
      trunk = torch.cat([prefix, features, end], 1)
      branches = [(embed(ids), positions)
                  for ids, _, positions, _ in batch.groups]
      tapped, hidden, pointers = model.text(trunk, batch.positions, branches)
    loss, more = answer_loss(model, hidden, batch)
    losses.append(loss)
    stats.update(more)
    stats["loss"] = loss.detach()
    tapped, later = (x.float() for x in tapped)
    for loss, more in (place_loss(helpers, tapped, later, batch),
                       pointer_loss(pointers, batch)):
      losses.append(loss)
      stats.update(more)
  return sum(losses), stats


# --- the run ----------------------------------------------------------------


class Run:
  """One stage: its state on disk, its log, its clock."""

  def __init__(self, args):
    self.args = args
    self.folder = pathlib.Path(args.out)
    self.folder.mkdir(parents=True, exist_ok=True)
    self.model = Model(text.TOKENIZER.size)
    self.helpers = Helpers(self.model.config["text"]["hidden"])
    self.rates = STAGES[args.stage]
    trained = {"vision": [self.model.vision],
               "text": [self.model.text, self.helpers],
               "joint": [self.model, self.helpers]}[args.stage]
    self.parameters = [p for m in trained for p in m.parameters()]
    self.optimizers = make_optimizers(trained, self.rates)
    self.base = [[g["lr"] * args.rate for g in o.param_groups]
                 for o in self.optimizers]
    self.source = Source([args.seed, hash_of(args.stage), args.rank],
                         args.stage, args.budget, args.positions)
    self.step, self.elapsed, self.seen = 0, 0.0, 0
    self.state = self.folder / f"{args.stage}.pt"
    self._begin()

  def _begin(self):
    if self.state.exists():
      saved = torch.load(self.state)
      self.model.load_state_dict(saved["model"])
      self.helpers.load_state_dict(saved["helpers"], strict=False)
      if not self.args.again:
        for optimizer, state in zip(self.optimizers, saved["optimizers"]):
          optimizer.load_state_dict(state)
        self.step, self.elapsed = saved["step"], saved["elapsed"]
        self.seen = saved["seen"]
      self.source.rng = np.random.default_rng(
          [self.args.seed, self.args.rank, saved["step"]])
    elif self.args.stage == "text":
      align(self.model.text, self.helpers.code)
      align_pointers(self.model.text, self.helpers.clock, self.helpers.box)
    elif self.args.stage == "joint":
      for stage, parts in (("vision", ("vision.",)), ("text", ("text.",))):
        saved = torch.load(self.folder / f"{stage}.pt")
        chosen = {k: v for k, v in saved["model"].items()
                  if k.startswith(parts)}
        self.model.load_state_dict(chosen, strict=False)
        if stage == "text":
          self.helpers.load_state_dict(saved["helpers"])

  def save(self):
    if self.args.rank:
      return
    partial = self.state.with_suffix(".partial")
    torch.save({"model": self.model.state_dict(),
                "helpers": self.helpers.state_dict(),
                "optimizers": [o.state_dict() for o in self.optimizers],
                "step": self.step, "elapsed": self.elapsed,
                "seen": self.seen}, partial)
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
    part = min(1.0, self.elapsed / (60 * self.args.minutes))
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
    part = self.elapsed / (60 * self.args.minutes)
    batch = self.source.draw(
        min(1.0, part / EASY_PART) if self.args.stage == "text" else 1.0)
    loss, stats = step_loss(self.args.stage, self.model, self.helpers, batch)
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
    return kind, {k: float(v) for k, v in stats.items()}

  def now(self, begin):
    elapsed = torch.tensor([time.monotonic() - begin])
    if self.args.world > 1:
      distributed.broadcast(elapsed, 0)
    return float(elapsed)

  def go(self):
    begin = time.monotonic() - self.elapsed
    collected = {}
    reported = saved = self.elapsed
    while self.elapsed < 60 * self.args.minutes:
      self.set_rate()
      kind, stats = self.one_step()
      for name, value in stats.items():
        collected.setdefault(f"{kind}.{name}", []).append(value)
      self.elapsed = self.now(begin)
      if self.elapsed - reported > REPORT_EVERY:
        record = {"minutes": self.elapsed / 60, "step": self.step,
                  "seen": self.seen}
        record.update({k: float(np.nanmean(v))
                       for k, v in sorted(collected.items())})
        self.log(record)
        collected, reported = {}, self.elapsed
      if self.elapsed - saved > SAVE_EVERY:
        self.save()
        saved = self.elapsed
    self.save()


def hash_of(name):
  return sum(ord(c) << (8 * i) for i, c in enumerate(name[:6]))


def main():
  parser = argparse.ArgumentParser(
      description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
  parser.add_argument("stage", choices=STAGES)
  parser.add_argument("--out", required=True, help="folder of the run")
  parser.add_argument("--minutes", type=float, required=True,
                      help="of the whole stage; the rate falls over them")
  parser.add_argument("--rate", type=float, default=1.0,
                      help="factor of the learning rates")
  parser.add_argument("--again", action="store_true",
                      help="begin anew with the weights of a finished stage")
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
  if args.world > 1:
    meeting = pathlib.Path(args.out).resolve() / "meeting"
    distributed.init_process_group("gloo", init_method=f"file://{meeting}",
                                   rank=args.rank, world_size=args.world)
  Run(args).go()


if __name__ == "__main__":
  main()
