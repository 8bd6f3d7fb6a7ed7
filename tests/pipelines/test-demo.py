#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""pipelines/demo as a user meets it, on a short scene: test-demo.py DEMO BUILD MODEL"""
import contextlib
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile

import tap
import watched

DEMO, BUILD, MODEL = sys.argv[1:4]
SHARED = pathlib.Path(os.environ.get("VLM_SHARED", ""))
SERVER = pathlib.Path(__file__).with_name("camera_server.py").resolve()
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


def seconds_of_video(path, rate=30):
    """The length that a player finds."""
    line = f"gst-launch-1.0 -v filesrc location={path} ! matroskademux ! vp8dec ! fakesink silent=false"
    done = subprocess.run(line.split(), capture_output=True, check=True, env=ENVIRONMENT, timeout=600,
                          text=True)
    return len(re.findall(r"chain.*bytes", done.stdout)) / rate


def check_line(done, out):
    """The command line that is printed does the same again when it is pasted into a shell."""
    line = re.search(r"^gst-launch-1.0 (.*\\\n)+.*", done.stderr, re.M).group()
    before = records_but_uids(out / "events.jsonl")
    (out / "events.jsonl").unlink()
    shell(line)
    assert records_but_uids(out / "events.jsonl") == before


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
        assert re.search(r"^times: \d+ of \d+ events found", done.stdout, re.M), done.stdout
        assert abs(seconds_of_video(out / "video.webm") - 4) < 0.1
        shown = (out / "index.html").read_text(encoding="utf-8")
        assert shown.count("<img ") >= len(truth) and 'src="video.webm"' in shown
        assert (out / "events.vtt").read_text(encoding="utf-8").startswith("WEBVTT\n")
        check_line(done, out)


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
        assert re.search(r"^0:00.5–0:02.0  a purple cow ", done.stdout, re.M), done.stdout
        assert "0:03 of video" in done.stdout
        check_line(done, out)
        assert "a purple cow" in (out / "index.html").read_text(encoding="utf-8")


def test_labels_of_another_kind():
    """They give one message, and the rest of the work is done."""
    with tempfile.TemporaryDirectory() as folder:
        clip = pathlib.Path(folder, "clip.mkv")
        shell(CLIP.format(clip))
        for text, said in (('{"labels": []}', "clip.events.json: no list `events`"),
                           ("[", "clip.events.json:1")):
            clip.with_suffix(".events.json").write_text(text, encoding="utf-8")
            done = demo("--out", folder, "--seconds", "3", str(clip))
            assert done.returncode == 0 and said in done.stderr, done
            assert "times:" not in done.stdout and "0:03 of video" in done.stdout, done


def test_file_that_breaks_off():
    """The part that could be read is shown."""
    with tempfile.TemporaryDirectory() as folder:
        clip = pathlib.Path(folder, "clip.mkv")
        shell(CLIP.format(clip))
        data = clip.read_bytes()
        clip.write_bytes(data[:len(data) // 2] + bytes(20000))
        done = demo("--out", folder, "--seconds", "1", "--model", MODEL, str(clip), "max-tokens=48")
        assert done.returncode in (0, 1) and "of video" in done.stdout, done
        assert 0.5 < seconds_of_video(pathlib.Path(folder, "video.webm"), 10) < 2.9


def test_video_where_the_demo_writes():
    """Neither the video nor a user's pictures are lost."""
    with tempfile.TemporaryDirectory() as folder:
        names = [pathlib.Path(folder, name) for name in ("video.webm", "thumbs/1.jpg")]
        names[1].parent.mkdir()
        for path in names:
            path.write_bytes(b"mine")
        for word in (str(names[0]), names[0].as_uri(), f"{folder}/thumbs/../video.webm"):
            done = demo("--out", folder, word)
            assert done.returncode == 1 and "would be overwritten" in done.stderr, done
            assert all(path.read_bytes() == b"mine" for path in names)
        done = demo("--out", folder, "--scenes", "1", "--seconds", "1", "--model", MODEL, "max-tokens=48")
        assert done.returncode == 0 and names[1].read_bytes() == b"mine", done


def test_gguf():
    if not (SHARED / "quantised" / "gguf").is_dir():
        raise tap.Skip("no GGUF files in ../shared/quantised")
    with tempfile.TemporaryDirectory() as folder:
        for name in ("text-Q4_K_M.gguf", "mmproj-F16.gguf"):
            shutil.copy(SHARED / "quantised" / "gguf" / name, folder)
        done = demo("--model", f"{folder}/text-Q4_K_M.gguf", "--scenes", "1", "--seconds", "2",
                    "--out", folder, "max-tokens=48")
        assert done.returncode == 0 and "0:02 of video" in done.stdout, done
        for record in lines(pathlib.Path(folder, "events.jsonl")):
            assert record["model"].startswith("text-Q4_K_M"), record


@contextlib.contextmanager
def a_camera():
    """The address of a camera that serves until the block ends."""
    with subprocess.Popen(["/usr/bin/python3", SERVER], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                          text=True) as server:
        try:
            address = server.stdout.readline().strip()
            if not address:
                raise tap.Skip("no bindings of the RTSP server (gir1.2-gst-rtsp-server-1.0)")
            yield address.replace("://", "://me:secret@")
        finally:
            server.kill()


def test_camera():
    """Until Ctrl+C, which goes to all of the terminal's processes; then there is the page."""
    with tempfile.TemporaryDirectory() as folder, a_camera() as address:
        with subprocess.Popen([DEMO, "--built", "--out", folder, "--model", MODEL, "--seconds", "2", address,
                               "max-tokens=48"], env=ENVIRONMENT, start_new_session=True, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            said = []
            for line in process.stderr:
                said.append(line)
                if re.match(r" +\d+:\d\d\.\d  ", line):  # an event, as it becomes known
                    break
            os.killpg(process.pid, signal.SIGINT)
            out, rest = process.communicate(timeout=watched.PATIENCE)
        told = "".join(said) + rest
        assert process.returncode == 0 and "index.html" in rest, (process.returncode, out, told)
        assert "secret" not in told and "me:***@127.0.0.1" in told and "Traceback" not in told, told
        assert set(os.listdir(folder)) == MADE, os.listdir(folder)
        shown = pathlib.Path(folder, "index.html").read_text(encoding="utf-8")
        assert "secret" not in shown and "What rtsp://me:***@127.0.0.1" in shown
        assert re.search(r"^0:\d\d of video$", out, re.M) and "real time" not in out, out
        assert seconds_of_video(pathlib.Path(folder, "video.webm"), 15) > 1
        records = lines(pathlib.Path(folder, "events.jsonl"))
        assert {record["time_source"] for record in records if record["type"] == "event"} <= {"ntp", "clock"}


def test_camera_that_is_not_there():
    """It is retried until Ctrl+C; there is no page without video."""
    with tempfile.TemporaryDirectory() as folder:
        for camera in ("rtsp://127.0.0.1:9/camera", "v4l2:///dev/video99"):
            with subprocess.Popen([DEMO, "--built", "--out", folder, "--model", MODEL, camera], text=True,
                                  env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
                said = [next(line for line in process.stderr if "trying again" in line)]
                process.send_signal(signal.SIGINT)
                out, rest = process.communicate(timeout=watched.PATIENCE)
            assert process.returncode == 1 and not out and "Traceback" not in rest, (said, out, rest)
            assert not pathlib.Path(folder, "index.html").exists()


def test_what_is_wrong_is_said():
    with tempfile.TemporaryDirectory() as folder:
        sound, empty = pathlib.Path(folder, "sound.wav"), pathlib.Path(folder, "empty.mp4")
        sound.write_bytes(b"no video at all")
        empty.touch()
        for args, status, because in ((["nowhere.mp4"], 1, "nowhere.mp4: no such file"),
                                      (["--wrong"], 2, "unknown option --wrong"),
                                      (["wrong=3"], 2, "no property \"wrong\""),
                                      (["a.mp4", "b.mp4"], 2, "unexpected argument \"b.mp4\""),
                                      (["--scenes", "many"], 2, "--scenes"),
                                      (["--seconds", "0"], 2, "--seconds"),
                                      (["--model", folder, "--scenes", "1"], 1, "config.json"),
                                      ([str(sound)], 1, str(sound)), ([str(empty)], 1, "no data")):
            done = demo("--out", str(pathlib.Path(folder, "out")), *args)
            assert done.returncode == status and because in done.stderr, (args, done)
            assert "Traceback" not in done.stderr and "index.html" not in done.stderr, (args, done)
        assert "pipelines/demo [OPTION" in demo("--help").stdout


tap.run_module(__name__)
