#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""docs/architecture.md says what is: its table of layers is the one that
check-layers.py enforces, its picture was made of that, and what it and the other
pages name as a file of the project is there. README.md and the reference have all
pages.

    check-architecture.py SOURCE_ROOT
"""
import importlib.machinery
import importlib.util
import pathlib
import re
import sys

ROW = re.compile(r"^\| (\d) \| `lib/(\w+)` \| .* \| ([^|]*) \|$", re.M)
FILE = re.compile(r"`((?:lib|gst-plugin|shaders|tests|pipelines|docs)/[^`\s]*)`")
# In it stands what the reader puts there.
PLACEHOLDER = re.compile(r"NAME|KIND|<")


def load(path):
    loader = importlib.machinery.SourceFileLoader(path.stem, str(path))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader(path.stem, loader))
    loader.exec_module(module)
    return module


def check_table(page, picture):
    rows = {folder: (int(layer), sees) for layer, folder, sees in ROW.findall(page)}
    table = picture.read_table()
    for folder in sorted(set(table) ^ set(rows)):
        yield f"{folder} is in one of the tables only"
    for folder in sorted(set(table) & set(rows)):
        layer, sees = rows[folder]
        # what is in brackets is the exception of one file
        named = set(re.findall(r"\w+", re.sub(r"\(.*?\)", "", sees))) - {"GLib"}
        if named != table[folder]:
            yield f"{folder} sees {sorted(table[folder])}, the page says {sorted(named)}"
        if layer != picture.height_of(folder, table):
            yield f"{folder} is in layer {picture.height_of(folder, table)}, the page says {layer}"


def check_pages(root):
    readme = (root / "README.md").read_text(encoding="utf-8")
    reference = (root / "docs" / "meson.build").read_text(encoding="utf-8")
    for page in sorted((root / "docs").glob("*.md")):
        if f"](docs/{page.name}" not in readme:
            yield f"README.md does not lead to docs/{page.name}"
        if f"'{page.stem}'" not in reference:
            yield f"docs/meson.build has no page {page.stem} in the reference"


def check_files(root):
    for page in [*sorted(root.glob("docs/**/*.md")), root / "README.md", root / "CONTRIBUTING.md"]:
        for name in FILE.findall(page.read_text(encoding="utf-8")):
            if not PLACEHOLDER.search(name) and not any(root.glob(name.rstrip("/"))):
                yield f"{page.relative_to(root)}: there is no {name}"


def main(root):
    sys.dont_write_bytecode = True
    picture = load(root / "docs" / "images" / "make-layers")
    found = [*check_table((root / "docs" / "architecture.md").read_text(encoding="utf-8"), picture),
             *check_pages(root), *check_files(root)]
    made = "\n".join(picture.draw(picture.read_table())) + "\n"
    if made != (root / "docs" / "images" / "layers.svg").read_text(encoding="utf-8"):
        found.append("docs/images/make-layers makes another picture: run it")
    print("\n".join(found))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1])))
