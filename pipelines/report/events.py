# SPDX-License-Identifier: LGPL-2.1-or-later
"""Reads events: what was found, what is true, and what was not analysed."""
import collections
import json
import math

# Times are seconds of stream time. `confidence` may be None. `box` is (x1, y1, x2, y2) in pixels of the
# video, `box_time` when it was there; both may be None.
Event = collections.namedtuple("Event", "start end label text confidence box box_time", defaults=(None, None))
# A span that was not analysed.
Gap = collections.namedtuple("Gap", "start end reason")

CLOCKS = ("stream_time", "running_time", "pts")
LONGEST_TEXT = 400


class BadFile(Exception):
    """What is wrong with a file, with its name and line."""


def printable(value):
    """Any JSON value as one line that is safe in a terminal and in a file."""
    text = value if isinstance(value, str) else ""
    clean = "".join(c if c.isprintable() else "\N{MIDDLE DOT}" for c in text[:LONGEST_TEXT + 1])
    return clean if len(clean) <= LONGEST_TEXT else clean[:LONGEST_TEXT] + "\N{HORIZONTAL ELLIPSIS}"


def number(value):
    """A finite number, or None."""
    good = isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
    return float(value) if good else None


def instant(value):
    """Seconds of an instant on the first clock that it has, or None."""
    clocks = value if isinstance(value, dict) else {}
    for name in CLOCKS:
        if number(clocks.get(name)) is not None:
            return number(clocks[name])
    return None


def span(record):
    start, end = instant(record.get("start")), instant(record.get("end"))
    return (start, max(start, end)) if start is not None and end is not None else None


def box_of(record):
    """A box with an area, and its time, or None twice."""
    corners = record.get("bbox")
    numbers = [number(corner) for corner in corners] if isinstance(corners, list) else []
    moment = instant(record.get("bbox_time"))
    if len(numbers) != 4 or None in numbers or moment is None:
        return None, None
    x1, y1, x2, y2 = numbers
    return ((x1, y1, x2, y2), moment) if x1 < x2 and y1 < y2 else (None, None)


def to_event(record):
    """None for a record without times."""
    times = span(record)
    if times is None:
        return None
    label, text = printable(record.get("label")), printable(record.get("description"))
    return Event(*times, label, text or label, number(record.get("confidence")), *box_of(record))


def read_records(path):
    """The JSON objects of a file with one in each line."""
    with open(path, encoding="utf-8", errors="replace") as lines:
        for count, line in enumerate(lines, 1):
            if not line.strip():
                continue
            try:
                record = json.loads(line)
            except ValueError as error:
                raise BadFile(f"{path}:{count}: not JSON: {error}") from error
            if not isinstance(record, dict):
                raise BadFile(f"{path}:{count}: not a JSON object")
            yield record


def in_order(events):
    return sorted(events, key=lambda event: (event.start, event.end, event.text))


def read_found(path):
    """Events as they were last reported, in order of time, and gaps."""
    last, gaps = {}, []
    for record in read_records(path):
        if record.get("state") == "gap":
            times = span(record)
            gaps += [Gap(*times, printable(record.get("reason")))] if times else []
        elif "id" in record:
            last[str(record.get("stream")), str(record["id"])] = record
    return in_order(filter(None, map(to_event, last.values()))), gaps


def from_labels(path, labels):
    """Events as people write them down: {"label", "start_s", "end_s"}; without a label any name is right."""
    for entry in labels:
        record = entry if isinstance(entry, dict) else {}
        start, end = number(record.get("start_s")), number(record.get("end_s"))
        if start is None or end is None or end < start:
            raise BadFile(f"{path}: an event needs numbers `start_s` and `end_s`, in this order")
        label = printable(record.get("label"))
        yield Event(start, end, label, printable(record.get("description")) or label, None)


def to_label(span):
    """[start, end] in seconds, as vlm-eval reads them."""
    start, end = span if isinstance(span, list) and len(span) == 2 else (None, None)
    return {"start_s": start, "end_s": end}


def read_truth(path):
    """The lines of vlmtestsrc, or one object: with a list `events`, or with one of spans in which something,
    whatever it is, is in view."""
    with open(path, encoding="utf-8", errors="replace") as file:
        text = file.read()
    try:
        whole = json.loads(text)
    except ValueError:
        whole = None
    if isinstance(whole, dict) and "type" not in whole:
        labels, spans = whole.get("events"), whole.get("any_object_in_view")
        if labels is None and isinstance(spans, list):
            labels = map(to_label, spans)
        elif not isinstance(labels, list):
            raise BadFile(f"{path}: no list `events`, nor `any_object_in_view`")
        return in_order(from_labels(path, labels))
    return in_order(filter(None, map(to_event, read_records(path))))
