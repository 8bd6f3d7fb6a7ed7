# gst-vlm: Qwen2.5-VL in torch, as small as the demo model
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The architecture of Qwen2.5-VL with the sizes of the demo model.

Shapes: B clips, T slices of P patches and C = P / 4 cells, S tokens of prefix
and vision, K questions of L tokens each. q, k, v and gate, up are fused here
and split on export.
"""

import math

import torch
import torch.nn.functional as F
from torch import nn

PATCH = 14
MEAN = torch.tensor([0.48145466, 0.4578275, 0.40821073])
STD = torch.tensor([0.26862954, 0.26130258, 0.27577711])

CONFIG = dict(
    vision=dict(hidden=128, heads=4, depth=6, mlp=256, full=(1, 3, 5), window=8),
    # Heads and grids are small, so the base is low: the width's first
    # frequencies still tell columns apart. Its last ones hardly turn over a
    # whole answer; with them tokens find each other by content.
    text=dict(hidden=160, heads=4, kv_heads=2, depth=6, mlp=416, theta=1000.0,
              sections=(4, 4, 12)),
    tokens_per_second=2)


def patchify(frames, rows, columns):
  """uint8 [B, 2T, H, W, 3] -> [B*T, P, 1176]; patches in blocks of 2x2, each
  as channel, frame, y, x."""
  n_clips, n_frames = frames.shape[:2]
  x = frames.view(n_clips, n_frames // 2, 2, rows, 2, PATCH, columns, 2, PATCH,
                  3)
  x = x.permute(0, 1, 3, 6, 4, 7, 9, 2, 5, 8)
  x = x.reshape(-1, rows * columns * 4, 3, 2 * PATCH * PATCH).float()
  mean, std = (a[:, None].to(x.device) for a in (MEAN, STD))
  x = (x / 255 - mean) / std
  return x.flatten(2)


TAP = 2
"""The decoder's layer after which training looks into it."""


class RMSNorm(nn.Module):

  def __init__(self, size):
    super().__init__()
    self.weight = nn.Parameter(torch.ones(size))

  def forward(self, x):
    x = x.float()
    return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-6) * self.weight


def rotate(x, cos, sin):
  a, b = x.chunk(2, -1)
  return x * cos + torch.cat((-b, a), -1) * sin


def silu_gate(x):
  gate, up = x.float().chunk(2, -1)
  return F.silu(gate) * up


def attend(q, k, v, mask=None):
  scores = (q @ k.transpose(-1, -2)).float() * q.shape[-1]**-0.5
  if mask is not None:
    scores = scores + mask
  return scores.softmax(-1).to(v.dtype) @ v


class VisionBlock(nn.Module):

  def __init__(self, c):
    super().__init__()
    size = c["hidden"]
    self.heads = c["heads"]
    self.norm1, self.norm2 = RMSNorm(size), RMSNorm(size)
    self.qkv = nn.Linear(size, 3 * size)
    self.proj = nn.Linear(size, size)
    self.gate_up = nn.Linear(size, 2 * c["mlp"])
    self.down = nn.Linear(c["mlp"], size)

  def forward(self, x, cos, sin, mask):
    n, length, size = x.shape
    qkv = self.qkv(self.norm1(x)).view(n, length, 3, self.heads, -1)
    q, k, v = qkv.permute(2, 0, 3, 1, 4)
    cos, sin = cos.to(q.dtype), sin.to(q.dtype)
    out = attend(rotate(q, cos, sin), rotate(k, cos, sin), v, mask)
    x = x + self.proj(out.transpose(1, 2).reshape(n, length, size))
    return x + self.down(silu_gate(self.gate_up(self.norm2(x))))


class Vision(nn.Module):

  def __init__(self, c, out):
    super().__init__()
    size = c["hidden"]
    self.c = c
    self.patch = nn.Linear(3 * 2 * PATCH * PATCH, size, bias=False)
    self.blocks = nn.ModuleList(VisionBlock(c) for _ in range(c["depth"]))
    self.ln_q = RMSNorm(size)
    self.merge1 = nn.Linear(4 * size, 4 * size)
    self.merge2 = nn.Linear(4 * size, out)
    self._plans = {}

  def _plan(self, rows, columns):
    """cos, sin [P, head], and the mask of the windows, in merge order."""
    key = rows, columns
    if key not in self._plans:
      y = torch.arange(2 * rows)[:, None].expand(2 * rows, 2 * columns)
      x = torch.arange(2 * columns)[None].expand(2 * rows, 2 * columns)
      y, x = (a.reshape(rows, 2, columns, 2).permute(0, 2, 1, 3).flatten()
              for a in (y, x))
      half = self.c["hidden"] // self.c["heads"] // 2
      inverse = 10000.0**-(torch.arange(0, half, 2).float() / half)
      angle = torch.cat([y[:, None] * inverse, x[:, None] * inverse] * 2, -1)
      window = y // self.c["window"] * 4096 + x // self.c["window"]
      same = window[:, None] == window[None]
      mask = None if same.all() else torch.zeros(same.shape).masked_fill(
          ~same, -1e4)
      self._plans[key] = [a if a is None else a.to(self.patch.weight.device)
                          for a in (angle.cos(), angle.sin(), mask)]
    return self._plans[key]

  def forward(self, patches, rows, columns):
    """[N, P, 1176] -> [N, C, out]."""
    cos, sin, mask = self._plan(rows, columns)
    x = self.patch(patches)
    for i, block in enumerate(self.blocks):
      x = block(x, cos, sin, None if i in self.c["full"] else mask)
    x = self.ln_q(x).reshape(len(x), rows * columns, -1)
    return self.merge2(F.gelu(self.merge1(x)))


class TextBlock(nn.Module):

  def __init__(self, c):
    super().__init__()
    size = c["hidden"]
    self.heads, self.kv_heads = c["heads"], c["kv_heads"]
    self.head = size // self.heads
    self.norm1, self.norm2 = RMSNorm(size), RMSNorm(size)
    self.qkv = nn.Linear(size, (self.heads + 2 * self.kv_heads) * self.head)
    self.o = nn.Linear(size, size, bias=False)
    self.gate_up = nn.Linear(size, 2 * c["mlp"], bias=False)
    self.down = nn.Linear(c["mlp"], size, bias=False)

  def project(self, x, rope):
    """[N, n, size] -> q, k, v [N, heads, n, head], rotated."""
    n, length, _ = x.shape
    qkv = self.qkv(self.norm1(x)).view(n, length, -1, self.head).transpose(1, 2)
    cos, sin = (r.to(qkv.dtype)[:, None] for r in rope)
    q = rotate(qkv[:, :self.heads], cos, sin)
    k = rotate(qkv[:, self.heads:self.heads + self.kv_heads], cos, sin)
    return q, k, qkv[:, self.heads + self.kv_heads:]

  def expand(self, x):
    return x.repeat_interleave(self.heads // self.kv_heads, 1)

  def branch(self, y, rope, mask, count, trunk_k, trunk_v):
    """y: [B * count, L, size], which sees the clip's keys and values [B, heads,
    S, head] and what comes before in y itself. Also returns how the last query
    head of each key head attends to the clip: [B, count, kv_heads, L, S]."""
    q, k, v = self.project(y, rope)
    k, v = self.expand(k), self.expand(v)
    n, heads, length, head = q.shape
    # all the questions of a clip as one long one: its keys are not repeated
    grouped = q.view(-1, count, heads, length, head).transpose(1, 2)
    grouped = grouped.reshape(-1, heads, count * length, head)
    far = (grouped @ trunk_k.transpose(-1, -2)).float()
    far = far.view(-1, heads, count, length, far.shape[-1]).transpose(1, 2)
    near = (q @ k.transpose(-1, -2)).float()
    near = near.view(far.shape[:-1] + (length,)) + mask
    part = torch.cat([far, near], -1) * head**-0.5
    part = part.softmax(-1)
    n_far = far.shape[-1]
    step = self.heads // self.kv_heads
    pointer = part[:, :, step - 1::step, :, :n_far]
    part = part.to(v.dtype)
    near = part[..., n_far:].reshape(n, heads, length, length) @ v
    far = part[..., :n_far].transpose(1, 2)
    far = far.reshape(-1, heads, count * length, n_far) @ trunk_v
    far = far.view(-1, heads, count, length, head).transpose(1, 2)
    return self.finish(y, near + far.reshape(n, heads, length, head)), pointer

  def finish(self, x, out):
    n, length, size = x.shape
    x = x + self.o(out.transpose(1, 2).reshape(n, length, size))
    return x + self.down(silu_gate(self.gate_up(self.norm2(x))))


def causal(x):
  """The mask of [N, n, size]."""
  n = x.shape[1]
  return torch.full((n, n), -1e4, device=x.device).triu(1)


class Text(nn.Module):
  """The decoder. A clip's tokens go through it once; its questions branch off,
  each seeing the clip and itself."""

  def __init__(self, c, vocabulary):
    super().__init__()
    size = c["hidden"]
    self.c = c
    self.embed = nn.Embedding(vocabulary, size)
    self.layers = nn.ModuleList(TextBlock(c) for _ in range(c["depth"]))
    self.norm = RMSNorm(size)
    head = size // c["heads"]
    inverse = c["theta"]**-(torch.arange(0, head, 2).float() / head)
    axis = torch.repeat_interleave(torch.arange(3), torch.tensor(c["sections"]))
    self.register_buffer("inverse", inverse, persistent=False)
    self.register_buffer("axis", axis, persistent=False)

  def rope(self, positions):
    """[N, 3, n] -> cos, sin [N, n, head]."""
    angle = positions.float()[:, self.axis].transpose(1, 2) * self.inverse
    angle = torch.cat([angle, angle], -1)
    return angle.cos(), angle.sin()

  def forward(self, x, positions, branches=(), tap=TAP, depth=None):
    """x: [B, S, size]; branches: of (y [B, K, L, size], positions [B, K, 3, L])
    -> the trunk after layer tap and the next, what comes out of each branch (of
    the trunk if there are none), and for each of the layers after tap where the
    last query head of each key head looks, branch by branch [B, K, kv_heads, L,
    S]. depth: how many layers it shall go through."""
    rope = self.rope(positions)
    mask = causal(x)
    ys = [y.flatten(0, 1) for y, _ in branches]
    counts = [y.shape[1] for y, _ in branches]
    ropes = [self.rope(p.flatten(0, 1)) for _, p in branches]
    masks = [causal(y) for y in ys]
    tapped, pointers = [], []
    for i, layer in enumerate(self.layers[:depth]):
      q, k, v = layer.project(x, rope)
      k, v = layer.expand(k), layer.expand(v)
      both = [layer.branch(y, *rest, k, v)
              for y, *rest in zip(ys, ropes, masks, counts)]
      ys = [y for y, _ in both]
      if i > tap:
        pointers.append([pointer for _, pointer in both])
      if not branches or i + 1 < len(self.layers):
        x = layer.finish(x, attend(q, k, v, mask))
      if i in (tap, tap + 1):
        tapped.append(x)
    if not branches:
      return tapped, [self.norm(x)], pointers
    return tapped, [self.norm(y).unflatten(0, (-1, count))
                    for y, count in zip(ys, counts)], pointers

  def logits(self, hidden):
    return hidden @ self.embed.weight.T.to(hidden.dtype)


class Model(nn.Module):

  def __init__(self, vocabulary, config=None):
    super().__init__()
    self.config = config or CONFIG
    self.vision = Vision(self.config["vision"], self.config["text"]["hidden"])
    self.text = Text(self.config["text"], vocabulary)
    initialize(self)


# --- initial weights -------------------------------------------------------


def _cosines(n):
  """DCT-II basis, rows orthonormal."""
  k = torch.arange(n)[:, None]
  x = torch.arange(n)[None]
  basis = torch.cos(math.pi * (x + 0.5) * k / n) * math.sqrt(2 / n)
  basis[0] /= math.sqrt(2)
  return basis


def _patch_filters(n):
  """The first n of: low spatial frequencies of brightness and of two colour
  differences, for the sum and the difference of the two frames. A network that
  begins with them sees at once what a random one needs a long time to find."""
  basis = _cosines(PATCH)
  colors = torch.tensor([[1.0, 1, 1], [1, -1, 0], [0.5, 0.5, -1]])
  colors /= colors.norm(dim=1, keepdim=True)
  filters = []
  for u in range(8):
    for v in range(8):
      plane = basis[u][:, None] * basis[v][None]
      for c, color in enumerate(colors):
        for f, frames in enumerate(([1.0, 1.0], [1.0, -1.0])):
          cost = u + v + 2 * (c > 0) + 3 * f
          weight = torch.einsum("c,t,yx->ctyx", color,
                                torch.tensor(frames) / math.sqrt(2), plane)
          # natural pictures have little in high frequencies: even it out
          filters.append((cost, weight.flatten() * (1 + u + v)))
  filters.sort(key=lambda item: item[0])
  return torch.stack([weight for _, weight in filters[:n]])


def _look_around(block, reach):
  """Biases of q and k that let each head attend to a place at some distance:
  what a convolution does by its nature. Rotation turns constant q and k into a
  bump around the offset by which one of them is turned."""
  heads = block.heads
  size = block.proj.in_features
  head = size // heads
  quarter = head // 4
  inverse = 10000.0**-(torch.arange(0, head // 2, 2).float() / (head // 2))
  offsets = [(0, 0), (0, reach), (reach, 0), (-reach, -reach), (0, -reach),
             (-reach, 0)]
  bias = block.qkv.bias.data.view(3, heads, head)
  with torch.no_grad():
    for h in range(heads):
      amplitude = torch.zeros(quarter)
      amplitude[:3] = 1.6
      for axis in range(2):
        at = slice(axis * quarter, (axis + 1) * quarter)
        other = slice(head // 2 + axis * quarter,
                      head // 2 + (axis + 1) * quarter)
        angle = offsets[h % len(offsets)][axis] * inverse
        bias[0, h, at] = amplitude * angle.cos()
        bias[0, h, other] = amplitude * angle.sin()
        bias[1, h, at] = amplitude
        bias[1, h, other] = 0


@torch.no_grad()
def initialize(model):
  for name, p in model.named_parameters():
    if p.dim() == 2:
      scale = 1.0
      if name.endswith(("proj.weight", "down.weight", "o.weight")):
        # A decoder's tokens have embeddings of length 1: what blocks add at
        # first must not drown them.
        scale = 0.5 if name.startswith("vision") else 0.04
      nn.init.normal_(p, 0, scale / math.sqrt(p.shape[1]))
    elif name.endswith("bias"):
      nn.init.zeros_(p)
  nn.init.normal_(model.text.embed.weight, 0, 0.08)
  filters = _patch_filters(model.vision.patch.out_features)
  model.vision.patch.weight.copy_(filters / 20)
  for i, block in enumerate(model.vision.blocks):
    _look_around(block, 1 if i == 0 else 2)
