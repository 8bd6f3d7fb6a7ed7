#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""An application in Python reads events from buffers and messages."""
import sys

try:
    import gi
    gi.require_version('Gst', '1.0')
    from gi.repository import Gst
except (ImportError, ValueError) as missing:
    print(f'1..0 # SKIP {missing}')
    sys.exit(0)

gi.require_version('Vlm', '1.0')
gi.require_version('GstVlm', '1.0')
from gi.repository import GstVlm, Vlm

Gst.init(None)


def make_event():
    event = Vlm.Event.new()
    event.id = 7
    event.state = Vlm.EventState.END
    event.description = 'a red ball leaves'
    event.start.stream_time = 12_400_000_000
    return event


def read_meta():
    buffer = Gst.Buffer.new()
    GstVlm.buffer_add_event_meta(buffer, [make_event()])
    meta = GstVlm.buffer_get_event_meta(buffer.copy())
    event = meta.get_event(0)
    return (meta.get_n_events() == 1 and event.id == 7 and
            event.state == Vlm.EventState.END and
            event.description == 'a red ball leaves' and
            event.start.stream_time == 12_400_000_000)


def read_message():
    message = GstVlm.message_new_event(None, make_event())
    event = GstVlm.message_get_event(message)
    text = message.get_structure().get_string('json')
    return event.id == 7 and '"a red ball leaves"' in text


print('1..2')
failed = False
for number, test in enumerate((read_meta, read_message), 1):
    passed = test()
    failed |= not passed
    print(f"{'ok' if passed else 'not ok'} {number} {test.__name__}")
sys.exit(failed)
