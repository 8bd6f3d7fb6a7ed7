# SPDX-License-Identifier: LGPL-2.1-or-later
"""Shared by the tests of the programs of pipelines/, which are started with PIPELINES BUILD MODEL."""
import contextlib
import json
import os
import pathlib
import re
import shlex
import signal
import subprocess
import sys
import tempfile

import watched
from watched import PATIENCE

PIPELINES, BUILD, MODEL = sys.argv[1:4]
ENVIRONMENT = {**os.environ, "VLM_BUILD_DIR": BUILD, "VLM_VALIDATE": "0"}
WATCH = [f"model={MODEL}", "max-tokens=48", "window=2"]
SCENES = ("vlmtestsrc seed=5 duration=3 num-scenes=2 "
          "! video/x-raw,format=I420,width={},height={},framerate=10/1")
CLIP = (SCENES.format(160, 120) + " ! videoconvert ! jpegenc ! matroskamux name=mux ! filesink location={} "
        "audiotestsrc num-buffers=250 ! vorbisenc ! mux.")


def command(name, *args):
    return [os.path.join(PIPELINES, name), *map(str, args)]


def launch(line):
    """Runs it with gst-launch-1.0 and the built plugin."""
    script = f"source '{PIPELINES}/setup.sh'; use_build; gst-launch-1.0 -q {line}"
    subprocess.run(["bash", "-c", script], check=True, env=ENVIRONMENT, timeout=PATIENCE,
                   stdout=subprocess.DEVNULL)


def records_of(text):
    return [json.loads(line) for line in text.splitlines()]


def run(name, *args, status=0, said=""):
    """Runs it; its records. `said`: a pattern for standard error."""
    done = watched.run(command(name, *args), ENVIRONMENT)
    assert done.returncode == status and re.search(said, done.stderr), done
    assert "Traceback" not in done.stderr and "CRITICAL" not in done.stderr, done
    return records_of(done.stdout)


def fails(name, *args, status, said):
    """It fails at once, with one sentence and without records."""
    done = watched.run(command(name, *args), ENVIRONMENT)
    assert done.returncode == status and not done.stdout, done
    assert len(done.stderr.splitlines()) == 1 and re.search(said, done.stderr), done


def run_until(name, *args, enough):
    """Live: Ctrl+C once `enough (record)` is true for one. Its records, and its standard error."""
    interrupted = False

    def on_line(process, line):
        nonlocal interrupted
        if not interrupted and enough(json.loads(line)):
            interrupted = True
            process.send_signal(signal.SIGINT)

    done = watched.run(command(name, *args), ENVIRONMENT, on_line=on_line)
    assert done.returncode == 0, done
    return records_of(done.stdout), done.stderr


@contextlib.contextmanager
def folder_with_clip(name="it's.mkv"):
    with tempfile.TemporaryDirectory() as folder:
        made = pathlib.Path(folder, "clip.mkv")
        launch(CLIP.format(shlex.quote(str(made))))
        yield made.rename(made.with_name(name))


def is_event(record):
    return record["type"] == "event"


def check(records):
    """There are events of our model, and each one ends."""
    events = [record for record in records if is_event(record)]
    assert any(event["state"] == "end" for event in events), records
    assert all(event["model"] == "checkpoint" for event in events), records
    begun, ended = ({event["event_uid"] for event in events if event["state"] == state}
                    for state in ("begin", "end"))
    assert begun <= ended, records
