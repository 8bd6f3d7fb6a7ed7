# SPDX-License-Identifier: LGPL-2.1-or-later
"""Video that is analysed and kept in a folder: its records, a copy with boxes drawn on it that browsers play,
and small pictures of it."""
import json
import shlex

from camera import Camera, decoded
from running import Gst, complain, on_main_loop
from words import without_password

VIDEO, PICTURES, PICTURE_RATE = "video.webm", "thumbs", 4
MADE = (VIDEO, "events.jsonl", "truth.jsonl", "events.vtt", "index.html")

# At most 720p, which is more than the model sees; so places are pixels of the copy.
SMALL = ["videoscale", "!", "video/x-raw,width=[1,1280],height=[1,720],pixel-aspect-ratio=1/1"]
# Frames wait in memory for their window: from a camera only as many as are needed to see what happens.
RATE = ["videorate", "drop-only=true", "max-rate=30"]
RATE_LIVE = ["videorate", "skip-to-first=true", "!", "video/x-raw,framerate=15/1"]
FLIPPED = ["videoconvert", "!", "videoflip", "video-direction=auto"]
LONGEST_LINE = 70


def decoded_words(uri, live):
    # Without async-handling the line may not end: docs/pipelines.md
    return ["uridecodebin", f"uri={uri}", "async-handling=true", "!", *FLIPPED, "!", *small(live)]


def small(live):
    return [*(RATE_LIVE if live else RATE), "!", *SMALL]


def shown_words(out):
    """VP8, which all browsers play. The first frame is shown from 0 on, the last one before a gap throughout
    it, because players differ in what they do otherwise. No `threads`: those of vp8enc spin while they wait,
    and the model needs the processor. Pictures keep their size: scaling after this point could change the
    size before it as well, if the source allows another one."""
    return ["tee", "name=t",
            "t.", "!", "queue", "!", "vlmoverlay", "draw-strip=false", "tolerance=0.3", "!", "videorate", "!",
            "videoconvert", "!", "vp8enc", "deadline=1", "cpu-used=8", "keyframe-max-dist=30",
            "target-bitrate=1500000", "!", "webmmux", "!",
            "filesink", f"location={out / VIDEO}", "async=false",
            "t.", "!", "queue", "!", "videorate", "!", f"video/x-raw,framerate={PICTURE_RATE}/1", "!",
            "videoconvert", "!", "jpegenc", "quality=75", "!",
            "multifilesink", f"location={out / PICTURES / '%05d.jpg'}", "async=false"]


def quoted(word):
    """As gst_parse_launch() parses it."""
    name, equals, value = word.partition("=")
    if not equals or "," in name or not set(value) & set(" '\"\\"):
        return word
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'{name}="{escaped}"'


def bin_of(words):
    """With an element at the end, because caps must not be the last word."""
    return Gst.parse_bin_from_description(" ".join(map(quoted, [*words, "!", "identity"])), True)


def line(job):
    """A line for gst-launch-1.0 that does the same, to be copied: without the password."""
    launch = ["gst-launch-1.0", "-q", *(["-e"] if job.live else [])]
    source = [without_password(word) for word in job.source]
    watch = ["vlmevents", "name=w", *map("=".join, dict(job.words.properties).items())]
    records = ["w.events", "!", "filesink", f"location={job.out / 'events.jsonl'}", "buffer-mode=unbuffered"]
    text, length = "", 0
    for word in [*launch, *source, "!", *watch, "!", *shown_words(job.out), *records]:
        if word in ("t.", "w.events"):
            text, length = text + " \\\n   ", 3
        elif word == "!" and length > LONGEST_LINE:
            text, length = text + " \\\n     ", 5
        safe = word if word == "!" else shlex.quote(word)
        text, length = text + (" " if text else "") + safe, length + len(safe) + 1
    return text


def event_line(record):
    """A line for a terminal."""
    seconds = record["start"].get("stream_time", 0.0)
    text = record.get("description") or record.get("label", "")
    return f"{seconds // 60:5.0f}:{seconds % 60:04.1f}  {text}"


class Film(Camera):
    """`size` is that of the video, or None. If a file is broken in the middle, the part before it is kept.
    `is_whole`: the results can be shown."""

    def __init__(self, group, job):
        self.job, self.size, self.is_whole, self.announced = job, None, False, set()
        self.records = open(job.out / "events.jsonl", "wb")
        super().__init__(group, job.name, job.words, shown=" ".join(map(quoted, shown_words(job.out))),
                         make_source=self.make, comes_back=job.live)
        self.sink.connect("notify::caps", self.on_caps)

    def make(self):
        """A bin with a pad `src`."""
        if self.job.uri is None:
            return bin_of(self.job.source)
        whole = Gst.Bin.new(None)
        parts = decoded(self.job.uri), bin_of(small(self.job.live))
        for part in parts:
            whole.add(part)
        parts[0].link(parts[1])
        whole.add_pad(Gst.GhostPad.new("src", parts[1].get_static_pad("src")))
        return whole

    def on_caps(self, pad, _spec):
        """On the thread of the stream."""
        if caps := pad.get_current_caps():
            self.size = tuple(caps.get_structure(0).get_int(name)[1] for name in ("width", "height"))

    def on_record(self, sink):
        buffer = sink.emit("pull-sample").get_buffer()
        data = buffer.extract_dup(0, buffer.get_size())
        try:
            self.records.write(data)
            self.records.flush()
        except OSError as error:
            on_main_loop(self.group.fail, f"{self.records.name}: {error.strerror}")
        if self.job.live:
            self.announce(data)
        return Gst.FlowReturn.OK

    def announce(self, data):
        """Prints each event once: people in front of a camera want to see that it works."""
        for text in data.decode("utf-8", "replace").splitlines():
            record = json.loads(text)
            if record["type"] == "event" and record["event_uid"] not in self.announced:
                self.announced.add(record["event_uid"])
                complain(event_line(record))

    def on_message(self, message):
        if message.type == Gst.MessageType.EOS and message.src == self.pipeline:
            self.is_whole = True
        elif message.type == Gst.MessageType.WARNING and message.src == self.element:
            complain(message.parse_warning()[0].message)
        super().on_message(message)

    def on_source_error(self, why):
        if self.comes_back or self.size is None:
            super().on_source_error(why)
        elif not self.ending:
            self.group.program.fail(f"{self.shown_name}: {why}")
            self.end()
