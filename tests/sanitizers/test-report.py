#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Which findings of sanitizers count: test-report.py REPORT"""
import json
import pathlib
import subprocess
import sys
import tempfile

REPORT = sys.argv[1]
LEAK = """==7==ERROR: LeakSanitizer: detected memory leaks

{} leak of 48 byte(s) in 2 object(s) allocated from:
    #0 0x7f in __interceptor_malloc ../src/asan_malloc_linux.cpp:69
    #1 0x7f in g_malloc (/lib/libglib-2.0.so.0+0x5a658)
{}
SUMMARY: AddressSanitizer: 48 byte(s) leaked in 2 allocation(s).
"""
OURS = "    #2 0x7f in make ../gst-plugin/elements/made-up.c:12\n"
QUARKS = LEAK.format("Direct", "").replace("48 byte(s) in 2", "16384 byte(s) in 1")


def run(files, *options):
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        build, found = folder / "build", folder / "findings"
        (build / "meson-info").mkdir(parents=True)
        (build / "vlm-made-up").touch(mode=0o755)
        (build / "meson-info" / "intro-tests.json").write_text(json.dumps([
            {"name": "first", "cmd": ["/usr/bin/python3", "-B", "/a/test-both.py", "x"]},
            {"name": "second", "cmd": ["/usr/bin/python3", "/a/test-both.py", "y"]},
            {"name": "third", "cmd": ["/b/test-third", "test-both"]}]))
        found.mkdir()
        for file, text in files.items():
            (found / file).write_text(text)
        done = subprocess.run([sys.executable, "-B", REPORT, *options, found, build], capture_output=True,
                              text=True, check=False)
        assert not done.stderr, done
        return done.returncode, done.stdout.splitlines(), sorted(path.name for path in found.iterdir())


def check(program, text, *lines):
    status, said, _ = run({f"asan@test-both.{program}.7": text})
    assert said[:-1] == list(lines) and status == bool(lines), (program, text, said)


check("vlm-made-up", LEAK.format("Direct", OURS),
      "     1 Direct leak: gst-plugin/elements/made-up.c:12 (vlm-made-up in test-both)")
check("vlm-made-up", LEAK.format("Indirect", ""),
      "     1 Indirect leak: no place of ours (vlm-made-up in test-both)")
check("vlm-made-up", QUARKS)
check("python3", LEAK.format("Direct", OURS),
      "     1 Direct leak: gst-plugin/elements/made-up.c:12 (python3 in test-both)")
check("gst-launch-1.0", LEAK.format("Direct", ""))
check("python3", LEAK.format("Indirect", OURS))
check("python3", "../lib/base/made-up.c:3:5: runtime error: signed integer overflow\n",
      "     1 runtime error: signed integer overflow: lib/base/made-up.c:3 (python3 in test-both)")

# Only a leak without a place is looked for again, in all tests that it may be from.
UNCLEAR = LEAK.format("Direct", "")
FILES = {"asan@test-both.vlm-made-up.1": UNCLEAR, "asan@test-both.python3.2": UNCLEAR,
         "asan@test-third.vlm-made-up.3": LEAK.format("Direct", OURS)}
FOUND = run(FILES, "--again")
assert FOUND == (0, ["first", "second"], ["asan@test-third.vlm-made-up.3"]), FOUND
