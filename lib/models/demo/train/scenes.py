# gst-vlm: scenes of which everything is known, rendered by the library itself
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The library's scene renderer (<vlm/vlm-scene.h>) through ctypes.

One renderer serves `vlmtestsrc`, the evaluation and the training: what the
model learns from is what a user can put on the screen.
"""

import ctypes
import os
import pathlib

import numpy as np

SECOND = 10**9
CELL = 28
"""Pixels of a merged cell's side: what one token of the model sees."""

NAMED, ANY, MIXED = range(3)
ALL_BACKGROUNDS = ALL_EFFECTS = 31
TRAINING_SEEDS = 1 << 40
"""Seeds below are for training; evaluation begins here."""


class Params(ctypes.Structure):
  """VlmSceneParams."""
  _fields_ = [("seed", ctypes.c_uint64), ("width", ctypes.c_uint),
              ("height", ctypes.c_uint), ("duration", ctypes.c_int64),
              ("min_objects", ctypes.c_uint), ("max_objects", ctypes.c_uint),
              ("kind", ctypes.c_int), ("backgrounds", ctypes.c_int),
              ("effects", ctypes.c_int)]


class Event(ctypes.Structure):
  """VlmSceneEvent."""
  _fields_ = [("label", ctypes.c_char_p), ("description", ctypes.c_char_p),
              ("start", ctypes.c_int64), ("end", ctypes.c_int64),
              ("in_view_at_start", ctypes.c_int),
              ("in_view_at_end", ctypes.c_int),
              ("moves_from", ctypes.c_int64), ("moves_until", ctypes.c_int64)]


class Rect(ctypes.Structure):
  """VlmRect."""
  _fields_ = [("x", ctypes.c_int), ("y", ctypes.c_int),
              ("width", ctypes.c_int), ("height", ctypes.c_int)]


def _load():
  here = pathlib.Path(__file__).resolve()
  path = os.environ.get("VLM_LIBRARY")
  if path is None:
    path = here.parents[4] / "build/lib/libvlm-1.0.so"
  try:
    library = ctypes.CDLL(str(path))
  except OSError as error:
    raise SystemExit(f"{error}\nBuild the project first (meson setup build && "
                     "ninja -C build), or set VLM_LIBRARY.") from error
  pointer, uint = ctypes.c_void_p, ctypes.c_uint
  library.vlm_scene_new.restype = pointer
  library.vlm_scene_new.argtypes = [ctypes.POINTER(Params)]
  library.vlm_scene_free.argtypes = [pointer]
  library.vlm_scene_render.argtypes = [pointer, ctypes.c_int64, uint, uint,
                                       pointer, ctypes.c_size_t]
  library.vlm_scene_get_n_events.argtypes = [pointer]
  library.vlm_scene_get_event.restype = ctypes.POINTER(Event)
  library.vlm_scene_get_event.argtypes = [pointer, uint]
  library.vlm_scene_get_box.argtypes = [pointer, uint, ctypes.c_int64, uint,
                                        uint, ctypes.POINTER(Rect)]
  library.vlm_scene_get_label.restype = ctypes.c_char_p
  library.vlm_scene_get_label.argtypes = [uint]
  return library


_library = _load()

LABELS = [_library.vlm_scene_get_label(i).decode()
          for i in range(_library.vlm_scene_get_n_labels())]
"""What objects are called; the last one is that of unnamed ones."""
UNNAMED = len(LABELS) - 1
COLORS = list(dict.fromkeys(name.split()[0] for name in LABELS[:-1]))
SHAPES = list(dict.fromkeys(name.split()[1] for name in LABELS[:-1]))


class Scene:
  """A VlmScene and its events; times in ns."""

  def __init__(self, seed, width, height, duration, objects, kind,
               effects=ALL_EFFECTS, backgrounds=ALL_BACKGROUNDS):
    params = Params(seed, width, height, duration, objects[0], objects[1],
                    kind, backgrounds, effects)
    self.width, self.height, self.duration = width, height, duration
    self._handle = _library.vlm_scene_new(ctypes.byref(params))
    self._rect = Rect()
    self.events = []
    for i in range(_library.vlm_scene_get_n_events(self._handle)):
      event = _library.vlm_scene_get_event(self._handle, i).contents
      self.events.append((LABELS.index(event.label.decode()),
                          event.description.decode(), event.start, event.end,
                          bool(event.in_view_at_end)))

  def __del__(self):
    if getattr(self, "_handle", None):
      _library.vlm_scene_free(self._handle)

  def render(self, time, out):
    """Draws the moment into out, uint8 [height, width, 3]."""
    height, width, _ = out.shape
    _library.vlm_scene_render(self._handle, int(time), width, height,
                              out.ctypes.data, out.strides[0])

  def box(self, index, time, width, height):
    """(x0, y0, x1, y1) in pixels of a picture, or None if out of view."""
    rect = self._rect
    if not _library.vlm_scene_get_box(self._handle, index, int(time), width,
                                      height, ctypes.byref(rect)):
      return None
    return (rect.x, rect.y, rect.x + rect.width, rect.y + rect.height)

  def boxes(self, times, width, height):
    """Boxes of all objects at all times: float32 [times, objects, 4]; NaN where
    an object is out of view."""
    out = np.full((len(times), len(self.events), 4), np.nan, np.float32)
    for t, time in enumerate(times):
      for i in range(len(self.events)):
        box = self.box(i, time, width, height)
        if box is not None:
          out[t, i] = box
    return out
