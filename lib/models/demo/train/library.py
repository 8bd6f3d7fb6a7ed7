# gst-vlm: the project's own library
# SPDX-License-Identifier: LGPL-2.1-or-later
"""libvlm, through ctypes: it defines the scenes and the questions that a model
learns from."""

import ctypes
import functools
import os
import pathlib


@functools.cache
def load():
  path = os.environ.get("VLM_LIBRARY")
  if path is None:
    project = pathlib.Path(__file__).resolve().parents[4]
    path = project / "build/lib/libvlm-1.0.so"
  try:
    return ctypes.CDLL(str(path))
  except OSError as error:
    raise SystemExit(f"{error}\nBuild the project first (meson setup build && "
                     "ninja -C build), or set VLM_LIBRARY.") from error
