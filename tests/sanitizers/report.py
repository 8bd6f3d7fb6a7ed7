#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The findings of the sanitizers: a line each, with its first place in our code.

    report.py [--again] FINDINGS BUILD

FINDINGS has a file a process, SANITIZER@TEST.PROGRAM.PID. A leak of a program that
was not built in BUILD (Python, a shell, gst-launch-1.0) counts only with a place of
ours in it, and not if it is indirect: Python keeps pipelines until it ends, with all
that is in them. Everything else counts. Exits with 0 only if nothing was found.

--again: only prints the tests in which leaks have no place, as stacks end where a
library keeps no frame pointers, and removes what was found in them.
"""
import collections
import json
import pathlib
import re
import sys

START = re.compile(r"(?m)^(?=.*(?:runtime error: |WARNING: ThreadSanitizer: |ERROR: AddressSanitizer: |"
                   r"(?:Direct|Indirect) leak of ))")
PLACE = re.compile(r"(?:\.\./|/)((?:lib|gst-plugin|tests|pipelines)/[\w/.-]+\.[ch]:\d+)")
KIND = re.compile(r"runtime error: .*|ThreadSanitizer: [\w -]+|AddressSanitizer: [\w -]+|"
                  r"(?:Direct|Indirect) leak")
# GLib's tables of quarks, of 16 KiB, 32 KiB and so on, each of which it replaces without
# freeing it; it keeps no frame pointers, so that there is no caller to suppress.
QUARKS = re.compile(r"leak of (?:16384 byte\(s\) in 1|49152 byte\(s\) in 2|98304 byte\(s\) in 3) object.*\n"
                    r".*malloc.*\n.* in g_malloc .*\n(?! +#)")


def findings(text):
    """(kind, place or None) of each in one file."""
    for part in START.split(text):
        kind = KIND.search(part.split("\n", 1)[0])
        if kind and not QUARKS.search(part):
            place = PLACE.search(part)
            yield kind.group().strip(), place.group(1) if place else None


def read(folder, build):
    """(test, file, program, is it ours, kind, place or None) of all that counts or may count."""
    built = {path.name for path in build.rglob("*") if path.is_file() and path.stat().st_mode & 0o111}
    for path in sorted(folder.iterdir()):
        head, _, rest = path.name.partition(".")
        program = rest.rpartition(".")[0]
        for kind, place in findings(path.read_text(errors="replace")):
            yield head.partition("@")[2], path, program, program in built, kind, place


def name_of(command):
    """As tests/sanitizers/in-test names a test."""
    scripts = [word for word in command if word.endswith(".py")]
    return pathlib.Path((scripts or command)[0]).name.removesuffix(".py")


def again(found, build):
    unclear = {test for test, _, _, ours, kind, place in found if ours and place is None and "leak" in kind}
    for test in json.loads((build / "meson-info" / "intro-tests.json").read_text()):
        if name_of(test["cmd"]) in unclear:
            print(test["name"])
    for test, path, *_ in found:
        if test in unclear:
            path.unlink(missing_ok=True)


def report(found):
    counts, foreign = collections.Counter(), 0
    for test, _, program, ours, kind, place in found:
        if "leak" in kind and not ours and (place is None or kind.startswith("Indirect")):
            foreign += 1
        else:
            counts[kind, place or "no place of ours", program, test] += 1
    for (kind, place, program, test), n in counts.most_common():
        print(f"{n:6} {kind}: {place} ({program if program == test else f'{program} in {test}'})")
    print(f"{sum(counts.values())} findings, {foreign} leaks of other programs")
    return bool(counts)


if sys.argv[1] == "--again":
    again(list(read(*map(pathlib.Path, sys.argv[2:]))), pathlib.Path(sys.argv[3]))
else:
    sys.exit(report(read(*map(pathlib.Path, sys.argv[1:]))))
