#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Counts the single tests in a JUnit file: the last line that tests/run prints.

A program that died, or printed no result, counts as one failure.
"""
import sys
import xml.etree.ElementTree as ElementTree


def count(path):
    passed = failed = skipped = 0
    for suite in ElementTree.parse(path).getroot().iter("testsuite"):
        cases = list(suite.iter("testcase"))
        bad = 0
        for case in cases:
            if case.find("failure") is not None or case.find("error") is not None:
                bad += 1
            elif case.find("skipped") is not None:
                skipped += 1
            else:
                passed += 1
        declared = int(suite.get("failures", 0)) + int(suite.get("errors", 0))
        failed += max(bad, 1 if declared else 0)
    return passed, failed, skipped


if __name__ == "__main__":
    n_passed, n_failed, n_skipped = count(sys.argv[1])
    print(f"{n_passed} passed, {n_failed} failed, {n_skipped} skipped")
    sys.exit(n_failed > 0)
