# SPDX-License-Identifier: LGPL-2.1-or-later
"""Events as WebVTT."""
from clock import cue_clock

# A cue that is shown for less cannot be read.
SHORTEST = 1.0


def escape(text):
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def webvtt(found, settings=""):
    """`settings` of each cue, such as its position."""
    cues = ["WEBVTT\n"]
    for event in found:
        end = max(event.end, event.start + SHORTEST)
        times = f"{cue_clock(event.start)} --> {cue_clock(end)} {settings}".rstrip()
        cues.append(f"{times}\n{escape(event.text) or '(no words)'}\n")
    return "\n".join(cues)
