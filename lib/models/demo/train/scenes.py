# gst-vlm: scenes of which everything is known, rendered by the library itself
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The library's scene renderer (<vlm/vlm-scene.h>) through ctypes.

One renderer serves `vlmtestsrc`, the evaluation and the training: what the
model learns from is what a user can put on the screen.
"""

import ctypes

import numpy as np

import library

SECOND = 10**9
CELL = 28
"""Pixels of a merged cell's side: what one token of the model sees."""

NAMED, ANY, MIXED = range(3)
ALL_BACKGROUNDS, ALL_EFFECTS, ALL_TROUBLES = 31, 63, 2047
TRAINING_SEEDS = 1 << 40
"""Seeds below are for training; evaluation begins here."""


class Params(ctypes.Structure):
  """VlmSceneParams."""
  _fields_ = [("seed", ctypes.c_uint64), ("width", ctypes.c_uint),
              ("height", ctypes.c_uint), ("duration", ctypes.c_int64),
              ("min_objects", ctypes.c_uint), ("max_objects", ctypes.c_uint),
              ("kind", ctypes.c_int), ("backgrounds", ctypes.c_int),
              ("effects", ctypes.c_int), ("max_bystanders", ctypes.c_uint),
              ("perspective", ctypes.c_double), ("troubles", ctypes.c_int)]


class Event(ctypes.Structure):
  """VlmSceneEvent."""
  _fields_ = [("label", ctypes.c_char_p), ("description", ctypes.c_char_p),
              ("start", ctypes.c_int64), ("end", ctypes.c_int64),
              ("in_view_at_start", ctypes.c_int),
              ("in_view_at_end", ctypes.c_int),
              ("moves_from", ctypes.c_int64), ("moves_until", ctypes.c_int64),
              ("fidgets", ctypes.c_int)]


class Rect(ctypes.Structure):
  """VlmRect."""
  _fields_ = [("x", ctypes.c_int), ("y", ctypes.c_int),
              ("width", ctypes.c_int), ("height", ctypes.c_int)]


def _declare(lib):
  pointer, uint = ctypes.c_void_p, ctypes.c_uint
  lib.vlm_scene_new.restype = pointer
  lib.vlm_scene_new.argtypes = [ctypes.POINTER(Params)]
  lib.vlm_scene_free.argtypes = [pointer]
  lib.vlm_scene_render.argtypes = [pointer, ctypes.c_int64, uint, uint, pointer,
                                   ctypes.c_size_t]
  lib.vlm_scene_get_n_events.argtypes = [pointer]
  lib.vlm_scene_get_event.restype = ctypes.POINTER(Event)
  lib.vlm_scene_get_event.argtypes = [pointer, uint]
  lib.vlm_scene_get_box.argtypes = [pointer, uint, ctypes.c_int64, uint, uint,
                                    ctypes.POINTER(Rect)]
  lib.vlm_scene_get_n_bystanders.argtypes = [pointer]
  lib.vlm_scene_get_bystander_box.argtypes = [
      pointer, uint, ctypes.c_int64, uint, uint, ctypes.POINTER(Rect)]
  lib.vlm_scene_get_label.restype = ctypes.c_char_p
  lib.vlm_scene_get_label.argtypes = [uint]


_library = library.load()
_declare(_library)

LABELS = [_library.vlm_scene_get_label(i).decode()
          for i in range(_library.vlm_scene_get_n_labels())]
"""What objects are called; the last one is that of unnamed ones."""
UNNAMED = len(LABELS) - 1
COLORS = list(dict.fromkeys(name.split()[0] for name in LABELS[:-1]))
SHAPES = list(dict.fromkeys(name.split()[1] for name in LABELS[:-1]))


class Scene:
  """A VlmScene, its events, and the labels of all objects: the events' objects
  first, then bystanders; times in ns."""

  def __init__(self, seed, width, height, duration, objects, kind,
               effects=ALL_EFFECTS, backgrounds=ALL_BACKGROUNDS,
               max_bystanders=0, perspective=0.0, troubles=0):
    params = Params(seed, width, height, duration, objects[0], objects[1],
                    kind, backgrounds, effects, max_bystanders, perspective,
                    troubles)
    self.width, self.height, self.duration = width, height, duration
    self.is_hard = troubles != 0
    self._handle = _library.vlm_scene_new(ctypes.byref(params))
    self._rect = Rect()
    self.events = []
    for i in range(_library.vlm_scene_get_n_events(self._handle)):
      event = _library.vlm_scene_get_event(self._handle, i).contents
      self.events.append((LABELS.index(event.label.decode()),
                          event.description.decode(), event.start, event.end,
                          bool(event.in_view_at_end), bool(event.fidgets)))
    n_bystanders = _library.vlm_scene_get_n_bystanders(self._handle)
    self.labels = np.array([e[0] for e in self.events]
                           + [UNNAMED] * n_bystanders, np.int64)

  def __del__(self):
    if getattr(self, "_handle", None):
      _library.vlm_scene_free(self._handle)

  def render(self, time, out):
    """Draws the moment into out, uint8 [height, width, 3]."""
    height, width, _ = out.shape
    _library.vlm_scene_render(self._handle, int(time), width, height,
                              out.ctypes.data, out.strides[0])

  def _box(self, index, time, width, height):
    """(x0, y0, x1, y1) in pixels of a picture, or None if out of view."""
    rect = self._rect
    if index >= len(self.events):
      _library.vlm_scene_get_bystander_box(
          self._handle, index - len(self.events), int(time), width, height,
          ctypes.byref(rect))
    elif not _library.vlm_scene_get_box(self._handle, index, int(time), width,
                                        height, ctypes.byref(rect)):
      return None
    return (rect.x, rect.y, rect.x + rect.width, rect.y + rect.height)

  def boxes(self, times, width, height):
    """Boxes of all objects, the events' objects first, then bystanders, at all
    times: float32 [times, objects, 4]; NaN where one is out of view."""
    out = np.full((len(times), len(self.labels), 4), np.nan, np.float32)
    for t, time in enumerate(times):
      for i in range(len(self.labels)):
        box = self._box(i, time, width, height)
        if box is not None:
          out[t, i] = box
    return out
