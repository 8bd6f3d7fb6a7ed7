#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Makes the pages that go beside the generated API reference.

    make-pages.py ROOT FOLDER SET=PAGE,PAGE… [SET=PAGE…]

A page `overview` is README.md, `element-NAME` the documentation block of an
element in its source and what gst-inspect-1.0 says of it, any other one docs/PAGE.md.
SET is the folder of a reference; links between pages lead from one to the other,
and what is in no set is a word without a link.
"""
import pathlib
import re
import subprocess
import sys

LINK = re.compile(r"(!?)\[([^\]]*)\]\(([^)\s]+)\)")
FENCE = re.compile(r"^```.*?^```$", re.M | re.S)


def read_block(root, name):
    """The comment SECTION:NAME without its margin, gtk-doc's marks as Markdown."""
    for path in sorted((root / "gst-plugin").rglob("*.c")):
        block = re.search(rf"/\*\*\n \* SECTION:{name}\n(.*?) \*/", path.read_text(encoding="utf-8"), re.S)
        if block:
            break
    else:
        sys.exit(f"no source has a block SECTION:{name}")
    text = re.sub(r"^ \* ?", "", block.group(1), flags=re.M)
    title = re.search(r"^@title: (.*)$", text, re.M).group(1)
    summary = re.search(r"^@short_description: (.*)$", text, re.M).group(1)
    body = re.sub(r"^@\w+:.*\n", "", text, flags=re.M).strip()
    body = body.replace("|[", "```").replace("]|", "```")
    body = re.sub(r"#(Gst\w+::?[\w-]+|\w+)", r"`\1`", body)
    return title, f"{title} {summary}.\n\n{body}\n"


def inspect(element):
    text = subprocess.run(["gst-inspect-1.0", "--no-colors", element], check=True, text=True,
                          stdout=subprocess.PIPE).stdout
    # before them stands where the plugin was built
    return text[text.index("Pad Templates:"):].strip()


def read_page(root, name):
    if name.startswith("element-"):
        title, text = read_block(root, name)
        element = name.removeprefix("element-")
        facts = f"## Pads, properties and signals\n\n```\n{inspect(element)}\n```\n"
        return title, f"# {title}\n\n{text}\n{facts}"
    path = root / "README.md" if name == "overview" else root / "docs" / f"{name}.md"
    text = path.read_text(encoding="utf-8")
    return re.search(r"^# (.*)$", text, re.M).group(1), text


class Links:
    def __init__(self, sets):
        self.homes = {page: folder for folder, pages in sets.items() for page in pages}

    def rewrite(self, text, folder):
        """Outside of what is to be copied."""
        parts, end = [], 0
        for fence in FENCE.finditer(text):
            parts += [LINK.sub(lambda match: self.target(match, folder), text[end:fence.start()]),
                      fence.group()]
            end = fence.end()
        return "".join(parts) + LINK.sub(lambda match: self.target(match, folder), text[end:])

    def target(self, match, folder):
        mark, words, address = match.groups()
        if "://" in address or address.startswith("#"):
            return match.group()
        name, _, anchor = address.partition("#")
        path = pathlib.PurePosixPath(name)
        if mark:
            return f"![{words}]({path.name})"
        page = "overview" if path.name == "README.md" and len(path.parts) < 3 else path.stem
        home = self.homes.get(page)
        if path.suffix != ".md" or home is None or len(path.parts) > 2:
            return words
        way = f"{page}.html" if home == folder else f"../{home}/{page}.html"
        return f"[{words}]({way}{'#' + anchor if anchor else ''})"


def main(root, out, *arguments):
    sets = {folder: pages.split(",") for folder, pages in (word.split("=") for word in arguments)}
    links = Links(sets)
    out.mkdir(parents=True, exist_ok=True)
    for folder, pages in sets.items():
        for name in pages:
            title, text = read_page(root, name)
            (out / f"{name}.md").write_text(f"Title: {title}\n\n{links.rewrite(text, folder)}",
                                            encoding="utf-8")


if __name__ == "__main__":
    main(*map(pathlib.Path, sys.argv[1:3]), *sys.argv[3:])
