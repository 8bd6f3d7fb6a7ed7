#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""run.py ENDURANCE TESTS NAME MINUTES: starts what tests/long is for, with a model if it takes one"""
import pathlib
import subprocess
import sys
import tempfile

program, tests, name, minutes = sys.argv[1:]
tests = pathlib.Path(tests)
sys.path.insert(0, str(tests / "elements"))
import yes_no_model  # noqa: E402

with tempfile.TemporaryDirectory() as folder:
    command = [program, name, str(60.0 * float(minutes))]
    if name == "soak":
        command.append(yes_no_model.make(tests / "data" / "tiny" / "checkpoint", f"{folder}/model"))
    sys.exit(subprocess.run(command, check=False).returncode)
