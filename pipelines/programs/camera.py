# SPDX-License-Identifier: LGPL-2.1-or-later
"""A file, or a camera that may go away and come back."""
from running import GLib, Gst, complain
from watching import Watcher
from words import without_password

LATENCY_MS = 200
# Seconds. A camera that sends nothing for so long is gone, even if its connection is open.
SILENCE = 20
# The same for a file, which may not report that it contains nothing: now and then the
# error of a demuxer is lost while elements are plugged together (GStreamer 1.22).
BEGINNING = 60
SHORTEST_PAUSE, LONGEST_PAUSE = 1, 60
DECODED = "uridecodebin name=decoder ! videoconvert name=convert ! videoflip name=flip video-direction=auto"


def set_up_source(_decoder, source):
    """Uses the camera's own clock, if it sends the time."""
    if source.get_factory().get_name() == "rtspsrc":
        source.set_property("latency", LATENCY_MS)
        source.set_property("add-reference-timestamp-meta", True)


def decoded(uri):
    """A bin with the decoded video of an address."""
    source = Gst.parse_bin_from_description(DECODED, False)
    source.add_pad(Gst.GhostPad.new("src", source.get_by_name("flip").get_static_pad("src")))
    decoder = source.get_by_name("decoder")
    video = source.get_by_name("convert").get_static_pad("sink")

    def refuse(why):
        error = GLib.Error.new_literal(Gst.StreamError.quark(), why, Gst.StreamError.TYPE_NOT_FOUND)
        decoder.post_message(Gst.Message.new_error(decoder, error, ""))

    def on_all_pads(_decoder):
        if not video.is_linked():
            refuse("it contains no video")

    def on_element(_source, _bin, element):
        # GStreamer would never end it (1.22)
        factory = element.get_factory()
        if factory and factory.get_name().endswith("_gif"):
            refuse("a GIF cannot be read as video: convert it")

    source.connect("deep-element-added", on_element)
    decoder.connect("source-setup", set_up_source)
    decoder.connect("no-more-pads", on_all_pads)
    decoder.set_property("uri", uri)
    return source


class Camera(Watcher):
    """`make_source()` returns a bin with the video each time that one is needed. A source that `comes_back`
    is tried again when it ended or failed, after a pause that grows. The events that are open then end at
    once: vlmevents stays, and gets a gap event."""

    def __init__(self, group, name, *args, make_source, comes_back, **keywords):
        super().__init__(group, *args, **keywords)
        self.shown_name = without_password(name)
        self.make_source, self.comes_back = make_source, comes_back
        self.ending = False
        self.pause, self.timer = SHORTEST_PAUSE, 0
        # when it was connected, when the last frame came, and its position in the stream
        self.since_us, self.seen_us = 0, 0
        self.segment, self.position = None, Gst.CLOCK_TIME_NONE
        if self.comes_back:
            self.sink.add_probe(Gst.PadProbeType.EVENT_DOWNSTREAM | Gst.PadProbeType.BUFFER, self.on_data)
            GLib.timeout_add_seconds(SILENCE // 4, self.check_silence)
        else:
            GLib.timeout_add_seconds(BEGINNING, self.check_beginning)

    def start(self):
        super().start()
        self.connect()

    def connect(self):
        self.timer = 0
        self.since_us = self.seen_us = GLib.get_monotonic_time()
        self.attach(self.make_source())
        return GLib.SOURCE_REMOVE

    def on_data(self, pad, info):
        """On the thread of the stream."""
        if info.type & Gst.PadProbeType.BUFFER:
            self.seen_us = GLib.get_monotonic_time()
            self.position = info.get_buffer().pts
        elif info.get_event().type == Gst.EventType.SEGMENT:
            self.segment = info.get_event().parse_segment()
        elif info.get_event().type == Gst.EventType.EOS and not self.ending:
            known, duration = pad.peer_query_duration(Gst.Format.TIME)
            if not known or duration <= 0:  # else it is the end of a recording
                GLib.idle_add(self.lose, self.source, "the stream ended")
                return Gst.PadProbeReturn.DROP
        return Gst.PadProbeReturn.OK

    def check_silence(self):
        if self.source and GLib.get_monotonic_time() - self.seen_us > SILENCE * 1e6:
            self.lose(self.source, f"no data for {SILENCE} s")
        return not self.ending

    def check_beginning(self):
        if self.source and not self.sink.get_current_caps():
            self.on_source_error("nothing can be read from it")
        return GLib.SOURCE_REMOVE

    def on_source_error(self, why):
        if self.comes_back:
            self.lose(self.source, why)
        else:
            super().on_source_error(f"{self.shown_name}: {why}")

    def lose(self, source, why):
        if self.ending or source is None or source != self.source:
            return GLib.SOURCE_REMOVE
        self.detach()
        self.send_gap()
        if self.seen_us - self.since_us > self.pause * 1e6:
            self.pause = SHORTEST_PAUSE
        complain(f"{self.shown_name}: {why}; trying again in {self.pause} s")
        # not timeout_add_seconds(), which may be a quarter of a second early
        self.timer = GLib.timeout_add(self.pause * 1000, self.connect)
        self.pause = min(2 * self.pause, LONGEST_PAUSE)
        return GLib.SOURCE_REMOVE

    def send_gap(self):
        """From the last frame to now."""
        clock = self.pipeline.get_clock()
        if self.segment is None or clock is None or self.position == Gst.CLOCK_TIME_NONE:
            return
        running = clock.get_time() - self.pipeline.get_base_time()
        now = self.segment.position_from_running_time(Gst.Format.TIME, running)
        if now != Gst.CLOCK_TIME_NONE and now > self.position:
            self.sink.send_event(Gst.Event.new_gap(self.position, now - self.position))

    def end(self):
        self.ending = True
        if self.timer:
            GLib.source_remove(self.timer)
            self.timer = 0
            self.send_gap()
        super().end()
