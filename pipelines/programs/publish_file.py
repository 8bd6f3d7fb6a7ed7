# SPDX-License-Identifier: LGPL-2.1-or-later
"""publish_file.py SCRIPT VIDEO OPTION PROPERTY=VALUE…: see pipelines/publish"""
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time

from camera import Camera, decoded
from running import Gst
from watching import Group
from words import Words, to_uri

FORMATS = ("cloudevents", "frigate", "homeassistant", "onvif")
HOST = "127.0.0.1"
# Seconds; a broker starts in one.
PATIENCE = 60
OVER = "gst-vlm-publish/over"


def find(name):
    # Debian has the broker in a folder that only root has in PATH
    path = shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    return path or sys.exit(f"{name} is missing: install Debian's packages mosquitto and mosquitto-clients")


def free_port():
    with socket.socket() as any_socket:
        any_socket.bind((HOST, 0))
        return any_socket.getsockname()[1]


class Broker:
    """mosquitto in `folder`, until stop()."""

    def __init__(self, folder):
        self.port = free_port()
        settings = pathlib.Path(folder, "mosquitto.conf")
        settings.write_text(f"listener {self.port} {HOST}\nallow_anonymous true\n", "utf-8")
        # Ctrl+C must only reach this program: the last events are still to be sent
        self.process = subprocess.Popen([find("mosquitto"), "-c", settings], stderr=subprocess.DEVNULL,
                                        stdout=subprocess.DEVNULL, start_new_session=True)
        self.wait()

    def wait(self):
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until and self.process.poll() is None:
            try:
                socket.create_connection((HOST, self.port)).close()
                return
            except OSError:
                time.sleep(0.05)
        sys.exit("the broker does not start")

    def client(self, name, *words, **settings):
        command = [find(name), "-h", HOST, "-p", str(self.port), "-q", "1", *words]
        return subprocess.Popen(command, start_new_session=True, **settings)

    def stop(self):
        self.process.terminate()
        self.process.wait()


class Listener:
    """Prints what the broker receives, each line as it comes."""

    def __init__(self, broker):
        self.broker = broker
        self.process = broker.client("mosquitto_sub", "-v", "-t", "#", stdout=subprocess.PIPE, text=True)
        self.subscribed, self.over = threading.Event(), threading.Event()
        threading.Thread(target=self.read, daemon=True).start()
        self.say_until(self.subscribed)

    def read(self):
        for line in self.process.stdout:
            if line.startswith(OVER):
                (self.over if self.subscribed.is_set() else self.subscribed).set()
                if self.over.is_set():
                    break
            else:
                print(line, end="", flush=True)

    def say_until(self, heard):
        """Sends a message of our own: when it arrives, those before it were printed."""
        until = time.monotonic() + PATIENCE
        while not heard.is_set() and time.monotonic() < until:
            self.broker.client("mosquitto_pub", "-t", OVER, "-n").wait()
            heard.wait(0.2)

    def stop(self):
        self.say_until(self.over)
        self.process.terminate()
        self.process.wait()


class Published(Camera):
    """A file whose records go to the broker, and nowhere else."""

    def __init__(self, group, words, location, spool, kind):
        super().__init__(group, words.inputs[0], words, make_source=lambda: decoded(to_uri(words.inputs[0])),
                         comes_back=False)
        publisher = Gst.ElementFactory.make("vlmpublish") or sys.exit("this build has no vlmpublish")
        for name, value in (("location", location), ("spool", spool), ("format", kind)):
            Gst.util_set_object_arg(publisher, name, value)
        self.pipeline.add(publisher)
        self.element.request_pad_simple("events_%u").link(publisher.get_static_pad("sink"))

    def on_record(self, sink):
        sink.emit("pull-sample")
        return Gst.FlowReturn.OK


def main():
    words = Words(sys.argv, 1, 1, options=[f"--{kind}" for kind in FORMATS])
    if len(words.options) > 1:
        words.refuse("one format at a time")
    kind = words.options.pop()[2:] if words.options else "native"
    with tempfile.TemporaryDirectory(prefix="vlm-publish-") as folder:
        broker = Broker(folder)
        try:
            listener = Listener(broker)
            group = Group()
            group.add(Published(group, words, f"mqtt://{HOST}:{broker.port}", f"{folder}/spool", kind))
            status = group.run()
            listener.stop()
        finally:
            broker.stop()
    return status


sys.exit(main())
