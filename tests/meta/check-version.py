#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The version stands in meson.build, and in the first heading of NEWS.md;
nothing else spells it, so that nothing else has to be changed with it.

    check-version.py SOURCE_ROOT VERSION
"""
import pathlib
import re
import sys

# What a version may stand in by accident: data, and histories of other projects.
FOLDERS = ("lib", "gst-plugin", "shaders", "tests", "pipelines", "docs")
TEXT = {"", ".build", ".c", ".css", ".h", ".in", ".js", ".json", ".md", ".py", ".sh", ".toml", ".txt"}


def texts(root):
    yield from (path for path in root.iterdir() if path.is_file() and path.suffix in TEXT)
    for folder in FOLDERS:
        yield from (path for path in (root / folder).rglob("*")
                    if path.is_file() and path.suffix in TEXT
                    and not {"data", "models", "seeds", "__pycache__"} & set(path.parts))


def main(root, version):
    spelt = re.compile(rf"(?<![\d.]){re.escape(version)}(?![\d.]*\d)")
    found = {}
    for path in texts(root):
        count = len(spelt.findall(path.read_text(encoding="utf-8", errors="replace")))
        if count:
            found[path.relative_to(root).as_posix()] = count
    heading = re.search(r"^## (\S+)", (root / "NEWS.md").read_text(), re.M).group(1)
    if heading != version:
        print(f"NEWS.md begins with {heading}, meson.build says {version}")
    for name in set(found) - {"meson.build", "NEWS.md"}:
        print(f"{name}: spells the version")
    return 0 if found == {"meson.build": 1, "NEWS.md": 1} and heading == version else 1


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1]), sys.argv[2]))
