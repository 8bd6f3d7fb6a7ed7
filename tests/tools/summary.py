#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Counts the single tests of a `meson test` run: a table by suite, and the last
line that tests/run prints.

    summary.py BUILD/meson-logs

The subtests of a program are in testlog.junit.xml, how the program itself ended
only in testlog.json: one that crashed, ran out of time or broke off after good
subtests counts as one failure more, and so does one that printed no result.
"""
import collections
import json
import pathlib
import re
import sys
import xml.etree.ElementTree as ElementTree

# A model of random weights may write any characters, and meson logs them unchanged.
NO_XML = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
GOOD = {"OK", "EXPECTEDFAIL", "SKIP"}


def read_subtests(path):
    """{program: counts of its subtests}, for the programs that have any."""
    subtests = {}
    text = NO_XML.sub("?", path.read_text(encoding="utf-8", errors="replace"))
    for suite in ElementTree.fromstring(text).iter("testsuite"):
        counts = collections.Counter()
        for case in suite.iter("testcase"):
            if case.find("failure") is not None or case.find("error") is not None:
                counts["failed"] += 1
            elif case.find("skipped") is not None:
                counts["skipped"] += 1
            else:
                counts["passed"] += 1
        # "project.program"; the programs without subtests share "project"
        _, dot, program = suite.get("name").partition(".")
        if dot:
            subtests[program] = counts
    return subtests


def suite_of(name):
    """"project:suite+suite / program", or as newer meson has it "suite+suite - project:program"; both without
    the suites where there are none."""
    suites, dash, _ = name.partition(" - ")
    if not dash:
        suites = name.partition(" / ")[0].partition(":")[2] if " / " in name else ""
    return suites or "none"


def count_program(run, subtests):
    counts = collections.Counter(subtests.get(run["name"]))
    result = run["result"]
    if not counts and result == "SKIP":
        # 77, or a plan that says so; silence is not a reason
        said = run["returncode"] == 77 or run.get("stdout", "").strip()
        counts["skipped" if said else "failed"] += 1
    elif not counts and result in GOOD:
        counts["passed"] += 1
    elif result not in GOOD and not counts["failed"]:
        counts["failed"] += 1
    return counts


def main(logs):
    results, junit = logs / "testlog.json", logs / "testlog.junit.xml"
    runs, subtests = [], {}
    if results.exists():
        runs = [json.loads(line) for line in results.read_text(encoding="utf-8").splitlines()]
        subtests = read_subtests(junit)
    suites = {}
    for run in runs:
        counts = suites.setdefault(suite_of(run["name"]), collections.Counter())
        counts.update(count_program(run, subtests))
        counts["seconds"] += run["duration"]
    total = sum(suites.values(), collections.Counter())
    print(f"\n{'suite':12} passed failed skipped  seconds")
    for name, counts in suites.items():
        print(f"{name:12} {counts['passed']:6} {counts['failed']:6} {counts['skipped']:7} "
              f"{counts['seconds']:8.1f}")
    print(f"{total['passed']} passed, {total['failed']} failed, {total['skipped']} skipped")
    # no test at all proves nothing
    return 1 if total["failed"] or not runs else 0


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1])))
