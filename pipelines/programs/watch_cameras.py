# SPDX-License-Identifier: LGPL-2.1-or-later
"""watch_cameras.py SCRIPT URI… PROPERTY=VALUE…: see pipelines/rtsp and pipelines/cameras

Each camera has a pipeline of its own, so that they do not affect each other; they share the model."""
import sys

from camera import Camera, decoded
from watching import Group
from words import Words, comes_back, to_uri


def main():
    words = Words(sys.argv, 1)
    several = len(words.inputs) > 1
    if several and words.has("stream-label"):
        words.refuse("stream-label is the name of one camera; several are camera-1, camera-2, …")
    group = Group()
    for count, word in enumerate(words.inputs, 1):
        label = f"camera-{count}" if several else None
        group.add(Camera(group, word, words, make_source=lambda uri=to_uri(word): decoded(uri),
                         comes_back=comes_back(word), label=label))
    return group.run()


sys.exit(main())
