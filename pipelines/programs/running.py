# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the programs share: GStreamer, a main loop that Ctrl+C ends, and error messages."""
import signal
import sys

try:
    import gi
    gi.require_version("Gst", "1.0")
    from gi.repository import GLib, GObject, Gst
except (ImportError, ValueError) as error:
    sys.exit(f"GStreamer's Python bindings are needed (Debian: python3-gi gir1.2-gstreamer-1.0): {error}")

Gst.init(None)
__all__ = ["GLib", "GObject", "Gst", "Program", "complain", "on_main_loop", "reason", "watch_bus"]


def complain(text):
    """Prints to standard error, in one piece and without what moves a terminal's cursor."""
    clean = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)
    sys.stderr.write(clean.encode(sys.stderr.encoding, "replace").decode(sys.stderr.encoding) + "\n")
    sys.stderr.flush()


def reason(message):
    """What an error message says, as one line."""
    error, debug = message.parse_error()
    text = error.message
    if error.matches(Gst.StreamError.quark(), Gst.StreamError.FAILED) and debug:
        text += f" ({debug.splitlines()[-1].strip()})"
    return " ".join(text.split()).rstrip(".")


def on_main_loop(function, *args):
    """From any thread: calls `function` before messages of the bus that came later."""
    GLib.idle_add(function, *args, priority=GLib.PRIORITY_HIGH)


def watch_bus(pipeline, on_message):
    """Messages of `pipeline`, on the main loop."""
    bus = pipeline.get_bus()
    bus.add_signal_watch()
    bus.connect("message", lambda _bus, message: on_message(message))


class Program:
    """A main loop. `on_interrupt` is called upon the first Ctrl+C (or SIGTERM), and must end all that runs;
    the second one ends the program."""

    def __init__(self, on_interrupt):
        self.loop = GLib.MainLoop()
        self.failed = False
        for number in (signal.SIGINT, signal.SIGTERM):
            GLib.unix_signal_add(GLib.PRIORITY_DEFAULT, number, self.interrupt, on_interrupt)

    @staticmethod
    def interrupt(on_interrupt):
        on_interrupt()
        return GLib.SOURCE_REMOVE

    def fail(self, text):
        """The program continues, and its exit status will be 1."""
        complain(text)
        self.failed = True

    def run(self):
        """Until quit(). Returns the exit status."""
        self.loop.run()
        return 1 if self.failed else 0

    def quit(self):
        self.loop.quit()
