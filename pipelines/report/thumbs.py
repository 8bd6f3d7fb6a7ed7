# SPDX-License-Identifier: LGPL-2.1-or-later
"""Small pictures of the video: a folder of JPEG files, a fixed number from each second."""
import math
import pathlib
import re

# An object that enters is hardly in view at its start.
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

    def of(self, event):
        """JPEG data of an event's box, or else of the moment after its start, and its time; or None twice.
        Never of a time after its end, where there may be another scene."""
        if not self.files:
            return None, None
        moment = event.box_time
        if moment is None:
            moment = min(event.start + LATER, (event.start + event.end) / 2)
        first, last = math.floor(event.start * self.rate), math.ceil(event.end * self.rate) - 1
        index = max(first, min(round(moment * self.rate), last), 0)
        return self.files[min(index, len(self.files) - 1)].read_bytes(), moment
