# gst-vlm: from scenes to training examples
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Clips and pictures with questions, answers and dense targets.

What the model shall answer follows from what can be seen: a start is the middle
between the last sampled frame without the object and the first one with it, in
quarters of a second, because nobody can know it better from those frames.
"""

import dataclasses

import numpy as np

import scenes
import statements
import text
from scenes import CELL, COLORS, SECOND, SHAPES, UNNAMED
from text import TOKENIZER as T

# Dense target of a cell: in view in the first and the second frame, colour (the
# last one: unnamed), shape, distance from the cell's centre to the box's sides,
# movement from the first frame to the second; lengths in cells.
PRESENT = slice(0, 2)
COLOR = slice(2, 3 + len(COLORS))
SHAPE = slice(COLOR.stop, COLOR.stop + len(SHAPES))
SIDES = slice(SHAPE.stop, SHAPE.stop + 4)
MOTION = slice(SIDES.stop, SIDES.stop + 2)
N_DENSE = MOTION.stop
MAX_SIDES = 4.0

# Answers give sides of boxes in steps of so many pixels.
BOX_STEP = 5
# Points are less precise: they only need to be inside.
POINT_STEP = 10
MAX_CELLS_A_SIDE = 24


@dataclasses.dataclass
class Sample:
  """A clip or picture. frames: uint8 [n, height, width, 3], or None."""
  frames: np.ndarray
  times: np.ndarray         # s, of the slices, from the first one's
  grid: tuple               # cells: slices, rows, columns
  dense: np.ndarray         # [t, rows, columns, N_DENSE]
  owner: np.ndarray         # [t, rows, columns], object of the cell or -1
  flags: np.ndarray         # [t, rows, columns], first sight of its object
  clock: np.ndarray         # [t, objects, 2], quarters of a second: the start if
                            # the object came in this slice, the end if it went
  boxes: np.ndarray         # [n frames, objects, 4]
  events: list              # Event
  branches: list            # groups of (question, answer, objects): token ids,
                            # and the objects in the answer, in its order


@dataclasses.dataclass
class Event:
  """What the frames show of an object; times in quarters of a second from the
  first frame."""
  start: int
  end: int
  description: str
  label: int
  owner: int                # the object
  life: tuple               # came, source, went, target, as text.describe()
  moved: float              # statements.moved()

  @property
  def told(self):
    return self.start, self.end, self.description


def _assign(boxes, rows, columns):
  """Which object a cell belongs to, in one frame: the one that covers a quarter
  of the cell, or has a quarter of itself in it; of several, the one whose
  centre is nearest in terms of its size. boxes: [objects, 4]."""
  owner = np.full((rows, columns), -1, np.int64)
  best = np.full((rows, columns), np.inf, np.float32)
  y0 = np.arange(rows)[:, None] * CELL
  x0 = np.arange(columns)[None] * CELL
  for i, box in enumerate(boxes):
    if np.isnan(box[0]):
      continue
    w = np.minimum(box[2], x0 + CELL) - np.maximum(box[0], x0)
    h = np.minimum(box[3], y0 + CELL) - np.maximum(box[1], y0)
    area = max((box[2] - box[0]) * (box[3] - box[1]), 1.0)
    shared = np.maximum(w, 0) * np.maximum(h, 0)
    dx = (x0 + CELL / 2 - (box[0] + box[2]) / 2) / (box[2] - box[0] + CELL)
    dy = (y0 + CELL / 2 - (box[1] + box[3]) / 2) / (box[3] - box[1] + CELL)
    far = dx * dx + dy * dy
    mine = (shared >= 0.25 * min(CELL * CELL, area)) & (far < best)
    if not mine.any():
      # a small object on a corner of four cells: the one with most of it
      mine = (shared == shared.max()) & (shared > 0) & (far < best)
    owner[mine] = i
    best[mine] = far[mine]
  return owner


def _describe_cells(dense, owner, box, other, labels):
  """Fills the attributes of the cells that an object owns. box: of the frame
  that counts; other: of the slice's other one."""
  rows, columns = owner.shape
  r, c = np.nonzero(owner >= 0)
  i = owner[r, c]
  label = labels[i]
  named = label != UNNAMED
  dense[r, c, COLOR.start + np.where(named, label // len(SHAPES),
                                     len(COLORS))] = 1
  dense[r[named], c[named], SHAPE.start + label[named] % len(SHAPES)] = 1
  centre = np.stack([c, r, c, r], 1) * CELL + CELL / 2
  sides = (box[i] - centre) / CELL * np.array([-1, -1, 1, 1], np.float32)
  dense[r, c, SIDES] = np.clip(sides, -1, MAX_SIDES)
  moved = (box[i, :2] + box[i, 2:] - other[i, :2] - other[i, 2:]) / 2 / CELL
  dense[r, c, MOTION] = np.clip(np.nan_to_num(moved), -2, 2)


def _dense_targets(boxes, labels, rows, columns):
  """boxes: [2 * slices, objects, 4] -> dense [slices, rows, columns, N_DENSE]
  and owner."""
  n_slices = len(boxes) // 2
  dense = np.zeros((n_slices, rows, columns, N_DENSE), np.float32)
  owner = np.full((n_slices, rows, columns), -1, np.int64)
  for t in range(n_slices):
    pair = [_assign(boxes[2 * t + k], rows, columns) for k in range(2)]
    for k in range(2):
      dense[t, ..., k] = pair[k] >= 0
    only_first = np.where(pair[1] < 0, pair[0], -1)
    second, first = boxes[2 * t + 1], boxes[2 * t]
    _describe_cells(dense[t], pair[1], second, first, labels)
    _describe_cells(dense[t], only_first, first, second, labels)
    # motion is that from first to second, whichever frame counts
    dense[t][only_first >= 0, MOTION] *= 0
    owner[t] = np.where(pair[1] >= 0, pair[1], pair[0])
  return dense, owner


def _first_sights(boxes, owner):
  """Where a cell's object is seen for the first time, unless it is there from
  the beginning. [slices, rows, columns]"""
  seen = ~np.isnan(boxes[..., 0])                    # [frames, objects]
  seen = seen[0::2] | seen[1::2]                     # [slices, objects]
  flags = np.zeros(owner.shape, np.float32)
  for i in range(seen.shape[1]):
    at = np.nonzero(seen[:, i])[0]
    if len(at) > 0 and at[0] > 0:
      flags[at[0]] += owner[at[0]] == i
  return flags


def _life(scene, index, begin, until):
  """How the event comes and goes in the window [begin, until) ns of its
  scene."""
  label, description, start, end, stays, _ = scene.events[index]
  came, source, went, target = text.life(label, description)
  if start <= begin and came != text.BEFORE:
    came, source = text.BEFORE, None
    if went == text.NOWHERE and stays:
      went = text.BEFORE
  if went == text.NOWHERE and (stays or end >= until):
    went = text.BEFORE
  if went == text.SIDE and end >= until:
    went, target = text.BEFORE, None
  return came, source, went, target


def _direction(boxes):
  """Of a clear movement between the first and the last sight, else None.
  boxes: [frames, 4] of one object."""
  seen = boxes[~np.isnan(boxes[:, 0])]
  centre = (seen[:, :2] + seen[:, 2:]) / 2
  size = (seen[:, 2:] - seen[:, :2]).mean()
  dx, dy = centre[-1] - centre[0]
  if max(abs(dx), abs(dy)) < 0.4 * size:
    return None
  if abs(dx) >= abs(dy):
    return 0 if dx < 0 else 1
  return 2 if dy < 0 else 3


def _quarters(seconds, duration):
  return min(int(round(seconds * 4)), int(duration * 4 + 1e-6))


def _bounds(relative, first, last, duration):
  """Start and end, in quarters of a second, of what is seen from frame first to
  frame last. relative: s, of the frames."""
  start, end = 0.0, duration
  if first > 0:
    start = (relative[first - 1] + relative[first]) / 2
  if last + 1 < len(relative):
    end = (relative[last] + relative[last + 1]) / 2
  end = _quarters(end, duration)
  return min(_quarters(start, duration), end), end


def _clock(relative, boxes, duration):
  """What each slice shows of an object's start and end. [slices, objects, 2],
  -1 where it is not seen."""
  seen = ~np.isnan(boxes[..., 0])
  out = np.full((len(seen) // 2, seen.shape[1], 2), -1, np.int64)
  for t, i in zip(*np.nonzero(seen[0::2] | seen[1::2])):
    first = 2 * t if seen[2 * t, i] else 2 * t + 1
    last = 2 * t + 1 if seen[2 * t + 1, i] else 2 * t
    out[t, i] = _bounds(relative, first, last, duration)
  return out


def _stands_still(boxes):
  """Whether it is always in view and hardly moves. boxes: [frames, 4]."""
  size = (boxes[:, 2:] - boxes[:, :2]).mean()
  centre = (boxes[:, :2] + boxes[:, 2:]) / 2
  # never, where a box is missing
  return np.abs(centre - centre[0]).max() < 0.15 * size


def _events(scene, frame_times, boxes, duration):
  """What the frames show, in the order of a list. frame_times: ns of the scene. An
  object without a name that stands still in all of them is no event: nobody
  could distinguish it from the background."""
  out = []
  relative = (frame_times - frame_times[0]) / SECOND
  for i, event in enumerate(scene.events):
    mine = boxes[:, i]
    at = np.nonzero(~np.isnan(mine[:, 0]))[0]
    label, fidgets = event[0], event[5]
    if len(at) == 0 or (label == UNNAMED and not fidgets
                        and _stands_still(mine)):
      continue
    start, end = _bounds(relative, at[0], at[-1], duration)
    life = _life(scene, i, frame_times[0], frame_times[-1] + 1)
    move = None
    if life[0] == text.BEFORE and life[2] == text.BEFORE:
      move = _direction(mine)
    out.append(Event(start, end, text.describe(label, *life, move), label, i,
                     life, statements.moved(mine, fidgets)))
  return sorted(out, key=lambda e: e.told)


# --- questions -------------------------------------------------------------


def _absent_label(rng, present, tempted=False):
  """A label that no object has; half of them differ in colour or shape only.
  tempted: an object without a name is in view, but is no event."""
  named = [p for p in present if p != UNNAMED]
  if UNNAMED not in present and rng.random() < (0.35 if tempted else 0.2):
    return UNNAMED
  for _ in range(20):
    label = int(rng.integers(UNNAMED))
    if named and rng.random() < 0.6:
      near = int(rng.choice(named))
      n = len(SHAPES)
      if rng.random() < 0.5:
        label = near // n * n + int(rng.integers(n))
      else:
        label = int(rng.integers(len(COLORS))) * n + near % n
    if label not in present:
      return label
  return UNNAMED if UNNAMED not in present else label


def _pick(rng, present, p_absent=0.4, tempted=False):
  if not present or rng.random() < p_absent:
    return _absent_label(rng, present, tempted)
  return int(rng.choice(sorted(present)))


def _phrase(rng, label):
  name = scenes.LABELS[label]
  article = "an " if label == UNNAMED else "a "
  return ["", article, "the "][int(rng.choice(3, p=[0.7, 0.2, 0.1]))] + name


def _branch(question, answer, objects=()):
  return (T.encode(question) + text.TURN, T.encode(answer) + [text.IM_END],
          list(objects))


def _yes_no(statement, truth, is_video):
  return _branch(text.yes_no_question(statement, is_video),
                 text.YES if truth else text.NO)


def _video_branches(rng, events, labels, is_hard):
  """The list; two questions about one label or all; statements."""
  present = {e.label for e in events}
  tempted = is_hard or UNNAMED in labels and UNNAMED not in present
  pick = lambda p_absent: _pick(rng, present, p_absent, tempted)
  lists = [_branch(text.ALL_EVENTS, text.events_answer([e.told for e in events]),
                   [e.owner for e in events])]
  others = ["query", rng.choice(["query", "when", "describe", "all"],
                                p=[0.45, 0.2, 0.2, 0.15])]
  queries = []
  for kind in others:
    label = pick(0.4)
    mine = [e for e in events if e.label == label]
    told = [e.told for e in mine]
    if kind == "query" and rng.random() < 0.03:
      queries.append(_branch(
          text.events_question(statements.strange_word(rng)),
          text.events_answer([])))
    elif kind == "query":
      queries.append(_branch(text.events_question(_phrase(rng, label)),
                             text.events_answer(told),
                             [e.owner for e in mine]))
    elif kind == "when":
      queries.append(_branch(text.when_question(_phrase(rng, label)),
                             text.when_answer(told)))
    elif kind == "describe":
      answer = (". ".join(e.description for e in mine)
                or text.ABSENT[:-1]) + "."
      queries.append(_branch(text.describe_question(scenes.LABELS[label]),
                             answer))
    else:
      queries.append(_branch(
          text.DESCRIBE_VIDEO,
          text.video_description([e.told for e in events])))
  known = [(e.label, e.life, e.moved) for e in events]
  short = [_yes_no(*statements.of_video(rng, known, pick), True)
           for _ in range(3)]
  return [lists, queries, short]


def round_boxes(boxes, width, height):
  """To BOX_STEP pixels, inside the picture; NaN stays."""
  most = np.array([width, height, width, height]) // BOX_STEP * BOX_STEP
  return np.minimum(np.round(boxes / BOX_STEP) * BOX_STEP, most)


def points_of(boxes, width, height):
  """The middles, to POINT_STEP pixels, inside the picture; NaN stays."""
  most = (np.array([width, height]) - 1) // POINT_STEP * POINT_STEP
  middles = (boxes[..., :2] + boxes[..., 2:]) / 2
  return np.minimum(np.round(middles / POINT_STEP) * POINT_STEP, most)


def _image_branches(rng, boxes, points, labels):
  """The list, of boxes or points; three questions for those of one label;
  numbers and statements. boxes: [objects, 4], points: [objects, 2] of the
  picture, rounded."""
  found = [(*(int(v) for v in box), scenes.LABELS[labels[i]], labels[i], i)
           for i, box in enumerate(boxes) if not np.isnan(box[0])]
  found.sort()
  present = {f[5] for f in found}
  pick = lambda p_absent: _pick(rng, present, p_absent)

  def listing(question, some, as_points):
    owners = [f[6] for f in some]
    answer = (text.points_answer([(*points[f[6]].astype(int), f[4])
                                  for f in some]) if as_points
              else text.boxes_answer([f[:5] for f in some]))
    return _branch(question, answer, owners)

  as_points = rng.random() < 0.25
  lists = [listing(text.ALL_POINTS if as_points else text.ALL_BOXES, found,
                   as_points)]
  queries = []
  for as_points, p_absent in ((False, 0.0), (False, 0.4), (True, 0.3)):
    label = pick(p_absent)
    mine = [f for f in found if f[5] == label]
    ask = text.points_question if as_points else text.box_question
    queries.append(listing(ask(scenes.LABELS[label]), mine, as_points))
  if rng.random() < 0.1:
    queries[-1] = _branch(text.DESCRIBE_IMAGE,
                          text.image_description([f[5] for f in found]))
  elif rng.random() < 0.03:
    queries[-1] = _branch(text.box_question(statements.strange_word(rng)),
                          text.boxes_answer([]))
  short = [_branch(text.ALL_COUNT, str(len(found)))]
  label = pick(0.25)
  short.append(_branch(text.count_question(_phrase(rng, label)),
                       str(sum(f[5] == label for f in found))))
  short += [_yes_no(*statements.of_image(rng, present, pick), False)
            for _ in range(2)]
  return [lists, queries, short]


# --- samples ---------------------------------------------------------------


def _scene(rng, rows, columns, duration, level):
  # Rendered in the shape of the picture, and laid out for it, except a little
  # stretch, as the sizes of real sources cause it.
  stretch = np.exp(rng.uniform(-0.12, 0.12))
  is_hard = rng.random() < 0.5
  most = 1
  if rng.random() < level:
    most = int(rng.choice([1, 2, 3, 4, 5], p=[0.23, 0.27, 0.27, 0.14, 0.09]))
  # nothing at all, or all of them at once
  least = 0 if rng.random() < (0.12 if is_hard else 0.06) else 1
  if most >= 3 and rng.random() < 0.4:
    least = most
  perspective = rng.uniform(0.1, 0.5) if rng.random() < 0.4 else 0.0
  return scenes.Scene(
      int(rng.integers(scenes.TRAINING_SEEDS)),
      max(1, int(columns * CELL * stretch)), rows * CELL,
      int(duration * SECOND), (least, 0 if least == 0 else most),
      int(rng.choice([scenes.NAMED, scenes.ANY, scenes.MIXED],
                     p=[0.45, 0.25, 0.3])),
      scenes.ALL_EFFECTS if rng.random() < 0.75 else 0,
      max_bystanders=int(rng.choice(4, p=[0.6, 0.2, 0.1, 0.1])),
      perspective=perspective,
      troubles=scenes.ALL_TROUBLES if is_hard else 0)


def _finish(rng, scene, frame_times, grid, duration, slice_period, render,
            with_branches):
  n_slices, rows, columns = grid
  width, height = columns * CELL, rows * CELL
  still = scene.duration == 0
  boxes = scene.boxes(frame_times, width, height)
  frames = None
  if render:
    frames = np.empty((2 * n_slices, height, width, 3), np.uint8)
    for i, time in enumerate(frame_times):
      scene.render(time, frames[i])
    if still:
      frames[1] = frames[0]
  if still:
    boxes = np.repeat(boxes, 2, 0)
  labels = scene.labels
  dense, owner = _dense_targets(boxes, labels, rows, columns)
  flags = _first_sights(boxes, owner)
  events, clock = [], np.full((1, len(labels), 2), -1, np.int64)
  if not still:
    events = _events(scene, frame_times, boxes, duration)
    clock = _clock((frame_times - frame_times[0]) / SECOND, boxes, duration)
  branches = []
  if with_branches:
    branches = (_image_branches(rng, round_boxes(boxes[0], width, height),
                                points_of(boxes[0], width, height), labels)
                if still else
                _video_branches(rng, events, labels, scene.is_hard))
  return Sample(frames, np.arange(n_slices) * slice_period, grid, dense, owner,
                flags, clock, boxes, events, branches)


def video(rng, n_slices, rows, columns, render=True, with_branches=True,
          level=1.0):
  """A clip of 0.5 to 30 frames a second and 1 to 30 s, or a part of one. level:
  how often there may be more than one object."""
  n_frames = 2 * n_slices
  low, high = max(1.0, n_frames / 30.0), min(30.0, n_frames / 0.5)
  # mostly the rates that sampling really uses: halves and doubles of 2
  usual = [f for f in (0.5, 1, 1, 1, 2, 2, 2, 2, 4, 4, 8, 8, 15, 30)
           if max(low, min(2.0, high)) <= n_frames / f <= high]
  if usual and rng.random() < 0.8:
    duration = n_frames / float(rng.choice(usual))
  else:
    least = max(low, n_frames / 12.0)
    duration = float(np.exp(rng.uniform(np.log(least), np.log(high))))
  whole = duration
  offset = 0.0
  if rng.random() < 0.4:
    # a window of a longer scene
    whole = duration * rng.uniform(1.0, 2.0)
    offset = rng.uniform(0.0, whole - duration)
  scene = _scene(rng, rows, columns, whole, level)
  fps = n_frames / duration
  times = ((offset + np.arange(n_frames) / fps) * SECOND).astype(np.int64)
  return _finish(rng, scene, times, (n_slices, rows, columns), duration,
                 2.0 / fps, render, with_branches)


def image(rng, rows, columns, render=True, with_branches=True, level=1.0):
  """A still picture."""
  scene = _scene(rng, rows, columns, 0.0, level)
  return _finish(rng, scene, np.zeros(1, np.int64), (1, rows, columns), 0.0, 0.0,
                 render, with_branches)


def draw_grid(rng, most, least=9):
  """rows, columns of cells: any usual shape of picture. Half of them are about
  as large as may be, for what comes from a camera is made to fit."""
  while True:
    ratio = float(rng.choice([1.0, 4 / 3, 16 / 9, 3 / 4, 9 / 16, 2.4]))
    ratio *= np.exp(rng.uniform(-0.1, 0.1))
    if rng.random() < 0.5:
      cells = most * rng.uniform(0.7, 1.05)
    else:
      cells = np.exp(rng.uniform(np.log(least), np.log(most)))
    rows = int(round(np.sqrt(cells / ratio)))
    columns = int(round(np.sqrt(cells * ratio)))
    if rows >= 2 and columns >= 2 and rows * columns <= most:
      return rows, columns
