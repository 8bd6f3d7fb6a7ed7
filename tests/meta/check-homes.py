#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A public header is implemented in the file of its name: what vlm-NAME.h
declares stands in lib/FOLDER/NAME.c. And each kind of answer, vlm_kind_NAME, in
lib/analyzer/kind-NAME.c.   check-homes.py ROOT"""
import pathlib
import re
import sys

MACRO = re.compile(r"VLM_API\s+(G_DECLARE_\w+ \([^)]*\)|[^;{]+?[;{])")
DECLARE = re.compile(r"G_DECLARE_\w+ \( ?(\w+), (\w+)")
# The first column names what is defined: a function below its type, or a type.
FUNCTION = re.compile(r"^(\w+) \(", re.M)
TYPE = re.compile(r"^G_DEFINE_(?:\w*TYPE\w*|INTERFACE) \(\s*(\w+),\s+(\w+)", re.M)
KIND = re.compile(r"^const VlmAnswerKind vlm_kind_(\w+) =", re.M)
QUARK = re.compile(r"^G_DEFINE_QUARK \(([\w-]+), (\w+)\)", re.M)


def declared(header):
    text = re.sub(r"/\*.*?\*/|^#.*?$", "", header.read_text(), flags=re.S | re.M)
    for match in MACRO.finditer(text):
        body = " ".join(match.group(1).split())
        kind = DECLARE.match(body)
        yield kind.group(2) + "_get_type" if kind else re.search(r"(\w+) \(", body).group(1)


def defined(source):
    text = source.read_text()
    names = set(FUNCTION.findall(text))
    names |= {name + "_get_type" for _, name in TYPE.findall(text)}
    names |= {name + "_quark" for _, name in QUARK.findall(text)}
    return names


def check_kinds(analyzer):
    good = True
    for source in sorted(analyzer.glob("*.c")):
        for kind in KIND.findall(source.read_text()):
            if source.name != f"kind-{kind.replace('_', '-')}.c":
                good = False
                print(f"vlm_kind_{kind} stands in {source.name}")
    return good


def main(root):
    good, count = True, 0
    for header in sorted((root / "lib" / "include" / "vlm").glob("vlm-*.h*")):
        # vlm-version.h is made of vlm-version.h.in
        name = header.name.partition(".")[0].removeprefix("vlm-")
        homes = sorted((root / "lib").glob(f"*/{name}.c"))
        there = set().union(*map(defined, homes))
        for function in declared(header):
            count += 1
            if function not in there:
                good = False
                print(f"{header.name}: {function} () does not stand in lib/*/{name}.c")
    print(f"{count} functions")
    good = check_kinds(root / "lib" / "analyzer") and good
    return 0 if good and count else 1


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1])))
