#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""pipelines/demo as a user meets it, on a short scene: test-demo.py DEMO BUILD"""
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

import tap
import watched

DEMO, BUILD = sys.argv[1:3]
# The validation layers are for the engine's own tests; here they cost minutes.
ENVIRONMENT = {**os.environ, "VLM_BUILD_DIR": BUILD, "VLM_VALIDATE": "0"}
ENVIRONMENT.pop("VLM_MODEL_PATH", None)
MADE = {"index.html", "events.jsonl", "events.vtt", "video.webm", "thumbs"}
CLIP = ("gst-launch-1.0 -q vlmtestsrc seed=5 duration=3 num-scenes=1 "
        "! video/x-raw,width=320,height=240,framerate=10/1 ! videoconvert ! jpegenc "
        "! matroskamux name=mux ! filesink location={} audiotestsrc num-buffers=100 ! mux.")


def demo(*args):
    return watched.run([DEMO, "--built", *args], ENVIRONMENT, patience=900)


def shell(line):
    """With what was built."""
    script = f"source '{pathlib.Path(DEMO).parent}/setup.sh'; use_build; {line}"
    subprocess.run(["bash", "-c", script], check=True, env=ENVIRONMENT, timeout=600,
                   stdout=subprocess.DEVNULL)


def lines(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def records_but_uids(path):
    """Two runs write the same records; only the uids are new each time."""
    records = lines(path)
    for record in records:
        del record["event_uid"]
    return records


def seconds_of_video(path):
    """What a player makes of it."""
    line = f"gst-launch-1.0 -v filesrc location={path} ! matroskademux ! vp8dec ! fakesink silent=false"
    done = subprocess.run(line.split(), capture_output=True, check=True, env=ENVIRONMENT, timeout=600,
                          text=True)
    return len(re.findall(r"chain.*bytes", done.stdout)) / 30


def test_scene():
    with tempfile.TemporaryDirectory() as folder:
        out = pathlib.Path(folder, "it's")
        done = demo("--scenes", "2", "--seconds", "2", "--seed", "11", "--out", str(out))
        assert done.returncode == 0, done.stderr
        assert set(os.listdir(out)) == MADE | {"truth.jsonl"}, os.listdir(out)
        truth = lines(out / "truth.jsonl")
        lines(out / "events.jsonl")
        assert len(truth) >= 4 and all(event["state"] == "end" for event in truth)
        for event in truth:
            assert event["label"] in done.stdout, done.stdout
        assert re.search(r"0:04 of video in [\d.]+ s: [\d.]+ times as fast as real time", done.stdout)
        assert abs(seconds_of_video(out / "video.webm") - 4) < 0.1
        shown = (out / "index.html").read_text(encoding="utf-8")
        assert shown.count("<img ") >= len(truth) and 'src="video.webm"' in shown
        assert (out / "events.vtt").read_text(encoding="utf-8").startswith("WEBVTT\n")
        assert ("random weights" in done.stderr) == ("random weights" in shown)
        # the line that is shown does the same again, pasted into a shell
        line = re.search(r"^gst-launch-1.0 (.*\\\n)+.*", done.stderr, re.M).group()
        before = records_but_uids(out / "events.jsonl")
        (out / "events.jsonl").unlink()
        shell(line)
        assert records_but_uids(out / "events.jsonl") == before


def test_file_with_truth():
    with tempfile.TemporaryDirectory() as folder:
        clip = pathlib.Path(folder, "it's a clip.mkv")
        shell(CLIP.format(clip.with_name("clip.mkv")))
        clip.with_name("clip.mkv").rename(clip)
        clip.with_suffix(".events.json").write_text(json.dumps(
            {"events": [{"label": "a purple cow", "start_s": 0.5, "end_s": 2}]}), encoding="utf-8")
        out = pathlib.Path(folder, "out")
        done = demo("--out", str(out), str(clip))
        assert done.returncode == 0, done.stderr
        assert set(os.listdir(out)) == MADE, os.listdir(out)
        assert re.search(r"^00:00.50–00:02.00  a purple cow ", done.stdout, re.M), done.stdout
        assert "0:03 of video" in done.stdout
        assert "a purple cow" in (out / "index.html").read_text(encoding="utf-8")


def test_what_is_wrong_is_said():
    with tempfile.TemporaryDirectory() as folder:
        sound = pathlib.Path(folder, "sound.wav")
        sound.write_bytes(b"no video at all")
        for args, status, because in ((["nowhere.mp4"], 1, "cannot read nowhere.mp4"),
                                      (["--wrong"], 2, "pipelines/demo [OPTION"),
                                      (["--scenes", "many"], 2, "--scenes"),
                                      (["--model", folder, "--scenes", "1"], 1, "config.json"),
                                      ([str(sound)], 1, "ERROR")):
            done = demo("--out", str(pathlib.Path(folder, "out")), *args)
            assert done.returncode == status and because in done.stderr, (args, done)


tap.run_module(__name__)
