#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The summary of a run of tests, on logs as meson writes them: test-summary.py SUMMARY"""
import json
import pathlib
import subprocess
import sys
import tempfile

SUMMARY = sys.argv[1]
# How meson 1.0 and meson 1.12 call a test of one suite, of two, and of none.
NAMES = {"1.0": ("gst-vlm:unit / one", "gst-vlm:elements+vk / two", "gst-vlm / three"),
         "1.12": ("unit - gst-vlm:one", "elements+vk - gst-vlm:two", "gst-vlm:three")}


def summarize(names, results, cases):
    """`cases`: what the subtests of the second program say in JUnit."""
    with tempfile.TemporaryDirectory() as folder:
        logs = pathlib.Path(folder)
        logs.joinpath("testlog.json").write_text("".join(
            json.dumps({"name": name, "stdout": "", "result": result, "duration": 1, "returncode": 0}) + "\n"
            for name, result in zip(names, results)), encoding="utf-8")
        logs.joinpath("testlog.junit.xml").write_text(
            f'<testsuites><testsuite name="gst-vlm"><testcase name="{names[0]}"/></testsuite>'
            f'<testsuite name="gst-vlm.{names[1]}">{cases}</testsuite></testsuites>', encoding="utf-8")
        done = subprocess.run([sys.executable, SUMMARY, logs], capture_output=True, text=True, check=False)
    return done.returncode, [line.split() for line in done.stdout.strip().splitlines()]


def main():
    good = '<testcase name="1 /a"/><testcase name="2 /b"><skipped/></testcase>'
    bad = '<testcase name="1 /a"/><testcase name="2 /b"><failure/></testcase>'
    expected = (
        ("OK", good, 0, ["1", "0", "1"], "3 passed, 0 failed, 1 skipped"),
        ("FAIL", bad, 1, ["1", "1", "0"], "3 passed, 1 failed, 0 skipped"),
        ("TIMEOUT", good, 1, ["1", "1", "1"], "3 passed, 1 failed, 1 skipped"))
    for version, names in NAMES.items():
        for result, cases, status, counts, last in expected:
            returned, lines = summarize(names, ("OK", result, "OK"), cases)
            table = {line[0]: line[1:4] for line in lines[1:-1]}
            whole = ["1", "0", "0"]
            assert returned == status, (version, lines)
            assert table == {"unit": whole, "elements+vk": counts, "none": whole}, (version, lines)
            assert " ".join(lines[-1]) == last, (version, lines)
    print("both forms of names are read")


main()
