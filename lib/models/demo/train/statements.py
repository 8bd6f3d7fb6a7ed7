# gst-vlm: what is true of a clip or picture, and what is not
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Statements for questions of yes or no, with their truth. A clip's is about
all of it: true if it holds at any moment."""

import numpy as np

import scenes
import text

P_STRANGE = 0.08
P_ANYTHING = 0.2


def strange_word(rng):
  """One that the model knows to be strange, or any letters."""
  if rng.random() < 0.6:
    return str(rng.choice(text.STRANGE))
  letters = rng.integers(ord("a"), ord("z") + 1, rng.integers(3, 9))
  return "".join(map(chr, letters))


def _holds(key, life, moved):
  """Whether a statement holds of one event, None where that is a matter of
  taste. moved: how far, in terms of its size; NaN: to and fro."""
  came, source, went, target = life
  if key in (text.IN_VIEW, text.THERE_IS):
    return True
  from_side, to_side = came == text.SIDE, went == text.SIDE
  if key == text.MOVES_AT_ALL:
    if from_side or to_side or moved >= 0.4:
      return True
    return False if moved < 0.15 else None
  if key == text.STAYS:
    if came == text.BEFORE and went == text.BEFORE:
      return True if moved < 0.15 or np.isnan(moved) else None
    # what comes or goes stays for a while, too
    return None if came == text.BEFORE or went == text.BEFORE else False
  what, side = key
  return {"comes": from_side and side in (None, source),
          "goes": to_side and side in (None, target),
          "appears": came == text.NOWHERE,
          "disappears": went == text.NOWHERE}[what]


def _any(answers):
  """Of several events: true if it is of one, unknown if it may be of one."""
  answers = list(answers)
  if True in answers:
    return True
  return None if None in answers else False


def _subject(rng, label):
  if label is None:
    return text.SOMETHING
  name = scenes.LABELS[label]
  if rng.random() < 0.25:
    return "the " + name
  return text.with_article(label)


def of_video(rng, events, pick):
  """(statement, truth); half of them are true, as far as events allow it.
  events: of (label, life, moved). pick: draws a label with a probability of
  being absent."""
  if rng.random() < P_STRANGE:
    _, form = text.STATEMENTS[rng.integers(len(text.STATEMENTS))]
    return form.format("a " + strange_word(rng)), False
  wanted = rng.random() < 0.5
  for _ in range(12):
    # questions about mere presence are the most frequent
    at = 0 if rng.random() < 0.25 else rng.integers(len(text.STATEMENTS))
    key, form = text.STATEMENTS[at]
    label = None if rng.random() < P_ANYTHING else pick(0.1 if wanted else 0.5)
    truth = _any(_holds(key, life, moved) for other, life, moved in events
                 if label in (None, other))
    if truth is not None and truth == wanted:
      break
  if truth is None:
    return _in_view(rng, pick(0.5), {e[0] for e in events})
  return form.format(_subject(rng, label)), truth


def _in_view(rng, label, present):
  form = text.STATEMENTS[rng.integers(2)][1]
  return form.format(_subject(rng, label)), label in present


def of_image(rng, present, pick):
  """(statement, truth) of what is in view."""
  if rng.random() < P_STRANGE:
    form = text.STATEMENTS[rng.integers(2)][1]
    return form.format("a " + strange_word(rng)), False
  if rng.random() < 0.1:
    form = text.STATEMENTS[rng.integers(2)][1]
    return form.format(text.SOMETHING), len(present) > 0
  return _in_view(rng, pick(0.5), present)


def moved(boxes, fidgets):
  """How far an object moves between any two sights, in terms of its size; NaN if
  it goes to and fro where it is. boxes: [frames, 4] of one object."""
  seen = boxes[~np.isnan(boxes[:, 0])]
  centre = (seen[:, :2] + seen[:, 2:]) / 2
  size = (seen[:, 2:] - seen[:, :2]).mean()
  far = np.abs(centre - centre[0]).max() / max(size, 1.0)
  return np.nan if fidgets and far < 0.4 else far
