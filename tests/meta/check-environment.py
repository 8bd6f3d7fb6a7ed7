#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Every environment variable that the code reads is on a page: those of the library,
the plugin and the programs in docs/debugging.md, those of the tests alone in
docs/testing.md.

    check-environment.py SOURCE_ROOT
"""
import pathlib
import re
import sys

# by name, or by a list of names in the same file
IN_C = re.compile(r'getenv \(\s*"(\w+)"|\{((?:\s*"[A-Z]+_[A-Z_]+",?)+\s*)\}')
IN_SCRIPTS = re.compile(r"""environ(?:\.get\(|\[)\s*["'](VLM_\w+)|\$\{?(VLM_\w+)""")
DATA = {"data", "seeds", "__pycache__"}


def variables(folders):
    for path in (path for folder in folders for path in sorted(folder.rglob("*")) if path.is_file()):
        if path.suffix not in (".c", ".py", ".sh", "") or DATA & set(path.parts):
            continue
        text = path.read_text(encoding="utf-8")
        if path.suffix != ".c":
            yield from (name or other for name, other in IN_SCRIPTS.findall(text))
        elif "getenv" in text:
            for name, names in IN_C.findall(text):
                yield from [name] if name else re.findall(r"\w+", names)


def main(root):
    pages = {name: (root / "docs" / f"{name}.md").read_text(encoding="utf-8")
             for name in ("debugging", "testing")}
    ours = set(variables([root / "lib", root / "gst-plugin", root / "pipelines"]))
    tests = set(variables([root / "tests"])) - ours
    missing = [f"docs/debugging.md does not name {name}" for name in sorted(ours)
               if f"`{name}" not in pages["debugging"]]
    missing += [f"docs/testing.md does not name {name}" for name in sorted(tests)
                if f"`{name}" not in pages["testing"] and f"`{name}" not in pages["debugging"]]
    print("\n".join(missing))
    return 1 if missing or not ours or not tests else 0


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1])))
