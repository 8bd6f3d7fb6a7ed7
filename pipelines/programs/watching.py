# SPDX-License-Identifier: LGPL-2.1-or-later
"""A pipeline with a vlmevents in it, whose records go to standard output."""
import os
import threading

from running import GLib, Gst, Program, on_main_loop, reason, watch_bus

# The source is put before vlmevents; `shown` is what shows the video after it.
PIPELINE = """
    vlmevents name=w ! {shown}
    w.events ! appsink name=records caps=application/x-json async=false sync=false emit-signals=true
"""
UNSEEN = "fakesink async=false sync=false"


class Output:
    """Standard output, for records of any number of pipelines: each is written at once, and in one piece."""

    def __init__(self, on_failure):
        self.lock = threading.Lock()
        self.on_failure = on_failure

    def write(self, data):
        with self.lock:
            try:
                while data and self.on_failure:
                    data = data[os.write(1, data):]
            except OSError as error:
                on_main_loop(self.on_failure, f"standard output: {error.strerror}")
                self.on_failure = None


class Watcher:
    """`pipeline` has the vlmevents `element`, and an output for its records. `source`, which feeds it, comes
    and goes: its errors are distinguished from all others, which end the pipeline."""

    def __init__(self, group, words, shown=UNSEEN, label=None):
        self.group = group
        self.pipeline = Gst.parse_launch(PIPELINE.format(shown=shown))
        # not the clock of a source, which may go away
        self.pipeline.use_clock(Gst.SystemClock.obtain())
        self.element = self.pipeline.get_by_name("w")
        self.sink = self.element.get_static_pad("sink")
        self.source = None
        if label is not None:
            self.element.set_property("stream-label", label)
        words.apply(self.element)
        self.pipeline.get_by_name("records").connect("new-sample", self.on_record)
        watch_bus(self.pipeline, self.on_message)

    def on_record(self, sink):
        buffer = sink.emit("pull-sample").get_buffer()
        self.group.output.write(buffer.extract_dup(0, buffer.get_size()))
        return Gst.FlowReturn.OK

    def on_message(self, message):
        kind = message.type
        if kind == Gst.MessageType.ERROR:
            if self.is_own(message):
                self.group.fail(reason(message))
            elif self.source:
                self.on_source_error(reason(message))
        elif kind == Gst.MessageType.EOS and message.src == self.pipeline:
            self.group.on_over(self, None)
        elif kind == Gst.MessageType.LATENCY:
            self.pipeline.recalculate_latency()

    def is_own(self, message):
        """Not from the source, which removes elements that failed."""
        return message.src.has_as_ancestor(self.pipeline) and not (
            self.source and message.src.has_as_ancestor(self.source))

    def attach(self, source):
        """Puts a bin with a pad `src` in front. It starts by itself: one that never reaches PAUSED must not
        take the pipeline out of PLAYING, in which the next one will start."""
        self.source = source
        source.set_property("async-handling", True)
        self.pipeline.add(source)
        source.link(self.element)
        source.sync_state_with_parent()

    def detach(self):
        """Its threads are gone when this returns, and its messages are dropped."""
        source, self.source = self.source, None
        source.set_state(Gst.State.NULL)
        self.pipeline.remove(source)
        bus = self.pipeline.get_bus()
        while message := bus.pop():
            if self.is_own(message):
                GLib.idle_add(self.on_message, message)

    def start(self):
        self.pipeline.set_state(Gst.State.PLAYING)

    def end(self):
        """The video so far is reported first. That may have to wait for the device, so it has a thread."""
        threading.Thread(target=self.sink.send_event, args=(Gst.Event.new_eos(),), daemon=True).start()

    def stop(self):
        self.pipeline.set_state(Gst.State.NULL)
        self.pipeline.get_bus().remove_signal_watch()

    def on_source_error(self, why):
        self.group.on_over(self, why)


class Group:
    """The watchers of a program, which ends with the last of them."""

    def __init__(self):
        self.program = Program(self.end)
        self.output = Output(self.fail)
        self.watchers = []
        self.ending = False

    def add(self, watcher):
        self.watchers.append(watcher)
        watcher.start()

    def on_over(self, watcher, why):
        """Called by a watcher at its end. `why`: None if all went well."""
        if watcher not in self.watchers:  # one error seldom comes alone
            return
        if why:
            self.program.fail(why)
        self.watchers.remove(watcher)
        self.follow(watcher)
        if not self.watchers:
            self.program.quit()

    def follow(self, watcher):
        """A watcher has ended."""
        watcher.stop()

    def end(self):
        self.ending = True
        for watcher in self.watchers:
            watcher.end()

    def fail(self, why):
        """A failure of one that is a failure of all: the model, the device, the output."""
        if self.watchers:
            self.program.fail(why)
        self.stop()

    def stop(self):
        while self.watchers:
            self.watchers.pop().stop()
        self.program.quit()

    def run(self):
        return self.program.run()
