# SPDX-License-Identifier: LGPL-2.1-or-later
"""record_on_event.py URI FOLDER PROPERTY=VALUE…: see pipelines/record-on-event

An event is known only after the window that shows it was analysed. So the last
minute of the encoded video is kept, and a recording begins in the past.
"""
import collections
import json
import pathlib
import sys
import threading

from running import Gst, parse, run

BEFORE, AFTER, KEPT = 2.0, 2.0, 60.0  # seconds
PIPELINE = """
    uridecodebin name=source ! videoconvert ! vlmevents name=w
    ! queue ! vp8enc deadline=1 cpu-used=8 keyframe-max-dist=30
    ! appsink name=frames emit-signals=true sync=false
"""
WRITER = "appsrc name=frames format=time ! matroskamux ! filesink name=file"


class Recording:
    """One file. Its first frame is at time 0."""

    def __init__(self, path, caps):
        self.pipeline = Gst.parse_launch(WRITER)
        self.frames = self.pipeline.get_by_name("frames")
        self.frames.set_property("caps", caps)
        self.pipeline.get_by_name("file").set_property("location", str(path))
        self.pipeline.set_state(Gst.State.PLAYING)
        self.start = None

    def add(self, buffer):
        if self.start is None:
            self.start = buffer.pts
        frame = buffer.copy()
        frame.pts, frame.dts = buffer.pts - self.start, Gst.CLOCK_TIME_NONE
        self.frames.emit("push-buffer", frame)

    def finish(self):
        self.frames.emit("end-of-stream")
        ended = Gst.MessageType.EOS | Gst.MessageType.ERROR
        message = self.pipeline.get_bus().timed_pop_filtered(Gst.CLOCK_TIME_NONE, ended)
        self.pipeline.set_state(Gst.State.NULL)
        if message.type == Gst.MessageType.ERROR:
            sys.exit(message.parse_error()[0].message)


class Recorder:
    """Frames come on the pipeline's thread, events on the main one."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.lock = threading.Lock()
        self.kept = collections.deque()
        self.caps = None
        self.recording, self.until = None, 0
        self.open_events = set()
        self.count = 0

    def on_frame(self, sink):
        sample = sink.emit("pull-sample")
        with self.lock:
            self.caps = sample.get_caps()
            self.kept.append(sample.get_buffer())
            while self.kept[-1].pts - self.kept[0].pts > KEPT * Gst.SECOND:
                self.kept.popleft()
            self.write(self.kept[-1])
        return Gst.FlowReturn.OK

    def write(self, frame):
        if self.recording and frame.pts > self.until and not self.open_events:
            self.stop()
        if self.recording:
            self.recording.add(frame)

    def stop(self):
        if self.recording:
            self.recording.finish()
            self.recording = None

    def begin(self, start):
        """With the last key frame before `start`, or the oldest frame that is kept."""
        frames = list(self.kept)
        keys = [i for i, frame in enumerate(frames)
                if not frame.has_flags(Gst.BufferFlags.DELTA_UNIT)]
        early = [i for i in keys if frames[i].pts <= start]
        if not keys:
            return
        self.count += 1
        self.recording = Recording(self.folder / f"{self.count:04d}.mkv", self.caps)
        for frame in frames[early[-1] if early else keys[0]:]:
            self.write(frame)

    def on_message(self, message):
        structure = message.get_structure()
        if structure is None or structure.get_name() != "vlm-event":
            return
        text = structure.get_value("json")
        event = json.loads(text)
        with self.lock:
            change = self.open_events.discard if event["state"] == "end" else self.open_events.add
            change(event["id"])
            end = int((event["end"]["pts"] + AFTER) * Gst.SECOND)
            self.until = max(self.until, end) if self.recording else end
            if self.recording is None:
                self.begin(int((event["start"]["pts"] - BEFORE) * Gst.SECOND))
            with open(self.folder / f"{self.count:04d}.jsonl", "a", encoding="utf-8") as records:
                records.write(text + "\n")


def main(uri, folder, *properties):
    recorder = Recorder(folder)
    pipeline = parse(PIPELINE, properties)
    pipeline.get_by_name("source").set_property("uri", uri)
    pipeline.get_by_name("frames").connect("new-sample", recorder.on_frame)
    run(pipeline, recorder.on_message)
    recorder.stop()


main(*sys.argv[1:])
