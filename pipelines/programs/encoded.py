# SPDX-License-Identifier: LGPL-2.1-or-later
"""A source whose video is decoded to be analysed, while its video and its sound are handed out as they were
encoded."""
from camera import set_up_source
from running import GLib, Gst, complain

# A sink takes nothing before the whole source plays, and until then a queue may get
# more than it holds by default.
KEPT = """queue name=first max-size-buffers=0 max-size-bytes=0 max-size-time=0
    ! appsink name=kept async=false sync=false emit-signals=true"""
BRANCHES = f"""
    tee name=all  all. ! queue ! decodebin ! videoconvert ! videoflip name=last video-direction=auto
    all. ! {KEPT}
"""


class Piece:
    """A buffer of a track, and when it is seen or heard in running time (ns)."""

    def __init__(self, track, sample):
        self.track, self.buffer, self.segment = track, sample.get_buffer(), sample.get_segment()
        self.time = self.segment.to_running_time(Gst.Format.TIME, self.buffer.pts)
        self.is_key = track.is_video and not self.buffer.has_flags(Gst.BufferFlags.DELTA_UNIT)

    def moved(self, start):
        """The buffer, with times from `start` on."""
        buffer = self.buffer.copy()
        buffer.pts = max(0, self.time - start)
        if buffer.dts != Gst.CLOCK_TIME_NONE:
            buffer.dts = max(0, self.segment.to_running_time(Gst.Format.TIME, buffer.dts) - start)
        return buffer


class Track:
    """The video, or an audio track. `on_piece` is called on a thread of the source."""

    def __init__(self, is_video, sink, on_piece):
        self.is_video, self.on_piece = is_video, on_piece
        self.caps = None
        sink.connect("new-sample", self.on_sample)

    def on_sample(self, sink):
        sample = sink.emit("pull-sample")
        self.caps = sample.get_caps()
        piece = Piece(self, sample)
        if piece.time != Gst.CLOCK_TIME_NONE:
            self.on_piece(piece)
        return Gst.FlowReturn.OK


def what_matroska_takes(kind):
    pattern = Gst.ElementFactory.make("matroskamux").get_pad_template(f"{kind}_%u")
    return pattern.get_caps()


def parser_for(caps):
    """An element that brings a stream into another form, or None: not all formats have one."""
    parsers = Gst.ElementFactory.list_get_elements(Gst.ELEMENT_FACTORY_TYPE_PARSER, Gst.Rank.MARGINAL)
    found = Gst.ElementFactory.list_filter(parsers, caps, Gst.PadDirection.SINK, False)
    return found[0].create(None) if found else None


class Encoded:
    """Builds such a source: `bin`, with a pad `src` of decoded video."""

    def __init__(self, uri, on_piece):
        self.on_piece = on_piece
        self.bin = Gst.parse_bin_from_description(BRANCHES, False)
        self.bin.add_pad(Gst.GhostPad.new("src", self.bin.get_by_name("last").get_static_pad("src")))
        self.sinks = [self.bin.get_by_name("kept")]
        self.has_video = False
        source = Gst.Element.make_from_uri(Gst.URIType.SRC, uri, None)
        set_up_source(None, source)
        self.bin.add(source)
        if source.get_static_pad("src"):
            self.on_source(source, source.get_static_pad("src"))
        else:
            source.connect("pad-added", self.on_source)

    def end(self):
        """Ends all sinks here, because the pipeline ends only when all sinks have."""
        for sink in self.sinks:
            sink.get_static_pad("sink").send_event(Gst.Event.new_eos())

    def add(self, element):
        self.bin.add(element)
        element.sync_state_with_parent()
        return element

    def on_source(self, _source, pad):
        """Once for each stream, if the network has them apart."""
        parse = self.add(Gst.ElementFactory.make("parsebin"))
        parse.connect("pad-added", self.on_stream)
        pad.link(parse.get_static_pad("sink"))

    def on_stream(self, _parse, pad):
        caps = pad.get_current_caps() or pad.query_caps(None)
        kind = caps.get_structure(0).get_name().partition("/")[0]
        if kind in ("video", "image") and not self.has_video:
            self.has_video = True
            self.keep("video", caps, pad, self.bin.get_by_name("all"), self.sinks[0])
        elif kind == "audio":
            kept = self.add(Gst.parse_bin_from_description(KEPT, True))
            sink = kept.get_by_name("kept")
            self.sinks.append(sink)
            self.keep("audio", caps, pad, kept, sink)

    def keep(self, kind, caps, pad, first, sink):
        sink.set_property("caps", what_matroska_takes(kind))
        parser = parser_for(caps)
        if parser:
            self.add(parser).link(first)
        track = Track(kind == "video", sink, self.on_piece)
        if pad.link((parser or first).get_static_pad("sink")) == Gst.PadLinkReturn.OK:
            return
        name = caps.get_structure(0).get_name()
        if track.is_video:
            error = GLib.Error.new_literal(Gst.StreamError.quark(), f"Matroska cannot hold {name}",
                                           Gst.StreamError.WRONG_TYPE)
            self.bin.post_message(Gst.Message.new_error(self.bin, error, ""))
        else:
            complain(f"Matroska cannot hold {name}: this audio is dropped")
            self.sinks.remove(sink)
            self.bin.remove(first)
