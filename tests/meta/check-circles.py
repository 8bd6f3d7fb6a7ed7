#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Fails on files of one folder that call each other in a circle.

check-circles.py ARCHIVE FOLDER…: includes may be free of cycles while the
functions behind them are not, so this reads the symbols of the objects.
"""
import collections
import re
import subprocess
import sys


def read_symbols(archive):
    """{object: (defined, wanted)}, by the name of the source file."""
    lines = subprocess.run(["nm", archive], capture_output=True, text=True,
                           check=True).stdout.splitlines()
    objects, current = {}, None
    for line in lines:
        header = re.match(r"(?:.*/)?([^/]+)\.c\.o:$", line)
        if header:
            current = objects.setdefault(header.group(1), (set(), set()))
        elif current is not None and (symbol := re.search(r" ([A-Za-z]) (\S+)$", line)):
            kind, name = symbol.groups()
            if kind == "U":
                current[1].add(name)
            elif kind.isupper():
                current[0].add(name)
    return objects


def find_circle(graph):
    done, path = set(), []

    def visit(node):
        if node in path:
            return path[path.index(node):] + [node]
        if node in done:
            return None
        path.append(node)
        for target in sorted(graph[node]):
            circle = visit(target)
            if circle:
                return circle
        path.pop()
        done.add(node)
        return None

    for start in sorted(graph):
        circle = visit(start)
        if circle:
            return circle
    return None


def main(archive, folders):
    symbols = read_symbols(archive)
    failed = False
    for folder in folders:
        inside = {name: both for name, both in symbols.items() if name.startswith(folder + "_")}
        if not inside:
            print(f"{archive} has nothing of {folder}")
            failed = True
        graph = collections.defaultdict(set)
        for name, (_, wanted) in inside.items():
            graph[name] = {other for other, (defined, _) in inside.items()
                           if other != name and defined & wanted}
        circle = find_circle(graph)
        if circle:
            print(f"{folder}: a circle of calls:", " -> ".join(circle))
            failed = True
    return failed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
