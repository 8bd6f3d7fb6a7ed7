# SPDX-License-Identifier: LGPL-2.1-or-later
"""record_on_event.py SCRIPT URI FOLDER PROPERTY=VALUE…: see pipelines/record-on-event

An event is known only after the window that shows it was analysed. So the last part of the stream is kept, as
it was encoded, and a recording begins in the past.
"""
import collections
import datetime
import errno
import json
import os
import pathlib
import sys
import threading

from camera import Camera
from encoded import Encoded
from recording import Recording
from running import Gst, complain, on_main_loop
from watching import Group
from words import Words, comes_back, to_uri

BEFORE, AFTER = int(2.0 * Gst.SECOND), int(2.0 * Gst.SECOND)
KEPT = 60.0  # seconds; more where windows are long


def nanoseconds(instant):
    return int(instant["running_time"] * Gst.SECOND)


def when(event):
    """A date for the name of the file."""
    known = event["start"].get("utc")
    if known is None:
        return datetime.datetime.now(datetime.timezone.utc)
    return datetime.datetime.fromisoformat(known[:19])


class Recorder(Camera):
    """Video and sound come on threads of the source, records on one of vlmevents."""

    def __init__(self, group, word, words, folder):
        super().__init__(group, word, words, make_source=self.make_encoded, comes_back=comes_back(word))
        self.uri, self.folder, self.encoded = to_uri(word), folder, None
        self.lock = threading.Lock()
        self.kept = collections.deque()  # pieces of all tracks, in the order in which they came
        self.recording, self.until, self.has_failed = None, 0, False
        self.files = {}  # of the open events: event_uid -> Recording
        waiting = self.element.get_property("max-queue") + 3
        self.kept_ns = int(max(KEPT, waiting * self.element.get_property("window")) * Gst.SECOND)

    def make_encoded(self):
        self.encoded = Encoded(self.uri, self.on_piece)
        return self.encoded.bin

    def end(self):
        super().end()
        if self.source:
            self.encoded.end()

    def on_piece(self, piece):
        with self.lock:
            self.kept.append(piece)
            while piece.time - self.kept[0].time > self.kept_ns:
                self.kept.popleft()
            self.write(piece)

    def write(self, piece):
        if self.recording and piece.track.is_video and piece.time > self.until and not self.files:
            self.finish()
        if self.recording:
            self.recording.add(piece)

    def finish(self):
        recording, self.recording = self.recording, None
        if recording:
            recording.finish()

    def begin(self, start):
        """Begins with the last key frame before `start`, or the oldest one that is kept."""
        pieces = list(self.kept)
        keys = [i for i, piece in enumerate(pieces) if piece.is_key]
        first = next((i for i in reversed(keys) if pieces[i].time <= start), keys[0] if keys else None)
        if first is None:  # the camera went away meanwhile
            self.recording = None
            return
        self.recording.open({piece.track for piece in pieces}, pieces[first].time)
        for i, piece in enumerate(pieces):
            if i >= first or not piece.track.is_video:  # sound may have come before the video of its time
                self.write(piece)

    def on_failure(self, why):
        """On any thread. It is reported at once, because the main loop may have ended; and once, because a
        full disk fails every write."""
        if not self.has_failed:
            self.has_failed = True
            self.group.program.fail(why)
        on_main_loop(self.group.stop)

    def on_record(self, sink):
        buffer = sink.emit("pull-sample").get_buffer()
        line = buffer.extract_dup(0, buffer.get_size()).decode("utf-8").strip()
        record = json.loads(line)
        if record["type"] == "event":
            try:
                with self.lock:
                    self.on_event(record, line)
            except OSError as error:
                self.on_failure(f"{error.filename}: {error.strerror}")
        return Gst.FlowReturn.OK

    def on_event(self, event, line):
        uid, recording = event["event_uid"], self.files.pop(event["event_uid"], self.recording)
        is_new = recording is None
        if is_new:
            self.recording = recording = Recording(self.folder, when(event), self.on_failure)
        if event["state"] != "end":
            self.files[uid] = recording
        recording.write(line)
        self.until = max(0 if is_new else self.until, nanoseconds(event["end"]) + AFTER)
        if is_new:
            self.begin(nanoseconds(event["start"]) - BEFORE)

    def detach(self):
        super().detach()
        with self.lock:
            self.finish()
            self.kept.clear()

    def stop(self):
        super().stop()
        with self.lock:
            self.finish()


def make_folder(name):
    folder = pathlib.Path(name)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not os.access(folder, os.W_OK | os.X_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    except OSError as error:
        complain(f"{name}: {error.strerror}")
        sys.exit(1)
    return folder


def main():
    words = Words(sys.argv, 2, 2, defaults=[("window", "5")])
    word, folder = words.inputs
    group = Group()
    group.add(Recorder(group, word, words, make_folder(folder)))
    return group.run()


sys.exit(main())
