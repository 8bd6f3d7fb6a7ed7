#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The examples of pipelines/ on video that is made here: test-examples.py PIPELINES BUILD MODEL"""
import html
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile

import tap
import watched
from watched import PATIENCE

PIPELINES, BUILD, MODEL = sys.argv[1:4]
ENVIRONMENT = {**os.environ, "VLM_BUILD_DIR": BUILD, "VLM_VALIDATE": "0"}
WATCH = [f"model={MODEL}", "max-tokens=48", "window=2"]
CUES = """
import json
import sys
import gi
gi.require_version("Gst", "1.0")
from gi.repository import Gst
Gst.init(None)
pipeline = Gst.parse_launch("filesrc name=file ! matroskademux name=d  "
    "d.video_0 ! queue ! fakesink name=video  d.audio_0 ! queue ! fakesink name=audio  "
    "d.subtitle_0 ! queue ! fakesink name=text")
pipeline.get_by_name("file").set_property("location", sys.argv[1])


def tell(sink, buffer, _pad):
    words = buffer.extract_dup(0, buffer.get_size()).decode("utf-8") if sink.name == "text" else ""
    # in one piece: the tracks are of several threads
    sys.stdout.write(json.dumps({"track": sink.name, "pts": buffer.pts / Gst.SECOND,
        "duration": buffer.duration / Gst.SECOND, "text": words}) + "\\n")


for name in ("video", "audio", "text"):
    sink = pipeline.get_by_name(name)
    sink.set_property("signal-handoffs", True)
    sink.connect("handoff", tell)
pipeline.set_state(Gst.State.PLAYING)
message = pipeline.get_bus().timed_pop_filtered(60 * Gst.SECOND,
    Gst.MessageType.EOS | Gst.MessageType.ERROR)
assert message and message.type == Gst.MessageType.EOS, message
pipeline.set_state(Gst.State.NULL)
"""
CLIP = ("gst-launch-1.0 -q vlmtestsrc seed=5 duration=3 num-scenes=2 "
        "! video/x-raw,format=I420,width=160,height=120,framerate=10/1 ! videoconvert ! jpegenc "
        "! matroskamux name=mux ! filesink location={} audiotestsrc num-buffers=250 ! vorbisenc ! mux.")
SERVER = """
import gi
gi.require_version("Gst", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtspServer
Gst.init(None)
server = GstRtspServer.RTSPServer(service="0")
factory = GstRtspServer.RTSPMediaFactory(shared=True, launch="( videotestsrc is-live=true "
    "! video/x-raw,format=I420,width=160,height=120,framerate=10/1 ! jpegenc ! rtpjpegpay name=pay0 )")
server.get_mount_points().add_factory("/camera", factory)
server.attach(None)
print(f"rtsp://127.0.0.1:{server.get_bound_port()}/camera", flush=True)
GLib.MainLoop().run()
"""


def command(name, *args):
    return [os.path.join(PIPELINES, name), *map(str, args)]


def run(name, *args, environment=None):
    done = watched.run(command(name, *args), environment or ENVIRONMENT)
    assert done.returncode == 0, done
    return [json.loads(line) for line in done.stdout.splitlines()]


def run_until_event(name, *args):
    """Live: Ctrl+C once the first event is there."""
    asked = False

    def on_line(process, line):
        nonlocal asked
        if json.loads(line)["state"] != "gap" and not asked:
            asked = True
            process.send_signal(signal.SIGINT)

    done = watched.run(command(name, *args), ENVIRONMENT, on_line=on_line)
    assert done.returncode == 0, done
    return [json.loads(line) for line in done.stdout.splitlines()]


def with_clip(test):
    with tempfile.TemporaryDirectory() as name:
        clip = pathlib.Path(name, "it's.mkv")
        made = pathlib.Path(name, "clip.mkv")
        script = f"source '{PIPELINES}/setup.sh'; use_build; {CLIP.format(made)}"
        subprocess.run(["bash", "-c", script], check=True, env=ENVIRONMENT, timeout=PATIENCE)
        made.rename(clip)
        test(clip, pathlib.Path(name))


def check(events):
    assert any(event["state"] == "end" for event in events), events
    assert all(event["model"] == "checkpoint" for event in events if event["state"] != "gap"), events


def test_file():
    with_clip(lambda clip, _: check(run("file", clip, *WATCH)))


def test_cameras():
    def several(clip, _):
        events = run("cameras", clip, clip.as_uri(), *WATCH)
        check(events)
        both = [[(e["id"], e["state"], e["description"]) for e in events if e["stream"] == name]
                for name in ("camera-1", "camera-2")]
        assert both[0] and both[0] == both[1], events
    with_clip(several)


def test_slow_start():
    """Where the thread that tells that a pipeline is PAUSED is late, streams end all the same."""
    def both(clip, folder):
        launcher = folder / "gst-launch-1.0"
        launcher.symlink_to(pathlib.Path(__file__).with_name("slow-launch.py").resolve())
        environment = {**ENVIRONMENT, "PATH": f"{folder}:{ENVIRONMENT['PATH']}"}
        check(run("file", clip, *WATCH, environment=environment))
        check(run("cameras", clip, clip, *WATCH, environment=environment))
    with_clip(both)


def test_record_on_event():
    def made(clip, folder):
        run("record-on-event", clip, folder / "out", *WATCH)
        names = sorted(os.listdir(folder / "out"))
        assert names[:2] == ["0001.jsonl", "0001.mkv"], names
        check([json.loads(line) for line in (folder / "out" / "0001.jsonl").read_text("utf-8").splitlines()])
        play = (f"gst-launch-1.0 -v filesrc location={folder}/out/0001.mkv ! decodebin async-handling=true "
                "! fakesink silent=false")
        done = watched.run(play.split(), ENVIRONMENT)
        assert done.returncode == 0, done
        # an event and two seconds on both sides, as far as there is video
        assert 15 <= done.stdout.count("chain  ") <= 60, done.stdout.count("chain  ")
    with_clip(made)


def read_tracks(path):
    done = subprocess.run([sys.executable, "-c", CUES, path], capture_output=True, check=True,
                          timeout=PATIENCE, text=True)
    buffers = [json.loads(line) for line in done.stdout.splitlines()]
    return [[b for b in buffers if b["track"] == name] for name in ("video", "audio", "text")]


def test_subtitles():
    def made(clip, folder):
        # what is over before it is told has an end only
        first = {event["id"]: event for event in reversed(run("file", clip, *WATCH))}
        run("subtitles", clip, folder / "out.mkv", *WATCH)
        video, audio, text = read_tracks(folder / "out.mkv")
        assert len(video) == 60 and len(audio) > 100, (len(video), len(audio))
        cues = [cue for cue in text if cue["text"]]
        told = {(round(cue["pts"], 2), html.unescape(cue["text"])) for cue in cues}
        known = {(round(event["start"]["pts"], 2), event["description"]) for event in first.values()}
        assert known and known <= told, (known, told)
        assert all(cue["duration"] >= 0.999 for cue in cues), cues
    with_clip(made)


def test_subtitles_need_video():
    with tempfile.TemporaryDirectory() as name:
        sound, out = (pathlib.Path(name, file) for file in ("sound.mkv", "out.mkv"))
        make = "gst-launch-1.0 -q audiotestsrc num-buffers=50 ! vorbisenc ! matroskamux ! filesink"
        subprocess.run([*make.split(), f"location={sound}"], check=True, timeout=PATIENCE)
        done = subprocess.run(command("subtitles", sound, out, *WATCH), env=ENVIRONMENT, capture_output=True,
                              timeout=PATIENCE, check=False, text=True)
        assert done.returncode == 1 and "there is no video" in done.stderr, done


def test_webcam():
    check(run_until_event("webcam", "--test", "--hidden", *WATCH))


def test_rtsp():
    with subprocess.Popen([sys.executable, "-c", SERVER], stdout=subprocess.PIPE, text=True) as server:
        try:
            address = server.stdout.readline().strip()
            events = run_until_event("rtsp", address, *WATCH)
        finally:
            server.kill()
    check(events)
    assert {event["time_source"] for event in events if event["state"] == "end"} <= {"ntp", "clock"}, events


def test_what_is_missing_is_said():
    for name in ("file", "rtsp", "cameras", "record-on-event", "subtitles"):
        done = subprocess.run(command(name), env=ENVIRONMENT, capture_output=True, check=False, text=True)
        assert done.returncode == 2 and f"pipelines/{name} " in done.stderr, done
        done = subprocess.run(command(name, "--help"), env=ENVIRONMENT, capture_output=True, check=False,
                              text=True)
        assert done.returncode == 0 and f"pipelines/{name} " in done.stdout, done


tap.run_module(__name__)
