#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The commands on the pages are there: each file of this tree or of its build that
a block names exists, a program can be started, and it has the options.

    check-commands.py SOURCE_ROOT BUILD
"""
import os
import pathlib
import re
import shlex
import sys

BLOCK = re.compile(r"^( *)```(?:sh)?\n(.*?)^ *```$", re.M | re.S)
OURS = re.compile(r"(?:\./)?((?:build|docs|lib|pipelines|tests)/[\w./-]+)")
# Names that stand for others are in capitals; what a command writes is not there before.
PLACEHOLDER = re.compile("NAME|CHECKPOINT|FOLDER|TOKENIZER|CASE|OUT")
WRITTEN = ("build/docs/", "build/demo/")
START = re.compile(r"(?:\./)?(?:pipelines|tests)/[a-z-]+(?:/[\w.-]+)?$|build/|vlm-run$|vlm-eval$")


def commands(text):
    """Lists of words, of which a comment is none."""
    for indent, block in BLOCK.findall(text):
        block = re.sub(f"^{indent}", "", block, flags=re.M)
        for line in re.sub(r"\\\n", " ", block).splitlines():
            for part in re.split(r"&& |\| |; |\$ ", line):
                try:
                    words = shlex.split(part, comments=True)
                except ValueError:  # a text of several lines
                    continue
                if words and words[0] != "ninja":  # its words are targets
                    yield words


def options(root, program):
    """All that the manual names, or the comment on top of a script; None if it has neither."""
    manual = root / f"gst-plugin/tools/man/{program.name}.1"
    if manual.exists():
        return re.findall(r"(?<![\w-])--?[a-z][\w-]*", manual.read_text("utf-8").replace("\\-", "-"))
    if program.parent.name == "pipelines" and program.is_file():
        top = program.read_text("utf-8").split("\n\n")[0]
        return re.findall(r"--[a-z]+", top) + ["--help", "-h"]
    return None


def complaints(root, build, words):
    for word in words:
        found = OURS.fullmatch(word)
        if not found or PLACEHOLDER.search(word) or word.startswith(WRITTEN):
            continue
        path = build / found[1][6:] if found[1].startswith("build/") else root / found[1]
        if not path.exists():
            yield f"{word} does not exist"
        elif word == words[0] and not (path.is_file() and os.access(path, os.X_OK)):
            yield f"{word} is no program"
    if not START.match(words[0]) or PLACEHOLDER.search(words[0]):
        return
    known = options(root, root / words[0])
    for word in words[1:] if known else []:
        name = word.partition("=")[0]
        if re.fullmatch("--?[a-z][a-z-]*", name) and name not in known:
            yield f"{words[0]} has no option {name}"


def main(root, build):
    pages = [root / "README.md", root / "CONTRIBUTING.md", *sorted((root / "docs").glob("**/*.md"))]
    count, found = 0, []
    for page in pages:
        for words in commands(page.read_text("utf-8")):
            count += 1
            found += [f"{page.relative_to(root)}: {text}: {' '.join(words)}"
                      for text in complaints(root, build, words)]
    print("\n".join(found))
    print(f"{count} commands")
    return 1 if found or count < 100 else 0


if __name__ == "__main__":
    sys.exit(main(*map(pathlib.Path, sys.argv[1:3])))
