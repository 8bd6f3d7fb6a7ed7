#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Prints a file of events, one JSON object a line, as a table.

show-events.py EVENTS.jsonl
"""
import json
import shutil
import sys


def clock(instant):
    seconds = instant.get("stream_time", instant.get("running_time", instant.get("pts")))
    if seconds is None:
        return "?"
    return f"{int(seconds // 60):02d}:{seconds % 60:05.2f}"


def printable(text):
    return "".join(c if c.isprintable() else "\N{MIDDLE DOT}" for c in text)


def rows(path):
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            event = json.loads(line)
            if "id" not in event:
                continue
            yield (str(event["id"]), event["state"], clock(event["start"]), clock(event["end"]),
                   f"{event.get('confidence', 0):.2f}", event["start"].get("utc", ""),
                   printable(event.get("description", "")))


def main(path):
    table = [("id", "state", "start", "end", "conf", "utc of start", "description"), *rows(path)]
    if len(table) == 1:
        print("no events")
        return
    if not any(row[5] for row in table[1:]):
        table = [row[:5] + row[6:] for row in table]
    widths = [max(len(row[i]) for row in table) for i in range(len(table[0]) - 1)]
    left = shutil.get_terminal_size((120, 24)).columns - sum(widths) - 2 * len(widths)
    for row in table:
        cells = [cell.ljust(width) for cell, width in zip(row, widths)]
        last = row[-1] if len(row[-1]) <= left else row[-1][: max(left - 1, 0)] + "\N{HORIZONTAL ELLIPSIS}"
        print("  ".join(cells + [last]).rstrip())


if __name__ == "__main__":
    main(sys.argv[1])
