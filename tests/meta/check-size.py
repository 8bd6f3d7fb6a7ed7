#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Fails on files and functions that have grown past one reason to change."""
import pathlib
import re
import sys

MAX_C_LINES = 900
MAX_SHADER_LINES = 300
MAX_FUNCTION_LINES = 120
# May only shrink.
ALLOWED = set()


def functions(lines):
    """Yields (name, length): bodies open and close in column 0."""
    start = None
    for number, line in enumerate(lines):
        if line.startswith("{"):
            start = number
        elif line.startswith("}") and start is not None:
            name = next((m.group(1) for m in (
                re.match(r"(\w+) \(", lines[k]) for k in range(start, max(start - 12, -1), -1)) if m),
                f"line {start + 1}")
            yield name, number - start
            start = None


def main(root):
    complaints = []
    for folder in ("lib", "gst-plugin", "tests", "shaders"):
        for path in sorted((root / folder).rglob("*")):
            name = path.relative_to(root).as_posix()
            if path.suffix not in (".c", ".h", ".comp", ".glsl") or name in ALLOWED:
                continue
            lines = path.read_text(encoding="utf-8").splitlines()
            limit = MAX_SHADER_LINES if path.suffix in (".comp", ".glsl") else MAX_C_LINES
            if len(lines) > limit:
                complaints.append(f"{name}: {len(lines)} lines, more than {limit}")
            if path.suffix == ".c":
                complaints += [f"{name}: {function} has {length} lines"
                               for function, length in functions(lines)
                               if length > MAX_FUNCTION_LINES]
    print("\n".join(complaints))
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1])))
