# gst-vlm: where the demo model begins, and what its layers are told
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The fixed code in which the vision tower and the decoder speak of a cell, the
decoder's first weights that follow from it, and a head for training only."""

import torch
import torch.nn.functional as F
from torch import nn

import data
import text
from data import MAX_CELLS_A_SIDE, N_DENSE
from scenes import COLORS, SHAPES

MAX_TIME_IDS = 64
N_CODE = N_DENSE + 1
SIDE_SCALE = 0.5
CLOCK = (4, 10, 4) * 2
"""Tens of seconds, seconds, quarters: of a start, of an end."""
BOX = (6, 20) * 4
"""Hundreds of pixels, and the fives of what is left: of left, top, right and
bottom. Tens and fives are one number here: a decoder learns which of twenty
stretches a side lies in, but not whether the number of its stretch is odd."""

MIDDLE = (6, 10) * 2
"""Hundreds and tens of pixels of the point inside, where videos have CLOCK."""

HEAD_OF_TIMES = 3, 1
SIDE_HEADS = (4, 0), (4, 1), (5, 0), (5, 1)
"""Layers and key heads whose last query head looks for what is to be told; that
of times looks for points, too."""


def code_matrix(size):
  """[N_CODE, size], orthogonal rows: where in a feature the dense targets lie.
  Fixed, so that both towers can learn it apart from each other. And where in
  the decoder's third layer the digits of what starts or ends there shall lie,
  and in its fourth those of the box. Pictures have no times and videos are
  asked for no boxes, so the last two may overlap."""
  generator = torch.Generator().manual_seed(20260101)
  q, _ = torch.linalg.qr(torch.randn(size, size, generator=generator))
  code, rest = q.split([N_CODE, size - N_CODE])
  return code * 1.5, rest[:sum(CLOCK)], rest[-sum(BOX):]


@torch.no_grad()
def align_pointers(decoder, clock, box):
  """The heads that are told where to look hand on the times and boxes of what
  they see: one of the fourth layer both times, each of SIDE_HEADS its side of
  the box, all of them to the same place: that of the side that is being
  told."""
  sides = box.split(len(box) // 4)
  heads = [(*HEAD_OF_TIMES, clock, clock)]
  heads += [(*head, side, sides[0]) for head, side in zip(SIDE_HEADS, sides)]
  for layer, kv, what, told in heads:
    block = decoder.layers[layer]
    weight = block.qkv.weight.view(-1, block.head, block.qkv.in_features)
    n = len(what)
    head = (kv + 1) * block.heads // block.kv_heads - 1
    # loud enough to be heard in a stream that has grown by then
    weight[block.heads + block.kv_heads + kv, -n:] = 2.0 * what
    end = (head + 1) * block.head
    block.o.weight[:, end - n:end] = 4.0 * told.T


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
    scale = torch.ones(N_DENSE, device=out.device)
    scale[data.SIDES] = 1 / SIDE_SCALE
    return out * scale
