#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""run.py ENDURANCE TESTS NAME MINUTES: starts a program for tests/long, with a model if it needs one"""
import contextlib
import pathlib
import subprocess
import sys
import tempfile
import time

program, tests, name, minutes = sys.argv[1:]
tests = pathlib.Path(tests)
sys.path[:0] = str(tests / "elements"), str(tests / "remote")
import simulated  # noqa: E402
import yes_no_model  # noqa: E402


@contextlib.contextmanager
def local_model():
    """A local one that answers yes and no."""
    with tempfile.TemporaryDirectory() as folder:
        yield yes_no_model.make(tests / "data" / "tiny" / "checkpoint", f"{folder}/model")


@contextlib.contextmanager
def remote_model():
    """A server that changes its answers every twenty seconds. In every two minutes it hangs up for a quarter
    of a minute, is overloaded for ten seconds, and for two seconds lets clients wait until they hang up."""
    begin = time.monotonic()

    def trouble(handler, question):
        second = int(time.monotonic() - begin) % 120
        server.yes = 0.9 if second // 20 % 2 else 0.05
        server.questions.clear()   # an hour of pictures
        server.heads.clear()
        if 60 <= second < 75:
            return server.raw(handler, b"")
        if 80 <= second < 90:
            server.send(handler, 503, {"error": "overloaded"})
            return True
        return 100 <= second < 102 and server.stall(handler, question)

    with simulated.Server() as server:
        server.refuse = trouble
        yield server.address


MODELS = {"soak": local_model, "remote": remote_model}
command = [program, name, str(60.0 * float(minutes))]
with contextlib.ExitStack() as stack:
    if name in MODELS:
        command.append(stack.enter_context(MODELS[name]()))
    sys.exit(subprocess.run(command, check=False).returncode)
