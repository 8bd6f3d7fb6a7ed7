# SPDX-License-Identifier: LGPL-2.1-or-later
"""Commands that must end, and the state of one that does not."""
import os
import pathlib
import re
import shutil
import signal
import subprocess
import tempfile
import threading
import time

# Seconds; the slowest pipeline here takes ten of them on a busy machine.
PATIENCE = 600


def processes(session):
    """A command is the leader of a session, its children are in it."""
    for folder in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            if os.getsid(int(folder.name)) == session:
                yield folder
        except ProcessLookupError:
            pass


def threads(folder):
    """Their stacks if there is a debugger, else where each is in the kernel."""
    if shutil.which("gdb"):
        done = subprocess.run(["gdb", "-p", folder.name, "-batch", "-ex", "thread apply all bt"],
                              timeout=PATIENCE,
                              capture_output=True, check=False, text=True, errors="replace")
        return done.stdout
    told = []
    for thread in sorted(folder.glob("task/*")):
        name, where = ((thread / file).read_text("utf-8", "replace").strip() for file in ("comm", "wchan"))
        told.append(f"  {name}: {where}")
    return "\n".join(told)


def states(folder, dots):
    """Of the elements of a gst-launch-1.0 whose main loop still runs."""
    if (folder / "comm").read_text("utf-8").strip() != "gst-launch-1.0":
        return ""
    os.kill(int(folder.name), signal.SIGHUP)
    time.sleep(2)
    graphs = sorted(pathlib.Path(dots).glob("*snapshot.dot"))
    labels = re.findall(r'label="(Gst\w+)\\n(\w+)\\n\[(.)\]', graphs[-1].read_text("utf-8")) if graphs else []
    return " ".join(f"{name}[{state}]" for _, name, state in labels) or "no answer"


def describe(session, dots):
    told = []
    for folder in processes(session):
        try:
            words = (folder / "cmdline").read_text("utf-8", "replace").replace("\0", " ")
            told += [f"{folder.name}: {words}", "states: " + states(folder, dots), threads(folder)]
        except (OSError, subprocess.TimeoutExpired) as error:
            told.append(f"{folder.name}: {error}")
    return "\n".join(told)


class Watched:
    """A process that is examined and killed when it takes too long."""

    def __init__(self, command, env, patience=PATIENCE):
        self.command, self.stuck = command, None
        self.dots = tempfile.TemporaryDirectory()
        self.process = subprocess.Popen(
            command, env={**env, "GST_DEBUG_DUMP_DOT_DIR": self.dots.name}, start_new_session=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.timer = threading.Timer(patience, self.give_up)

    def give_up(self):
        self.stuck = describe(self.process.pid, self.dots.name)
        os.killpg(self.process.pid, signal.SIGKILL)

    def __enter__(self):
        self.timer.start()
        return self

    def __exit__(self, *_):
        self.timer.cancel()
        self.timer.join()
        self.process.kill()
        self.process.wait()
        self.dots.cleanup()


def run(command, env, patience=PATIENCE, on_line=None):
    """As subprocess.run(); a hang raises, with the output so far and where it hangs. `on_line`: gets the
    process and each line of output as it comes."""
    lines, errors = [], []
    with Watched(command, env, patience) as watched:
        reader = threading.Thread(target=lambda: errors.extend(watched.process.stderr))
        reader.start()
        for line in watched.process.stdout:
            lines.append(line)
            if on_line:
                on_line(watched.process, line)
        watched.process.wait()
        reader.join()
    done = subprocess.CompletedProcess(command, watched.process.returncode, "".join(lines), "".join(errors))
    assert watched.stuck is None, f"no end after {patience} s: {done}\n{watched.stuck}"
    return done
