#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The programs of pipelines/ on files that are made here: test-examples.py PIPELINES BUILD MODEL"""
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile

import examples
import tap
import watched
from examples import ENVIRONMENT, WATCH, check, command, fails, folder_with_clip, run, run_until

# One pixel. GStreamer decodes it for ever (1.22).
GIF = (b"GIF89a\1\0\1\0\x80\0\0\0\0\0\xff\xff\xff!\xf9\4\1\0\0\0\0,\0\0\0\0\1\0\1\0\0\2\2D\1\0;")
PROGRAMS = {"file": 1, "rtsp": 1, "cameras": 1, "record-on-event": 2, "subtitles": 2}
# with async-handling, as docs/pipelines.md says
LINE = ("filesrc location={} ! decodebin async-handling=true ! videoconvert ! vlmevents name=w {} ! fakesink "
        "w.events ! fdsink")


def test_file():
    with folder_with_clip() as clip:
        check(run("file", clip, *WATCH))


def test_names():
    """Names with any characters, and as addresses."""
    with folder_with_clip() as clip:
        for name in ("a=b.mkv", "back\\slash.mkv", "sp ace.mkv", "ü, 日本.mkv", "\"q\".mkv", "%41.mkv"):
            named = clip.rename(clip.with_name(name))
            check(run("file", named, *WATCH))
            check(run("file", named.as_uri(), *WATCH))
            done = subprocess.run(command("file", name, *WATCH), cwd=named.parent, env=ENVIRONMENT, text=True,
                                  check=True, capture_output=True, timeout=watched.PATIENCE)
            check(examples.records_of(done.stdout))
            clip = named


def without_identity(records):
    return [(r["id"], r["state"], r["description"]) for r in records]


def test_several_files():
    """One after the other; a missing one does not affect the others."""
    with folder_with_clip() as clip:
        other = shutil.copy(clip, clip.with_name("other.mkv"))
        records = run("file", clip, "nowhere.mkv", other, *WATCH, status=1, said="^nowhere.mkv: [^\n]*$")
        check(records)
        streams = [[r for r in records if r["stream"] == str(name)] for name in (clip, other)]
        assert records == streams[0] + streams[1], records
        assert streams[0] and without_identity(streams[0]) == without_identity(streams[1]), records


def test_slow_start():
    """If the thread that posts that a pipeline is PAUSED is late, streams end all the same."""
    launcher = pathlib.Path(__file__).with_name("slow-launch.py").resolve()
    with folder_with_clip("clip.mkv") as clip:
        line = LINE.format(clip, " ".join(WATCH))
        script = f"source '{examples.PIPELINES}/setup.sh'; use_build; exec {sys.executable} {launcher} {line}"
        done = watched.run(["bash", "-c", script], ENVIRONMENT)
        assert done.returncode == 0, done
        check(examples.records_of(done.stdout))


def test_webcam():
    records, _ = run_until("webcam", "--test", "--hidden", *WATCH, enough=examples.is_event)
    check(records)


def test_no_screen():
    """A sentence says so; autovideosink alone would crash, or show the video nowhere."""
    if [*pathlib.Path("/dev").glob("dri/card*"), *pathlib.Path("/dev").glob("fb[0-9]*")]:
        raise tap.Skip("there may be a screen")
    environment = dict(ENVIRONMENT)
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        environment.pop(name, None)
    with tempfile.TemporaryDirectory() as folder:
        done = watched.run(command("webcam", "--test"), {**environment, "XDG_RUNTIME_DIR": folder})
    assert done.returncode == 1 and re.search("no window can be opened.*--hidden", done.stderr), done
    assert not done.stdout, done


def test_closed_output():
    """A disk that is full is an error, and not a wait."""
    with folder_with_clip() as clip, open("/dev/full", "w", encoding="utf-8") as full:
        done = subprocess.run(command("file", clip, *WATCH), stdout=full, stderr=subprocess.PIPE, check=False,
                              env=ENVIRONMENT, timeout=watched.PATIENCE, text=True)
        assert done.returncode == 1 and done.stderr == "standard output: No space left on device\n", done


def test_sigterm():
    """As a service is stopped."""
    process = subprocess.Popen(command("webcam", "--test", "--hidden", *WATCH), stdout=subprocess.PIPE,
                               env=ENVIRONMENT, text=True)
    first = []
    while not any(map(examples.is_event, first)):
        first += examples.records_of(process.stdout.readline())
    process.send_signal(signal.SIGTERM)
    rest = process.communicate(timeout=watched.PATIENCE)[0]
    assert process.returncode == 0, process.returncode
    check(first + examples.records_of(rest))


def test_wrong_words():
    """No argument that is not understood is ignored."""
    for word, said in (("--model", "unknown option --model.*model="), ("--model=x", "model="),
                       ("-x", "option -x"), ("widnow=3", "no property \"widnow\""),
                       ("window=abc", "window cannot be \"abc\""),
                       ("window=-1", "must be from"), ("policy=bogus", "policy"), ("min-fps=0/1", "min-fps"),
                       ("stats=1", "stats"), ("analyzer=1", "analyzer"), ("ground=maybe", "ground")):
        for name, n_inputs in PROGRAMS.items():
            fails(name, *n_inputs * ["nowhere.mkv"], word, status=2, said=said)
    for name, n_inputs in (("record-on-event", 3), ("subtitles", 3), ("webcam", 2)):
        fails(name, *n_inputs * ["nowhere.mkv"], status=2, said="unexpected argument \"nowhere.mkv\"")


def test_what_is_missing_is_said():
    for name in PROGRAMS:
        done = subprocess.run(command(name), env=ENVIRONMENT, capture_output=True, check=False, text=True)
        assert done.returncode == 2 and f"pipelines/{name} " in done.stderr, done
        for option in ("-h", "--help"):
            done = subprocess.run(command(name, option), env=ENVIRONMENT, capture_output=True, check=False,
                                  text=True)
            assert done.returncode == 0 and f"pipelines/{name} " in done.stdout, done


def test_wrong_input():
    """Errors name the file; an error that concerns all files is reported once."""
    with folder_with_clip() as clip:
        text, sound, gif = (clip.with_name(name) for name in ("text.mkv", "sound.mkv", "x.gif"))
        gif.write_bytes(GIF)
        text.write_text("no video\n", encoding="utf-8")
        examples.launch(f"audiotestsrc num-buffers=20 ! vorbisenc ! matroskamux ! filesink location={sound}")
        for name in ("file", "cameras"):
            fails(name, text, *WATCH, status=1, said="^.*/text.mkv: ")
            fails(name, sound, *WATCH, status=1, said="^.*/sound.mkv: it contains no video$")
            fails(name, gif, *WATCH, status=1, said="^.*/x.gif: ")
            fails(name, clip, clip, f"model={clip.parent}", status=1, said="config.json")
        for name in ("subtitles", "record-on-event"):
            fails(name, gif, clip.parent / "out", *WATCH, status=1, said="^.*/x.gif: ")


tap.run_module(__name__)
