# SPDX-License-Identifier: LGPL-2.1-or-later
"""A Matroska file of pieces of encoded tracks, and records beside it."""
import json
import threading

from running import Gst, reason

FORMAT = "%Y%m%dT%H%M%SZ"


def new_name(folder, when):
    """A new name in `folder`: a time in UTC, and a number if that is taken. The file for records is created
    with it."""
    stem, count = when.strftime(FORMAT), 1
    while True:
        name = stem if count == 1 else f"{stem}-{count}"
        if not (folder / f"{name}.mkv").exists():
            try:
                return name, open(folder / f"{name}.jsonl", "x", encoding="utf-8")
            except FileExistsError:
                pass
        count += 1


class Recording:
    """The first piece is at time 0. `on_failure` gets a sentence, on any thread."""

    def __init__(self, folder, when, on_failure):
        self.on_failure = on_failure
        name, self.records = new_name(folder, when)
        self.path = folder / f"{name}.mkv"
        self.pipeline, self.start, self.has_failed = None, 0, False
        self.inputs = {}

    def open(self, tracks, start):
        """`tracks`: those that the file will have."""
        self.start = start
        self.pipeline = Gst.parse_launch("matroskamux name=mux ! filesink name=file async=false")
        self.pipeline.get_by_name("file").set_property("location", str(self.path))
        muxer = self.pipeline.get_by_name("mux")
        for track in tracks:
            source = Gst.parse_launch("appsrc format=time max-bytes=0")
            source.set_property("caps", track.caps)
            self.pipeline.add(source)
            kind = "video" if track.is_video else "audio"
            source.get_static_pad("src").link(muxer.request_pad_simple(f"{kind}_%u"))
            self.inputs[track] = source
        self.pipeline.set_state(Gst.State.PLAYING)

    def add(self, piece):
        if piece.track in self.inputs and piece.time >= self.start:
            self.inputs[piece.track].emit("push-buffer", piece.moved(self.start))
            self.wait_for(Gst.MessageType.ERROR, 0)

    def write(self, line):
        """A record, which names the file that it is in."""
        named = f"{line.rstrip().removesuffix('}')}, \"recording\": {json.dumps(str(self.path))}}}"
        try:
            self.records.write(named + "\n")
            self.records.flush()
        except OSError as error:
            self.on_failure(f"{self.records.name}: {error.strerror}")

    def finish(self):
        """The file is complete when this returns."""
        if self.pipeline is None:
            return
        for source in self.inputs.values():
            source.emit("end-of-stream")
        self.wait_for(Gst.MessageType.EOS | Gst.MessageType.ERROR, Gst.CLOCK_TIME_NONE)
        self.pipeline.set_state(Gst.State.NULL)
        self.pipeline = None

    def wait_for(self, kinds, timeout):
        """After an error nothing else will come."""
        message = None if self.has_failed else self.pipeline.get_bus().timed_pop_filtered(timeout, kinds)
        if message and message.type == Gst.MessageType.ERROR:
            self.has_failed = True
            self.on_failure(f"{self.path}: {reason(message)}")
