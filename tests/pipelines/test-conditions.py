#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""pipelines/conditions: test-conditions.py PIPELINES BUILD MODEL"""
import contextlib
import pathlib
import re
import sys
import tempfile

import tap
import watched
from examples import ENVIRONMENT, MODEL, command, fails, folder_with_clip, run

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "elements"))
import yes_no_model  # noqa: E402

SMALL = ["max-tokens=48", "min-pixels=784", "max-pixels=3136", "window=2", "hop=1",
         "on-threshold=0.5", "off-threshold=0.5",
         "conditions=gate=the gate is open; it rains; nothing moves; a circle is red"]
LINE = re.compile(r" *\d+\.\d{3} s  (begin|end  )  (gate|it rains|nothing moves|a circle is red)  "
                  r"[01]\.\d\d  \(([01]\.\d\d ?)+\)")


@contextlib.contextmanager
def folder_with_model():
    with tempfile.TemporaryDirectory() as folder:
        yield yes_no_model.make(MODEL, f"{folder}/model")


def test_lines():
    """Each condition that begins ends."""
    with folder_with_clip() as clip, folder_with_model() as model:
        done = watched.run(command("conditions", clip, "--model", model, *SMALL), ENVIRONMENT)
        assert done.returncode == 0, done
        told = [LINE.fullmatch(line) for line in done.stdout.splitlines()]
        assert told and all(told), done
        begun, ended = ([match[2] for match in told if match[1].strip() == what] for what in ("begin", "end"))
        assert sorted(begun) == sorted(ended), done


def test_records():
    with folder_with_clip() as clip, folder_with_model() as model:
        records = run("conditions", clip, f"--model={model}", "--json", *SMALL)
        assert records and all("condition" in record for record in records), records


def test_no_words():
    """With the model that ships, the error says what to do; with another one, what it lacks."""
    with folder_with_clip() as clip:
        fails("conditions", clip, status=1, said="--model DIR")
        fails("conditions", clip, f"model={MODEL}", status=1, said='no token for "yes"')
        fails("conditions", clip, "--model", clip.parent, status=1, said="config.json")
        fails("conditions", clip, "--model", status=2, said="unknown option --model")
        fails("conditions", "nowhere.mkv", status=1, said="nowhere.mkv|--model DIR")
        fails("conditions", clip, clip, status=2, said="unexpected argument")


tap.run_module(__name__)
