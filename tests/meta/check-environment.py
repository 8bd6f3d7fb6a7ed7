#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Every environment variable that the code reads is on a page: those of the library
and the plugin in docs/debugging.md, those of the tests alone in docs/testing.md.

    check-environment.py SOURCE_ROOT
"""
import pathlib
import re
import sys

READ = re.compile(r'getenv \(\s*"(\w+)"|\{((?:\s*"[A-Z]+_[A-Z_]+",?)+\s*)\}')


def variables(folders):
    for folder in folders:
        for path in sorted(folder.rglob("*.c")):
            text = path.read_text(encoding="utf-8")
            if "getenv" not in text:
                continue
            for name, names in READ.findall(text):
                yield from [name] if name else re.findall(r"\w+", names)


def main(root):
    pages = {name: (root / "docs" / f"{name}.md").read_text(encoding="utf-8")
             for name in ("debugging", "testing")}
    ours = set(variables([root / "lib", root / "gst-plugin"]))
    tests = set(variables([root / "tests"])) - ours
    missing = [f"docs/debugging.md does not name {name}" for name in sorted(ours)
               if f"`{name}" not in pages["debugging"]]
    missing += [f"docs/testing.md does not name {name}" for name in sorted(tests)
                if f"`{name}" not in pages["testing"] and f"`{name}" not in pages["debugging"]]
    print("\n".join(missing))
    return 1 if missing or not ours or not tests else 0


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1])))
