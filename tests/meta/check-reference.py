#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Every link within the built reference leads somewhere.

    check-reference.py FOLDER
"""
import html
import pathlib
import re
import sys

LINK = re.compile(r'(?:href|src)="([^"#]*)(?:#([^"]*))?"')
OUTSIDE = re.compile(r"\w+:")


def main(root):
    pages = {path.resolve(): path.read_text(encoding="utf-8") for path in root.rglob("*.html")}
    count, dead = 0, []
    for path, text in pages.items():
        for name, anchor in map(lambda found: map(html.unescape, found), LINK.findall(text)):
            if OUTSIDE.match(name):
                continue
            count += 1
            target = (path.parent / name).resolve() if name else path
            if not target.exists() or anchor and target in pages and f'id="{anchor}"' not in pages[target]:
                dead.append(f"{path.relative_to(root.resolve())}: {name}{'#' + anchor if anchor else ''}")
    print("\n".join(dead))
    print(f"{count} links in {len(pages)} pages")
    return 1 if dead or count < 1000 else 0


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1])))
