# SPDX-License-Identifier: LGPL-2.1-or-later
"""subtitles.py VIDEO OUT.mkv PROPERTY=VALUE…: see pipelines/subtitles

What is copied waits in front of the muxer until the text has come as far. The end
has to be kept back, too: where all that is copied has ended the muxer ends the file,
and the last events are known only then.
"""
import sys

from running import GLib, Gst, parse, run

WAITING = "max-size-buffers=0 max-size-bytes=0 max-size-time=0"
PIPELINE = f"""
    filesrc name=file ! parsebin name=parse
    matroskamux name=mux ! filesink name=out
    tee name=video
    video. ! queue name=copy {WAITING} ! mux.video_0
    video. ! queue ! decodebin ! videoconvert ! vlmevents name=w ! fakesink name=seen
    w.events ! mux.
"""


class Copier:
    """Links the first video, and all sound; keeps the end of the video back."""

    def __init__(self, pipeline):
        self.pipeline = pipeline
        self.video = pipeline.get_by_name("video").get_static_pad("sink")
        self.copied = pipeline.get_by_name("copy").get_static_pad("src")
        events = Gst.PadProbeType.EVENT_DOWNSTREAM
        self.hold = self.copied.add_probe(events | Gst.PadProbeType.BLOCK, self.on_copied)
        pipeline.get_by_name("seen").get_static_pad("sink").add_probe(events, self.on_watched)
        parse_bin = pipeline.get_by_name("parse")
        parse_bin.connect("pad-added", self.on_pad)
        parse_bin.connect("drained", self.on_drained)

    def on_copied(self, _pad, info):
        ends = info.get_event().type == Gst.EventType.EOS
        return Gst.PadProbeReturn.OK if ends else Gst.PadProbeReturn.PASS

    def on_watched(self, _pad, info):
        if info.get_event().type == Gst.EventType.EOS:
            self.copied.remove_probe(self.hold)
            return Gst.PadProbeReturn.REMOVE
        return Gst.PadProbeReturn.OK

    def on_pad(self, _parse, pad):
        kind = pad.query_caps(None).get_structure(0).get_name()
        if kind.startswith(("video/", "image/")) and not self.video.is_linked():
            pad.link(self.video)
        elif kind.startswith("audio/"):
            queue = Gst.parse_launch(f"queue {WAITING}")
            self.pipeline.add(queue)
            pad.link(queue.get_static_pad("sink"))
            sound = self.pipeline.get_by_name("mux").request_pad_simple("audio_%u")
            queue.get_static_pad("src").link(sound)
            queue.sync_state_with_parent()

    def on_drained(self, source):
        if not self.video.is_linked():
            error = GLib.Error.new_literal(Gst.StreamError.quark(), "there is no video in the file",
                                           Gst.StreamError.WRONG_TYPE)
            source.post_message(Gst.Message.new_error(source, error, ""))


def main(video, out, *properties):
    pipeline = parse(PIPELINE, properties)
    pipeline.get_by_name("file").set_property("location", video)
    pipeline.get_by_name("out").set_property("location", out)
    Copier(pipeline)
    run(pipeline)


main(*sys.argv[1:])
