#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""docs/events.md lists the fields of lib/events/event-schema.c, word for word, and
docs/records.schema.json has the same ones, and every reason for a gap."""
import json
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
described = json.loads((root / "docs/records.schema.json").read_text())["$defs"]
names = list(described["happening"]["properties"])
if names != [name for name, _ in schema]:
    print("records.schema.json differs:", set(names) ^ {name for name, _ in schema} or "order")
source = (root / "gst-plugin/util/gstvlmgap.c").read_text()
told = re.findall(r'"([a-z-]+)"', source[source.index("reason_to_string"):].split("};", 1)[0])
reasons = described["gap"]["properties"]["reason"]["enum"]
if told != reasons:
    print("the reasons of gaps differ:", set(told) ^ set(reasons) or "order")
explained = re.findall(r"^\| `([a-z-]+)` \|", (root / "docs/elements.md").read_text(), re.M)
for missing in set(told) - set(explained):
    print("docs/elements.md does not explain the reason", missing)
    told = []
sys.exit(0 if schema and schema == page and names == [name for name, _ in schema] and told == reasons else 1)
