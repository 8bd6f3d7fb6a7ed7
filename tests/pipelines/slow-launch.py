#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""gst-launch-1.0 as it is on a busy machine: slow-launch.py [-q] [-e] PIPELINE

The thread that posts that the pipeline is PAUSED continues only after the pipeline plays. A GstBin records a
state after posting it, here PAUSED after PLAYING, and ends no stream while its recorded state is not PLAYING.
This may happen to any line in which a thread of the stream, and not the one that starts it, is the last to
reach PAUSED."""
import sys
import threading

import gi

gi.require_version("Gst", "1.0")
from gi.repository import Gst  # noqa: E402 pylint: disable=wrong-import-position

PATIENCE = 500  # seconds
# A sink holds a lock while it posts, and playing waits for that lock: there is no fault in that case.
HELD = 2

paused, playing = threading.Event(), threading.Event()


def on_message(_bus, message, pipeline):
    if message.type == Gst.MessageType.STATE_CHANGED and message.src == pipeline:
        if message.parse_state_changed().newstate == Gst.State.PAUSED:
            paused.set()
            if threading.current_thread() is not threading.main_thread():
                playing.wait(HELD)
    return Gst.BusSyncReply.PASS


def main():
    Gst.init(None)
    pipeline = Gst.parse_launchv([word for word in sys.argv[1:] if word not in ("-q", "-e")])
    bus = pipeline.get_bus()
    bus.set_sync_handler(on_message, pipeline)
    pipeline.set_state(Gst.State.PAUSED)
    if not paused.wait(PATIENCE):
        sys.exit("not PAUSED")
    pipeline.set_state(Gst.State.PLAYING)
    playing.set()
    message = bus.timed_pop_filtered(PATIENCE * Gst.SECOND, Gst.MessageType.EOS | Gst.MessageType.ERROR)
    pipeline.set_state(Gst.State.NULL)
    if message is None:
        sys.exit("the stream did not end")
    if message.type == Gst.MessageType.ERROR:
        sys.exit(message.parse_error()[0].message)


main()
