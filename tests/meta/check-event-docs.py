#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""docs/events.md lists the fields of lib/events/event-schema.c, word for word."""
import pathlib
import re
import sys

root = pathlib.Path(sys.argv[1])
source = (root / "lib/events/event-schema.c").read_text()
schema = []
for name, text in re.findall(r"FIELD \((\w+),\s*\w+,\s*((?:\"[^\"]*\"\s*)+)\)", source):
    schema.append((name, "".join(re.findall(r'"([^"]*)"', text))))
page = re.findall(r"^\| `(\w+)` \| (.*) \|$", (root / "docs/events.md").read_text(), re.M)
for missing in sorted(set(schema) ^ set(page)):
    print("differs:", missing)
sys.exit(0 if schema and schema == page else 1)
