#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The programs of pipelines/ that write files: test-recordings.py PIPELINES BUILD MODEL"""
import contextlib
import html
import os
import pathlib
import re
import resource
import shlex
import tempfile

import gi

import examples
import tap
from examples import WATCH, check, fails, folder_with_clip, run

gi.require_version("Gst", "1.0")
from gi.repository import Gst  # noqa: E402 pylint: disable=wrong-import-position

Gst.init(None)
NAME = re.compile(r"\d{8}T\d{6}Z(-\d+)?\.(mkv|jsonl)")
# The formats that cameras send, if they can be made here.
H264_AND_AAC = (examples.SCENES.format(320, 240) + " ! videoconvert ! openh264enc gop-size=10 ! h264parse "
                "! {} name=mux ! filesink location={} "
                "audiotestsrc num-buffers=260 ! avenc_aac ! aacparse ! mux.")


class Tracks:
    """The contents of a Matroska file: the caps of each track, and (time, duration, text) of each buffer."""

    def __init__(self, path):
        self.caps, self.buffers = {}, {}
        self.pipeline = Gst.parse_launch("filesrc name=file ! matroskademux name=demux")
        self.pipeline.get_by_name("file").set_property("location", str(path))
        self.pipeline.get_by_name("demux").connect("pad-added", self.on_pad)
        self.pipeline.set_state(Gst.State.PLAYING)
        ended = Gst.MessageType.EOS | Gst.MessageType.ERROR
        message = self.pipeline.get_bus().timed_pop_filtered(examples.PATIENCE * Gst.SECOND, ended)
        self.pipeline.set_state(Gst.State.NULL)
        assert message and message.type == Gst.MessageType.EOS, message

    def on_pad(self, _demux, pad):
        sink = Gst.parse_launch("fakesink async=false")
        self.pipeline.add(sink)
        sink.sync_state_with_parent()
        pad.link(sink.get_static_pad("sink"))
        kind = pad.get_name().partition("_")[0]
        self.caps[kind], self.buffers[kind] = pad.get_current_caps().get_structure(0), []
        pad.add_probe(Gst.PadProbeType.BUFFER, self.on_buffer, kind)

    def on_buffer(self, _pad, info, kind):
        buffer = info.get_buffer()
        text = buffer.extract_dup(0, buffer.get_size()).decode("utf-8") if kind == "subtitle" else ""
        self.buffers[kind].append((buffer.pts / Gst.SECOND, buffer.duration / Gst.SECOND, text))
        return Gst.PadProbeReturn.OK


def read_records(folder):
    return [examples.records_of(path.read_text("utf-8")) for path in sorted(folder.glob("*.jsonl"))]


def test_record_on_event():
    with folder_with_clip() as clip:
        out = clip.with_name("out")
        run("record-on-event", clip, out, *WATCH)
        names = os.listdir(out)
        assert names and all(map(NAME.fullmatch, names)), names
        for records in read_records(out):
            check(records)
            assert all(pathlib.Path(record["recording"]).is_file() for record in records), records
        for path in out.glob("*.mkv"):
            tracks = Tracks(path)
            # an event and two seconds on both sides, as far as there is video
            assert 15 <= len(tracks.buffers["video"]) <= 60, tracks.buffers
            assert tracks.caps["video"].get_name() == "image/jpeg", tracks.caps
            assert tracks.caps["audio"].get_name() == "audio/x-vorbis", tracks.caps


def test_nothing_is_written_over():
    """Into one folder, again and again: all files are kept, and no two events have the same uid."""
    with folder_with_clip() as clip:
        out = clip.with_name("out")
        kept, uids = {}, set()
        for _ in range(3):
            run("record-on-event", clip, out, *WATCH)
            found = {path.name: path.read_bytes() for path in out.iterdir()}
            assert len(found) > len(kept) and kept.items() <= found.items(), found.keys()
            kept = found
        for records in read_records(out):
            these = {record["event_uid"] for record in records}
            assert these and not these & uids, uids
            uids |= these


def test_encoded_as_it_was():
    """H.264 and AAC, from a file and from a transport stream."""
    if not Gst.ElementFactory.find("openh264enc") or not Gst.ElementFactory.find("avenc_aac"):
        raise tap.Skip("no encoder for H.264 and AAC")
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        for muxer, file in (("mp4mux", "clip.mp4"), ("mpegtsmux", "clip.ts")):
            examples.launch(H264_AND_AAC.format(muxer, shlex.quote(str(folder / file))))
            out = folder / muxer
            run("record-on-event", folder / file, out, *WATCH)
            for path in out.glob("*.mkv"):
                tracks = Tracks(path)
                assert tracks.caps["video"].get_name() == "video/x-h264", tracks.caps
                assert tracks.caps["audio"].get_name() == "audio/mpeg", tracks.caps
                video, audio = (tracks.buffers[kind] for kind in ("video", "audio"))
                # the sound begins with the picture, and does not end much earlier
                assert video[0][0] < 0.05 and audio[0][0] < 0.3, (video[0], audio[0])
                assert abs(video[-1][0] - audio[-1][0]) < 1.0, (video[-1], audio[-1])


def test_folder_that_cannot_be_used():
    with folder_with_clip() as clip:
        fails("record-on-event", clip, clip, *WATCH, status=1, said="^.*/it's.mkv: ")
        fails("record-on-event", clip, "/proc/nowhere/x", *WATCH, status=1, said="^/proc/nowhere/x: ")
        fails("record-on-event", "no.mkv", clip.with_name("out"), *WATCH, status=1, said="^no.mkv: ")


@contextlib.contextmanager
def largest_file(n_bytes):
    """As on a full disk: no file that is written from here on may be larger."""
    _, hard = before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (n_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_full_disk():
    """It is reported, whether it is full in the middle of a recording or at its end."""
    with folder_with_clip() as clip:
        whole = clip.with_name("whole")
        run("record-on-event", clip, whole, *WATCH)
        size = max(path.stat().st_size for path in whole.glob("*.mkv"))
        for limit in (size // 3, size - 512):
            with largest_file(limit):
                run("record-on-event", clip, clip.with_name(f"at-{limit}"), *WATCH, status=1, said="\.mkv: .")


def test_subtitles():
    with folder_with_clip() as clip:
        # an event that has ended when it is first reported has an end only
        first = {event["id"]: event for event in reversed(run("file", clip, *WATCH))}
        run("subtitles", clip, clip.with_name("out.mkv"), *WATCH)
        tracks = Tracks(clip.with_name("out.mkv"))
        assert len(tracks.buffers["video"]) == 60 and len(tracks.buffers["audio"]) > 100, tracks.buffers
        cues = [cue for cue in tracks.buffers["subtitle"] if cue[2]]
        told = {(round(start, 2), html.unescape(text)) for start, _, text in cues}
        looks = str.maketrans("<>{}", "\N{SINGLE LEFT-POINTING ANGLE QUOTATION MARK}"
                              "\N{SINGLE RIGHT-POINTING ANGLE QUOTATION MARK}()")
        known = {(round(event["start"]["pts"], 2), event["description"].translate(looks))
                 for event in first.values()}
        assert known and known <= told, (known, told)
        assert all(duration >= 0.999 for _, duration, _ in cues), cues


def test_subtitles_replace_nothing():
    """Existing files stay, whatever goes wrong, and no others are left."""
    with folder_with_clip() as clip:
        folder = clip.parent
        other, link, hard = (folder / name for name in ("other.mkv", "link.mkv", "hard.mkv"))
        other.write_bytes(b"precious")
        link.symlink_to(clip)
        hard.hardlink_to(clip)
        broken = folder / "broken.mkv"
        broken.write_bytes(clip.read_bytes()[:700])
        before = {path.name: path.read_bytes() for path in folder.iterdir()}
        own = "this is the video itself"
        roundabout = folder / ".." / folder.name / clip.name
        for video, out, said in ((clip, clip, own), (clip, link, own), (clip, hard, own),
                                 (clip, roundabout, own), (clip.as_uri(), clip, own),
                                 (clip, other, "there already"),
                                 (folder / "no.mkv", other, "no.mkv"), (clip, folder, "not a file"),
                                 (clip, "/dev/null", "not a file"), (clip, "/proc/no/out.mkv", "out.mkv"),
                                 (broken, folder / "new.mkv", "broken.mkv")):
            fails("subtitles", video, out, *WATCH, status=1, said=said)
        fails("subtitles", "--force", clip, clip, *WATCH, status=1, said=own)
        fails("subtitles", "--force", broken, other, *WATCH, status=1, said="broken.mkv")
        fails("subtitles", "--force", clip, other, "model=/nowhere", status=1, said="/nowhere")
        assert before == {path.name: path.read_bytes() for path in folder.iterdir()}
        run("subtitles", "--force", clip, other, *WATCH)
        assert len(Tracks(other).buffers["video"]) == 60


def test_subtitles_need_video():
    with tempfile.TemporaryDirectory() as name:
        sound, out = (pathlib.Path(name, file) for file in ("sound.mkv", "out.mkv"))
        examples.launch(f"audiotestsrc num-buffers=50 ! vorbisenc ! matroskamux ! filesink location={sound}")
        fails("subtitles", sound, out, *WATCH, status=1, said="sound.mkv: .*contains no video")
        assert os.listdir(name) == ["sound.mkv"], os.listdir(name)


tap.run_module(__name__)
