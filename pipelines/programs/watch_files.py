# SPDX-License-Identifier: LGPL-2.1-or-later
"""watch_files.py SCRIPT VIDEO… PROPERTY=VALUE…: see pipelines/file"""
import sys

from camera import Camera, decoded
from running import Gst
from watching import Group
from words import Words, to_uri


class File(Camera):
    """Keeps the pipeline before it until it has the model, so that it need not be loaded again."""

    before = None

    def on_message(self, message):
        if message.type == Gst.MessageType.PROGRESS and message.parse_progress().type in (
                Gst.ProgressType.COMPLETE, Gst.ProgressType.ERROR):
            self.let_go()
        super().on_message(message)

    def let_go(self):
        if self.before:
            self.before.stop()
            self.before = None

    def stop(self):
        self.let_go()
        super().stop()


class Files(Group):
    """One after the other."""

    def __init__(self, words):
        super().__init__()
        self.words = words
        self.left = list(words.inputs)
        self.several = len(self.left) > 1 and not words.has("stream-label")

    def next(self, before=None):
        word = self.left.pop(0)
        file = File(self, word, self.words, make_source=lambda: decoded(to_uri(word)), comes_back=False,
                    label=word if self.several else None)
        file.before = before
        self.add(file)

    def follow(self, watcher):
        if self.left and not self.ending:
            self.next(watcher)
        else:
            watcher.stop()

    def run(self):
        self.next()
        return super().run()


sys.exit(Files(Words(sys.argv, 1)).run())
