# SPDX-License-Identifier: LGPL-2.1-or-later
"""Small pictures of the video: a folder of JPEG files, so many of them from each second."""
import pathlib
import re

# What enters has hardly come into view at its start.
LATER = 0.5


class Thumbs:
    def __init__(self, folder, rate):
        self.rate = rate
        self.files = []
        if folder:
            names = [p for p in pathlib.Path(folder).iterdir() if re.fullmatch(r"\d+\.jpg", p.name)]
            self.files = sorted(names, key=lambda path: int(path.stem))

    def duration(self):
        return len(self.files) / self.rate

    def near_start(self, event):
        """JPEG data of the moment after an event's start, or None."""
        if not self.files:
            return None
        moment = min(event.start + LATER, (event.start + event.end) / 2)
        index = round(moment * self.rate)
        return self.files[min(max(index, 0), len(self.files) - 1)].read_bytes()
