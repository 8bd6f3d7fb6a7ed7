#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Cameras that come and go: test-cameras.py PIPELINES BUILD MODEL"""
import contextlib
import pathlib
import signal
import subprocess
import sys
import tempfile
import time

import examples
import tap
from examples import WATCH, check, folder_with_clip, run, run_until

SERVER = str(pathlib.Path(__file__).with_name("camera_server.py").resolve())


class Server:
    """A camera that can be taken away, and put back where it was."""

    def __init__(self):
        self.process, self.port = None, "0"
        self.address = self.start()

    def start(self):
        self.process = subprocess.Popen([sys.executable, SERVER, self.port], text=True,
                                        stdout=subprocess.PIPE)
        address = self.process.stdout.readline().strip()
        self.port = address.rpartition(":")[2].partition("/")[0]
        return address

    def stop(self):
        self.process.kill()
        self.process.communicate()


@contextlib.contextmanager
def a_camera():
    server = Server()
    try:
        yield server
    finally:
        server.stop()


def test_rtsp():
    with a_camera() as camera:
        records, _ = run_until("rtsp", camera.address, *WATCH, enough=examples.is_event)
    check(records)
    ends = [record for record in records if record.get("state") == "end"]
    assert {record["time_source"] for record in ends} <= {"ntp", "clock"}, records


def test_camera_goes_and_comes_back():
    """Its events end, and there are new ones when it is back; the file beside it is analysed to its end."""
    with a_camera() as camera, folder_with_clip() as clip:
        gone_at = None

        def enough(record):
            nonlocal gone_at
            if not examples.is_event(record) or record["stream"] != "camera-1":
                return False
            now = record["start"]["running_time"]
            if gone_at is None:
                camera.stop()
                gone_at = record["end"]["running_time"] + 2 * 2  # windows under way still come
                time.sleep(2)  # a gap is reported from a second on
                camera.start()
            return now > gone_at

        records, said = run_until("cameras", camera.address, clip, *WATCH, enough=enough)
        check(records)
        assert "trying again in 1 s" in said, said
        assert {record["stream"] for record in records} == {"camera-1", "camera-2"}, records
        gaps = [(record["stream"], record["reason"]) for record in records if record["type"] == "gap"]
        assert ("camera-1", "no-video") in gaps and ("camera-2", "no-video") not in gaps, records
        uids = [record["event_uid"] for record in records if record.get("state") == "end"]
        assert len(uids) == len(set(uids)), records


def test_record_on_event():
    """It records until Ctrl+C, and the files are complete then."""
    with a_camera() as camera, tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        with subprocess.Popen(examples.command("record-on-event", camera.address, folder, *WATCH),
                              env=examples.ENVIRONMENT) as process:
            while not any("\n" in path.read_text("utf-8") for path in folder.glob("*.jsonl")):
                assert process.poll() is None
                time.sleep(0.1)
            process.send_signal(signal.SIGINT)
            assert process.wait(examples.PATIENCE) == 0
        check([record for path in folder.glob("*.jsonl")
               for record in examples.records_of(path.read_text("utf-8"))])
        for path in folder.glob("*.mkv"):
            line = f"filesrc location={path} ! matroskademux ! jpegdec ! fakesink silent=false"
            played = subprocess.run(["gst-launch-1.0", "-v", *line.split()], check=True, capture_output=True,
                                    timeout=examples.PATIENCE, text=True)
            assert played.stdout.count("chain  ") >= 5, played.stdout


def test_one_is_missing():
    """The others are analysed to their end, and the exit status reports the missing one."""
    with folder_with_clip() as clip:
        records = run("cameras", clip, "nowhere.mkv", clip.as_uri(), *WATCH, status=1,
                      said="^nowhere.mkv: [^\n]+\n$")
        check(records)
        both = [[(r["id"], r["state"], r["description"]) for r in records if r["stream"] == name]
                for name in ("camera-1", "camera-3")]
        assert both[0] and both[0] == both[1], records


def test_none_is_there():
    """It is tried again with growing pauses, until Ctrl+C; a password is not shown."""
    process = subprocess.Popen(
        examples.command("rtsp", "rtsp://me:secret@127.0.0.1:9/camera", *WATCH), env=examples.ENVIRONMENT,
        stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    said = [process.stderr.readline() for _ in range(3)]
    for line, pause in zip(said, (1, 2, 4)):
        assert f"trying again in {pause} s" in line and "rtsp://me:***@127.0.0.1:9/" in line, said
    process.send_signal(signal.SIGINT)
    out, rest = process.communicate(timeout=examples.PATIENCE)
    assert process.returncode == 0 and not out and "Traceback" not in rest, (process.returncode, out, rest)


tap.run_module(__name__)
