# SPDX-License-Identifier: LGPL-2.1-or-later
"""subtitles.py SCRIPT [--force] VIDEO OUT.mkv PROPERTY=VALUE…: see pipelines/subtitles

Video and sound wait in front of the muxer until the text is as far as they are. The
end has to be held back, too: when all that is copied has ended, the muxer ends the
file, and the last events are known only then.
"""
import contextlib
import os
import pathlib
import sys
import tempfile

from camera import BEGINNING
from running import GLib, Gst, Program, complain, reason, watch_bus
from words import Words, to_path, to_uri

WAITING = "max-size-buffers=0 max-size-bytes=0 max-size-time=0"
PIPELINE = f"""
    parsebin name=parse
    matroskamux name=mux ! filesink name=out
    tee name=video
    video. ! queue name=copy {WAITING} ! mux.video_0
    video. ! queue ! decodebin ! videoconvert ! vlmevents name=w ! fakesink name=seen
    w.events ! mux.
"""


def refuse(element, why):
    """Ends the pipeline."""
    error = GLib.Error.new_literal(Gst.StreamError.quark(), why, Gst.StreamError.WRONG_TYPE)
    element.post_message(Gst.Message.new_error(element, error, ""))


class Copier:
    """Links the first video, and all sound; holds the end of the video back."""

    def __init__(self, pipeline):
        self.pipeline = pipeline
        self.video = pipeline.get_by_name("video").get_static_pad("sink")
        self.copied = pipeline.get_by_name("copy").get_static_pad("src")
        events = Gst.PadProbeType.EVENT_DOWNSTREAM
        self.hold = self.copied.add_probe(events | Gst.PadProbeType.BLOCK, self.on_copied)
        pipeline.get_by_name("seen").get_static_pad("sink").add_probe(events, self.on_analysed)
        parse_bin = pipeline.get_by_name("parse")
        parse_bin.connect("pad-added", self.on_pad)
        parse_bin.connect("drained", self.on_drained)

    def on_copied(self, _pad, info):
        ends = info.get_event().type == Gst.EventType.EOS
        return Gst.PadProbeReturn.OK if ends else Gst.PadProbeReturn.PASS

    def on_analysed(self, _pad, info):
        if info.get_event().type == Gst.EventType.EOS:
            self.copied.remove_probe(self.hold)
            return Gst.PadProbeReturn.REMOVE
        return Gst.PadProbeReturn.OK

    def on_pad(self, _parse, pad):
        kind = pad.query_caps(None).get_structure(0).get_name()
        if kind.startswith(("video/", "image/")) and not self.video.is_linked():
            if pad.link(self.video) != Gst.PadLinkReturn.OK:
                refuse(self.pipeline, f"Matroska cannot hold {kind}")
        elif kind.startswith("audio/"):
            queue = Gst.parse_launch(f"queue {WAITING}")
            self.pipeline.add(queue)
            pad.link(queue.get_static_pad("sink"))
            sound = self.pipeline.get_by_name("mux").request_pad_simple("audio_%u")
            queue.get_static_pad("src").link(sound)
            queue.sync_state_with_parent()

    def on_drained(self, source):
        if not self.video.is_linked():
            refuse(source, "the file contains no video")


@contextlib.contextmanager
def written_beside(out):
    """The name of a file beside `out`, which becomes `out` if all goes well, and is removed otherwise."""
    handle, name = tempfile.mkstemp(prefix=f".{out.name}.", dir=out.parent)
    os.close(handle)
    try:
        yield name
        mask = os.umask(0)
        os.umask(mask)
        os.chmod(name, 0o666 & ~mask)
        os.replace(name, out)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(name)
        raise


def check_names(words, video, out):
    """What is wrong with them, or None: no other file is overwritten."""
    source = to_path(video)
    if source is not None and not source.exists():
        return f"{video}: no such file"
    if not out.exists():
        return None
    if source is not None and out.samefile(source):
        return f"{out}: this is the video itself"
    if not out.is_file():
        return f"{out}: not a file"
    return None if "--force" in words.options else f"{out}: is there already; --force replaces it"


class Subtitles:
    """The pipeline, until it ends."""

    def __init__(self, words, video, out):
        self.pipeline = Gst.parse_launch(PIPELINE)
        self.element = self.pipeline.get_by_name("w")
        words.apply(self.element)
        source = Gst.Element.make_from_uri(Gst.URIType.SRC, to_uri(video), None)
        self.pipeline.add(source)
        source.link(self.pipeline.get_by_name("parse"))
        self.pipeline.get_by_name("out").set_property("location", out)
        self.copier = Copier(self.pipeline)
        self.program = Program(self.interrupt)
        self.video, self.status = video, 1
        watch_bus(self.pipeline, self.on_message)

    def on_message(self, message):
        if message.type == Gst.MessageType.ERROR:
            own = message.src == self.element
            self.end(reason(message) if own else f"{self.video}: {reason(message)}")
        elif message.type == Gst.MessageType.EOS:
            self.end(None)

    def check_beginning(self):
        if not self.copier.video.is_linked():
            self.end(f"{self.video}: nothing can be read from it")
        return GLib.SOURCE_REMOVE

    def interrupt(self):
        self.status = 130
        self.end("interrupted: nothing was written")

    def end(self, why):
        if why and not self.program.failed:  # one error seldom comes alone
            self.program.fail(why)
        self.program.quit()

    def run(self):
        GLib.timeout_add_seconds(BEGINNING, self.check_beginning)
        self.pipeline.set_state(Gst.State.PLAYING)
        failed = self.program.run()
        self.pipeline.set_state(Gst.State.NULL)
        return self.status if failed else 0


def main():
    words = Words(sys.argv, 2, 2, options=("--force",), defaults=[("window", "5"), ("max-queue", "1")])
    video, out = words.inputs[0], pathlib.Path(words.inputs[1])
    wrong = check_names(words, video, out)
    try:
        if not wrong:
            with written_beside(out) as name:
                status = Subtitles(words, video, name).run()
                if status:
                    sys.exit(status)
    except OSError as error:
        wrong = f"{out}: {error.strerror}"
    if wrong:
        complain(wrong)
        sys.exit(1)


main()
