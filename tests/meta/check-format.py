#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Fails on C files that .clang-format would lay out differently.

Other versions than clang-format 14 lay out some lines in other ways: without
that version there is nothing to check, and the test is skipped.
"""
import pathlib
import shutil
import subprocess
import sys

SKIP = 77
FOLDERS = ("lib", "gst-plugin", "tests", "docs")


def find_formatter():
    for name in ("clang-format-14", "clang-format"):
        path = shutil.which(name)
        if path is None:
            continue
        version = subprocess.run([path, "--version"], capture_output=True, text=True)
        if "version 14." in version.stdout:
            return path
    return None


def main(root):
    formatter = find_formatter()
    if formatter is None:
        print("clang-format 14 is not installed")
        return SKIP
    files = sorted(str(path) for folder in FOLDERS
                   for path in (root / folder).rglob("*.[ch]"))
    return subprocess.run([formatter, "--dry-run", "-Werror", *files]).returncode


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1])))
