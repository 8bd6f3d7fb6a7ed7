#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Events of pictures that a program makes itself, with GStreamer's bindings.

    embed.py [MODEL [DEVICE]]

The pictures are a red square that crosses a gray one in eight seconds; yours may
come from OpenCV, NumPy or anywhere else, as bytes.
"""
import sys

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstVlm", "1.0")
from gi.repository import Gst, GstVlm, Vlm  # noqa: E402

WIDTH, HEIGHT, FPS, SECONDS, SIDE = 320, 240, 10, 8, 48


def draw(number):
    """RGB, rows from the top."""
    left = number * (WIDTH + SIDE) // (FPS * SECONDS) - SIDE
    row = b"".join(bytes((220, 30, 30) if left <= x < left + SIDE else (120, 120, 120))
                   for x in range(WIDTH))
    gray = bytes((120, 120, 120)) * WIDTH
    return b"".join(row if 96 <= y < 96 + SIDE else gray for y in range(HEIGHT))


def push_picture(source, _bytes_wanted, numbers):
    """On the thread of appsrc, whenever it has nothing left."""
    number = next(numbers, None)
    if number is None:
        source.emit("end-of-stream")
        return
    buffer = Gst.Buffer.new_wrapped(draw(number))
    buffer.pts = number * Gst.SECOND // FPS
    buffer.duration = Gst.SECOND // FPS
    source.emit("push-buffer", buffer)


def main(model=None, device=None):
    Gst.init(None)
    print("Devices:", *Vlm.Device.list(), sep="\n  ")
    pipeline = Gst.parse_launch(
        "appsrc name=pictures format=time"
        f" caps=video/x-raw,format=RGB,width={WIDTH},height={HEIGHT},framerate={FPS}/1"
        " ! vlmevents name=events window=4 ! fakesink sync=false")
    events = pipeline.get_by_name("events")
    if model:
        events.set_property("model", model)
    if device:
        events.set_property("device", device)
    pictures = pipeline.get_by_name("pictures")
    pictures.connect("need-data", push_picture, iter(range(FPS * SECONDS)))
    pipeline.set_state(Gst.State.PLAYING)
    status = 0
    while message := pipeline.get_bus().timed_pop(Gst.CLOCK_TIME_NONE):
        event = GstVlm.message_get_event(message)
        if event:
            print(f"{Vlm.event_state_to_string(event.state)}: {event.start.stream_time / Gst.SECOND:.1f} to"
                  f" {event.end.stream_time / Gst.SECOND:.1f} s: {event.description}")
        elif message.type == Gst.MessageType.ERROR:
            print(message.parse_error().gerror.message, file=sys.stderr)
            status = 1
            break
        elif message.type == Gst.MessageType.EOS:
            print(events.get_property("stats").get_value("windows-analysed"), "windows analysed")
            break
    pipeline.set_state(Gst.State.NULL)
    return status


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:3]))
