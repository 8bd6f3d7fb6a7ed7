#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Compiles every public header alone, as C and as C++.

check-headers.py FOLDER… -- COMPILER FLAGS…: headers lie in FOLDER/*/*.h."""
import pathlib
import subprocess
import sys
import tempfile


def compiles(header, language, standard, flags):
    with tempfile.TemporaryDirectory() as folder:
        source = pathlib.Path(folder) / "header"
        source.write_text(f"#include <{header}>\n")
        result = subprocess.run(
            ["gcc", "-x", language, f"-std={standard}", "-Wall", "-Wextra", "-Werror",
             "-Wno-unused-parameter", "-fsyntax-only", *flags, source],
            capture_output=True, text=True)
        if result.returncode:
            print(f"{header} as {language}:\n{result.stderr}")
        return result.returncode == 0


split = sys.argv.index("--")
include_flags = sys.argv[split + 1:]
good = True
count = 0
folders = [pathlib.Path(name) for name in sys.argv[1:split]]
include_flags += [f"-I{directory}" for directory in folders]
for directory in folders:
    for path in sorted(directory.rglob("*.h")):
        count += 1
        for lang, std in (("c", "c11"), ("c++", "c++17")):
            good &= compiles(path.relative_to(directory).as_posix(), lang, std, include_flags)
print(f"{count} headers")
sys.exit(0 if good and count else 1)
