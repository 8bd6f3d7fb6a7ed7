# SPDX-License-Identifier: LGPL-2.1-or-later
"""watch_conditions.py SCRIPT VIDEO OPTION PROPERTY=VALUE…: see pipelines/conditions"""
import json
import sys

from camera import Camera, decoded
from running import Gst
from watching import Group
from words import Words, comes_back, to_uri

DEFAULTS = (("conditions", "a person is in the picture; a vehicle is in the picture"), ("window", "4"))
# part of the message of vlmevents about a model that does not know the words
UNKNOWN = "questions of the kind yes-no"
WAY_OUT = ("the model that ships does not know yes and no yet; name one that does with --model DIR, such as "
           "a download of Qwen2.5-VL-3B-Instruct")


def with_properties(argv):
    """--model DIR and --model=DIR are the property of that name."""
    words = []
    left = list(argv)
    while left:
        word = left.pop(0)
        if word == "--":
            return words + [word] + left
        if word == "--model" and left:
            word = f"--model={left.pop(0)}"
        words.append(word[2:] if word.startswith("--model=") else word)
    return words


def line_of(record):
    """A line for a terminal; None for a record that is not shown."""
    seconds = record["start" if record["state"] != "end" else "end"].get("stream_time", 0.0)
    if record["type"] == "gap":
        return f"{seconds:9.3f} s  not analysed, {record['reason']}"
    if "condition" not in record or record["state"] == "update":
        return None
    before = " ".join(f"{look['probability']:.2f}" for look in record["probabilities"])
    name = "".join(c if c.isprintable() else " " for c in record["condition"])
    return f"{seconds:9.3f} s  {record['state']:5}  {name}  {record['probability']:.2f}  ({before})"


class Conditions(Camera):
    """Prints its records as lines, or unchanged with --json."""

    def on_record(self, sink):
        if "--json" in self.group.words.options:
            return super().on_record(sink)
        buffer = sink.emit("pull-sample").get_buffer()
        for text in buffer.extract_dup(0, buffer.get_size()).decode().splitlines():
            line = line_of(json.loads(text))
            if line:
                self.group.output.write((line + "\n").encode())
        return Gst.FlowReturn.OK


class OneVideo(Group):
    def __init__(self, words):
        super().__init__()
        self.words = words
        word = words.inputs[0]
        self.add(Conditions(self, word, words, make_source=lambda: decoded(to_uri(word)),
                            comes_back=comes_back(word)))

    def fail(self, why):
        if UNKNOWN in why and not self.words.has("model"):
            why = WAY_OUT
        super().fail(why)


sys.exit(OneVideo(Words(with_properties(sys.argv), 1, 1, options=["--json"], defaults=DEFAULTS)).run())
