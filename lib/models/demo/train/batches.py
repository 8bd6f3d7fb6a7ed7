# gst-vlm: examples, stacked
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Samples of one grid as tensors, with what each token shall say and where it
shall look."""

import numpy as np
import torch

import data
import text
from data import BOX_STEP, POINT_STEP
from model import CONFIG
from scenes import SHAPES


def tokens_of(words):
  """A mask of the tokens of these words, alone and after a space."""
  mask = torch.zeros(text.TOKENIZER.size, dtype=torch.bool)
  mask[[i for word in words for form in (word, " " + word)
        for i in text.TOKENIZER.encode(form)]] = True
  return mask


IS_DIGIT = torch.zeros(text.TOKENIZER.size, dtype=torch.bool)
IS_DIGIT[text.TOKENIZER.encode("0123456789")] = True
IS_SHAPE = tokens_of(SHAPES)


_COMMA = text.TOKENIZER.encode(",")[0]
_END = text.TOKENIZER.encode("end")[0]
_MODES = {text.TOKENIZER.encode(word)[0]: mode for word, mode in
          (("start", "first"), ("end", "last"), ("bbox", "first"),
           ("point", "first"))}
_POINT = text.TOKENIZER.encode("point")[0]
POINT = 4
"""In place of the side of a box: a digit of a point."""
_WORDS = {text.TOKENIZER.encode(word)[0] for word in ("description", "label")}


def pointed_cells(answer, objects, sights):
  """For each token of an answer, the object and slice that it is read from:
  digits of a start from where the object is first seen, of an end from where
  it is last seen; and the side of a box that they belong to, or POINT. sights:
  first and last slice of each object. [n, 3], -1 for none."""
  out = np.full((len(answer), 3), -1, np.int64)
  mode, about, side, is_point = None, -1, 0, False
  for i, token in enumerate(answer):
    if token in _MODES:
      mode, side, is_point = _MODES[token], 0, token == _POINT
      about += token != _END
    elif token == _COMMA:
      side += 1
    elif token in _WORDS:
      mode = None
    elif mode is not None and IS_DIGIT[token] and about < len(objects):
      who = objects[about]
      out[i] = (who, sights[who][mode == "last"],
                POINT if is_point else min(side, 3))
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
    self.is_video = n_slices > 1 or samples[0].events != []
    if not self.is_video:
      # only pictures have questions about boxes
      self.box = torch.from_numpy(np.stack([self._boxes(s) for s in samples]))
      self.outermost = torch.from_numpy(
          np.stack([self._outermost(s.owner) for s in samples]))
      self.middle = torch.from_numpy(
          np.stack([self._middles(s) for s in samples]))
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
    self._lay_out(samples)

  def to(self, device):
    for name, value in vars(self).items():
      if torch.is_tensor(value):
        setattr(self, name, value.to(device))
    self.groups = [tuple(part.to(device) for part in group)
                   for group in self.groups]
    return self

  @staticmethod
  def _middles(sample):
    """Digits of the point of each cell's owner, as _boxes(). [T*C, 4]"""
    n_slices, rows, columns = sample.grid
    points = data.points_of(sample.boxes[1::2], columns * data.CELL,
                            rows * data.CELL)         # [T, objects, 2]
    out = np.full(sample.owner.shape + (2,), np.nan)
    t, row, column = np.nonzero(sample.owner >= 0)
    out[t, row, column] = points[t, sample.owner[t, row, column]]
    known = ~np.isnan(out)
    value = np.where(known, out, 0).astype(np.int64)
    digits = np.stack([value // 100, value % 100 // POINT_STEP], -1)
    return np.where(known[..., None], digits, -100).reshape(-1, 4)

  @staticmethod
  def _boxes(sample):
    """Digits of the box of each cell's owner where the slice's second frame
    shows it; -100 elsewhere. [T*C, 8]"""
    n_slices, rows, columns = sample.grid
    boxes = data.round_boxes(sample.boxes[1::2], columns * data.CELL,
                             rows * data.CELL)        # [T, objects, 4]
    out = np.full(sample.owner.shape + (4,), np.nan)
    t, row, column = np.nonzero(sample.owner >= 0)
    out[t, row, column] = boxes[t, sample.owner[t, row, column]]
    known = ~np.isnan(out)
    value = np.where(known, out, 0).astype(np.int64)
    digits = np.stack([value // 100, value % 100 // BOX_STEP], -1)
    return np.where(known[..., None], digits, -100).reshape(-1, 8)

  @staticmethod
  def _outermost(owner):
    """Which cells see a side of their owner's box best: those of its own that
    are farthest to that side. [T*C, 4] of left, top, right, bottom."""
    out = np.zeros(owner.shape + (4,), bool)
    for t, cells in enumerate(owner):
      for who in range(cells.max() + 1):
        row, column = np.nonzero(cells == who)
        if len(row) == 0:
          continue
        for side, (at, end) in enumerate(
            ((column, min), (row, min), (column, max), (row, max))):
          best = at == end(at)
          out[t, row[best], column[best], side] = True
    return out.reshape(-1, 4)

  @staticmethod
  def _clock(sample):
    """Start and end of each cell's owner. [T*C, 2]"""
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
    branches, in groups of about the same length."""
    n_prefix = len(text.PREFIX)
    prefix = torch.arange(n_prefix).expand(self.size, 3, n_prefix)
    vision = self.place + n_prefix
    after = vision.flatten(1).max(1).values + 1      # position of VISION_END
    self.positions = torch.cat(
        [prefix, vision, after[:, None, None].expand(-1, 3, 1)], 2)
    self.groups = []
    if not samples[0].branches:
      return
    sights = [self._sights(sample) for sample in samples]
    for rows in zip(*(s.branches for s in samples)):
      count = len(rows[0])
      length = max(len(q) + len(a) for row in rows for q, a, _ in row)
      ids = np.zeros((self.size, count, length), np.int64)
      labels = np.full((self.size, count, length), -100, np.int64)
      points = np.full((self.size, count, length, 3), -1, np.int64)
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


MAX_SLICES = 60
"""So many hold 30 s at 4 frames a second."""


class Source:
  """Draws batches. Each step has a generator of its own, which follows from the
  seed and the step's number: a run that was stopped continues as if it had not
  been."""

  def __init__(self, seed, stage, budget, positions):
    self.seed = seed
    self.rng = None
    self.positions = positions
    self.stage = stage
    self.budget = budget

  def begin(self, step):
    self.rng = np.random.default_rng([*self.seed, step])
    torch.manual_seed(int(self.rng.integers(1 << 62)))

  def drill(self):
    """Many pictures, not rendered and without questions."""
    rows, columns = data.draw_grid(self.rng, 100)
    count = max(4, int(0.4 * self.budget / (rows * columns)))
    return Batch([data.image(self.rng, rows, columns, False, False)
                  for _ in range(count)])

  def draw(self, level=1.0):
    """level: 0 for short clips of one object, with which a decoder learns to
    look things up, 1 for all there is."""
    rng = self.rng
    render = self.stage != "text"
    branches = self.stage != "vision"
    if rng.random() < (0.4 if branches else 0.35):
      rows, columns = data.draw_grid(rng, 24 + 76 * level)
      cost = rows * columns + (180 if branches else 0)
      count = max(4, int(self.budget / cost))
      return Batch([data.image(rng, rows, columns, render, branches, level)
                    for _ in range(count)], self.positions)
    rows, columns = data.draw_grid(rng, 16 + 48 * level)
    n_slices = 2
    if branches:
      cells = 90 + (900 if rng.random() < 0.4 else 390) * level
      most = min(MAX_SLICES, int(cells / (rows * columns)))
      n_slices = int(rng.integers(min(2, most), most + 1))
    cost = n_slices * rows * columns + (180 if branches else 0)
    count = max(2, int(self.budget / cost))
    return Batch([data.video(rng, n_slices, rows, columns, render, branches,
                             level) for _ in range(count)], self.positions)
