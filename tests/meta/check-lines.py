#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The launch lines that are there to be copied keep what they write, however they
end: records and cues are written when they come, not when a buffer is full, and
what runs until Ctrl+C ends its stream then (-e), so that open events end.

    check-lines.py SOURCE_ROOT
"""
import pathlib
import re
import sys

LIVE = re.compile(r"\b(rtspsrc|v4l2src)\b")
# from a pad of events to the end of that branch: the next pad or element that is named
BRANCH = re.compile(r"\.events(?:_\d+)?\s+!(.*?)(?=\s\w+\.|$)")
SOURCES = ("*.md", "docs/**/*.md", "gst-plugin/**/*.c", "gst-plugin/**/*.h", "pipelines/*")


def launch_lines(text):
    """Whole lines, without the margin of a comment."""
    joined = re.sub(r"\\\n(?: \*)?\s*", " ", text)
    # in comments a line goes on where it is indented
    joined = re.sub(r"\n \*     +", " ", joined)
    return [line for line in joined.splitlines() if re.match(r"( \* )?gst-launch-1.0 ", line)]


def complaints(line):
    if LIVE.search(line) and not re.search(r"gst-launch-1.0 (-\S+ )*-e ", line):
        yield "a line that Ctrl+C ends has no -e"
    for branch in BRANCH.findall(line):
        if "filesink" in branch and "buffer-mode=unbuffered" not in branch:
            yield "filesink without buffer-mode=unbuffered keeps events in a buffer"


def main(root):
    count, found = 0, []
    for path in sorted({path for pattern in SOURCES for path in root.glob(pattern) if path.is_file()}):
        for line in launch_lines(path.read_text(encoding="utf-8")):
            count += 1
            found += [f"{path.relative_to(root)}: {what}: {line.strip()}" for what in complaints(line)]
    print("\n".join(found))
    print(f"{count} lines")
    return 1 if found or count < 10 else 0


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1])))
