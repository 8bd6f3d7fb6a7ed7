#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The shared libraries export what their public headers declare, no more and
no less.   check-exports.py LIBRARY PREFIX API-MACRO HEADER-FOLDER…"""
import pathlib
import re
import subprocess
import sys

library, prefix, macro, *folders = sys.argv[1:]
symbols = subprocess.run(["nm", "-D", "--defined-only", library], check=True,
                         capture_output=True, text=True).stdout
exported = {line.split()[2] for line in symbols.splitlines() if len(line.split()) == 3}
text = "\n".join(p.read_text() for folder in folders
                 for p in pathlib.Path(folder).glob("*.h"))
text = re.sub(r"/\*.*?\*/|^#.*?$", "", text, flags=re.S | re.M)
declared = set()
for match in re.finditer(macro + r"\s+(G_DECLARE_\w+ \([^)]*\)|[^;{]+?[;{])", text):
    body = " ".join(match.group(1).split())
    kind = re.match(r"G_DECLARE_\w+ \( ?(\w+), (\w+)", body)
    name = kind.group(2) + "_get_type" if kind else re.search(r"(\w+) \(", body).group(1)
    declared.add(name)
stray = {s for s in exported if not s.startswith(prefix)} - {"_init", "_fini"}
print("not declared:", sorted(exported - declared - stray), "not defined:", sorted(declared - exported),
      "stray:", sorted(stray))
sys.exit(1 if stray or exported != declared else 0)
