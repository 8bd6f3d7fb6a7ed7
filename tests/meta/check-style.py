#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What .editorconfig says, checked: tabs, blanks at line ends, long lines, a
last newline, no invisible characters, and the licence line. Addresses and the
launch lines of the manual, which are there to be copied, may be long. No array is
freed by itself: g_autofree and the like free its first element only."""
import pathlib
import re
import subprocess
import sys

CODE = {".c", ".h", ".comp", ".glsl", ".py", ".sh", ".build", ".css", ".js"}
TEXT = CODE | {".md", ".txt", ".json", ".yml"}
FREED_ARRAY = re.compile(r"\s*g_auto(free|ptr \(\w+\)| \(\w+\)) [\w *]+\[")
INVISIBLE = re.compile("[\u00a0\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")


def files(root):
    try:
        listed = subprocess.run(["git", "-C", root, "ls-files", "-z"], check=True,
                                capture_output=True).stdout.decode().split("\0")
    except (OSError, subprocess.CalledProcessError):
        # no git, or not a clone: all but what a build made
        built = {p.parent for p in root.rglob("meson-private")}
        listed = [p.relative_to(root).as_posix() for p in root.rglob("*")
                  if p.is_file() and not built.intersection(p.parents)]
    for name in listed:
        path = root / name
        script = not path.suffix and path.parent.name in ("pipelines", "images", "tests")
        if path.is_file() and (path.suffix in TEXT or script):
            yield name, path


def check(name, path):
    if "tests/data/" in name:
        return
    text = path.read_text(encoding="utf-8")
    if text and not text.endswith("\n"):
        yield f"{name}: no newline at the end"
    if INVISIBLE.search(text):
        yield f"{name}: an invisible character"
    if path.suffix in CODE and "SPDX-License-Identifier" not in text[:400]:
        yield f"{name}: no licence line"
    limit = {".c": 82, ".h": 82, ".comp": 100, ".glsl": 100, ".py": 110, ".md": 160}.get(path.suffix)
    for number, line in enumerate(text.splitlines(), 1):
        if line != line.rstrip() and path.suffix != ".md":
            yield f"{name}:{number}: blanks at the end"
        if "\t" in line and path.suffix in CODE:
            yield f"{name}:{number}: a tab"
        if name.startswith("lib/") and re.search(r"\bg_(debug|info|message|warning) \(", line):
            yield f"{name}:{number}: the library speaks through base/log.h"
        if path.suffix in {".c", ".h"} and FREED_ARRAY.match(line):
            yield f"{name}:{number}: only the first of an array is freed"
        long = limit and len(line) > limit
        if long and "://" not in line and " gst-launch-1.0 " not in line:
            yield f"{name}:{number}: {len(line)} columns, more than {limit}"


def main(root):
    complaints = [c for name, path in files(root) for c in check(name, path)]
    print("\n".join(complaints))
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1])))
