# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the programs share: GStreamer, and a pipeline that runs to its end."""
import signal
import sys

import gi

gi.require_version("Gst", "1.0")
from gi.repository import GLib, Gst  # noqa: E402 pylint: disable=wrong-import-position

Gst.init(None)


def parse(description, properties):
    """A pipeline, and its vlmevents `w` with PROPERTY=VALUE words set on it."""
    pipeline = Gst.parse_launch(description)
    watcher = pipeline.get_by_name("w")
    for word in properties:
        name, _, value = word.partition("=")
        if watcher.find_property(name) is None:
            sys.exit(f"vlmevents has no property {name}")
        Gst.util_set_object_arg(watcher, name, value)
    return pipeline


def run(pipeline, on_message=None):
    """Until the stream ends, or Ctrl+C ends it. Exits where the pipeline fails."""
    loop, errors = GLib.MainLoop(), []

    def on_bus(_bus, message):
        if message.type == Gst.MessageType.ERROR:
            errors.append(message.parse_error()[0].message)
        if message.type in (Gst.MessageType.ERROR, Gst.MessageType.EOS) and (
                errors or message.src == pipeline):
            loop.quit()
        elif on_message:
            on_message(message)

    def on_interrupt():
        pipeline.send_event(Gst.Event.new_eos())
        return GLib.SOURCE_REMOVE

    bus = pipeline.get_bus()
    bus.add_signal_watch()
    bus.connect("message", on_bus)
    GLib.unix_signal_add(GLib.PRIORITY_DEFAULT, signal.SIGINT, on_interrupt)
    pipeline.set_state(Gst.State.PLAYING)
    loop.run()
    pipeline.set_state(Gst.State.NULL)
    if errors:
        sys.exit(errors[0])
