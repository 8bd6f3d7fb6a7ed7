# gst-vlm: what the demo model is trained for
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The losses of all stages, each with figures for the log."""

import torch
import torch.nn.functional as F

import data
import text
from batches import IS_DIGIT, IS_SHAPE, POINT, tokens_of
from codes import (BOX, CLOCK, HEAD_OF_TIMES, MAX_TIME_IDS, MIDDLE,
                   SIDE_HEADS)
from data import MAX_CELLS_A_SIDE, N_DENSE
from model import TAP, patchify
from scenes import COLORS

FIRST_POINTER = TAP + 1


def dense_loss(helpers, features, batch):
  """The loss of features [B, T*C, size] against the dense targets; also recall,
  precision, and how often colour and shape were right."""
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
  # cells at a side see it, those within only know that it is not there
  sides = F.smooth_l1_loss(mine[:, data.SIDES], his[:, data.SIDES], beta=0.03,
                           reduction="none")
  near = torch.where(his[:, data.SIDES].abs() < 1, 1.0, 0.3)
  loss = loss + 1.2 * (sides * near).mean()
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
  """What an imperfect vision tower would output instead."""
  y = dense.clone()
  there = owner >= 0
  chance = lambda p: torch.rand(owner.shape, device=owner.device) < p
  y[there & chance(0.03)] = 0
  seen = dense[there]
  anyone = lambda mask: seen[torch.randint(len(seen), (int(mask.sum()),),
                                           device=seen.device)]
  ghosts = ~there & chance(0.003)
  if ghosts.any() and there.any():
    y[ghosts] = anyone(ghosts)
  mixed = there & chance(0.06)
  if mixed.any():
    other = anyone(mixed)
    both = slice(data.COLOR.start, data.SHAPE.stop)
    part = torch.rand(len(other), 1, device=other.device) * 0.7
    y[mixed] = torch.cat([y[mixed][:, :both.start],
                          torch.lerp(y[mixed][:, both], other[:, both], part),
                          y[mixed][:, both.stop:]], -1)
  noise = torch.full((N_DENSE,), 0.1, device=y.device)
  noise[data.SIDES] = 0.06
  noise[data.MOTION] = 0.06
  return y + noise * torch.randn_like(y)


def _token_kinds():
  """What kind of token of an answer each one is. Each kind counts by its mean:
  counted by the token, the letters of the format, the most frequent ones, would
  teach a decoder to count positions before it has learned to look."""
  kinds = torch.zeros(text.TOKENIZER.size, dtype=torch.long)   # format
  verbs = {word for verb in text.VERBS for word in verb.split()}
  kinds[tokens_of(verbs)] = 1
  kinds[text.TOKENIZER.encode("[]\n[\n")] = 2
  for more in ('"},\n', '"}\n'):
    kinds[text.TOKENIZER.encode(more)] = 2
  kinds[IS_DIGIT] = 3
  kinds[tokens_of(COLORS + ["object"])] = 4
  kinds[IS_SHAPE] = 5
  kinds[_YES] = kinds[_NO] = 6
  return kinds


_YES, _NO = (text.TOKENIZER.encode(word)[0] for word in (text.YES, text.NO))
_KINDS = _token_kinds()
_KIND_WEIGHTS = [0.3, 0.7, 1.0, 1.5, 1.0, 1.0, 1.0]


def answer_loss(model, hidden, batch):
  total = 0.0
  digits, shapes, choices, decisions, exact = [], [], [], [], []
  for (_, labels, *_), out in zip(batch.groups, hidden):
    chosen = labels != -100
    logits = model.text.logits(out[chosen]).float()
    target = labels[chosen]
    loss = F.cross_entropy(logits, target, reduction="none")
    kinds = _KINDS.to(target.device)[target]
    for kind, weight in enumerate(_KIND_WEIGHTS):
      if (kinds == kind).any():
        total = total + 0.5 * weight * loss[kinds == kind].mean()
    with torch.no_grad():
      right = logits.argmax(-1) == target
      digits.append(right[kinds == 3])
      shapes.append(right[kinds == 5])
      choices.append(right[kinds == 2])
      decisions.append(right[kinds == 6])
      all_right = torch.ones_like(chosen)
      all_right[chosen] = right
      exact.append(all_right.all(-1).float().mean())
  mean = lambda parts: torch.cat(parts).float().mean()
  return total, {"digits": mean(digits[:2]), "count": mean(digits[2:]),
                 "shapes": mean(shapes[:1]), "repeat": mean(shapes[1:]),
                 "choices": mean(choices), "yes": mean(decisions),
                 "list": exact[0], "query": exact[1]}


def pointer_loss(pointers, batch):
  """Some heads shall look where an answer's digits are to be read: for a time
  at the sight of its object, for a side of a box at the cells that see it, for
  a point at the cells of its object. The heads of the other sides shall not
  look at any cell meanwhile: their output would go to the same place."""
  n_prefix = len(text.PREFIX)
  n_slices, rows, columns = batch.grid
  slices = torch.arange(n_slices, device=batch.owner.device)
  slices = slices.repeat_interleave(rows * columns)
  # answers about videos only have times, about pictures sides of boxes and points
  heads = [(*HEAD_OF_TIMES, None if batch.is_video else POINT)]
  if not batch.is_video:
    heads += [(*head, side) for side, head in enumerate(SIDE_HEADS)]
  losses, shares = [], []
  for g, (*_, points) in enumerate(batch.groups):
    b, k, l = torch.nonzero(points[..., 0] >= 0, as_tuple=True)
    if len(b) == 0:
      continue
    who, when, side = points[b, k, l].unbind(-1)
    theirs = (batch.owner[b] == who[:, None]) & (slices == when[:, None])
    for layer, kv, turn in heads:
      attention = pointers[layer - FIRST_POINTER][g][b, k, kv, l].float()
      cells = attention[:, n_prefix:-1]
      there, its_turn = theirs, theirs.any(-1)
      if turn is not None:
        if turn != POINT:
          there = theirs & batch.outermost[b, :, turn]
        its_turn = its_turn & (side == turn)
        idle = 1 - cells[side != turn].sum(-1)
        losses.append(-0.5 * torch.log(idle.clamp(min=0) + 1e-3))
      share = (cells * there).sum(-1)[its_turn]
      losses.append(-torch.log(share + 1e-3))
      shares.append(share.detach())
  if not losses:
    return 0.0, {}
  return torch.cat(losses).mean(), {"pointer": torch.cat(shares).mean()}


def digits_loss(x, code, sizes, digits, weights=None):
  """The loss of numbers that shall be in x [n, size] as digits of the given
  sizes, by the fixed code. digits and weights: [n, len (sizes)]. Also the logits
  of each digit."""
  unit = x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-6)
  logits = (2 * unit @ code.T).split(sizes, -1)
  losses = torch.stack([F.cross_entropy(part, digits[:, i], reduction="none")
                        for i, part in enumerate(logits)], -1)
  if weights is None:
    weights = torch.ones_like(losses)
  return ((losses * weights).sum(0) / weights.sum(0)).sum(), logits


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
      parts[3], flags, pos_weight=torch.full_like(flags, 3.0))
  with torch.no_grad():
    found, there = parts[3] > 0, flags > 0.5
    stats["sights"] = ((found & there).sum()
                       / (found | there).sum().clamp(min=1)).float()
    for axis, name in ((1, "row"), (2, "column")):
      stats[name] = (parts[axis].argmax(-1)
                     == batch.place[:, axis]).float().mean()
  if batch.is_video:
    return loss, stats
  known = batch.box[..., 0] >= 0
  if known.any():
    more, logits = digits_loss(x[known], helpers.clock[:sum(MIDDLE)], MIDDLE,
                               batch.middle[known])
    loss = loss + 0.3 * more
    with torch.no_grad():
      stats["middle"] = torch.stack(
          [logits[i].argmax(-1) == batch.middle[known][:, i]
           for i in (1, 3)]).float().mean()
    digits, outermost = batch.box[known], batch.outermost[known]
    weights = (outermost + 0.05).repeat_interleave(2, -1)
    more, logits = digits_loss(later[:, n_prefix:-1][known], helpers.box, BOX,
                               digits, weights)
    loss = loss + 0.6 * more
    with torch.no_grad():
      right = torch.stack([logits[i].argmax(-1) == digits[:, i]
                           for i in (1, 3, 5, 7)], -1)
      stats["box"] = right[outermost].float().mean()
  return loss, stats


def _trunk(model, features):
  """Features [B, cells, size] between the tokens before and after them."""
  around = [model.text.embed(torch.tensor(ids, device=features.device))
            .expand(len(features), -1, -1)
            for ids in (text.PREFIX, [text.VISION_END])]
  return torch.cat([around[0], features, around[1]], 1)


def drill_loss(model, helpers, batch):
  """The loss of pictures without a question: only what the trunk shall know.
  Nothing is rendered, so it costs little, and learning where the sides of boxes
  are takes the most examples of all."""
  features = helpers.encode(blur(batch.dense, batch.owner))
  with torch.autocast(batch.dense.device.type, torch.bfloat16):
    tapped, *_ = model.text(_trunk(model, features), batch.positions,
                            depth=TAP + 2)
  loss, stats = place_loss(helpers, *(x.float() for x in tapped), batch)
  return loss, {"drill": stats["box"]} if "box" in stats else {}


def step_loss(stage, model, helpers, batch):
  n_slices, rows, columns = batch.grid
  losses, stats = [], {}
  if stage == "text":
    features = helpers.encode(blur(batch.dense, batch.owner))
  else:
    with torch.autocast(batch.dense.device.type, torch.bfloat16):
      features = model.vision(patchify(batch.frames, rows, columns), rows,
                              columns)
    features = features.float().view(batch.size, -1, features.shape[-1])
    loss, more = dense_loss(helpers, features, batch)
    losses.append(loss if stage == "vision" else 0.5 * loss)
    stats.update(more)
  if stage != "vision":
    with torch.autocast(batch.dense.device.type, torch.bfloat16):
      branches = [(model.text.embed(ids), positions)
                  for ids, _, positions, _ in batch.groups]
      tapped, hidden, pointers = model.text(_trunk(model, features),
                                            batch.positions, branches)
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
